"""Each feature over a whole period: as many calls as there are, percentiles to half a bucket, averages exactly."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import fold, spread_screens, spreads
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.models import FeatureMapping
from fitmycv_admin.vocabulary import Measure
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS

pytestmark = pytest.mark.usefixtures("database")
AUTUMN = Period(date(2026, 10, 1), date(2026, 10, 25), "Europe/Paris")
WORDS = {"period": "custom", "from": "2026-10-01", "to": "2026-10-25"}
HALF_A_BUCKET = 1.05**0.5


@pytest.fixture(scope="module", autouse=True)
def _calls(database: object) -> None:
    """Calls of three names, two of which are one feature; the last ones are not folded."""
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        db.add(FeatureMapping(feature_key="papers", display_name="Papers", plan_feature_names=[], setting_names=[],
                              openai_call_names=["import_pdf", "extract_job_offer"]))  # fmt: skip
        ledger.spread(db, datetime(2026, 10, 2, tzinfo=UTC), 300, step=timedelta(minutes=97))
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        ledger.spread(db, datetime(2026, 10, 22, tzinfo=UTC), 40, step=timedelta(minutes=7))


@pytest.mark.parametrize(("measure", "column"), [(Measure.COST, "cost_nano"), (Measure.DURATION, "duration_ms")])
def test_percentiles_are_those_of_the_calls_to_half_a_bucket(measure, column):
    with snapshot() as db:
        rows = spreads.features(db, OPS, AUTUMN, measure=measure)
        assert {row.feature.key for row in rows} == {"match_score", "papers"}
        for row in rows:
            names = ["import_pdf", "extract_job_offer"] if row.feature.key == "papers" else ["match_score"]
            exact = list(db.execute(
                text(f"SELECT {column} FROM openai_call c WHERE call_name = ANY(:names) AND {column} IS NOT NULL"
                     " AND created_at >= :a AND created_at < :b ORDER BY 1"),
                {"names": names, "a": AUTUMN.starts_at, "b": AUTUMN.ends_at},
            ).scalars())  # fmt: skip
            assert row.calls == len(exact)
            for percent, seen in ((50, row.p50), (95, row.p95), (99, row.p99)):
                true = exact[math.ceil(len(exact) * percent / 100) - 1]
                assert seen is not None
                assert true / HALF_A_BUCKET / 1.001 <= seen <= true * HALF_A_BUCKET * 1.001 + 1
            if measure is Measure.COST:
                assert row.average == round(sum(exact) / len(exact))


def test_the_page_of_one_feature_has_the_days_of_the_period_and_every_feature_beside_them():
    with snapshot() as db:
        screen = spread_screens.distribution(db, OPS, {**WORDS, "feature": "papers", "measure": "duration"})
        whole = spread_screens.distribution(db, OPS, {**WORDS, "measure": "nonsense"})
    assert len(screen.rows) == 25
    assert sum(row.calls for row in screen.rows) == next(r.calls for r in screen.features if r.feature.key == "papers")
    assert whole.measure is Measure.COST
    assert sum(row.calls for row in whole.rows) == sum(row.calls for row in whole.features)


def test_distributions_are_for_staff():
    with snapshot() as db, pytest.raises(Forbidden):
        spreads.features(db, actors.VISITOR, AUTUMN, measure=Measure.COST)


def test_no_call_has_no_percentile():
    with pytest.raises(ValueError, match="no calls"):
        spreads.percentile({}, 50)
