"""The naive layout beside ours: one wide table of calls, one rollup by person, feature, model, day.

Text ids, costs as floating point, no partitions, pages by OFFSET: what one writes first. Each question says which
reading of ours answers it.
"""

import time

import psycopg

from fitmycv_admin.local import postgres
from tests.bench.run import Figure, figure, percentile

ROUNDS, PATIENCE_S = 7, 20.0

_LAYOUT = (
    "CREATE SCHEMA naive",
    """
    CREATE TABLE naive.openai_call AS
    SELECT gen_random_uuid()::text AS id, c.created_at, u.id::text AS user_id, u.email AS user_email,
        f.key AS feature_name, c.call_name, m.model_name AS model, t.key AS tier, p.name AS plan, c.status,
        c.task_id::text AS task_id, c.step, c.attempt, c.prompt_tokens, c.cached_tokens, c.completion_tokens,
        c.prompt_tokens + c.completion_tokens AS total_tokens, c.cost_nano / 1e9::float8 AS estimated_cost,
        c.duration_ms, c.request_id
    FROM openai_call c LEFT JOIN app_user u ON u.seq = c.user_seq JOIN ai_feature f ON f.id = c.feature_id
        JOIN openai_pricing m ON m.id = c.model_id JOIN ai_tier t ON t.id = c.tier_id
        LEFT JOIN subscription_plan p ON p.id = c.plan_id
    """,
    "ALTER TABLE naive.openai_call ADD PRIMARY KEY (id)",
    "CREATE INDEX ON naive.openai_call (created_at)",
    "CREATE INDEX ON naive.openai_call (user_id, created_at)",
    "CREATE INDEX ON naive.openai_call (feature_name, created_at)",
    """
    CREATE TABLE naive.openai_usage AS
    SELECT gen_random_uuid()::text AS id, user_id, feature_name, model, created_at::date AS date,
        sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
        sum(completion_tokens) AS completion_tokens, sum(estimated_cost) AS estimated_cost, count(*) AS calls_count
    FROM naive.openai_call GROUP BY user_id, feature_name, model, created_at::date ORDER BY created_at::date
    """,
    "ALTER TABLE naive.openai_usage ADD PRIMARY KEY (id)",
    "CREATE INDEX ON naive.openai_usage (user_id, feature_name, model, date)",
    "CREATE INDEX ON naive.openai_usage (date)",
    "VACUUM ANALYZE naive.openai_call",
    "VACUUM ANALYZE naive.openai_usage",
)
_MONTH = "created_at >= now() - interval '30 days'"
_USAGE = "date > current_date - 30"
_SUMS = "sum(estimated_cost), sum(prompt_tokens), sum(cached_tokens), sum(completion_tokens)"
# A question, the reading of ours that answers it ("" when none does alone), and how the naive layout asks it.
QUESTIONS = (
    ("totals_30d_raw", "totals_30d", f"SELECT count(*), {_SUMS} FROM naive.openai_call WHERE {_MONTH}"),
    ("totals_30d", "totals_30d", f"SELECT sum(calls_count), {_SUMS} FROM naive.openai_usage WHERE {_USAGE}"),
    ("stack_30d_raw", "stack_30d", f"SELECT date_trunc('day', created_at), feature_name, count(*), {_SUMS}"
     f" FROM naive.openai_call WHERE {_MONTH} GROUP BY 1, 2 ORDER BY 1, 2"),
    ("stack_30d", "stack_30d", f"SELECT date, feature_name, sum(calls_count), {_SUMS}"
     f" FROM naive.openai_usage WHERE {_USAGE} GROUP BY 1, 2 ORDER BY 1, 2"),
    ("top_users_30d_raw", "top_users_30d", f"SELECT user_id, sum(estimated_cost) FROM naive.openai_call"
     f" WHERE {_MONTH} GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 10"),
    ("top_users_30d", "top_users_30d", f"SELECT user_id, sum(estimated_cost) FROM naive.openai_usage"
     f" WHERE {_USAGE} GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 10"),
    ("totals_365d_raw", "totals_365d", f"SELECT count(*), {_SUMS} FROM naive.openai_call"),
    ("totals_365d", "totals_365d", f"SELECT sum(calls_count), {_SUMS} FROM naive.openai_usage"),
    ("by_feature_365d", "by_feature_365d", f"SELECT feature_name, sum(calls_count), {_SUMS} FROM naive.openai_usage"
     " GROUP BY 1"),
    ("by_model_and_month_raw", "stack_365d_by_model", f"SELECT date_trunc('month', created_at), model, count(*),"
     f" {_SUMS} FROM naive.openai_call GROUP BY 1, 2 ORDER BY 1, 2"),
    ("today_raw", "totals_today", f"SELECT count(*), {_SUMS} FROM naive.openai_call"
     " WHERE created_at >= date_trunc('day', now())"),
    ("duration_p95_30d_raw", "durations_30d", "SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)"
     f" FROM naive.openai_call WHERE {_MONTH}"),
    ("calls_top_raw", "calls_top", "SELECT * FROM naive.openai_call ORDER BY created_at DESC LIMIT 51"),
    ("calls_deep_raw", "calls_deep", "SELECT * FROM naive.openai_call ORDER BY created_at DESC"
     " LIMIT 51 OFFSET (SELECT count(*) * 55 / 100 FROM naive.openai_call)"),
    ("count_raw", "totals_365d", "SELECT count(*) FROM naive.openai_call"),
    ("last_call_of_each_feature_raw", "", "SELECT DISTINCT ON (feature_name) feature_name, created_at, model,"
     " estimated_cost FROM naive.openai_call ORDER BY feature_name, created_at DESC"),
)  # fmt: skip


def made(owner: psycopg.Connection) -> Figure:
    """Copy the calls into the naive layout, unless they are there; seconds."""
    began = time.perf_counter()
    if owner.execute("SELECT to_regclass('naive.openai_usage')").fetchone() == (None,):
        owner.execute("DROP SCHEMA IF EXISTS naive CASCADE")
        owner.execute("SET work_mem = '1GB'")
        for statement in _LAYOUT:
            owner.execute(statement)
    return figure(time.perf_counter() - began, "s")


def asked(server: postgres.Postgres) -> dict[str, Figure]:
    """Every question to the naive layout, as median and p95 in milliseconds, and its size."""
    with server.connect(postgres.DATABASE) as owner:
        figures = {"costs_naive_load": made(owner)}
        for name, _ours, sql in QUESTIONS:
            took = _timed(owner, sql)
            figures |= {
                f"costs_naive_{name}_p50": figure(percentile(took, 0.5), "ms"),
                f"costs_naive_{name}_p95": figure(percentile(took, 0.95), "ms"),
            }
        return {**figures, **_sizes(owner)}


def side_by_side(figures: dict[str, Figure]) -> str:
    """A table for people: each question, the naive layout and ours, median milliseconds."""
    lines = [
        "Median milliseconds; naive: its statement alone; ours: the whole reading, its checks and names included.",
        f"{'question':36} {'naive':>10} {'ours':>10}",
    ]
    for name, ours, _sql in QUESTIONS:
        naive, mine = figures[f"costs_naive_{name}_p50"]["value"], figures.get(f"costs_{ours}_p50", {}).get("value")
        times = f"{naive / mine:7.1f}x" if mine else ""
        lines.append(f"{name:36} {naive:10.1f} {mine if mine is not None else '-':>10} {times:>8}")
    return "\n".join(lines)


def _timed(owner: psycopg.Connection, sql: str) -> list[float]:
    owner.execute(sql).fetchall()  # type: ignore[arg-type]
    took: list[float] = []
    while len(took) < ROUNDS and sum(took) < PATIENCE_S * 1000:
        began = time.perf_counter()
        owner.execute(sql).fetchall()  # type: ignore[arg-type]
        took.append((time.perf_counter() - began) * 1000)
    return took


def _sizes(owner: psycopg.Connection) -> dict[str, Figure]:
    row = owner.execute(_SIZES).fetchone()
    assert row is not None
    names = ("calls_heap", "calls_with_indexes", "rollups", "naive_calls_heap", "naive_calls_with_indexes",
             "naive_rollup")  # fmt: skip
    return {f"costs_size_{name}": figure(size / 1e6, "MB") for name, size in zip(names, row, strict=True)}


_SIZES = """
SELECT (SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'openai_call'::regclass)::bigint,
    (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'openai_call'::regclass)::bigint,
    (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relname LIKE 'roll\\_%' AND relkind = 'r')::bigint,
    pg_relation_size('naive.openai_call'), pg_total_relation_size('naive.openai_call'),
    pg_total_relation_size('naive.openai_usage')
"""
