"""A year of model calls drawn at random, with their rollups, for the test of plans and the benchmark of costs."""

import threading
from datetime import datetime, timedelta

import psycopg
from sqlmodel import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import catalogue, fold, partitions
from fitmycv_admin.domain.insights import seeding
from tests.domain.ai_costs import ledger

DAYS, USERS, FEATURES, MODELS = 365, 20_000, 24, 6
TIERS = ("standard", "flex")
CHUNK = 250_000


def load(owner: psycopg.Connection, calls: int) -> int:
    """Fill an empty database with calls until now and fold them; how many the fold counted."""
    began = clock.now() - timedelta(days=DAYS)
    _catalogues(began)
    for name, chosen in (("bench_price", _PRICES), ("bench_user", _PEOPLE), ("bench_feature", _KINDS)):
        owner.execute(f"CREATE TABLE {name} AS {chosen}".encode())
    owner.execute("CREATE UNIQUE INDEX ON bench_user (place)")
    owner.execute("ANALYZE bench_user")
    later = _without_indexes(owner)
    counted = _insert_and_fold(owner, began, calls)
    for statement in later:
        owner.execute(statement.encode())
    owner.execute("VACUUM (FREEZE, ANALYZE)")
    return counted


def _catalogues(began: datetime) -> None:
    with transaction() as db:
        seeding.run(db, actors.system("bench"))
        partitions.ensure(db, began.date(), clock.now().date() + timedelta(days=31))
        db.execute(text(_USERS), {"users": USERS})
        for number in range(FEATURES):
            catalogue.feature_id(db, f"feature_{number:02}")
        for number in range(MODELS):
            for place, tier in enumerate(TIERS):
                dearer = (number + 1) * (2 - place)
                lines = {kind: nano * dearer // 4 for kind, nano in ledger.PRICE.items()}
                ledger.priced(db, f"model-{number}", tier=tier, lines=lines)


def _without_indexes(owner: psycopg.Connection) -> list[str]:
    """Drop the indexes that a load would fill at random; what makes them again."""
    found = owner.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'openai_call' AND indexname LIKE 'ix_%'"
        " AND indexname NOT IN ('ix_openai_call_xid', 'ix_openai_call_created_at')"
    ).fetchall()
    for name, _made in found:
        owner.execute(f"DROP INDEX {name}".encode())
    return [made.replace(" ON ONLY ", " ON ") for _name, made in found]


def insert(owner: psycopg.Connection, calls: int, since: datetime, until: datetime, first: int = 0) -> None:
    """Insert calls spread over a time, in one transaction; `first` is the number of the first one."""
    values = {"since": since, "step": (until - since) / calls, "first": first, "calls": calls, "users": USERS,
              "features": FEATURES, "models": MODELS}  # fmt: skip
    owner.execute(_CALLS, values)


def _insert_and_fold(owner: psycopg.Connection, began: datetime, calls: int) -> int:
    """Insert chunk by chunk, while the real fold counts the chunks before; how many calls it counted."""
    done = threading.Event()
    counted: list[int] = []
    problem: list[BaseException] = []

    def count() -> None:
        last = False
        try:
            while not last:
                last = done.wait(2)
                with transaction() as db:
                    db.execute(text("SET LOCAL work_mem = '512MB'"))
                    counted.append(fold.fold(db).calls)
        except BaseException as error:
            problem.append(error)
            raise

    counter = threading.Thread(target=count)
    counter.start()
    size, step = max(1, min(CHUNK, calls // 20)), timedelta(days=DAYS) / calls
    try:
        for first in range(0, calls, size):
            some = min(size, calls - first)
            insert(owner, some, began + step * first, began + step * (first + some), first)
    finally:
        done.set()
        counter.join()
    if problem:
        raise problem[0]
    return sum(counted)


_USERS = """
INSERT INTO app_user (id, email, role, state, language)
SELECT gen_random_uuid(), 'u' || n || '@example.org', 'user', 'active', 'fr' FROM generate_series(1, :users) n
"""
_PRICES = """
SELECT dense_rank() OVER (ORDER BY m.model_name) AS model, dense_rank() OVER (ORDER BY t.key DESC) AS tier,
    m.id AS model_id, m.model_name, t.id AS tier_id,
    v.id AS version_id, max(l.nano_per_mtoken) FILTER (WHERE l.usage_type = 'input') AS input,
    max(l.nano_per_mtoken) FILTER (WHERE l.usage_type = 'cached_input') AS cached,
    max(l.nano_per_mtoken) FILTER (WHERE l.usage_type = 'output') AS output
FROM openai_pricing m JOIN price_version v ON v.model_id = m.id JOIN ai_tier t ON t.id = v.tier_id
    JOIN price_line l ON l.version_id = v.id WHERE m.model_name LIKE 'model-_' GROUP BY m.id, t.id, v.id
"""
# Most people have no plan, a fifth the first one, and so on; a feature is always asked at the same tier.
_PEOPLE = """
SELECT seq, row_number() OVER (ORDER BY seq) AS place, (SELECT s.id FROM subscription_plan s ORDER BY s.id
    OFFSET CASE WHEN seq % 10 < 2 THEN 0 WHEN seq % 10 = 2 THEN 1 WHEN seq % 20 = 3 THEN 2 ELSE 1000 END LIMIT 1
    ) AS plan_id FROM app_user WHERE email LIKE 'u%@example.org'
"""
_KINDS = """
SELECT id, key, place, 1 + (place % 6 = 0)::int AS tier FROM (
    SELECT id, key, row_number() OVER (ORDER BY key) AS place FROM ai_feature WHERE key LIKE 'feature\\___') numbered
"""
# People, features, models and instants are drawn independently: the worst case for rollups.
_CALLS = """
INSERT INTO openai_call (created_at, user_seq, feature_id, model_id, tier_id, plan_id, call_name, model_requested,
    model_served, status, task_id, step, attempt, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens,
    price_version_id, cost_nano, duration_ms, request_id)
SELECT %(since)s::timestamptz + (n - %(first)s + random()) * %(step)s::interval, u.seq, f.id, p.model_id, p.tier_id,
    u.plan_id, f.key, p.model_name,
    p.model_name, CASE WHEN n %% 97 = 0 THEN 'failed' ELSE 'ok' END,
    ('00000000-0000-7000-8000-' || lpad(to_hex(n / 4), 12, '0'))::uuid, 'step_' || n %% 4, 1, made.prompt, made.hit,
    made.completion, made.completion / 3, CASE WHEN n %% 211 > 0 THEN p.version_id END,
    CASE WHEN n %% 211 > 0 THEN
        ((made.prompt - hit) * p.input + hit * p.cached + completion * p.output + 500000) / 1000000 END,
    400 - ln(1 - random()) * 2500, 'req_' || md5(n::text)
FROM (SELECT n, 500 + (power(random(), 3) * 12000)::bigint AS prompt, (random() * 450)::bigint AS hit,
        50 + (power(random(), 2) * 1500)::bigint AS completion,
        1 + floor(power(random(), 3) * %(users)s)::int AS who, 1 + floor(random() * %(features)s)::int AS what,
        1 + floor(random() * %(models)s)::int AS which
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(calls)s - 1) n) made
    JOIN bench_user u ON u.place = who JOIN bench_feature f ON f.place = what
    JOIN bench_price p ON p.model = which AND p.tier = f.tier
"""
