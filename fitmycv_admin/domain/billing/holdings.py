"""What people hold: one person's account, lots that run out soon, failed tasks that kept what they took."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import statements
from fitmycv_admin.domain.billing.statements import Filters, LedgerRow, position, shown
from fitmycv_admin.vocabulary import Permission

FEW = 12
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot that still holds credits; `held` of `remaining` wait for a task to end. No `expires_at`: never."""

    id: int
    user_id: UUID
    user: str
    kind: str
    granted: int
    remaining: int
    held: int
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """One person's credits: what they hold, in which lots in the order these burn, and the last lines."""

    user_id: UUID
    user: str
    balance: int
    held: int
    available: int
    debt: int
    lots: tuple[LotRow, ...]
    lines: tuple[LedgerRow, ...]


@dataclass(frozen=True, slots=True)
class UnreturnedRow:
    """A failed task that kept what it took. There should be none. `amount` is credits, 0 for a unit of a plan."""

    task_id: UUID
    type: str
    user_id: UUID
    user: str
    payer: str
    amount: int
    finished_at: datetime


def account(db: Session, by: Actor, user_id: UUID) -> Account:
    """One person's credits. Needs credits.read. Raises NotFound."""
    by.must(Permission.CREDITS_READ)
    query = """SELECT person.email, coalesce(b.balance, 0) AS balance, coalesce(b.held, 0) AS held,
                      coalesce(d.amount, 0) AS debt
               FROM app_user person LEFT JOIN credit_balance b ON b.user_id = person.id
               LEFT JOIN credit_debt d ON d.user_id = person.id WHERE person.id = :user"""
    row = db.execute(text(query), {"user": user_id}).one_or_none()
    if row is None:
        raise NotFound
    return Account(
        user_id=user_id, user=shown(by, row.email), balance=row.balance, held=row.held,
        available=row.balance - row.held, debt=row.debt, lots=_lots(db, by, user_id),
        lines=statements.lines(db, by, Filters(user_id=user_id), PageRequest(size=FEW)).rows,
    )  # fmt: skip


def expiring(
    db: Session, by: Actor, request: PageRequest, *, within: timedelta = SOON, user_id: UUID | None = None
) -> Page[LotRow]:
    """Lots that run out soon with credits that nobody holds, the next first. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    before = position(request.before)
    at = before or position(request.after)
    where = "lot.remaining > lot.held AND lot.expires_at > :now AND lot.expires_at <= :until"
    values: dict[str, Any] = {"now": clock.now(), "until": clock.now() + within, "limit": request.limit}
    if user_id is not None:
        where, values = f"{where} AND lot.user_id = :user", {**values, "user": user_id}
    if at is not None:
        where += f" AND (lot.expires_at, lot.id) {'<' if before else '>'} (:at, :at_id)"
        values |= {"at": at[0], "at_id": at[1]}
    way = "DESC" if before else "ASC"
    found = db.execute(text(_LOTS.format(where=where, order=f"lot.expires_at {way}, lot.id {way}")), values).all()
    rows = [_lot(row, by) for row in (reversed(found) if before else found)]
    asked = request if at is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.expires_at.isoformat() if row.expires_at else "", row.id))


def unreturned(db: Session, by: Actor, *, limit: int = 100) -> tuple[UnreturnedRow, ...]:
    """Failed tasks that kept what they took, the newest first: there should be none. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    rows = db.execute(text(UNRETURNED), {"limit": limit})
    return tuple(
        UnreturnedRow(row.id, row.type, row.user_id, shown(by, row.email), row.payer, row.amount, row.finished_at)
        for row in rows
    )


UNRETURNED = """
SELECT task.id, task.type, task.user_id, person.email, kept.payer, kept.amount, task.finished_at
FROM background_task task JOIN app_user person ON person.id = task.user_id
JOIN LATERAL (
    SELECT payer, amount FROM reservation
    WHERE task_id = task.id AND payer <> 'none' AND state IN ('held', 'captured')
    UNION ALL
    SELECT 'credits', -used.amount FROM credit_transaction used
    WHERE used.task_id = task.id AND used.type = 'usage'
      AND NOT EXISTS (SELECT FROM reservation WHERE reservation.task_id = task.id)
      AND NOT EXISTS (SELECT FROM credit_transaction back
                      WHERE back.related_transaction_id = used.id AND back.type = 'return')) kept ON true
WHERE task.status = 'failed' ORDER BY task.finished_at DESC LIMIT :limit"""

_LOTS = """
SELECT lot.*, person.email FROM credit_lot lot JOIN app_user person ON person.id = lot.user_id
WHERE {where} ORDER BY {order} LIMIT :limit"""


def _lots(db: Session, by: Actor, user_id: UUID) -> tuple[LotRow, ...]:
    query = _LOTS.format(
        where="lot.user_id = :user AND lot.remaining > 0", order="lot.priority, lot.expires_at NULLS LAST, lot.id"
    )
    return tuple(_lot(row, by) for row in db.execute(text(query), {"user": user_id, "limit": 100}))


def _lot(row: Any, by: Actor) -> LotRow:
    return LotRow(
        id=row.id, user_id=row.user_id, user=shown(by, row.email), kind=row.kind, granted=row.granted,
        remaining=row.remaining, held=row.held, created_at=row.created_at, expires_at=row.expires_at,
    )  # fmt: skip
