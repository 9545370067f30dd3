"""How long the cost pages take to read, and the fold to count; `CALLS=` sets the size, only 10 million is judged."""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.paging import PageRequest, encode
from fitmycv_admin.domain.ai_costs import asked, call_list, catalogue, fold, partitions, queries, screens
from fitmycv_admin.local import postgres
from tests import cluster
from tests.bench.run import Figure, figure, percentile
from tests.domain.ai_costs.ledger import OPS

CALLS = int(os.environ.get("CALLS", "100000"))
FULL = 10_000_000
DAYS, USERS = 365, 20_000
LAST = date(2026, 11, 20)
ROUNDS = 30

_USERS = """
INSERT INTO app_user (id, email, role, state, language)
SELECT gen_random_uuid(), 'u' || n || '@example.org', 'user', 'active', 'fr' FROM generate_series(1, :users) n
"""
_CALLS = """
INSERT INTO openai_call (created_at, user_seq, feature_id, model_id, tier_id, call_name, model_requested, model_served,
    attempt, prompt_tokens, cached_tokens, completion_tokens, price_version_id, cost_nano, duration_ms)
SELECT cast(:start AS timestamptz) + random() * interval '365 days', 1 + floor(power(random(), 3) * :users)::int,
    1 + floor(random() * 24)::int, 1 + floor(random() * 6)::int, :tier, 'x', 'm', 'm', 1, 2000, 500, 300, 1,
    (random() * 10000000)::bigint, 1500 FROM generate_series(1, :calls)
"""


def run() -> dict[str, Figure]:
    """Each reading of the pages on a cluster of its own, in milliseconds."""
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=cluster.home()))
    place.chmod(0o711)
    server = postgres.start(place / "postgres", fast=True)
    cluster.migrate(server.owner_url)
    try:
        with cluster.environment(DATABASE_URL=server.url, DATABASE_MIGRATE_URL=server.owner_url):
            return {**_load(), **_readings()}
    finally:
        server.kill()


def _load() -> dict[str, Figure]:
    start = datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC) - timedelta(days=DAYS)
    with transaction() as db:
        partitions.ensure(db, start.date(), LAST)
        db.execute(text(_USERS), {"users": USERS})
        for number in range(24):
            catalogue.feature_id(db, f"feature_{number}")
        for number in range(6):
            catalogue.model_of(db, f"model-{number}")
        tier = catalogue.tier_id(db, "standard")
        db.execute(text(_CALLS), {"start": start, "users": USERS, "calls": CALLS, "tier": tier})
    began = time.perf_counter()
    with transaction() as db:
        fold.fold(db)
    took = (time.perf_counter() - began) * 1000
    with transaction() as db:
        db.execute(text("ANALYZE"))
    return {"costs_calls": figure(CALLS, "calls"), "costs_fold_of_all": figure(took, "ms")}


def _readings() -> dict[str, Figure]:
    month = _days(30)
    deep = encode((datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC) - timedelta(days=200)).isoformat(), 0)
    year = _days(DAYS)

    def calls(words: dict[str, str]) -> Callable[[Any], object]:
        return lambda db: call_list.calls(db, OPS, asked.calls(db, OPS, words), PageRequest(after=deep))

    def totals(words: dict[str, str]) -> Callable[[Any], object]:
        def read(db: Any) -> object:
            wanted = asked.costs(db, OPS, words)
            return queries.totals(db, OPS, wanted.period, wanted.filters)

        return read

    return {
        **_timed("costs_totals_30_days", totals(month), 100),
        **_timed("costs_totals_year", totals(year), 400),
        **_timed("costs_totals_year_by_feature", totals({**year, "feature": "feature_3"}), 400),
        **_timed("costs_page_30_days", lambda db: screens.costs(db, OPS, month), 250),
        **_timed("costs_page_year", lambda db: screens.costs(db, OPS, year), 400),
        **_timed("costs_calls_at_depth", calls(year), 20),
        **_timed("costs_calls_of_feature_at_depth", calls({**year, "feature": "feature_3"}), 20),
        **_timed("costs_version", lambda db: queries.version(db, OPS), 5),
    }


def _days(count: int) -> dict[str, str]:
    return {"period": "custom", "from": (LAST - timedelta(days=count - 1)).isoformat(), "to": LAST.isoformat()}


def _timed(name: str, read: Callable[[Any], object], bar: float) -> dict[str, Figure]:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with snapshot() as db:
            read(db)
        took.append((time.perf_counter() - began) * 1000)
    judged = bar if CALLS >= FULL else None
    return {
        f"{name}_p50": figure(percentile(took, 0.5), "ms"),
        f"{name}_p95": figure(percentile(took, 0.95), "ms", most=judged),
    }
