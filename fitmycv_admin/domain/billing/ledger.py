"""The ledger of credits: every way in and out, each one line, decided by one conditional update of the balance.

All of it runs in the caller's transaction. The update of the balance row decides and locks; what follows (the line,
the lots) is alone for this person until the transaction ends. Lock order: balance, lots, reservation, task.
"""

from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.billing import lots
from fitmycv_admin.domain.billing.credits import (
    GIVEN,
    OPENING,
    RETURNABLE,
    TOTAL_OF,
    Entry,
    LineRow,
    NotEnough,
    UseRow,
    Wallet,
)
from fitmycv_admin.vocabulary import CreditKind

GIVEN_FIRST, BOUGHT_LAST = 0, 1
_LEAP_DAY = (2, 29)


class _Rule(Enum):
    DEFAULT = "the rule of the kind"


DEFAULT: Final = _Rule.DEFAULT


def grant(
    db: Session, user_id: UUID, entry: Entry, *,
    expires_at: datetime | _Rule | None = DEFAULT, at: datetime | None = None,
) -> int:  # fmt: skip
    """Credits come in, in a lot of their own; returns the line.

    Given ones burn first and run out after twelve months, the others never; a purchase pays the person's debt first.
    The same request key, or the same payment of a purchase, again: the first line, and nothing moves.
    """
    if entry.kind not in OPENING:
        raise ValueError(f"{entry.kind} is no grant")
    at = at or clock.now()
    lock(db, user_id, at=at)
    known = _seen(db, user_id, entry)
    if known is not None:
        return known
    made = move(db, user_id, entry, entry.amount, at=at)
    assert made is not None
    if expires_at is DEFAULT:
        expires_at = _a_year_after(at) if entry.kind in GIVEN else None
    paid = pay_debt(db, user_id, entry.amount, at=at) if entry.kind == CreditKind.PURCHASE else 0
    if entry.amount > paid:
        priority = GIVEN_FIRST if entry.kind in GIVEN else BOUGHT_LAST
        lots.open_(
            db, user_id, made, entry.kind, granted=entry.amount - paid, priority=priority, expires_at=expires_at, at=at
        )
    return made


def debit(db: Session, user_id: UUID, entry: Entry, *, at: datetime | None = None) -> int:
    """Credits go at once, from the lots in their order; returns the line. Raises NotEnough, never below zero.

    The same request key again: the first line, and nothing moves.
    """
    at = at or clock.now()
    if entry.request_key is not None:
        lock(db, user_id, at=at)
        known = _seen(db, user_id, entry)
        if known is not None:
            return known
    made = move(db, user_id, entry, -entry.amount, at=at, only_if="balance - held >= :amount")
    if made is None:
        raise NotEnough(max(0, balance_of(db, user_id).available), entry.amount)
    if lots.burn(db, user_id, made, entry.amount) != entry.amount:
        raise lots.Missing(f"line {made}")
    return made


def hold(db: Session, user_id: UUID, amount: int) -> list[tuple[int, int]]:
    """Set credits aside: which lots, and how many of each. Raises NotEnough."""
    if amount <= 0:
        raise ValueError(f"a hold of {amount} credits")
    kept = text("""UPDATE credit_balance SET held = held + :amount
                   WHERE user_id = :user AND balance - held >= :amount RETURNING held""")
    if db.execute(kept, {"user": user_id, "amount": amount}).one_or_none() is None:
        raise NotEnough(max(0, balance_of(db, user_id).available), amount)
    return lots.hold(db, user_id, amount)


def unhold(db: Session, user_id: UUID, taken: lots.Taken, *, at: datetime | None = None) -> None:
    """Let go of credits that were set aside; no line, as nothing was spent. Raises lots.Missing when not held."""
    freed = text("UPDATE credit_balance SET held = held - :amount WHERE user_id = :user AND held >= :amount")
    done: Any = db.execute(freed, {"user": user_id, "amount": sum(units for _, units in taken)})
    if done.rowcount != 1:
        raise lots.Missing("not held")
    lots.let_go(db, user_id, taken, at=at or clock.now())


def capture(db: Session, user_id: UUID, entry: Entry, taken: lots.Taken, *, at: datetime | None = None) -> int:
    """Spend credits that were set aside, as many as `entry.amount`; returns the line. Raises lots.Missing."""
    at = at or clock.now()
    if sum(units for _, units in taken) != entry.amount:
        raise ValueError("a capture is of all that is held")
    made = move(db, user_id, entry, -entry.amount, at=at, held=-entry.amount, only_if="held >= :amount")
    if made is None:
        raise lots.Missing("not held")
    lots.spend_held(db, user_id, made, taken)
    return made


_LEFT = text("""
SELECT coalesce(sum(amount - returned), 0) FROM lot_use WHERE line_id = :line AND NOT EXISTS (
    SELECT 1 FROM credit_transaction WHERE type = 'return' AND related_transaction_id = :line AND cause = :cause)""")


def give_back(
    db: Session, line_id: int, amount: int | None = None, *,
    cause: str, source: str, actor_id: UUID | None = None, reason: str | None = None, at: datetime | None = None,
) -> int | None:  # fmt: skip
    """Return a debit, whole or in part, into the lots it came from; returns the line of the return.

    Never more than is left to return; None when nothing is, or when it was returned for this cause before.
    Raises NotFound for a line that is not there or no debit.
    """
    if amount is not None and amount <= 0:
        raise ValueError(f"a return of {amount} credits")
    at = at or clock.now()
    spent = line(db, line_id)
    if spent.kind not in RETURNABLE:
        raise NotFound
    lock(db, spent.user_id, at=at)
    back = int(db.execute(_LEFT, {"line": line_id, "cause": cause}).scalar_one())
    back = back if amount is None else min(amount, back)
    if back == 0:
        return None
    entry = Entry(
        CreditKind.RETURN, back, source, feature=spent.feature, task_id=spent.task_id, unit=spent.unit, cause=cause,
        cv_file_id=spent.cv_file_id, related=line_id, batch_id=spent.batch_id, actor_id=actor_id, reason=reason,
    )  # fmt: skip
    made = move(db, spent.user_id, entry, back, at=at)
    assert made is not None
    lots.put_back(db, line_id, back, line_id=made, at=at)
    return made


def take_back(db: Session, line_id: int, entry: Entry, *, at: datetime | None = None) -> tuple[int | None, int]:
    """Take back what is left of a grant, at most `entry.amount`: the line, and how much it was.

    Only the free units of the lot that the grant opened; (None, 0) when there are none, or when the request key
    was used before.
    """
    at = at or clock.now()
    lock(db, line(db, line_id).user_id, at=at)
    found = text("SELECT id, user_id, remaining - held AS free FROM credit_lot"
                 " WHERE line_id = :line AND origin_lot_id IS NULL")  # fmt: skip
    lot = db.execute(found, {"line": line_id}).one_or_none()
    if lot is None or lot.free == 0 or _seen(db, lot.user_id, entry) is not None:
        return None, 0
    amount = min(lot.free, entry.amount)
    made = move(db, lot.user_id, entry, -amount, at=at)
    assert made is not None
    lots.take_from(db, lot.id, made, amount)
    return made, amount


def balance_of(db: Session, user_id: UUID) -> Wallet:
    """What a person has; all zero for somebody without a line."""
    query = text("""SELECT balance, held, coalesce(d.amount, 0) AS debt FROM credit_balance b
                    LEFT JOIN credit_debt d USING (user_id) WHERE user_id = :user""")
    row = db.execute(query, {"user": user_id}).one_or_none()
    return Wallet(row.balance, row.held, row.balance - row.held, row.debt) if row else Wallet(0, 0, 0, 0)


def line(db: Session, line_id: int) -> LineRow:
    """One line; raises NotFound."""
    query = text("""SELECT id, user_id, type, amount, balance_after, source, feature_name, task_id, unit, cause,
                        cv_file_id, stripe_payment_intent_id, stripe_invoice_id, related_transaction_id, batch_id,
                        request_key, actor_id, reason, created_at
                    FROM credit_transaction WHERE id = :id""")
    row = db.execute(query, {"id": line_id}).one_or_none()
    if row is None:
        raise NotFound
    return LineRow(row.id, row.user_id, CreditKind(row.type), *row[3:])


def uses(db: Session, line_id: int) -> tuple[UseRow, ...]:
    """Which lots paid a debit."""
    query = text("""SELECT lot_id, kind, expires_at, amount, returned FROM lot_use JOIN credit_lot l ON l.id = lot_id
                    WHERE lot_use.line_id = :id ORDER BY lot_id""")
    rows = db.execute(query, {"id": line_id})
    return tuple(UseRow(r.lot_id, CreditKind(r.kind), r.expires_at, r.amount, r.returned) for r in rows)


def lock(db: Session, user_id: UUID, *, at: datetime | None = None) -> None:
    """Be alone with a person's credits until the transaction ends; makes the balance row when there is none."""
    mine = text("""INSERT INTO credit_balance (user_id, updated_at) VALUES (:user, :at)
                   ON CONFLICT (user_id) DO UPDATE SET updated_at = credit_balance.updated_at""")
    db.execute(mine, {"user": user_id, "at": at or clock.now()})


_MOVE = """
WITH moved AS (
    UPDATE credit_balance SET balance = balance + :signed, held = held + :held, {total} = {total} + :counted,
        updated_at = greatest(updated_at, CAST(:at AS timestamptz)){more}
    WHERE user_id = :user {only_if} RETURNING user_id, balance, updated_at)
INSERT INTO credit_transaction (user_id, amount, balance_after, type, source, feature_name, task_id, unit, cause,
    cv_file_id, stripe_payment_intent_id, stripe_invoice_id, related_transaction_id, batch_id, request_key, actor_id,
    reason, created_at)
SELECT user_id, :signed, balance, :kind, :source, :feature, CAST(:task_id AS uuid), :unit, :cause,
    CAST(:cv_file_id AS uuid), :payment_intent, :invoice, CAST(:related AS bigint), CAST(:batch_id AS uuid),
    :request_key, CAST(:actor_id AS uuid), :reason, updated_at FROM moved
RETURNING id"""


def move(
    db: Session, user_id: UUID, entry: Entry, signed: int, *, at: datetime, held: int = 0, only_if: str = ""
) -> int | None:
    """Change the balance and write the line that says so; None when the condition does not hold.

    The lots are the caller's. `only_if` is SQL over the balance row and `:amount`, which is `signed` without its sign.
    """
    values: dict[str, Any] = {
        "user": user_id, "signed": signed, "amount": abs(signed), "held": held, "at": at, "kind": str(entry.kind),
        "counted": signed if entry.kind == CreditKind.ADJUSTMENT else abs(signed),
        "source": entry.source, "feature": entry.feature, "task_id": entry.task_id, "unit": entry.unit,
        "cause": entry.cause, "cv_file_id": entry.cv_file_id, "payment_intent": entry.payment_intent,
        "invoice": entry.invoice, "related": entry.related, "batch_id": entry.batch_id,
        "request_key": entry.request_key, "actor_id": entry.actor_id, "reason": entry.reason,
    }  # fmt: skip
    made = db.execute(_move(entry.kind, only_if), values).scalar_one_or_none()
    return None if made is None else int(made)


@cache
def _move(kind: CreditKind, only_if: str) -> TextClause:
    return text(
        _MOVE.format(
            total=TOTAL_OF[kind],
            only_if=f"AND {only_if}" if only_if else "",
            more=", balance_after_last_purchase = balance + :signed" if kind == CreditKind.PURCHASE else "",
        )
    )


def pay_debt(db: Session, user_id: UUID, amount: int, *, at: datetime) -> int:
    """Put up to `amount` credits against what the person owes; returns how many. The caller holds the lock."""
    owed = "SELECT amount FROM credit_debt WHERE user_id = :user AND amount > 0"
    debt = int(db.execute(text(owed), {"user": user_id}).scalar_one_or_none() or 0)
    paid = min(debt, amount)
    if paid:
        less = text("UPDATE credit_debt SET amount = amount - :paid, updated_at = :at WHERE user_id = :user")
        db.execute(less, {"user": user_id, "paid": paid, "at": at})
    return paid


def _seen(db: Session, user_id: UUID, entry: Entry) -> int | None:
    """The line that this entry already made; the caller holds the lock, so it cannot appear after."""
    if entry.request_key is None and not (entry.kind == CreditKind.PURCHASE and entry.payment_intent):
        return None
    query = text("""SELECT id FROM credit_transaction WHERE user_id = :user AND (request_key = :key
                    OR (type = 'purchase' AND :kind = 'purchase' AND stripe_payment_intent_id = :payment))""")
    values = {"user": user_id, "key": entry.request_key, "payment": entry.payment_intent, "kind": str(entry.kind)}
    known = db.execute(query, values).scalar_one_or_none()
    return None if known is None else int(known)


def _a_year_after(at: datetime) -> datetime:
    day = 28 if (at.month, at.day) == _LEAP_DAY else at.day
    return at.replace(year=at.year + 1, day=day)
