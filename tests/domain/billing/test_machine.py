"""Any order of grants, holds, posts, voids, refunds, disputes, expiry, repeats and crashes: the plain ledger agrees."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import engine, transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.billing import expiry, ledger, reservations, reversals
from fitmycv_admin.domain.billing.credits import Entry, NotEnough
from fitmycv_admin.domain.billing.reservations import Quote
from fitmycv_admin.vocabulary import CreditKind, Payer, PlanFeature, TaskOutcome
from tests import money
from tests.domain.billing import purses
from tests.domain.billing.plain_ledger import Plain, TooFew

SOME = st.integers(1, 12)
ANY = st.integers(0, 1_000_000)
STAFF = actors.system("test")

Act = tuple[Callable[[Session], object], Callable[[], object]]
"""What the ledger is asked, and what the plain one is."""


class Machine(RuleBasedStateMachine):
    """One person per run; every step is asked of both, and both must show the same lines, lots, debt and refusals."""

    told: Callable[[datetime], None]

    @initialize()
    def somebody(self) -> None:
        self.now = datetime(2026, 1, 30, 12, tzinfo=clock.now().tzinfo)
        self.tell()
        self.user = purses.person()
        self.plain = Plain(self.now)
        self.done: list[Act] = []
        self.lines: list[tuple[int, Any]] = []
        self.fault: str | None = None

    def tell(self) -> None:
        """Everybody's clock shows the time of the run."""
        type(self).told(self.now)

    def both(self, asked: Callable[[Session], object], plain: Callable[[], object], *, again: bool = True) -> object:
        """Ask both; a backend ended before the commit leaves nothing, one ended after it is asked again."""
        fault, self.fault = self.fault, None
        try:
            plain()
            refused = False
        except TooFew:
            refused = True
        if refused:
            with pytest.raises(NotEnough), transaction() as db:
                asked(db)
            return None
        if fault == "before":
            with pytest.raises(OperationalError), transaction() as db:
                _ask_and_end(db, asked)
        with transaction() as db:
            answer = asked(db)
        if again:
            self.done.append((asked, plain))
            if fault == "after":  # the answer was lost: the same is asked once more, of the ledger alone
                with transaction() as db:
                    asked(db)
        return answer

    @rule(kind=st.sampled_from((CreditKind.GIFT, CreditKind.WELCOME, CreditKind.PROMO)), amount=SOME)
    def grant(self, kind: CreditKind, amount: int) -> None:
        key = uuid4().hex
        entry = Entry(kind, amount, "test", request_key=key)
        self.both(lambda db: ledger.grant(db, self.user, entry), lambda: self.plain.grant(key, kind, amount))

    @rule(amount=SOME, cents=st.integers(1, 3000))
    def buy(self, amount: int, cents: int) -> None:
        payment = f"pi_{uuid4().hex}"
        entry = Entry(CreditKind.PURCHASE, amount, "test", payment_intent=payment)
        self.both(lambda db: ledger.grant(db, self.user, entry), lambda: self.plain.buy(payment, amount, cents))

    @rule(amount=SOME)
    def debit(self, amount: int) -> None:
        key = uuid4().hex
        entry = Entry(CreditKind.USAGE, amount, "test", request_key=key)
        made = self.both(lambda db: ledger.debit(db, self.user, entry), lambda: self.plain.debit(key, amount))
        if isinstance(made, int):
            self.lines.append((made, self.plain.keys[key]))

    @rule(amount=SOME)
    def hold(self, amount: int) -> None:
        task = uuid4()

        def asked(db: Session) -> None:
            db.execute(_TASK, {"id": task, "user": self.user})
            quote = Quote(PlanFeature.MATCH_SCORE, Payer.CREDITS, amount, 1)
            reservations.reserve(db, task, self.user, quote)

        self.both(asked, lambda: self.plain.hold(str(task), amount), again=False)

    @precondition(lambda self: self.plain.tasks)
    @rule(which=ANY, ok=st.booleans())
    def post_or_void(self, which: int, ok: bool) -> None:
        task = _one(self.plain.tasks, which)
        outcome = TaskOutcome.USABLE if ok else TaskOutcome.FAILED
        plain = self.plain.post if ok else self.plain.void
        self.both(lambda db: _settle(db, UUID(task), outcome), lambda: plain(task))
        line = self.plain.tasks[task].line
        if line is not None and all(line is not known for _, known in self.lines):
            self.lines.append((purses.ask(_LINE_OF, task=task)[0][0], line))

    @precondition(lambda self: self.plain.tasks)
    @rule(which=ANY)
    def complain(self, which: int) -> None:
        task = _one(self.plain.tasks, which)
        self.both(
            lambda db: reservations.return_task(db, STAFF, UUID(task), cause="complaint", reason=""),
            lambda: self.plain.return_task(task, "complaint"),
        )

    @precondition(lambda self: self.lines)
    @rule(which=ANY, amount=st.none() | SOME, cause=st.sampled_from(("a", "b", "task")))
    def give_back(self, which: int, amount: int | None, cause: str) -> None:
        number, line = self.lines[which % len(self.lines)]
        self.both(
            lambda db: ledger.give_back(db, number, amount, cause=cause, source="test"),
            lambda: self.plain.give_back(line, amount, cause),
        )

    @precondition(lambda self: self.plain.bought)
    @rule(which=ANY, share=st.integers(0, 100))
    def refund(self, which: int, share: int) -> None:
        payment = _one(self.plain.bought, which)
        paid = self.plain.bought[payment].paid
        cents = paid * share // 100
        self.both(
            lambda db: reversals.reverse_purchase(db, payment, paid_cents=paid, refunded_cents=cents),
            lambda: self.plain.refund(payment, cents),
        )

    @precondition(lambda self: self.plain.bought)
    @rule(which=ANY, won=st.booleans())
    def chargeback(self, which: int, won: bool) -> None:
        """Lost; sometimes won at once, sometimes when the next one comes."""
        payment = _one(self.plain.bought, which)
        if won:
            self.both(lambda db: reversals.reinstate(db, payment), lambda: self.plain.win(payment))
        self.both(lambda db: reversals.charge_back(db, payment), lambda: self.plain.charge_back(payment))
        if won:
            self.both(lambda db: reversals.reinstate(db, payment), lambda: self.plain.win(payment))

    @rule(days=st.sampled_from((1, 31, 200, 370)))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.plain.now = self.now
        self.tell()

    @rule()
    def expire(self) -> None:
        self.both(lambda db: expiry.expire(db, now=self.now, at_once=10_000), self.plain.expire)

    @precondition(lambda self: self.done)
    @rule(which=st.integers(0, 3))
    def replay(self, which: int) -> None:
        """One of the last acts comes again, late."""
        self.both(*self.done[-1 - which % len(self.done)], again=False)

    @rule(when=st.sampled_from(("before", "after")))
    def crash(self, when: str) -> None:
        """The backend of the next step is ended: before it commits, or after."""
        self.fault = when

    @invariant()
    def same_story(self) -> None:
        plain = self.plain
        with transaction() as db:
            told = ledger.balance_of(db, self.user)
            lines = db.execute(_LINES, {"user": self.user}).all()
            lots = db.execute(_LOTS, {"user": self.user}).all()
        assert (told.balance, told.held, told.debt) == (plain.balance, plain.held, plain.debt)
        assert [tuple(row) for row in lines] == [(line.kind, line.amount) for line in plain.lines]
        assert [tuple(row) for row in lots] == [(lot.kind, lot.remaining, lot.held, lot.expires) for lot in plain.lots]


_TASK = text("INSERT INTO background_task (id, user_id, type, title, status) VALUES (:id, :user, 'noop', '', 'queued')")
_ENDED = text("""UPDATE background_task SET status = 'completed', outcome = :outcome, finished_at = now()
                 WHERE id = :id""")
_LINE_OF = "SELECT line_id FROM reservation WHERE task_id = CAST(:task AS uuid)"
_LINES = text("SELECT type, amount FROM credit_transaction WHERE user_id = :user ORDER BY id")
_LOTS = text("SELECT kind, remaining, held, expires_at FROM credit_lot WHERE user_id = :user ORDER BY id")


def _settle(db: Session, task: UUID, outcome: TaskOutcome) -> object:
    settled = reservations.settle(db, task, outcome)
    state = db.execute(text("SELECT state FROM reservation WHERE task_id = :id"), {"id": task}).scalar_one()
    told = TaskOutcome.FAILED if state == "released" else TaskOutcome.USABLE
    db.execute(_ENDED, {"id": task, "outcome": told})
    return settled


def _one(things: dict[str, Any], which: int) -> str:
    return list(things)[which % len(things)]


def _ask_and_end(db: Session, asked: Callable[[Session], object]) -> None:
    """As if the server had ended the connection just before the commit: nothing of it happened."""
    asked(db)
    pid = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with engine().connect() as other:
        assert other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid}).scalar_one()


def _play(monkeypatch: pytest.MonkeyPatch, runs: int, steps: int) -> None:
    monkeypatch.setattr(Machine, "told", lambda at: monkeypatch.setattr(clock, "now", lambda: at), raising=False)
    played = settings(
        max_examples=runs, stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    run_state_machine_as_test(Machine, settings=played)
    monkeypatch.undo()
    assert purses.ask("SELECT count(DISTINCT type) FROM credit_transaction")[0][0] >= 10
    money.assert_sound()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_ledger_and_the_plain_one_agree(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    _play(monkeypatch, 200, 20)


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_the_ledger_and_the_plain_one_agree_two_thousand_times(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    _play(monkeypatch, 2_000, 50)
    lines = purses.ask("SELECT count(*) FROM credit_transaction")[0][0]
    print(f"\n2,000 runs of 50 steps against the plain ledger: no counterexample; {lines} lines written")
