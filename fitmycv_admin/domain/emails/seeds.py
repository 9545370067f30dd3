"""The triggers and a first template for each in both languages; only what is missing is inserted."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.emails.defaults import DEFAULTS
from fitmycv_admin.models import EmailTemplate, EmailTrigger
from fitmycv_admin.vocabulary import Trigger

COPIED_FROM = Trigger.WELCOME
"""The template that new ones start from, one in each language."""


def insert_missing(db: Session) -> int:
    """Insert triggers, and templates of triggers that have none in a language; returns how many rows were added."""
    rows = [
        {
            "id": new_id(),
            "name": trigger.value,
            "label": default.label,
            "variables": default.variables_document(),
            "category": default.category,
            "is_system": True,
        }
        for trigger, default in DEFAULTS.items()
    ]
    added = db.execute(insert(EmailTrigger).values(rows).on_conflict_do_nothing().returning(col(EmailTrigger.id)))
    return len(added.all()) + _templates(db)


def _templates(db: Session) -> int:
    known = {tuple(row) for row in db.exec(select(EmailTemplate.trigger_id, EmailTemplate.language))}
    has_default = set(db.exec(select(EmailTemplate.language).where(EmailTemplate.is_default)))
    triggers = dict(db.exec(select(EmailTrigger.name, EmailTrigger.id)).all())
    added = 0
    for trigger, default in DEFAULTS.items():
        for language, words in default.wordings.items():
            if (triggers[trigger], language.value) in known:
                continue
            db.add(
                EmailTemplate(
                    name=f"{trigger}.{language}",
                    trigger_id=triggers[trigger],
                    language=language,
                    subject=words.subject,
                    design_json=words.design(),
                    html_content=words.html(),
                    text_content=words.text(),
                    variables=sorted(default.variables),
                    is_active=True,
                    is_default=trigger == COPIED_FROM and language.value not in has_default,
                )
            )
            added += 1
    db.flush()
    return added
