"""Credits for many people: previewed, done row by row, each row once, and taken back as one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import FitMyCvError, Forbidden, Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.billing import approvals, grants
from fitmycv_admin.domain.billing.approvals import ApprovalKind, Request
from fitmycv_admin.models import CreditBatch
from fitmycv_admin.vocabulary import BatchState, Permission

MOST_PEOPLE = 50_000
INCIDENT = "incident"
START, REVERSE = "credits.batch", "credits.batch_reversal"


class WrongMoment(FitMyCvError):
    """The batch is no longer, or not yet, where this can be done."""

    key = "credits.error.batch_moment"


@dataclass(frozen=True, slots=True)
class Started:
    """Where the batch is now; with an approval, it waits for a second person."""

    state: BatchState
    approval_id: UUID | None = None


def preview(
    db: Session,
    by: Actor,
    source: Mapping[str, Any],
    amounts: Sequence[tuple[UUID, int]],
    reason_code: str,
    note: str,
    expires_at: datetime | None = None,
) -> UUID:
    """Prepare a batch: who would get how much, and who would not and why. Gives nothing; returns the batch.

    `source` says where the people come from, with a `kind` of "filter", "csv" or "incident". Somebody named twice
    gets the sum. Needs credits.gift; for an incident tasks.write is enough, as a second person then starts it.
    Raises Invalid, NotFound for somebody who does not exist.
    """
    _may_prepare(by, source)
    people: Counter[UUID] = Counter()
    for user_id, amount in amounts:
        people[user_id] += amount
    if not 0 < len(people) <= MOST_PEOPLE:
        raise Invalid("credits.error.batch_people")
    if any(not 0 < amount <= grants.MOST for amount in people.values()):
        raise Invalid("credits.error.amount", field="amount")
    if reason_code not in grants.GIVE_REASONS:
        raise Invalid("credits.error.reason", field="reason_code")
    if not note.strip():
        raise Invalid("credits.error.note", field="note")
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("credits.error.expiry_past", field="expires_at")
    batch = CreditBatch(
        reason_code=reason_code, note=note.strip()[:500], source=dict(source), people=0, total=0,
        expires_at=expires_at, created_by=by.owner_id,
    )  # fmt: skip
    db.add(batch)
    db.flush()
    made = db.execute(
        _ROWS, {"batch": batch.id, "by": by.owner_id, "users": list(people), "amounts": [*people.values()]}
    )
    if len(made.all()) != len(people):
        raise NotFound
    batch.people, batch.total = _waiting(db, batch.id)
    after = {"people": batch.people, "credits": batch.total, "reason": reason_code}
    trail.record(db, by, "credit_batch.previewed", "credit_batch", batch.id, None, after, note)
    return batch.id


_ROWS = text("""
INSERT INTO credit_batch_row (batch_id, user_id, amount, state, error_key)
SELECT :batch, person.id, given.amount, CASE WHEN trouble IS NULL THEN 'waiting' ELSE 'refused' END, trouble
FROM unnest(CAST(:users AS uuid[]), CAST(:amounts AS int[])) AS given (user_id, amount)
JOIN app_user person ON person.id = given.user_id,
LATERAL (SELECT CASE WHEN person.id = :by THEN 'credits.error.on_oneself'
                     WHEN person.state <> 'active' THEN 'credits.error.account_closed' END AS trouble) checked
RETURNING user_id""")


def start(db: Session, by: Actor, batch_id: UUID) -> Started:
    """Begin to give. Above the limit of one act, and for everybody without credits.write, a second person decides.

    Needs what preparing needed. Raises NotFound, WrongMoment.
    """
    batch = _locked(db, batch_id)
    _may_prepare(by, batch.source)
    if batch.state != BatchState.PREVIEWED or batch.total == 0:
        raise WrongMoment
    if by.may(Permission.CREDITS_WRITE) and not grants.needs_second(db, by, batch.total):
        batch.state = BatchState.RUNNING
        _record(db, by, "credit_batch.started", batch, BatchState.PREVIEWED)
        return Started(BatchState.RUNNING)
    batch.state = BatchState.WAITING
    db.flush()
    return Started(BatchState.WAITING, _ask(db, by, START, batch, batch.people, batch.total, batch.note))


def abandon(db: Session, by: Actor, batch_id: UUID) -> None:
    """Put a prepared batch away without giving anything. Raises NotFound, WrongMoment."""
    batch = _locked(db, batch_id)
    _may_prepare(by, batch.source)
    if batch.state != BatchState.PREVIEWED:
        raise WrongMoment
    batch.state, batch.finished_at = BatchState.ABANDONED, clock.now()
    _record(db, by, "credit_batch.abandoned", batch, BatchState.PREVIEWED)


def reverse(db: Session, by: Actor, batch_id: UUID, *, note: str) -> Started:
    """Take back what is left of everybody's share. Above the limit of one act a second person decides.

    Needs credits.write. Raises NotFound, WrongMoment, Invalid without a note.
    """
    by.must(Permission.CREDITS_WRITE)
    batch = _locked(db, batch_id)
    if batch.state != BatchState.DONE:
        raise WrongMoment
    if not note.strip():
        raise Invalid("credits.error.note", field="note")
    people, total = _granted(db, batch.id)
    if total == 0:
        raise WrongMoment
    if grants.needs_second(db, by, total):
        return Started(BatchState.DONE, _ask(db, by, REVERSE, batch, people, total, note))
    _reverse(db, by, batch, note)
    return Started(BatchState.REVERSED)


def _may_prepare(by: Actor, source: Mapping[str, Any]) -> None:
    may_as_operator = source.get("kind") == INCIDENT and by.may(Permission.TASKS_WRITE)
    if not (may_as_operator or by.may(Permission.CREDITS_GIFT) or by.may(Permission.CREDITS_WRITE)):
        raise Forbidden


def _locked(db: Session, batch_id: UUID) -> CreditBatch:
    query = select(CreditBatch).where(col(CreditBatch.id) == batch_id).with_for_update()
    batch = db.exec(query.execution_options(populate_existing=True)).one_or_none()
    if batch is None:
        raise NotFound
    return batch


def _waiting(db: Session, batch_id: UUID) -> tuple[int, int]:
    return _summed(db, batch_id, "waiting")


def _granted(db: Session, batch_id: UUID) -> tuple[int, int]:
    return _summed(db, batch_id, "granted")


def _summed(db: Session, batch_id: UUID, state: str) -> tuple[int, int]:
    query = "SELECT count(*), coalesce(sum(amount), 0) FROM credit_batch_row WHERE batch_id = :id AND state = :state"
    people, total = db.execute(text(query), {"id": batch_id, "state": state}).one()
    return int(people), int(total)


def _ask(db: Session, by: Actor, kind: str, batch: CreditBatch, people: int, total: int, note: str) -> UUID:
    payload = {
        "people": people, "total": total, "worth_cents": grants.worth_cents(db, total),
        "reason_code": batch.reason_code,
    }  # fmt: skip
    return approvals.request(
        db, by, kind, "credit_batch", batch.id, object_version=_version(batch), payload=payload, reason=note
    )


def _version(batch: CreditBatch) -> str:
    return f"{batch.state}:{batch.people}:{batch.total}"


def _record(db: Session, by: Actor, action: str, batch: CreditBatch, before: BatchState, note: str = "") -> None:
    db.add(batch)
    db.flush()
    after = {"state": batch.state, "people": batch.people, "credits": batch.total}
    trail.record(db, by, action, "credit_batch", batch.id, {"state": before}, after, note)


def _reverse(db: Session, by: Actor, batch: CreditBatch, note: str) -> None:
    batch.state, batch.finished_at = BatchState.REVERSED, None
    _record(db, by, "credit_batch.reversed", batch, BatchState.DONE, note)


def _current_version(db: Session, asked: Request) -> str:
    return _version(_locked(db, UUID(asked.subject_id)))


def _apply(db: Session, by: Actor, asked: Request) -> dict[str, Any]:
    batch = _locked(db, UUID(asked.subject_id))
    gets_some = "SELECT FROM credit_batch_row WHERE batch_id = :batch AND user_id = :who AND state = 'waiting'"
    if db.execute(text(gets_some), {"batch": batch.id, "who": by.owner_id}).first() is not None:
        raise grants.OnOneself
    if asked.kind == REVERSE:
        _reverse(db, by, batch, asked.reason)
    else:
        batch.state = BatchState.RUNNING
        _record(db, by, "credit_batch.started", batch, BatchState.WAITING)
    return {"batch": str(batch.id)}


def _undone(db: Session, asked: Request) -> None:
    """Nobody agreed: the batch may be asked for again, or put away."""
    batch = _locked(db, UUID(asked.subject_id))
    if asked.kind == START and batch.state == BatchState.WAITING:
        batch.state = BatchState.PREVIEWED
        db.add(batch)


approvals.kinds[START] = ApprovalKind(
    Permission.CREDITS_WRITE, _apply, _current_version, "approvals.kind.batch", "approvals.what.batch", _undone
)
approvals.kinds[REVERSE] = ApprovalKind(
    Permission.CREDITS_WRITE, _apply, _current_version, "approvals.kind.batch_reversal",
    "approvals.what.batch_reversal",
)  # fmt: skip
