"""Old calls are forgotten only when the rollups hold them, and no figure changes by it, then or later."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Invalid
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import adjustments, drift, fold, meter, partitions, queries, retention
from fitmycv_admin.domain.ai_costs.adjustments import Asked
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.domain.insights import checks
from fitmycv_admin.domain.settings import changes
from fitmycv_admin.vocabulary import AdjustmentKind
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
MONTH = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
for _ in range(5):
    MONTH = (MONTH - timedelta(days=1)).replace(day=1)
NEXT = (MONTH + timedelta(days=32)).replace(day=1)
START = MONTH - timedelta(days=1)
DEARER = {"input": 3_000_000_000, "output": 9_000_000_000}


def whole(zone: str = "Europe/Paris") -> Period:
    return Period((MONTH - timedelta(days=3)).date(), (MONTH + timedelta(days=105)).date(), zone)


@pytest.fixture(autouse=True)
def _calls(database: object) -> None:
    """A hundred days of calls around the ends of the oldest month but one."""
    with transaction() as db:
        ledger.wipe(db)
        partitions.ensure(db, START.date(), (MONTH + timedelta(days=110)).date())
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b")
        people = [ledger.person(db, f"old-{random.random()}@example.org") for _ in range(3)]
        ledger.spread(db, MONTH + timedelta(minutes=7), 300, step=timedelta(hours=8), people=people)
        # The last hours of the month belong to the next one in Paris, the first to the one before in New York.
        for minutes in (-100, -20, -1, 0, 20, 200):
            meter.record(db, usage(NEXT + timedelta(minutes=minutes)))
    ledger.fold_all()
    keep(months=3)


def keep(months: int) -> None:
    with transaction() as db:
        if (
            str(months)
            != db.execute(
                text("SELECT value FROM setting WHERE setting_name = 'call_retention_months'")
            ).scalar_one_or_none()
        ):
            changes.change(db, actors.system("test"), "call_retention_months", str(months))


def forget() -> int:
    with transaction() as db:
        return retention.forget(db)


def forget_all() -> int:
    months = 0
    while forget():
        months += 1
    return months


def figures(zone: str = "Europe/Paris") -> list[object]:
    with transaction() as db:
        found: list[object] = [queries.totals(db, OPS, whole(zone), Filters())]
        found += [sorted(queries.split(db, OPS, whole(zone), d, Filters()).items()) for d in Dimension]
        return [*found, sorted(str(row.sums) for row in queries.top_users(db, OPS, whole(zone), Filters(), limit=99))]


def calls_left() -> int:
    with transaction() as db:
        return db.execute(text("SELECT count(*) FROM openai_call WHERE created_at < :at"), {"at": NEXT}).scalar_one()


def test_the_oldest_months_go_and_no_figure_changes():
    before = figures()
    assert forget() == 1
    assert calls_left() == 0
    assert figures() == before
    forget_all()
    assert figures() == before


def test_without_a_setting_nothing_is_forgotten():
    keep(months=0)
    assert forget() == 0
    assert calls_left() > 0


def test_what_is_younger_than_three_months_stays_whatever_the_setting_says():
    keep(months=1)
    with transaction() as db:
        partitions.ensure(db, (datetime.now(UTC) - timedelta(days=85)).date(), datetime.now(UTC).date())
        young = meter.record(db, usage(datetime.now(UTC) - timedelta(days=85)))
    ledger.fold_all()
    forget_all()
    with transaction() as db:
        assert db.execute(text("SELECT 1 FROM openai_call WHERE id = :id"), {"id": young}).all()


def test_a_month_whose_rollups_differ_is_kept_and_the_difference_shown():
    with transaction() as db:
        db.execute(text("UPDATE roll_day SET cost_nano = cost_nano + 7 WHERE day = :day"), {"day": MONTH.date()})
    assert forget() == 0
    assert calls_left() > 0
    with transaction() as db:
        worst = db.execute(text("SELECT max(drift_nano) FROM rollup_check WHERE day = :day"), {"day": MONTH.date()})
        assert worst.scalar_one() >= 7


def test_a_correction_that_runs_keeps_its_calls():
    with transaction() as db:
        adjustments.start(
            db, OPS, Asked(AdjustmentKind.REPRICE, None, None, MONTH, NEXT, DEARER), reason="the list was wrong"
        )
    assert forget() == 0
    ledger.work_all()
    assert forget() == 1


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC"])
def test_counting_anew_in_another_zone_loses_nothing_of_what_was_forgotten(zone: str):
    with transaction() as db:
        truth = queries.totals(db, OPS, whole(), Filters())
    forget()
    with transaction() as db:
        fold.rebuild(db, zone)
    for table in ledger.ROLLUPS:
        with transaction() as db:
            row = db.execute(text(f"SELECT sum(calls), sum(cost_nano), sum(unpriced) FROM {table}")).one()
            assert tuple(row) == (truth.calls, truth.cost_nano, truth.unpriced), table
            assert db.execute(text(f"SELECT count(*) FROM {table} WHERE calls <= 0")).scalar_one() == 0
    with transaction() as db:
        broken = [row for row in checks.run(db, OPS, _folded_rules()) if row.broken]
        assert broken == []
        found = fold.mark(db)
        assert drift.of(db, found, found.whole_from, whole().last) == drift.Drift(0, 0)
    with transaction() as db:
        fold.rebuild(db, "Europe/Paris")
    with transaction() as db:
        assert queries.totals(db, OPS, whole(), Filters()) == truth


def _folded_rules() -> dict[str, str]:
    return {rule: sql for rule, sql in checks.RULES.items() if "folded" in rule}


def test_a_day_that_was_forgotten_cannot_be_counted_anew_nor_its_correction_undone():
    with transaction() as db:
        batch_id = adjustments.start(
            db, OPS, Asked(AdjustmentKind.REPRICE, None, None, MONTH, NEXT, DEARER), reason="the list was wrong"
        )
    ledger.work_all()
    before = figures()
    forget()
    assert figures() == before
    for day in (MONTH.date(), (NEXT - timedelta(days=1)).date()):
        with pytest.raises(Invalid), transaction() as db:
            drift.repair(db, actors.system("test"), day)
    with pytest.raises(Conflict), transaction() as db:
        adjustments.revert(db, OPS, batch_id, reason="a slip")
    with transaction() as db:
        assert [row for row in checks.run(db, OPS, _folded_rules()) if row.broken] == []


def test_the_invariants_of_the_rollups_see_corrections_and_what_is_broken():
    with transaction() as db:
        adjustments.start(
            db, OPS, Asked(AdjustmentKind.REPRICE, None, None, MONTH, NEXT, DEARER), reason="the list was wrong"
        )
    ledger.work_all()
    forget()
    with transaction() as db:
        assert [row for row in checks.run(db, OPS, _folded_rules()) if row.broken] == []
        for table in ledger.ROLLUPS:
            db.execute(text(f"UPDATE {table} SET cost_nano = cost_nano + 1"))
        assert all(row.broken for row in checks.run(db, OPS, _folded_rules()))
