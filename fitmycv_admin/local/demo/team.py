"""What the demo's team did: feedback that was read, and the audit trail of every act."""

from datetime import datetime, timedelta
from typing import Any

from fitmycv_admin.local.demo.favours import Campaign
from fitmycv_admin.local.demo.office import Desk
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.purse import Line
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import AuditEvent, Feedback
from fitmycv_admin.vocabulary import AccountState, FeedbackState, Language, Role

_COMMENTS = {
    Language.FR: (
        "Le score m’a aidé à voir ce qui manquait.", "Simple et rapide, merci\u00a0!", "J’aimerais exporter en Word.",
        "La traduction garde bien la mise en page.", "Un peu cher pour un étudiant.",
        "J’ai décroché un entretien\u00a0!", "L’import a bien lu mes expériences.", "Peut-on dupliquer un CV\u00a0?",
    ),
    Language.EN: ("Very clear score, thank you.", "Would love a Word export.", "The import missed one certificate."),
}  # fmt: skip
_BUGS = {
    Language.FR: ("Le bouton d’import ne répond pas sur mon téléphone.", "Erreur après une longue attente."),
    Language.EN: ("The import button does nothing on my phone.", "An error after a long wait."),
}
_FEEDBACKS = 28
Change = dict[str, Any] | None


class _Diary:
    """Audit lines as they come."""

    def __init__(self, people: list[Person]) -> None:
        self._staff = {person.role: person for person in people if not person.is_customer}
        self.rows: list[dict[str, Any]] = []

    def note(
        self, at: datetime, role: Role, action: str, target: tuple[str, object], before: Change, after: Change,
        reason: str = "",
    ) -> None:  # fmt: skip
        """The member of staff with that role did something."""
        who = self._staff[role]
        self.rows.append(
            {
                "created_at": at,
                "actor_id": who.id,
                "actor_role": role,
                "actor_name": who.name,
                "action": action,
                "target_type": target[0],
                "target_id": str(target[1]),
                "reason": reason,
                "before": before,
                "after": after,
                "ip": "192.0.2.10",
            }
        )


def work(
    stage: Stage, people: list[Person], desks: list[Desk], gifts: list[Line], campaigns: list[Campaign]
) -> None:
    """Insert the feedback and the audit trail."""
    diary = _Diary(people)
    _hire(stage, diary, people)
    _feedback(stage, diary, desks)
    for line in gifts:
        diary.note(
            line.at, Role.SUPPORT, "credits.given", ("account", line.person.id),
            {"credits": line.balance_after - line.amount}, {"credits": line.balance_after, "reason": line.reason},
            "Import raté",
        )  # fmt: skip
    for campaign in campaigns:
        diary.note(
            campaign.at, Role.FINANCE, "credit_batch.started", ("credit_batch", campaign.id), {"state": "previewed"},
            {"state": "running", "people": len(campaign.lines)}, campaign.note,
        )  # fmt: skip
    for person in people:
        if person.state == AccountState.DISABLED:
            change = {"state": AccountState.ACTIVE}, {"state": AccountState.DISABLED}
            at = stage.moment(person.since)
            diary.note(at, Role.SUPPORT, "account.disabled", ("account", person.id), *change, "Usage automatisé")
    _settings(stage, diary)
    stage.insert(AuditEvent, sorted(diary.rows, key=lambda row: row["created_at"]))


def _hire(stage: Stage, diary: _Diary, people: list[Person]) -> None:
    for person in people:
        if not person.is_customer and person.role != Role.ADMIN:
            change = {"role": Role.USER}, {"role": person.role}
            at = person.since + timedelta(minutes=9)
            diary.note(at, Role.ADMIN, "account.role_changed", ("account", person.id), *change, "Arrivée dans l’équipe")


def _settings(stage: Stage, diary: _Diary) -> None:
    for days, name, before, after, why in (
        (61, "cv_max_versions", "3", "5", "Demandes des utilisateurs"),
        (44, "pdf_image_quality", "70", "65", "Même lecture, fichiers plus légers"),
        (38, "model_extract_job_offer", "gpt-4o", "o4-mini", "Moins cher à qualité égale"),
        (17, "credits_optimize_cv", "3", "2", "Prix d’automne"),
    ):
        at = stage.at_hour(stage.now - timedelta(days=days))
        diary.note(at, Role.OPS, "setting.changed", ("setting", name), {name: before}, {name: after}, why)


def _feedback(stage: Stage, diary: _Diary, desks: list[Desk]) -> None:
    rows = []
    for number in range(_FEEDBACKS):
        desk, bug = stage.one(desks), number % 7 == 3
        at = stage.moment(desk.person.verified or desk.person.since)
        state = FeedbackState.NEW
        feedback_id = stage.id(at)
        if at < stage.now - timedelta(days=14):
            state = stage.one((FeedbackState.REVIEWED, FeedbackState.RESOLVED))
            change = {"status": FeedbackState.NEW}, {"status": state}
            read = at + timedelta(days=stage.dice.uniform(0.5, 9))
            diary.note(read, Role.SUPPORT, "feedback.changed", ("feedback", feedback_id), *change)
        rows.append(
            {
                "id": feedback_id,
                "user_id": desk.person.id,
                "rating": stage.dice.choices((1, 2, 3, 4, 5), (6, 3, 2, 2, 1) if bug else (1, 1, 3, 7, 9))[0],
                "comment": stage.one((_BUGS if bug else _COMMENTS)[desk.person.language]),
                "is_bug_report": bug,
                "status": state,
                "page_url": stage.one(("/cvs", "/offers", "/account")),
                "user_agent": "Mozilla/5.0 (demo)",
                "current_cv_file": desk.cvs[0].name,
                "created_at": at,
                "updated_at": at,
            }
        )
    stage.insert(Feedback, sorted(rows, key=lambda row: row["created_at"]))
