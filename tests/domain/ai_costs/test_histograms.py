"""Distributions come from buckets of five per cent and are right to half of one; no far call is missed."""

import random
import statistics
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import adjustments, fold, histograms, meter
from fitmycv_admin.domain.ai_costs.adjustments import Asked
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import AdjustmentKind, Measure
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0)
PERIOD = Period((NOON - timedelta(days=3)).date(), NOON.date(), "Europe/Paris")


@pytest.fixture(autouse=True)
def costs_of(database: object) -> dict[str, list[int]]:
    """The costs of what was recorded, by call name."""
    draw = random.Random(11)
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a", lines={"input": 1_000_000, "output": 1_000_000})
        made: dict[str, list[int]] = {"match_score": [], "import_pdf": []}
        for number in range(400):
            call = "match_score" if number % 4 else "import_pdf"
            tokens = int(draw.lognormvariate(8, 1.4)) + 1
            meter.record(db, usage(NOON - timedelta(minutes=number), prompt=tokens, completion=0, call=call))
            made[call].append(tokens)
    return made


def near(value: int | None, exact: float) -> bool:
    return value is not None and abs(value - exact) <= exact * 0.026 + 1


def rank(values: list[int], share: float) -> int:
    ordered = sorted(values)
    return ordered[max(0, -(-round(share * 100) * len(ordered) // 100) - 1)]


@pytest.mark.parametrize(("value", "expected"), [(0, -1), (1, 0), (2, 14), (100, 94), (10**9, 424)])
def test_a_bucket_holds_values_within_five_per_cent(value: int, expected: int):
    assert histograms.bucket(value) == expected
    assert near(histograms.middle(expected), value)


def test_buckets_are_the_same_in_the_database():
    draw = random.Random(3)
    values = [0, 1, 2, 3, *(draw.randrange(10**13) for _ in range(500))]
    sql = text(f"SELECT {histograms.rollups.BUCKET.format('v')} FROM unnest(cast(:values AS bigint[])) v")
    with transaction() as db:
        assert [row[0] for row in db.execute(sql, {"values": values})] == [histograms.bucket(v) for v in values]


@pytest.mark.parametrize("folded", [True, False])
def test_percentiles_are_right_to_half_a_bucket_folded_or_not(costs_of: dict[str, list[int]], folded: bool):
    if folded:
        ledger.fold_all()
    with transaction() as db:
        rows = histograms.distribution(db, OPS, PERIOD, feature_key="match_score", measure=Measure.COST)
    assert [row.at for row in rows] == [PERIOD.first + timedelta(days=n) for n in range(4)]
    row = rows[-1]
    costs = costs_of["match_score"]
    assert row.calls == len(costs)
    assert row.average == round(statistics.fmean(costs))
    assert near(row.p50, rank(costs, 0.5))
    assert near(row.p95, rank(costs, 0.95))
    assert near(row.p99, rank(costs, 0.99))
    assert (rows[0].calls, rows[0].average, rows[0].p50) == (0, None, None)


def test_durations_have_their_own_buckets():
    ledger.fold_all()
    with transaction() as db:
        row = histograms.distribution(db, OPS, PERIOD, measure=Measure.DURATION)[-1]
    assert row.calls == 400
    assert near(row.average, 900)
    assert near(row.p50, 900)


def test_more_than_a_year_is_shown_by_month():
    ledger.fold_all()
    long = Period(PERIOD.last - timedelta(days=399), PERIOD.last, "Europe/Paris")
    with transaction() as db:
        rows = histograms.distribution(db, OPS, long, measure=Measure.COST)
    assert 13 <= len(rows) <= 15
    assert all(row.at.day == 1 for row in rows)
    assert sum(row.calls for row in rows) == 400


def test_medians_are_by_feature(costs_of: dict[str, list[int]]):
    ledger.fold_all()
    with transaction() as db:
        found = histograms.medians(db, OPS)
    assert set(found) == set(costs_of)
    for call, costs in costs_of.items():
        assert near(found[call], rank(costs, 0.5))


@pytest.mark.parametrize("folds", [1, 8, 0])
def test_the_furthest_calls_are_found_however_they_were_folded(costs_of: dict[str, list[int]], folds: int):
    with transaction() as db:
        medians = histograms.medians(db, OPS)
    for number in range(folds):
        with transaction() as db:
            fold.fold(db)
            meter.record(db, usage(NOON, prompt=10**6 + number, completion=0))
        costs_of["match_score"].append(10**6 + number)
    ledger.fold_all() if folds else None
    with transaction() as db:
        rows = histograms.outliers(db, OPS, PERIOD)
        narrow = histograms.outliers(db, OPS, PERIOD, feature_key="import_pdf", limit=5)
        medians = histograms.medians(db, OPS)
        kept = [row[0] for row in db.execute(text("SELECT count(*) FROM call_outlier GROUP BY day, feature_id"))]
    exact = sorted((cost / medians[call] for call, costs in costs_of.items() for cost in costs), reverse=True)[:50]
    assert [row.ratio for row in rows] == pytest.approx(exact)
    assert [row.cost_nano for row in narrow] == sorted(costs_of["import_pdf"], reverse=True)[:5]
    assert {row.feature.key for row in narrow} == {"import_pdf"}
    assert all(row.median_nano == medians[row.feature.key] and row.model == "gpt-a" for row in rows)
    assert all(number <= 50 for number in kept)


def test_a_correction_moves_calls_between_buckets_and_outliers():
    ledger.fold_all()
    with transaction() as db:
        before = histograms.distribution(db, OPS, PERIOD, measure=Measure.COST)[-1]
        model = db.execute(text("SELECT id FROM openai_pricing WHERE model_name = 'gpt-a'")).scalar_one()
        adjustments.start(
            db, OPS,
            Asked(
                AdjustmentKind.REPRICE, model, None, NOON - timedelta(days=1), NOON - timedelta(minutes=200),
                {"input": 100_000_000, "output": 0},
            ),
            reason="dearer",
        )  # fmt: skip
    ledger.work_all()
    with transaction() as db:
        row = histograms.distribution(db, OPS, PERIOD, measure=Measure.COST)[-1]
        assert row.calls == before.calls
        assert row.p50 > before.p50 * 3
        far = histograms.outliers(db, OPS, PERIOD)
    assert all(row.at < NOON - timedelta(minutes=200) for row in far)
