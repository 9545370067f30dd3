"""Money went back, so credits go: refunds of a purchase, disputes lost, and disputes won after all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.billing import ledger, lots
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.vocabulary import CreditKind

_CHARGEBACK, _WON = "chargeback", "chargeback_reversal"


@dataclass(frozen=True, slots=True)
class Reversal:
    """What one act took: `line` is None when nothing moved. `taken` and `unrecovered` are of the purchase so far."""

    line: int | None
    amount: int
    taken: int
    unrecovered: int


@dataclass(frozen=True, slots=True)
class _Purchase:
    line: int
    user_id: UUID
    granted: int


def reverse_purchase(
    db: Session, payment_intent: str, *,
    paid_cents: int, refunded_cents: int, actor_id: UUID | None = None, at: datetime | None = None,
) -> Reversal:  # fmt: skip
    """Take back the share of a purchase whose money was refunded: floor(granted * refunded / paid), in all.

    `refunded_cents` is all that was refunded so far; an older or repeated amount changes nothing. Only what is left
    of the purchase is taken, the rest is recorded as unrecovered. Raises NotFound for an unknown payment, ValueError
    for amounts that make no sense.
    """
    if paid_cents <= 0 or not 0 <= refunded_cents <= paid_cents:
        raise ValueError(f"{refunded_cents} refunded of {paid_cents} cents")
    at = at or clock.now()
    bought = _locked_purchase(db, payment_intent, at)
    before = db.execute(
        text("SELECT refunded_cents, taken FROM purchase_reversal WHERE purchase_line_id = :line"),
        {"line": bought.line},
    ).one_or_none()
    refunded = max(refunded_cents, before.refunded_cents if before else 0)
    taken = before.taken if before else 0
    due = bought.granted * refunded // paid_cents
    missing = min(due - taken, bought.granted - taken - _disputed(db, payment_intent))
    made, amount = None, 0
    if missing > 0:
        entry = Entry(
            CreditKind.PURCHASE_REVERSAL, missing, "refund", payment_intent=payment_intent, related=bought.line,
            actor_id=actor_id,
        )  # fmt: skip
        made, amount = ledger.take_back(db, bought.line, entry, at=at)
    taken += amount
    unrecovered = max(0, missing - amount)
    values = {"line": bought.line, "paid": paid_cents, "refunded": refunded, "taken": taken, "lost": unrecovered}
    db.execute(text(_NOTE), {**values, "at": at})
    return Reversal(made, amount, taken, unrecovered)


_NOTE = """
INSERT INTO purchase_reversal (purchase_line_id, paid_cents, refunded_cents, taken, unrecovered, updated_at)
VALUES (:line, :paid, :refunded, :taken, :lost, :at)
ON CONFLICT (purchase_line_id) DO UPDATE SET refunded_cents = excluded.refunded_cents, taken = excluded.taken,
    unrecovered = excluded.unrecovered, updated_at = excluded.updated_at"""


def charge_back(
    db: Session, payment_intent: str, amount: int | None = None, *, dispute: str = "", at: datetime | None = None
) -> int | None:
    """Disputed funds were withdrawn: take the credits of that purchase, `amount` of them or all; returns the line.

    From what is left of the purchase, then from the other lots, then as debt: the one way below zero. Once per
    dispute; None when it was done, or when the purchase was taken back already. Raises NotFound.
    """
    at = at or clock.now()
    bought = _locked_purchase(db, payment_intent, at)
    key = f"{_CHARGEBACK}:{payment_intent}:{dispute}"
    taken = text("SELECT coalesce(sum(taken), 0) FROM purchase_reversal WHERE purchase_line_id = :line")
    most = bought.granted - int(db.execute(taken, {"line": bought.line}).scalar_one()) - _disputed(db, payment_intent)
    amount = most if amount is None else min(amount, most)
    if amount <= 0 or _line_of(db, key) is not None:
        return None
    entry = Entry(
        CreditKind.CHARGEBACK, amount, "dispute", payment_intent=payment_intent, related=bought.line, request_key=key
    )
    made = ledger.move(db, bought.user_id, entry, -amount, at=at)
    assert made is not None
    lot = text("SELECT id FROM credit_lot WHERE line_id = :line AND origin_lot_id IS NULL")
    first = db.execute(lot, {"line": bought.line}).scalar_one_or_none()
    owed = amount - lots.burn(db, bought.user_id, made, amount, first=first)
    if owed:
        db.execute(text(_OWE), {"user": bought.user_id, "owed": owed, "at": at})
    return made


_OWE = """
INSERT INTO credit_debt (user_id, amount, updated_at) VALUES (:user, :owed, :at)
ON CONFLICT (user_id) DO UPDATE SET amount = credit_debt.amount + excluded.amount, updated_at = excluded.updated_at"""


def reinstate(db: Session, payment_intent: str, *, dispute: str = "", at: datetime | None = None) -> int | None:
    """Disputed funds came back: give back what the dispute took; returns the line.

    First against what it made the person owe, then into the lots it came from; what a purchase has paid of that debt
    meanwhile opens a lot. Once per dispute; None when it was done or nothing was taken. Raises NotFound.
    """
    at = at or clock.now()
    bought = _locked_purchase(db, payment_intent, at)
    key = f"{_WON}:{payment_intent}:{dispute}"
    lost = _line_of(db, f"{_CHARGEBACK}:{payment_intent}:{dispute}")
    if lost is None or _line_of(db, key) is not None:
        return None
    amount = -ledger.line(db, lost).amount
    from_lots = sum(use.amount - use.returned for use in ledger.uses(db, lost))
    entry = Entry(
        CreditKind.CHARGEBACK_REVERSAL, amount, "dispute", payment_intent=payment_intent, related=lost, request_key=key
    )
    made = ledger.move(db, bought.user_id, entry, amount, at=at)
    assert made is not None
    owed = amount - from_lots
    over = owed - (ledger.pay_debt(db, bought.user_id, owed, at=at) if owed else 0)
    if from_lots:
        lots.put_back(db, lost, from_lots, line_id=made, at=at)
    if over:
        lots.open_(
            db, bought.user_id, made, CreditKind.CHARGEBACK_REVERSAL, granted=over, priority=ledger.BOUGHT_LAST,
            expires_at=None, at=at,
        )  # fmt: skip
    return made


def _locked_purchase(db: Session, payment_intent: str, at: datetime) -> _Purchase:
    query = text("SELECT id, user_id, amount FROM credit_transaction"
                 " WHERE type = 'purchase' AND stripe_payment_intent_id = :payment")  # fmt: skip
    row = db.execute(query, {"payment": payment_intent}).one_or_none()
    if row is None:
        raise NotFound
    ledger.lock(db, row.user_id, at=at)
    return _Purchase(row.id, row.user_id, row.amount)


def _disputed(db: Session, payment_intent: str) -> int:
    """Credits that disputes of this payment have taken and not given back."""
    query = text("""SELECT coalesce(-sum(amount), 0) FROM credit_transaction WHERE stripe_payment_intent_id = :payment
                    AND type IN ('chargeback', 'chargeback_reversal')
                    AND user_id = (SELECT user_id FROM credit_transaction
                                   WHERE type = 'purchase' AND stripe_payment_intent_id = :payment)""")
    return int(db.execute(query, {"payment": payment_intent}).scalar_one())


def _line_of(db: Session, key: str) -> int | None:
    found = db.execute(text("SELECT id FROM credit_transaction WHERE request_key = :key"), {"key": key})
    known = found.scalar_one_or_none()
    return None if known is None else int(known)
