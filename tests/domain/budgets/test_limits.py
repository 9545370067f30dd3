"""Hard limits: never beyond, all or nothing, settled once, and nothing lost when a process dies in between."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import meter
from fitmycv_admin.domain.budgets import evaluation, limits, rules
from fitmycv_admin.domain.budgets.limits import Answer, Decision
from fitmycv_admin.vocabulary import BudgetWindow, Enforcement, PlanFeature
from tests import cluster
from tests.domain.ai_costs import ledger
from tests.domain.budgets import stand
from tests.domain.budgets.stand import OPS, USD
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
CROWD, ROUNDS = 16, 50
DENY = {"enforcement": Enforcement.DENY, "steps": (100,)}


@pytest.fixture(autouse=True)
def wide_pool(empty: None) -> Iterator[None]:
    """As many connections as threads, so that a race is one."""
    with cluster.environment(DB_POOL_SIZE=str(CROWD + 2)):
        yield


def ask(usd: float, *, user: UUID | None = None, key: UUID | None = None, feature: str = "scoring",
        model: str = "gpt-a", plan: int | None = None, db: Session | None = None) -> Decision:  # fmt: skip
    """One question, in a transaction of its own."""
    words: dict[str, Any] = {
        "call_key": key or uuid4(), "user_id": user, "feature_key": feature, "plan_id": plan, "model": model,
        "estimate_nano": round(usd * USD),
    }  # fmt: skip
    if db is not None:
        return limits.ask(db, **words)
    with transaction() as own:
        return limits.ask(own, **words)


def counter(rule: int) -> tuple[int, int, int, int]:
    """Spent, reserved, over and denied of a rule's newest counter."""
    row = stand.rows("budget_spending", rule)[-1]
    return row.spent_nano, row.reserved_nano, row.over_nano, row.denied


def record(key: UUID, usd: float, at: datetime | None = None, user: UUID | None = None) -> bool:
    """Store the call and settle what was reserved for it, as a worker does."""
    with transaction() as db:
        stand.spend(usd, at or clock.now(), db=db, user=user)
        return limits.settle(db, key, round(usd * USD))


def test_without_a_hard_limit_nothing_is_written() -> None:
    stand.rule(1)
    assert ask(100).kind is Answer.ALLOW
    assert stand.rows("budget_spending") == stand.rows("budget_reservation") == []


def test_a_call_fits_exactly_or_is_denied_and_says_why() -> None:
    rule = stand.rule(10, name="ten", **DENY)
    assert ask(6).kind is Answer.ALLOW
    assert ask(4).kind is Answer.ALLOW
    denied = ask(0.000000001)
    assert (denied.kind, denied.rule_id, denied.reason) == (Answer.DENY, rule, "ten")
    assert denied.until is not None
    assert denied.until > denied.at
    assert counter(rule) == (0, 10 * USD, 0, 1)


def test_what_was_spent_before_the_rule_was_made_counts() -> None:
    stand.spend(9, clock.now())
    rule = stand.rule(10, **DENY)
    assert ask(2).kind is Answer.DENY
    assert ask(1).kind is Answer.ALLOW
    assert counter(rule) == (9 * USD, USD, 0, 1)


def test_settling_turns_a_reservation_into_its_cost_once_and_shows_what_was_beyond() -> None:
    rule, key = stand.rule(10, **DENY), uuid4()
    ask(2, key=key)
    assert record(key, 3)
    assert counter(rule) == (3 * USD, 0, USD, 0)
    with transaction() as db:
        assert not limits.settle(db, key, 3 * USD)
        assert not limits.free(db, key)
    assert counter(rule) == (3 * USD, 0, USD, 0)


def test_a_call_that_was_never_sent_is_let_go() -> None:
    rule, key = stand.rule(10, **DENY), uuid4()
    ask(10, key=key)
    with transaction() as db:
        assert limits.free(db, key)
    assert counter(rule) == (0, 0, 0, 0)


def test_of_several_limits_all_or_none_is_reserved() -> None:
    user = stand.person("ada@x.example")
    wide = stand.rule(100, name="wide", **DENY)
    own = stand.rule(5, name="own", each_user=True, **DENY)
    month = stand.rule(50, name="month", window=BudgetWindow.MONTH, **DENY)
    assert ask(4, user=user).kind is Answer.ALLOW
    assert ask(4, user=user).rule_id == own
    assert [counter(rule)[1] for rule in (wide, own, month)] == [4 * USD] * 3
    assert len(stand.rows("budget_reservation")) == 3


def test_a_limit_counts_only_what_it_is_about() -> None:
    ada, bob = stand.person("ada@x.example"), stand.person("bob@x.example")
    stand.feature("scoring", "match_score")
    stand.rule(1, feature_key="scoring", **DENY, name="feature")
    stand.rule(1, user_id=bob, **DENY, name="bob")
    stand.rule(1, plan_id=0, feature_key="scoring", **DENY, name="plan")
    assert ask(2, user=ada, feature="other").kind is Answer.ALLOW
    assert ask(2, user=bob, feature="other").kind is Answer.DENY
    assert ask(2, user=ada).kind is Answer.DENY


def test_a_degraded_call_gets_the_other_model_and_must_fit_where_denied() -> None:
    with transaction() as db:
        ledger.priced(db, "gpt-cheap", lines={"input": 1000, "output": 1000})
    soft = stand.rule(5, name="soft", enforcement=Enforcement.DEGRADE, degrade_model="gpt-cheap")
    hard = stand.rule(8, name="hard", **DENY)
    assert ask(4).kind is Answer.ALLOW
    degraded = ask(4)
    assert (degraded.kind, degraded.model, degraded.rule_id) == (Answer.DEGRADE, "gpt-cheap", soft)
    assert counter(soft)[1] == 4 * USD
    # The cheaper call is reserved by its own price: 8,192 tokens of a thousand nano-dollars a million.
    assert counter(hard)[1] == 4 * USD + 9
    assert ask(4, model="gpt-cheap").kind is Answer.DENY


def test_an_estimate_is_never_below_what_the_longest_answer_costs() -> None:
    with transaction() as db:
        nano = limits.estimate(db, "gpt-a", "standard", clock.now(), prompt_bytes=4_001, max_output_tokens=700)
        assert nano == 2_001 * 2_000 + 700 * 8_000
        assert limits.estimate(db, "gpt-nobody", "standard", clock.now(), prompt_bytes=1, max_output_tokens=1) is None


def race(act: Callable[[int], Any]) -> list[Any]:
    return at_once(CROWD, act)


def test_sixteen_calls_at_once_get_the_room_of_five_fifty_times() -> None:
    for number in range(ROUNDS):
        rule = stand.rule(5.9, name=f"round {number}", **DENY)
        kinds = [answer.kind for answer in race(lambda _n: ask(1))]
        assert kinds.count(Answer.ALLOW) == 5
        assert counter(rule) == (0, 5 * USD, 0, 11)
        with transaction() as db:
            rules.set_enabled(db, OPS, [rule], enabled=False)


def test_a_call_is_settled_once_by_sixteen_at_once_fifty_times() -> None:
    rule = stand.rule(1000, **DENY)
    for number in range(1, ROUNDS + 1):
        key = uuid4()
        ask(2, key=key)

        def settle(_n: int, key: UUID = key) -> bool:
            with transaction() as db:
                return limits.settle(db, key, USD)

        assert sum(race(settle)) == 1
        assert counter(rule)[:2] == (number * USD, 0)


def test_counting_anew_beside_calls_that_end_misses_none_and_counts_none_twice_fifty_times() -> None:
    rule = stand.rule(100_000, **DENY)
    over = threading.Event()

    def evaluate() -> None:
        while not over.is_set():
            with transaction() as db:
                evaluation.evaluate(db)

    thread = threading.Thread(target=evaluate)
    thread.start()
    try:
        for number in range(1, ROUNDS + 1):

            def call(_n: int) -> bool:
                key = uuid4()
                ask(2, key=key)
                return record(key, 1)

            assert all(race(call))
            assert counter(rule)[:3] == (number * CROWD * USD, 0, 0)
    finally:
        over.set()
        thread.join()


def test_a_crash_between_reservation_and_settlement_loses_nothing() -> None:
    rule, key = stand.rule(10, **DENY), uuid4()
    ask(6, key=key)

    class Crash(BaseException): ...

    def die() -> None:
        with transaction() as db:
            stand.spend(5, clock.now(), db=db)
            limits.settle(db, key, 5 * USD)
            raise Crash

    with pytest.raises(Crash):
        die()
    assert counter(rule) == (0, 6 * USD, 0, 0)
    assert ask(5).kind is Answer.DENY
    assert record(key, 5)
    assert counter(rule)[:2] == (5 * USD, 0)


def test_what_nobody_can_settle_any_more_is_let_go_and_counted_when_it_comes_after_all() -> None:
    rule, key, young = stand.rule(10, **DENY), uuid4(), uuid4()
    ask(6, key=key)
    ask(1, key=young)
    with transaction() as db:
        old = clock.now() - limits.LONGEST_CALL - timedelta(seconds=1)
        made = text("UPDATE budget_reservation SET made_at = :old WHERE call_key = :key")
        db.execute(made, {"old": old, "key": key})
    with transaction() as db:
        assert limits.sweep(db) == 1
    assert counter(rule)[:2] == (0, USD)
    assert not record(key, 5)
    with transaction() as db:
        evaluation.evaluate(db)
    assert counter(rule)[:2] == (5 * USD, USD)


def test_work_is_refused_early_only_when_not_even_its_smallest_call_fits() -> None:
    user = stand.person("ada@x.example")
    stand.feature("scoring", "match_score", plan_features=(PlanFeature.MATCH_SCORE,))
    stand.rule(10, feature_key="scoring", **DENY)

    def closed(feature: PlanFeature | None) -> bool:
        with transaction() as db:
            return limits.closed(db, user, feature) is not None

    key = uuid4()
    ask(9.5, user=user, key=key)
    ask(1, user=user)
    assert not closed(PlanFeature.MATCH_SCORE)  # what is reserved may come back
    record(key, 9.5, user=user)
    assert closed(PlanFeature.MATCH_SCORE)
    assert not closed(PlanFeature.IMPORT_PDF)
    assert not closed(None)


def test_a_hard_limit_that_refused_is_told_as_used_up() -> None:
    rule = stand.rule(10, **DENY)
    record(uuid4(), 9.5)
    ask(1)
    with transaction() as db:
        evaluation.evaluate(db)
    (notice,) = stand.rows("alert_notice", rule)
    assert (notice.step, notice.value_nano, notice.facts) == (100, 9_500_000_000, {"denied": 1})


def test_a_limit_that_is_raised_lets_in_at_once() -> None:
    rule = stand.rule(1, **DENY)
    assert ask(2).kind is Answer.DENY
    with transaction() as db:
        rules.scale(db, OPS, [rule], percent=300)
    assert ask(2).kind is Answer.ALLOW


def test_the_counter_of_midnight_is_that_of_the_calls_own_instant() -> None:
    """The call is recorded under the instant of its decision, so that both are of one day."""
    rule, key = stand.rule(10, window=BudgetWindow.HOUR, **DENY), uuid4()
    decision = ask(2, key=key)
    (row,) = stand.rows("budget_spending", rule)
    assert row.starts_at <= decision.at < row.ends_at
    with transaction() as db:
        usage = ledger.usage(decision.at, model="gpt-a", prompt=500_000, completion=0)
        meter.record(db, usage)
        limits.settle(db, key, USD)
    with transaction() as db:
        evaluation.evaluate(db, at=decision.at.astimezone(UTC))
    assert counter(rule)[:2] == (USD, 0)
