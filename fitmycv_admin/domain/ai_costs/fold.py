"""The fold: adds calls that nobody can still be writing to the rollups, each exactly once."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, text

from fitmycv_admin.domain.settings import lookups

_LOCK = 7_300


@dataclass(frozen=True, slots=True)
class Folded:
    """How many calls one fold added, and when."""

    calls: int
    folded_at: datetime


def fold(db: Session) -> Folded:
    """Add every call below the oldest running transaction to the rollups and move the mark, in this transaction.

    Call it in a transaction of its own (READ COMMITTED). A call that commits late has a transaction id that is not
    below the mark's limit yet, so the next fold takes it; two folders wait for each other; a crash leaves all as it
    was. When the workspace moved to another zone, everything is counted anew in it.
    """
    _lock(db)
    low, high, zone = db.execute(text(_LIMITS)).one()
    wanted = lookups.zone(db).key
    return _add(db, low, high, zone) if zone == wanted else rebuild(db, wanted)


def rebuild(db: Session, zone: str | None = None) -> Folded:
    """Count everything anew, in `zone` when the workspace moved to another one. Readers see the old until it ends."""
    _lock(db)
    for table in ("roll_hour", "roll_day", "roll_user_day", "roll_user_month", "openai_usage"):
        db.execute(text(f"DELETE FROM {table}"))
    _low, high, old_zone = db.execute(text(_LIMITS)).one()
    db.execute(text("UPDATE fold_mark SET folded_calls = 0, zone = cast(:zone AS text)"), {"zone": zone or old_zone})
    return _add(db, "0", high, zone or old_zone)


def drift(db: Session, since: datetime) -> int:
    """Nano-USD by which folded hours since an instant differ from their calls; 0 means the rollups are right."""
    answer = db.execute(text(_DRIFT), {"since": since}).scalar_one()
    return int(answer)


def _lock(db: Session) -> None:
    # A statement of its own: what comes after must take its snapshot after the lock is held.
    db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    db.execute(text("INSERT INTO fold_mark (one, folded_below) VALUES (true, '0') ON CONFLICT DO NOTHING"))


def _add(db: Session, low: str, high: str, zone: str) -> Folded:
    row = db.execute(text(_FOLD), {"low": low, "high": high, "zone": zone}).one()
    return Folded(int(row.added), row.folded_at)


_LIMITS = """
SELECT folded_below::text, pg_snapshot_xmin(pg_current_snapshot())::text, zone FROM fold_mark
"""
_SUMS = """count(*) calls, count(*) FILTER (WHERE is_unpriced) unpriced, sum(prompt_tokens) prompt_tokens,
    sum(cached_tokens) cached_tokens, sum(completion_tokens) completion_tokens, coalesce(sum(cost_nano), 0) cost_nano"""
_COLUMNS = ("calls", "unpriced", "prompt_tokens", "cached_tokens", "completion_tokens", "cost_nano")


def _upsert(table: str, key: str, chosen: str = "") -> str:
    added = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in _COLUMNS)
    by = ", ".join(str(place) for place in range(1, key.count(",") + 2))
    return (
        f"INSERT INTO {table} ({key}, {', '.join(_COLUMNS)}) SELECT {chosen or key}, {_SUMS} FROM fresh GROUP BY {by}"
        f" ON CONFLICT ({key}) DO UPDATE SET {added}"
    )


_FOLD = f"""
WITH fresh AS MATERIALIZED (
    SELECT date_trunc('hour', created_at) AS hour, (created_at AT TIME ZONE cast(:zone AS text))::date AS day,
        coalesce(user_seq, 0) AS user_seq, feature_id, model_id, tier_id, coalesce(plan_id, 0) AS plan_id,
        prompt_tokens, cached_tokens, completion_tokens, cost_nano,
        cost_nano IS NULL AND price_version_id IS NULL AS is_unpriced
    FROM openai_call WHERE xid >= cast(:low AS xid8) AND xid < cast(:high AS xid8)
), hours AS (
    {_upsert("roll_hour", "hour, feature_id, model_id, tier_id, plan_id")}
), days AS (
    {_upsert("roll_day", "day, feature_id, model_id, tier_id, plan_id")}
), user_days AS (
    {_upsert("roll_user_day", "day, user_seq, plan_id")}
), user_months AS (
    {_upsert("roll_user_month", "month, user_seq, plan_id", "date_trunc('month', day)::date, user_seq, plan_id")}
), usage AS (
    INSERT INTO openai_usage (user_id, feature_name, model, date, prompt_tokens, cached_tokens, completion_tokens,
        estimated_cost_nano, calls_count)
    SELECT u.id, f.key, m.model_name, fresh.day, sum(prompt_tokens), sum(cached_tokens), sum(completion_tokens),
        coalesce(sum(cost_nano), 0), count(*)
    FROM fresh JOIN app_user u ON u.seq = fresh.user_seq JOIN ai_feature f ON f.id = fresh.feature_id
        JOIN openai_pricing m ON m.id = fresh.model_id
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (user_id, feature_name, model, date) DO UPDATE SET
        prompt_tokens = openai_usage.prompt_tokens + excluded.prompt_tokens,
        cached_tokens = openai_usage.cached_tokens + excluded.cached_tokens,
        completion_tokens = openai_usage.completion_tokens + excluded.completion_tokens,
        estimated_cost_nano = openai_usage.estimated_cost_nano + excluded.estimated_cost_nano,
        calls_count = openai_usage.calls_count + excluded.calls_count
), counted AS (SELECT count(*) AS calls FROM fresh)
UPDATE fold_mark SET folded_below = cast(:high AS xid8), folded_calls = folded_calls + counted.calls,
    folded_at = clock_timestamp()
FROM counted RETURNING counted.calls AS added, folded_at
"""

_DRIFT = """
WITH mark AS (SELECT coalesce((SELECT folded_below FROM fold_mark), '0'::xid8) AS below),
counted AS (
    SELECT date_trunc('hour', created_at) AS hour, feature_id, model_id, tier_id, coalesce(plan_id, 0) AS plan_id,
        coalesce(sum(cost_nano), 0) AS cost
    FROM openai_call, mark WHERE created_at >= date_trunc('hour', cast(:since AS timestamptz)) AND xid < mark.below
    GROUP BY 1, 2, 3, 4, 5
), rolled AS (
    SELECT hour, feature_id, model_id, tier_id, plan_id, cost_nano AS cost
    FROM roll_hour WHERE hour >= date_trunc('hour', cast(:since AS timestamptz))
)
SELECT coalesce(sum(abs(coalesce(counted.cost, 0) - coalesce(rolled.cost, 0))), 0)
FROM counted FULL JOIN rolled USING (hour, feature_id, model_id, tier_id, plan_id)
"""
