"""The receipt of a task: what it held and took, from which lots or which month, and the model calls it made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import effective
from fitmycv_admin.vocabulary import Payer, Permission, ReservationState, TaskType


@dataclass(frozen=True)
class LotPart:
    """Credits of one lot: how many it gave, and how many came back."""

    lot_id: int
    kind: str
    amount: int
    returned: int
    expires_at: datetime | None


@dataclass(frozen=True)
class CallPart:
    """One model call of the task; its cost in nano-USD only for staff who may see costs."""

    id: int
    call_name: str
    model: str
    status: str
    at: datetime
    cost_nano: int | None


@dataclass(frozen=True)
class ReceiptCard:
    """One unit of work and who paid it. `line_id` is the debit in the ledger, `return_line_id` what gave it back."""

    task_id: UUID
    reservation_id: UUID
    type: str
    title: str
    outcome: str
    feature: str
    payer: str
    state: str
    amount: int
    cost_version: int | None
    plan_name: str
    period_start: datetime | None
    period_end: datetime | None
    line_id: int | None
    return_line_id: int | None
    lots: tuple[LotPart, ...]
    calls: tuple[CallPart, ...]
    held_at: datetime
    settled_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is still held."""
        return self.state == ReservationState.HELD


_RESERVATION = text("""
SELECT r.id, r.payer, r.state, r.amount, r.cost_version, r.line_id, r.created_at, r.settled_at, r.feature_name,
    t.type, t.title, t.outcome, t.plan_name, t.user_id, c.period_start, c.period_end,
    (SELECT max(b.id) FROM credit_transaction b WHERE b.related_transaction_id = r.line_id AND b.type = 'return')
        AS return_line_id
FROM reservation r JOIN background_task t ON t.id = r.task_id
LEFT JOIN feature_usage_counter c ON c.id = r.counter_id
WHERE r.task_id = :task ORDER BY r.unit LIMIT 1""")
_HELD = text("""
SELECT lot.id, lot.kind, part.amount, 0 AS returned, lot.expires_at FROM reserved_lot part
JOIN credit_lot lot ON lot.id = part.lot_id WHERE part.reservation_id = :id
ORDER BY lot.priority, lot.expires_at NULLS LAST, lot.id""")
_USED = text("""
SELECT lot.id, lot.kind, part.amount, part.returned, lot.expires_at FROM lot_use part
JOIN credit_lot lot ON lot.id = part.lot_id WHERE part.line_id = :line
ORDER BY lot.priority, lot.expires_at NULLS LAST, lot.id""")
_CALLS = text(f"""
SELECT id, call_name, coalesce(model_served, model_requested) AS model, status, created_at,
    {effective.COST_ALONE} AS cost_nano
FROM openai_call c WHERE task_id = :task ORDER BY created_at, id LIMIT 200""")


def receipt(db: Session, by: Actor, task_id: UUID) -> ReceiptCard:
    """What a task took, for its person or for staff that reads tasks; NotFound for everybody else.

    NotFound also for a task that nothing was ever reserved for.
    """
    row = db.execute(_RESERVATION, {"task": task_id}).one_or_none()
    if row is None or not (row.user_id == by.user_id or by.may(Permission.TASKS_READ)):
        raise NotFound
    return ReceiptCard(
        task_id=task_id, reservation_id=row.id, type=row.type, title=row.title, outcome=row.outcome or "",
        feature=row.feature_name or "", payer=row.payer, state=row.state, amount=row.amount,
        cost_version=row.cost_version, plan_name=row.plan_name or "", period_start=row.period_start,
        period_end=row.period_end, line_id=row.line_id, return_line_id=row.return_line_id,
        lots=_lots(db, row), calls=_calls(db, by, task_id), held_at=row.created_at, settled_at=row.settled_at,
    )  # fmt: skip


def own(db: Session, by: Actor, task_id: UUID) -> tuple[ReceiptCard, ...]:
    """The receipt of one's own task; empty when nothing was reserved for it and for somebody else's alike."""
    mine = text("SELECT 1 FROM reservation WHERE task_id = :task AND user_id = :user LIMIT 1")
    found = db.execute(mine, {"task": task_id, "user": by.owner_id}).one_or_none()
    return () if found is None else (receipt(db, by, task_id),)


_LATEST = text("""
SELECT t.id FROM background_task t WHERE t.user_id = :user AND t.type = :type AND t.cv_file_id = :cv
AND (CAST(:offer AS uuid) IS NULL OR t.job_offer_id = :offer)
AND EXISTS (SELECT 1 FROM reservation r WHERE r.task_id = t.id) ORDER BY t.created_at DESC LIMIT 1""")


def latest(
    db: Session, by: Actor, type_: TaskType, cv_id: UUID, *, offer_id: UUID | None = None
) -> tuple[ReceiptCard, ...]:
    """The receipt of the actor's last task of this type about a CV (and an offer); empty when there is none."""
    wanted = {"user": by.owner_id, "type": type_, "cv": cv_id, "offer": offer_id}
    task_id = db.execute(_LATEST, wanted).scalar_one_or_none()
    return () if task_id is None else (receipt(db, by, task_id),)


def _lots(db: Session, row: Any) -> tuple[LotPart, ...]:
    if row.payer != Payer.CREDITS:
        return ()
    if row.state == ReservationState.HELD:
        parts = db.execute(_HELD, {"id": row.id})
    else:
        parts = db.execute(_USED, {"line": row.line_id})
    return tuple(LotPart(part.id, part.kind, part.amount, part.returned, part.expires_at) for part in parts)


def _calls(db: Session, by: Actor, task_id: UUID) -> tuple[CallPart, ...]:
    sees_costs = by.may(Permission.COSTS_READ)
    return tuple(
        CallPart(c.id, c.call_name, c.model or "", c.status, c.created_at, c.cost_nano if sees_costs else None)
        for c in db.execute(_CALLS, {"task": task_id})
    )
