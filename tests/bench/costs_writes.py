"""What writing costs: calls recorded by many at once, the fold that counts them, and how far the rollups are off."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.db import make_engine, transaction
from fitmycv_admin.domain.ai_costs import fold, meter
from fitmycv_admin.local import postgres
from tests.bench.run import Figure, figure, percentile
from tests.domain.ai_costs import ledger, year

WRITERS, SECONDS = 16, 10
AT_ONCE = 20_000


def run(server: postgres.Postgres) -> dict[str, Figure]:
    """Settings must point at the loaded cluster, which keeps what it commits."""
    with transaction() as db:
        fold.fold(db)
    figures = _ingest()
    figures |= _fold("of_ingest")
    with server.connect(postgres.DATABASE) as owner:
        year.insert(owner, AT_ONCE, clock.now() - timedelta(seconds=AT_ONCE / 100), clock.now())
    figures |= _fold(f"of_{AT_ONCE}")
    took = [_timed_fold()[1] for _ in range(10)]
    return {**figures, "costs_fold_of_none_p95": figure(percentile(took, 0.95), "ms"), "costs_drift": drift()}


def drift() -> Figure:
    """Nano-USD by which any rollup of the whole time is off the calls and their adjustments."""
    with transaction() as db:
        db.execute(text("SET LOCAL work_mem = '512MB'"))
        return figure(float(db.execute(text(_DRIFT)).scalar_one()), "nano-USD", most=0)


def _ingest() -> dict[str, Figure]:
    engine = make_engine(settings().database_url, WRITERS)
    with transaction() as db:
        people = list(db.execute(text("SELECT id FROM app_user WHERE email LIKE 'u%@example.org' LIMIT 500")).scalars())
    end = time.perf_counter() + SECONDS

    def write(writer: int) -> list[float]:
        took = []
        while (began := time.perf_counter()) < end:
            number = len(took) * WRITERS + writer
            call = ledger.usage(
                clock.now(), model=f"model-{number % year.MODELS}", call=f"feature_{number % year.FEATURES:02}"
            )
            with Session(engine) as db, db.begin():
                meter.record(db, call, user_id=people[number % len(people)])
            took.append((time.perf_counter() - began) * 1000)
        return took

    with ThreadPoolExecutor(WRITERS) as pool:
        took = [each for some in pool.map(write, range(WRITERS)) for each in some]
    engine.dispose()
    return {
        f"costs_ingest_{WRITERS}_writers": figure(len(took) / SECONDS, "calls/s"),
        f"costs_ingest_{WRITERS}_writers_p95": figure(percentile(took, 0.95), "ms"),
    }


def _fold(name: str) -> dict[str, Figure]:
    calls, took = _timed_fold()
    return {f"costs_fold_{name}_calls": figure(calls, "calls"), f"costs_fold_{name}": figure(took, "ms")}


def _timed_fold() -> tuple[int, float]:
    began = time.perf_counter()
    with transaction() as db:
        calls = fold.fold(db).calls
    return calls, (time.perf_counter() - began) * 1000


_DRIFT = """
WITH counted AS (
    SELECT (SELECT coalesce(sum(cost_nano), 0) FROM openai_call
            WHERE xid < (SELECT folded_below FROM fold_mark))
        + (SELECT coalesce(sum(delta_nano), 0) FROM cost_adjustment) AS cost
)
SELECT greatest(
    abs(counted.cost - (SELECT coalesce(sum(cost_nano), 0) FROM roll_hour)),
    abs(counted.cost - (SELECT coalesce(sum(cost_nano), 0) FROM roll_day)),
    abs(counted.cost - (SELECT coalesce(sum(cost_nano), 0) FROM roll_user_day)),
    abs(counted.cost - (SELECT coalesce(sum(cost_nano), 0) FROM roll_user_month))
) FROM counted
"""
