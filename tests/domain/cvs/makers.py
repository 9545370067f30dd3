"""People, CVs and offers for the tests of this subject."""

from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.ids import short_code
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.cvs import imports, match, matching, offers, scoring
from fitmycv_admin.domain.cvs.document import (
    Contact,
    CvDocument,
    Experience,
    Header,
    Line,
    Skill,
    Skills,
)
from fitmycv_admin.domain.cvs.offer_document import Importance, OfferDocument, SkillRequirement
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import CreditKind, Role

PDF = b"%PDF-1.7 stands for a file that was found readable"
ADVERT = """Data engineer (m/f)
We look for a data engineer who knows Python and Terraform, builds pipelines with care,
and likes to explain them to colleagues. Permanent contract in Lyon, two days from home a week.
"""


def person(db: Session, role: Role = Role.USER) -> Actor:
    """Somebody with an account, signed in, with credits to work with."""
    user = User(name="Ada", email=f"{short_code()}@example.org", role=role, email_verified=clock.now())
    db.add(user)
    db.flush()
    ledger.grant(db, user.id, Entry(CreditKind.GIFT, 1000, "test"))
    return Actor(user_id=user.id, role=role, permissions=matrix.permissions_of(role))


def cv_document(name: str = "Ada Lovelace") -> CvDocument:
    """A small CV that shows Python."""
    return CvDocument(
        header=Header(full_name=name, current_title="Data engineer", contact=Contact(email="ada@example.org")),
        skills=Skills(hard_skills=[Skill(name="Python")]),
        experience=[
            Experience(
                title="Data engineer",
                company="Analytical Engines",
                start_date="2019-03",
                end_date="present",
                responsibilities=[Line(text="Builds pipelines in Python for 30 colleagues")],
            )
        ],
    )


def offer_document() -> OfferDocument:
    """An offer that asks for Python and Terraform."""
    sentence = "We look for a data engineer who knows Python and Terraform"
    return OfferDocument(
        title="Data engineer",
        company="Lumière",
        skills=[
            SkillRequirement(name="Python", importance=Importance.REQUIRED, sentence=sentence),
            SkillRequirement(name="Terraform", importance=Importance.REQUIRED, sentence=sentence),
        ],
    )


def score() -> match.MatchScore:
    """The score of that CV for that offer."""
    from datetime import date

    return scoring.score(cv_document(), offer_document(), [], today=date(2026, 11, 1))


def imported(db: Session, by: Actor, *, key: str = "", name: str = "ada.pdf", content: bytes = PDF) -> UUID:
    """A CV in the library, by the way of its task."""
    task = imports.request(db, by, content, file_name=name, pages=1, idempotency_key=key or short_code(), again=True)
    return UUID(imports.finish(db, task, cv_document(), model="offline-rules-1")["cv_id"])


def added(db: Session, by: Actor, text: str = ADVERT) -> UUID:
    """An offer that was read, by the way of its task."""
    new = offers.add_text(db, by, text, idempotency_key=short_code())
    assert new.task_id
    offers.finish(db, new.task_id, offer_document(), model="offline-rules-1", tokens_used=400)
    return new.offer_id


def matched(db: Session, by: Actor, cv_id: UUID, offer_id: UUID) -> UUID:
    """A finished score; the id of its task."""
    task = matching.request(db, by, cv_id, offer_id, idempotency_key=short_code())
    matching.finish(db, task, score(), model="offline-rules-1")
    return task
