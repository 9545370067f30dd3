"""What a unit of work takes from its person: held when it is asked for, settled once when its task ends.

Locks are taken in one order everywhere: the task, then the balance, then lots and reservation or counter.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock, ids
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, ledger, limits
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.vocabulary import CreditKind, Payer, Permission, PlanFeature, ReservationState, TaskOutcome

CHARGED = frozenset({TaskOutcome.USABLE, TaskOutcome.CANCELLED_AFTER_OUTPUT})
"""Outcomes that are paid; after every other one the person keeps what was held."""

AGAIN = "again_"
"""The cause of a debit of a task that was paid before, given back, and started again."""


class QuotaUsed(FitMyCvError):
    """The plan's number of uses is reached."""

    key = "entitlement.refused.quota_used"


@dataclass(frozen=True, slots=True)
class Quote:
    """What one use takes, and from whom: exactly one payer.

    `cost` is credits (0 unless they pay), `cost_version` the version of that price. `usage_limit` and `used` are about
    the period of a quota (-1: without limit), which lasts from `period_start` to `period_end`. `feature` None: work
    that nothing is taken for.
    """

    feature: PlanFeature | None
    payer: Payer
    cost: int = 0
    cost_version: int | None = None
    plan_name: str = ""
    usage_limit: int = 0
    used: int = 0
    period_start: datetime | None = None
    period_end: datetime | None = None

    @property
    def shown(self) -> "Shown":
        """What a screen that shows this quote hands back with the start."""
        return Shown(self.payer, self.cost_version)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a screen said that a start takes; `token` is its form for a page or a request."""

    payer: Payer
    cost_version: int | None = None

    @property
    def token(self) -> str:
        """`quota`, `none`, or `credits:` with the version of the price."""
        return f"{self.payer}:{self.cost_version}" if self.cost_version is not None else str(self.payer)

    @classmethod
    def read(cls, token: str) -> "Shown | None":
        """The meaning of a token; None for one that says nothing."""
        payer, _, version = token.partition(":")
        if payer not in tuple(Payer) or (version and not (version.isdecimal() and len(version) < 10)):
            return None
        return cls(Payer(payer), int(version) if version else None)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a task's reservations: whether credits or quota were taken, and the line of the debit."""

    is_charged: bool
    line_id: int | None = None


_INSERT = text("""
INSERT INTO reservation (id, task_id, unit, user_id, feature_name, payer, amount, cost_version, counter_id, state,
    created_at)
VALUES (:id, :task, :unit, :user, :feature, :payer, :amount, :version, :counter, 'held', :now)""")


def reserve(db: Session, task_id: UUID, user_id: UUID, quote: Quote, *, unit: str = "") -> None:
    """Hold what the quote says for one unit of a task, in the transaction that makes the task.

    Raises `credits.NotEnough` when the credits are gone, QuotaUsed when the quota is.
    """
    row = {
        "id": ids.new_id(), "task": task_id, "unit": unit, "user": user_id, "feature": quote.feature,
        "payer": quote.payer, "amount": quote.cost if quote.payer is Payer.CREDITS else 0,
        "version": quote.cost_version, "counter": None, "now": clock.now(),
    }  # fmt: skip
    taken: list[tuple[int, int]] = []
    if quote.payer is Payer.CREDITS:
        taken = ledger.hold(db, user_id, quote.cost)
    elif quote.payer is Payer.QUOTA:
        row["counter"] = _count(db, user_id, quote)
    db.execute(_INSERT, row)
    _keep_lots(db, row["id"], taken)


def settle(db: Session, task_id: UUID, outcome: TaskOutcome) -> Settled:
    """Take or let go what a task holds, as its outcome says, in the transaction that ends it.

    What is settled already stays as it is, but for what an earlier start was charged: when a later one brings
    nothing, that is given back.
    """
    rows = _of_task(db, task_id)
    _lock_balances(db, rows)
    settled = [_settle(db, row, outcome) for row in rows]
    lines = [done.line_id for done in settled if done.line_id is not None]
    return Settled(any(done.is_charged for done in settled), lines[0] if lines else None)


def reopen(db: Session, task_id: UUID) -> None:
    """Hold the same again, from the same payer at the same price, because the task starts again.

    What was taken and not given back is not taken twice. Raises like `reserve`.
    """
    rows = _of_task(db, task_id)
    _lock_balances(db, rows)
    for row in rows:
        opened = db.execute(_REOPEN, {"id": row.id}).one_or_none()
        if opened is None:
            continue
        if row.payer == Payer.CREDITS:
            _keep_lots(db, row.id, ledger.hold(db, row.user_id, row.amount))
        elif row.payer == Payer.QUOTA:
            _recount(db, row)


def return_task(db: Session, by: Actor, task_id: UUID, *, cause: str, reason: str) -> bool:
    """Give back what a task took; False when there is nothing (left) to give back. Needs credits.gift.

    `cause` names the occasion: one gives back once.
    """
    by.must(Permission.CREDITS_GIFT)
    rows = _of_task(db, task_id)
    _lock_balances(db, rows)
    given = [_give_back(db, row, cause=cause, actor_id=by.user_id, reason=reason) for row in rows]
    return any(given)


_OF_TASK = text("""
SELECT r.id, r.task_id, r.unit, r.user_id, r.feature_name, r.payer, r.amount, r.counter_id, r.line_id, t.cv_file_id
FROM reservation r JOIN background_task t ON t.id = r.task_id WHERE r.task_id = :task ORDER BY r.unit""")


def _of_task(db: Session, task_id: UUID) -> Any:
    return db.execute(_OF_TASK, {"task": task_id}).all()


def _lock_balances(db: Session, rows: Any) -> None:
    for user_id in sorted({row.user_id for row in rows if row.payer == Payer.CREDITS}):
        ledger.lock(db, user_id)


_SETTLE = text("""
UPDATE reservation SET state = :state, settled_at = :now WHERE id = :id AND state = 'held' RETURNING id""")
_RETURNED = text("""
UPDATE reservation SET state = 'returned', settled_at = :now WHERE id = :id AND state = 'captured' RETURNING id""")
_REOPEN = text("""
UPDATE reservation SET state = 'held', settled_at = NULL, line_id = NULL
WHERE id = :id AND state IN ('released', 'returned') RETURNING id""")
_STATE = text("SELECT state, line_id FROM reservation WHERE id = :id")
_LINE = text("UPDATE reservation SET line_id = :line WHERE id = :id")
_LOTS_GONE = text("DELETE FROM reserved_lot WHERE reservation_id = :id RETURNING lot_id, amount")
_PAID = text("SELECT count(*) FROM credit_transaction WHERE task_id = :task AND unit = :unit AND type = 'usage'")


def _settle(db: Session, row: Any, outcome: TaskOutcome) -> Settled:
    charge = outcome in CHARGED
    state = ReservationState.CAPTURED if charge else ReservationState.RELEASED
    if db.execute(_SETTLE, {"id": row.id, "state": state, "now": clock.now()}).one_or_none() is None:
        return _settled_before(db, row, outcome)
    if row.payer == Payer.QUOTA:
        (counters.keep if charge else counters.free)(db, row.counter_id)
    if row.payer != Payer.CREDITS:
        return Settled(charge and row.payer == Payer.QUOTA)
    taken = [(lot.lot_id, lot.amount) for lot in db.execute(_LOTS_GONE, {"id": row.id})]
    if not charge:
        ledger.unhold(db, row.user_id, taken)
        return Settled(is_charged=False)
    line_id = ledger.capture(db, row.user_id, _usage(db, row), taken)
    db.execute(_LINE, {"id": row.id, "line": line_id})
    return Settled(is_charged=True, line_id=line_id)


def _settled_before(db: Session, row: Any, outcome: TaskOutcome) -> Settled:
    """A start that was charged, then one that brought nothing: what the first took is given back."""
    if outcome not in CHARGED:
        _give_back(db, row, cause="task")
    now = db.execute(_STATE, {"id": row.id}).one()
    return Settled(now.state == ReservationState.CAPTURED and row.payer != Payer.NONE, now.line_id)


def _give_back(db: Session, row: Any, *, cause: str, actor_id: UUID | None = None, reason: str | None = None) -> bool:
    if row.payer == Payer.NONE or db.execute(_RETURNED, {"id": row.id, "now": clock.now()}).one_or_none() is None:
        return False
    if row.payer == Payer.QUOTA:
        counters.give_back(db, row.counter_id)
        return True
    line_id = db.execute(_STATE, {"id": row.id}).one().line_id
    paid = _times_paid(db, row)
    cause = cause if paid <= 1 else f"{cause}_{paid}"
    back = ledger.give_back(db, line_id, cause=cause, source="task", actor_id=actor_id, reason=reason)
    return back is not None


def _usage(db: Session, row: Any) -> Entry:
    """The debit. A task that is paid a second time, because the first was given back, says so in its cause."""
    paid = _times_paid(db, row)
    return Entry(
        CreditKind.USAGE, row.amount, source="task", feature=row.feature_name, task_id=row.task_id, unit=row.unit,
        cause=f"{AGAIN}{paid}" if paid else "", cv_file_id=row.cv_file_id,
    )  # fmt: skip


def _times_paid(db: Session, row: Any) -> int:
    return db.execute(_PAID, {"task": row.task_id, "unit": row.unit}).scalar_one()


def _count(db: Session, user_id: UUID, quote: Quote) -> int:
    if quote.period_start is None or quote.period_end is None or quote.feature is None:
        raise ValueError("a quota has a feature and a period")
    period = (quote.period_start, quote.period_end)
    counter_id = counters.take(db, user_id, quote.feature, quote.usage_limit, period)
    if counter_id is None:
        raise QuotaUsed(limit=quote.usage_limit)
    return counter_id


def _recount(db: Session, row: Any) -> None:
    """Take a unit of the quota again, in the period that runs now."""
    now = clock.now()
    allowed = limits.limit_for(db, row.user_id, row.feature_name, now)
    counter_id = counters.take(db, row.user_id, row.feature_name, allowed.usage_limit, allowed.period(now))
    if counter_id is None:
        raise QuotaUsed(limit=allowed.usage_limit)
    moved = text("UPDATE reservation SET counter_id = :counter WHERE id = :id")
    db.execute(moved, {"id": row.id, "counter": counter_id})


def _keep_lots(db: Session, reservation_id: Any, taken: list[tuple[int, int]]) -> None:
    kept = text("INSERT INTO reserved_lot (reservation_id, lot_id, amount) VALUES (:id, :lot, :amount)")
    for lot_id, amount in taken:
        db.execute(kept, {"id": reservation_id, "lot": lot_id, "amount": amount})
