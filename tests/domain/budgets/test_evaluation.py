"""Evaluation: each crossing is told once, whoever looks, and what is spent is what the cost pages say."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import catalogue
from fitmycv_admin.domain.budgets import evaluation, given, notices, rules, subjects
from fitmycv_admin.domain.budgets.given import Found
from fitmycv_admin.vocabulary import AlertType, BudgetWindow
from tests import cluster
from tests.domain.ai_costs import ledger
from tests.domain.budgets import stand
from tests.domain.budgets.stand import NOON, OPS, USD
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
TODAY = datetime(2026, 11, 17, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_each_step_is_told_once_in_a_window_and_again_in_the_next() -> None:
    rule = stand.rule(10)
    stand.spend(4.99)
    assert stand.look().opened == 0
    stand.spend(0.01)
    assert stand.look().opened == 1
    stand.spend(4.2)
    assert stand.look().opened == 2
    assert stand.look().opened == 0
    stand.spend(6, NOON + timedelta(days=1))
    stand.look(NOON + timedelta(days=1, minutes=1))
    assert stand.noticed(rule) == [
        ("", TODAY, 50), ("", TODAY, 75), ("", TODAY, 90), ("", TODAY + timedelta(days=1), 50),
    ]  # fmt: skip
    assert [(row.spent_nano, row.limit_nano) for row in stand.rows("budget_spending", rule)] == [
        (9_200_000_000, 10 * USD), (6 * USD, 10 * USD),
    ]  # fmt: skip


def test_calls_that_are_not_folded_yet_count() -> None:
    rule = stand.rule(10)
    stand.spend(8)
    assert stand.look(folded=False).opened == 2
    assert stand.look(folded=True).opened == 0
    assert stand.noticed(rule) == [("", TODAY, 50), ("", TODAY, 75)]


def test_fifty_evaluators_at_once_give_one_notice() -> None:
    stand.rule(10, steps=(90,))
    stand.spend(9.5)
    begin = Barrier(50)

    def look(_number: int) -> int:
        begin.wait(30)
        with transaction() as db:
            return evaluation.evaluate(db, at=NOON + MINUTE).opened

    with ThreadPoolExecutor(50) as pool:
        opened = sum(pool.map(look, range(50)))
    assert opened == 1
    assert len(stand.noticed()) == 1
    assert [row.kind for row in stand.rows("alert_notice_event")] == ["opened"]


def test_of_sixteen_who_give_the_same_notice_one_opens_it_fifty_times() -> None:
    rule = stand.rule(10)
    with cluster.environment(DB_POOL_SIZE="18"):
        for number in range(50):
            start = NOON + timedelta(hours=number)
            found = Found(rule, "", start, start + timedelta(hours=1), 100)

            def give(_number: int, found: Found = found) -> UUID | None:
                with transaction() as db:
                    return given.give(db, found, now=NOON)

            assert sum(notice is not None for notice in at_once(16, give)) == 1
    assert len(stand.noticed(rule)) == len(stand.rows("alert_notice_event")) == 50


def test_a_rule_for_each_person_tells_of_each_in_their_own_window() -> None:
    rule = stand.rule(10, type=AlertType.USER_DAILY, steps=(100,))
    ada, bob = stand.person("ada@x.example"), stand.person("bob@x.example")
    stand.spend(10, user=ada)
    stand.spend(9.9, user=bob)
    stand.spend(50)
    stand.look()
    assert [subject for subject, _at, _step in stand.noticed(rule)] == [subjects.person(stand.seq_of(ada))]
    stand.spend(0.1, user=bob)
    assert stand.look(NOON + 2 * MINUTE).opened == 1


def test_people_are_found_by_their_new_calls_and_by_a_new_rule_by_their_old_ones() -> None:
    ada = stand.person("ada@x.example")
    first = stand.rule(10, type=AlertType.USER_MONTHLY, steps=(100,))
    now = NOON + MINUTE
    stand.spend(12, user=ada)
    stand.look(now)
    with transaction() as db:
        db.execute(text("UPDATE openai_alert SET updated_at = '2026-11-01'"))
        db.execute(text("UPDATE alert_evaluation SET swept_at = :now, evaluated_at = :now"), {"now": now})
    second = stand.rule(11, name="later", type=AlertType.USER_MONTHLY, steps=(100,))
    stand.look(now + MINUTE)
    assert len(stand.noticed(first)) == len(stand.noticed(second)) == 1


@pytest.mark.parametrize("scope", ["feature_key", "model_id", "plan_id", "user_id", "combined"])
def test_a_scope_counts_only_what_it_names(scope: str) -> None:
    ada, bob = stand.person("ada@x.example"), stand.person("bob@x.example")
    with transaction() as db:
        gpt_b = catalogue.model_of(db, "gpt-b").id
    feature, plan = stand.feature("scoring", "match_score"), stand.plan("Plus")
    stand.spend(1, user=ada, model="gpt-b", plan="Plus")
    stand.spend(2, user=bob, model="gpt-b", call="import_pdf")
    stand.spend(4, user=ada, call="import_pdf", plan="Plus")
    stand.spend(8)
    words, dollars = {
        "feature_key": ({"feature_key": feature}, 9),
        "model_id": ({"model_id": gpt_b}, 3),
        "plan_id": ({"plan_id": plan}, 5),
        "user_id": ({"user_id": ada}, 5),
        "combined": ({"feature_key": feature, "model_id": gpt_b, "plan_id": plan, "user_id": ada}, 1),
    }[scope]
    for window in (BudgetWindow.HOUR, BudgetWindow.DAY, BudgetWindow.WEEK, BudgetWindow.MONTH):
        stand.rule(100, name=f"{scope} {window}", window=window, **words)
    stand.look()
    current = [row for row in stand.rows("budget_spending") if row.starts_at <= NOON]
    assert [row.spent_nano for row in current if row.ends_at > NOON] == [dollars * USD] * 4


def test_people_without_a_plan_are_a_scope_too() -> None:
    rule = stand.rule(100, plan_id=0)
    stand.plan("Plus")
    stand.spend(1, plan="Plus")
    stand.spend(2)
    stand.look()
    assert stand.rows("budget_spending", rule)[0].spent_nano == 2 * USD


def test_a_call_recorded_after_midnight_still_counts_for_the_day_it_was_sent_on() -> None:
    rule = stand.rule(10, steps=(100,))
    midnight = TODAY + timedelta(days=1)
    stand.look(midnight + MINUTE)
    stand.spend(11, midnight - timedelta(seconds=20))
    stand.look(midnight + 2 * MINUTE)
    assert stand.noticed(rule) == [("", TODAY, 100)]


def test_a_window_that_ended_while_nobody_looked_is_looked_at_afterwards() -> None:
    rule = stand.rule(10, steps=(100,))
    stand.look(TODAY + timedelta(hours=1))
    stand.spend(11, NOON)
    stand.look(NOON + timedelta(hours=20))
    assert stand.noticed(rule) == [("", TODAY, 100)]


def test_a_step_of_a_rolling_window_is_told_once_until_it_was_left() -> None:
    rule = stand.rule(10, window=BudgetWindow.ROLLING, rolling_days=3, steps=(100,))
    stand.spend(11, NOON)
    days = [NOON + timedelta(days=n, minutes=1) for n in range(5)]
    opened = [stand.look(day).opened for day in days[:3]]
    assert opened == [1, 0, 0]
    assert stand.look(days[3]).ended == 1
    stand.spend(12, days[3])
    assert stand.look(days[3] + MINUTE).opened == 1
    first = TODAY - timedelta(days=2)
    assert stand.noticed(rule) == [("", first, 100), ("", first + timedelta(days=3), 100)]


def test_a_billing_period_is_each_persons_own() -> None:
    rule = stand.rule(10, window=BudgetWindow.BILLING_PERIOD, each_user=True, steps=(100,))
    ada, bob = stand.person("ada@x.example"), stand.person("bob@x.example")
    with transaction() as db:
        for user, day in ((ada, "2026-01-31 10:00+00"), (bob, "2026-01-18 13:00+00")):
            db.execute(text("UPDATE app_user SET created_at = :at WHERE id = :id"), {"at": day, "id": user})
    for user in (ada, bob):
        stand.spend(6, datetime(2026, 11, 1, tzinfo=UTC), user=user)
        stand.spend(6, NOON + 2 * timedelta(hours=1), user=user)
    stand.look(NOON + 3 * timedelta(hours=1))
    ada_month = (subjects.person(stand.seq_of(ada)), datetime(2026, 10, 31, 10, tzinfo=UTC), 100)
    assert stand.noticed(rule) == [ada_month]


def test_a_notice_ends_with_its_window_and_when_its_rule_is_switched_off() -> None:
    stand.rule(10, steps=(100,), name="day")
    month = stand.rule(10, steps=(100,), name="month", window=BudgetWindow.MONTH)
    stand.spend(11)
    stand.look()
    assert stand.look(TODAY + timedelta(days=1, minutes=14)).ended == 0
    assert stand.look(TODAY + timedelta(days=1, minutes=16)).ended == 1
    with transaction() as db:
        rules.set_enabled(db, OPS, [month], enabled=False)
    assert stand.look(TODAY + timedelta(days=1, minutes=17)).ended == 1
    assert {row.state for row in stand.rows("alert_notice")} == {"resolved"}


def test_a_snoozed_rule_is_silent_and_speaks_afterwards() -> None:
    rule = stand.rule(10, steps=(100,))
    with transaction() as db:
        db.execute(text("UPDATE openai_alert SET snoozed_until = :at"), {"at": NOON + timedelta(hours=1)})
    stand.spend(11)
    assert stand.look().opened == 0
    assert stand.look(NOON + timedelta(hours=2)).opened == 1
    assert len(stand.noticed(rule)) == 1


def test_a_notice_names_three_drivers_and_the_calls_behind_it() -> None:
    ada = stand.person("ada@x.example")
    stand.rule(10, steps=(100,))
    stand.spend(9, user=ada, model="gpt-b")
    stand.spend(3, call="import_pdf")
    stand.look()
    with transaction() as db:
        (row,) = notices.rows(db, OPS, notices.NoticeFilters())
        card = notices.notice(db, OPS, row.id)
    assert [(driver.kind, driver.cost_nano) for driver in card.drivers] == [
        ("feature", 9 * USD), ("model", 9 * USD), ("user", 9 * USD),
    ]  # fmt: skip
    assert card.drivers[2].key == str(ada)
    assert card.calls == {"period": "custom", "from": "2026-11-18", "to": "2026-11-18"}
    assert (row.value_nano, row.limit_nano) == (12 * USD, 10 * USD)


def test_silence_is_told_once_and_ends_with_the_next_call() -> None:
    rule = stand.rule(0, type=AlertType.NO_DATA, minutes=30)
    stand.spend(1)
    assert stand.look(NOON + 29 * MINUTE).opened == 0
    assert stand.look(NOON + 31 * MINUTE).opened == 1
    assert stand.look(NOON + 90 * MINUTE).opened == 0
    stand.spend(1, NOON + 91 * MINUTE)
    assert stand.look(NOON + 92 * MINUTE).ended == 1
    assert stand.look(NOON + 125 * MINUTE).opened == 1
    assert len(stand.noticed(rule)) == 2


def test_a_model_without_a_price_is_told_of_once_until_it_has_one() -> None:
    rule = stand.rule(0, type=AlertType.UNPRICED_MODEL)
    stand.spend(1, model="gpt-new")
    assert stand.look().opened == 1
    assert stand.look(NOON + 2 * MINUTE).opened == 0
    with transaction() as db:
        ledger.priced(db, "gpt-new")
    assert stand.look(NOON + 3 * MINUTE).ended == 1
    assert len(stand.noticed(rule)) == 1
    assert stand.rows("alert_notice", rule)[0].facts == {"model": "gpt-new", "calls": 1}


def test_an_hour_far_above_the_same_hours_before_is_told_with_its_driver() -> None:
    rule = stand.rule(1, type=AlertType.ANOMALY, ratio_percent=300, least_calls=5)
    for week, dollars in ((1, 1.0), (2, 2.0), (3, 2.0)):
        stand.spend(dollars, NOON - timedelta(weeks=week) + 10 * MINUTE)
    stand.spend(30, NOON - timedelta(weeks=4, minutes=50))  # the clock was changed in between
    with transaction() as db:
        for second in range(4):
            stand.spend(2, NOON + timedelta(seconds=second), db=db)
    assert stand.look(NOON + 20 * MINUTE).opened == 0  # enough dollars, not enough calls
    stand.spend(0.5, NOON + timedelta(minutes=5))
    assert stand.look(NOON + 20 * MINUTE).opened == 1
    assert stand.look(NOON + 21 * MINUTE).opened == 0
    notice = stand.rows("alert_notice", rule)[0]
    assert (notice.value_nano, notice.limit_nano) == (8_500_000_000, 2 * USD)
    assert notice.facts == {"usual_nano": 2 * USD, "ratio_percent": 425, "calls": 5}
    assert notice.drivers["top"][0]["cost_nano"] == 8_500_000_000


def test_the_hours_compared_are_those_of_the_clock_also_over_its_change() -> None:
    rule = stand.rule(1, type=AlertType.ANOMALY, ratio_percent=300, least_calls=1)
    monday = datetime(2026, 11, 2, 9, tzinfo=UTC)  # ten in Paris; before 25 October that was eight here
    stand.spend(1, monday - timedelta(weeks=1))
    for week in (2, 3, 4):
        stand.spend(1, monday - timedelta(weeks=week, hours=1))
        stand.spend(90, monday - timedelta(weeks=week))
    stand.spend(4, monday)
    stand.look(monday + 20 * MINUTE)
    assert [row.limit_nano for row in stand.rows("alert_notice", rule)] == [USD]


def test_evaluation_says_when_it_looked() -> None:
    stand.rule(10)
    stand.look(NOON)
    row = stand.rows("alert_evaluation")[0]
    assert (row.evaluated_at, row.rules) == (NOON, 1)
