"""What the demo's team granted beyond the rules: credits for many, an exception, and requests for a second person."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fitmycv_admin.domain.billing import approvals, grants
from fitmycv_admin.local.demo.books import Numbers
from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.purse import Line, Purse
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import Approval, CreditBatch, CreditBatchRow, LimitOverride
from fitmycv_admin.vocabulary import ApprovalState, BatchState, CreditKind, PlanFeature, Role

_EACH = 5
# Day of the story, days to spend them, why: the first have run out, the others do soon.
_PLANNED = ((40, 2, "Week-end de la rentrée"), (76, 20, "Panne du 6 novembre"))


@dataclass(slots=True)
class Campaign:
    """Five credits for every third customer, all at the same moment."""

    id: UUID
    number: int
    at: datetime
    expires_at: datetime
    note: str
    by: Person
    lines: list[Line] = field(default_factory=list)

    def reach(self, purse: Purse, until: datetime) -> None:
        """Give somebody theirs, once its moment has come."""
        person = purse.person
        mine = person.seq % 3 == self.number and purse.lines[0].at < self.at <= until
        if mine and all(line.batch != self.id for line in purse.lines):
            self.lines.append(
                purse.grant(
                    self.at + timedelta(milliseconds=20 * person.seq), CreditKind.GIFT, _EACH, source="batch",
                    batch=self.id, request_key=f"batch:{self.id}:{person.id}", actor=self.by.id, reason="goodwill",
                    expires_at=self.expires_at,
                )
            )  # fmt: skip


def campaigns(stage: Stage, by: Person) -> list[Campaign]:
    """What is planned for the story."""
    planned = []
    for number, (day, valid, note) in enumerate(_PLANNED):
        at = stage.start + timedelta(days=day, hours=9)
        planned.append(Campaign(stage.id(at), number, at, at + timedelta(days=valid), note, by))
    return planned


def write(
    stage: Stage, told: list[Campaign], numbers: Numbers, team: dict[Role, Person], customers: list[Person]
) -> None:
    """Insert the batches with their rows, an exception to a plan, and requests of support."""
    stage.insert(CreditBatch, [_batch(one) for one in told])
    stage.insert(CreditBatchRow, [_row(one, line, numbers) for one in told for line in one.lines])
    stage.insert(LimitOverride, [_exception(stage, customers[2], team[Role.FINANCE])])
    waiting = _request(stage, team[Role.SUPPORT], customers[3], timedelta(hours=3), 40, "Import perdu deux fois")
    refused = _request(stage, team[Role.SUPPORT], customers[4], timedelta(days=11), 90, "Demande insistante")
    decided = {
        "state": ApprovalState.REFUSED,
        "decided_by": team[Role.FINANCE].id,
        "decided_at": refused["requested_at"] + timedelta(hours=5),
        "decision_note": "Aucune panne ce jour-là",
    }
    undecided = {"state": ApprovalState.PENDING, "decided_by": None, "decided_at": None, "decision_note": ""}
    stage.insert(Approval, [refused | decided, waiting | undecided])


def _batch(campaign: Campaign) -> dict[str, Any]:
    source = {"kind": "filter", "plan": "", "language": "", "since": "", "until": "", "verified": True, "bought": False}
    return {
        "id": campaign.id,
        "kind": CreditKind.GIFT,
        "state": BatchState.DONE,
        "reason_code": "goodwill",
        "note": campaign.note,
        "source": {**source, "each": _EACH},
        "people": len(campaign.lines),
        "total": _EACH * len(campaign.lines),
        "expires_at": campaign.expires_at,
        "created_by": campaign.by.id,
        "created_at": campaign.at - timedelta(minutes=4),
        "finished_at": campaign.at + timedelta(seconds=2),
    }


def _row(campaign: Campaign, line: Line, numbers: Numbers) -> dict[str, Any]:
    return {
        "batch_id": campaign.id,
        "user_id": line.person.id,
        "amount": line.amount,
        "state": "granted",
        "line_id": numbers.lines[line],
    }


def _exception(stage: Stage, person: Person, by: Person) -> dict[str, Any]:
    since = stage.now - timedelta(days=6)
    return {
        "id": stage.id(since),
        "user_id": person.id,
        "feature_name": PlanFeature.MATCH_SCORE,
        "is_enabled": True,
        "usage_limit": 120,
        "reason": "Forum de l’emploi",
        "created_by": by.id,
        "valid_from": since,
        "ends_at": since + timedelta(days=30),
    }


def _request(stage: Stage, by: Person, person: Person, ago: timedelta, amount: int, why: str) -> dict[str, Any]:
    at = stage.now - ago
    id_ = stage.id(at)
    return {
        "id": id_,
        "kind": grants.GIVE,
        "subject_type": "credit_request",
        "subject_id": f"hand:{by.id}:{id_}",
        "object_version": person.state,
        "payload": {
            "user_id": str(person.id), "amount": amount, "reason_code": "incident", "balance": 0,
            "worth_cents": grants.worth_cents(stage.db, amount), "expires_at": "",
        },
        "reason": why,
        "requested_by": by.id,
        "requested_at": at,
        "expires_at": at + approvals.VALID,
    }  # fmt: skip
