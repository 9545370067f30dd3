"""Drift is nought when every rollup says what the calls say, shows what somebody broke, and is mended day by day."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import drift, fold
from tests.domain.ai_costs import ledger

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
DAYS = [(NOON - timedelta(days=back)).date() for back in (1, 2, 3)]
_BROKEN = {
    "roll_hour": "cost_nano = cost_nano + 7",
    "roll_day": "cached_tokens = cached_tokens + 1",
    "roll_user_day": "unpriced = unpriced + 1",
    "roll_user_month": "cost_nano = cost_nano - 7",
    "openai_usage": "estimated_cost_nano = estimated_cost_nano + 7",
    "roll_histogram": "calls = calls + 1",
    "call_outlier": "cost_nano = cost_nano + 7",
}


@pytest.fixture(autouse=True)
def _calls(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b")
        people = [ledger.person(db, f"drift-{random.random()}@example.org") for _ in range(3)]
        ledger.spread(db, NOON - timedelta(days=4), 300, step=timedelta(minutes=19), people=people)
    for _ in range(50):
        with transaction() as db:
            fold.fold(db)
            waiting = text("SELECT 1 FROM openai_call WHERE xid >= (SELECT folded_below FROM fold_mark)")
            if not db.execute(waiting).all():
                return


def worst() -> tuple[int, int]:
    with transaction() as db:
        found = drift.check(db)
    assert [row.day for row in found] == DAYS
    return max(row.drift_nano for row in found), max(row.drift_calls for row in found)


def test_rollups_that_say_what_the_calls_say_have_no_drift():
    assert worst() == (0, 0)


@pytest.mark.parametrize("table", _BROKEN)
def test_whatever_somebody_breaks_is_seen_and_counting_the_day_anew_mends_it(table: str):
    with transaction() as db:
        db.execute(text(f"UPDATE {table} SET {_BROKEN[table]}"))
    assert worst() != (0, 0)
    for day in DAYS:
        with transaction() as db:
            row = drift.repair(db, actors.system("test"), day)
        assert (row.drift_nano, row.drift_calls) == (0, 0)
    assert worst() == (0, 0)


def test_a_cell_that_nobody_called_for_is_drift_too():
    with transaction() as db:
        db.execute(
            text(
                "INSERT INTO roll_day (day, feature_id, model_id, tier_id, plan_id, calls) VALUES (:day, 1, 1, 1, 9, 2)"
            ),
            {"day": DAYS[0]},
        )
    assert worst() == (0, 2)


def test_the_state_shows_the_last_comparison_of_each_day_and_that_it_was_mended():
    with transaction() as db:
        db.execute(text("DELETE FROM rollup_check"))
        db.execute(text("UPDATE roll_day SET cost_nano = cost_nano + 7 WHERE day = :day"), {"day": DAYS[1]})
    worst()
    with transaction() as db:
        found = drift.state(db, actors.system("test"))
    assert [row.day for row in found] == DAYS
    assert [row.is_right for row in found] == [True, False, True]
    with transaction() as db:
        drift.repair(db, actors.system("test"), DAYS[1])
        assert all(row.is_right for row in drift.state(db, actors.system("test")))
        told = db.execute(
            text("SELECT before, after FROM audit_event WHERE action = 'cost.repair' AND target_id = :day LIMIT 1"),
            {"day": DAYS[1].isoformat()},
        ).one()
    assert told.after == {"drift_nano": 0, "drift_calls": 0}
    assert told.before != told.after


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Pacific/Chatham", "America/New_York"])
def test_days_that_begin_inside_an_hour_are_compared_and_mended_as_well(zone: str):
    with transaction() as db:
        fold.rebuild(db, zone)
    with transaction() as db:
        found = drift.fold.mark(db)
        day = date.fromordinal(DAYS[1].toordinal())
        assert drift.of(db, found, day, day) == drift.Drift(0, 0)
        db.execute(text("DELETE FROM roll_hour"))
        db.execute(text("DELETE FROM roll_day WHERE day = :day"), {"day": day})
        assert drift.of(db, found, day, day).calls > 0
        drift.repair(db, actors.system("test"), day)
        assert drift.of(db, found, day, day) == drift.Drift(0, 0)
