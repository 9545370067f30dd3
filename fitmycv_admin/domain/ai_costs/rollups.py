"""The one way into the rollups: what calls, their corrections and counting anew add to them or take away."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import effective
from fitmycv_admin.domain.ai_costs.cells import SUMS, TOKENS
from fitmycv_admin.vocabulary import Measure

HOURS, DAYS, PEOPLE, MONTHS = "roll_hour", "roll_day", "roll_user_day", "roll_user_month"
USAGE, SPREADS = "openai_usage", "roll_histogram"
OUTLIERS = "call_outlier"
EVERY = frozenset({HOURS, DAYS, PEOPLE, MONTHS, USAGE, SPREADS, OUTLIERS})
OUTLIERS_KEPT = 50
_KEYS = {
    HOURS: "hour, feature_id, model_id, tier_id, plan_id",
    DAYS: "day, feature_id, model_id, tier_id, plan_id",
    PEOPLE: "day, user_seq, plan_id, tier_id",
    MONTHS: "month, user_seq, plan_id, tier_id",
}
# A value of nought has the bucket -1, else n holds 1.05^n up to 1.05^(n+1).
BUCKET = "CASE WHEN {0} <= 0 THEN -1 ELSE floor(ln(cast({0} AS float8)) / ln(cast(1.05 AS float8)))::int END"
MOVEMENT = f"""at, id, hour, day, user_seq, feature_id, model_id, tier_id, plan_id, {", ".join(SUMS + TOKENS)},
    duration_ms, cost_was, cost_is"""
"""The columns of what moves the rollups. One row is one call that comes (calls 1), goes (-1) or costs something else
(0); `cost_was` and `cost_is` are NULL while its cost is unknown, or when it was not or is no longer counted."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many movements were added, by how many nano-USD the rollups changed, and where."""

    rows: int
    cost_nano: int
    touched: tuple[tuple[date, int], ...]

    @property
    def days(self) -> list[date]:
        """The days that changed."""
        return sorted({day for day, _feature in self.touched})


def of_calls(where: str, *, sign: int = 1, adjusted: str = "") -> str:
    """The movements of calls (openai_call c) that come, or that go for sign -1, in the zone :zone.

    `adjusted` is the join of their adjustments, for calls that may have some.
    """
    cost = effective.COST if adjusted else "c.cost_nano"
    unpriced = effective.UNPRICED if adjusted else effective.OWN_UNPRICED
    times = "" if sign == 1 else "-"
    tokens = [column for column in SUMS + TOKENS if column.endswith("_tokens")]
    sums = {"calls": str(sign), "unpriced": f"{times}{unpriced}::int", "cost_nano": f"{times}coalesce({cost}, 0)"}
    sums |= {column: f"{times}c.{column}" for column in tokens}
    was, now = ("NULL::bigint", cost) if sign == 1 else (cost, "NULL::bigint")
    return f"""
    SELECT {KEYS_OF_CALL}, {", ".join(f"{sums[column]} AS {column}" for column in SUMS + TOKENS)},
        c.duration_ms, {was} AS cost_was, {now} AS cost_is
    FROM openai_call c {adjusted} WHERE {where}"""


KEYS_OF_CALL = """c.created_at AS at, c.id, date_trunc('hour', c.created_at) AS hour,
    (c.created_at AT TIME ZONE cast(:zone AS text))::date AS day, coalesce(c.user_seq, 0) AS user_seq,
    c.feature_id, c.model_id, c.tier_id, coalesce(c.plan_id, 0) AS plan_id"""


def move(
    db: Session, movements: str, values: dict[str, Any], *, also: str = "", but: frozenset[str] = frozenset()
) -> Moved:  # fmt: skip
    """Add movements (SQL with the columns of MOVEMENT) to all rollups `but` some, in one statement, under the lock of
    the fold. `also` are further WITH parts, which may read `moving`. Calls that cost less leave the outliers as they
    are: see `outliers_anew`."""
    parts = {table: _upsert(table) for table in _KEYS} | {USAGE: _USAGE, SPREADS: _SPREADS, OUTLIERS: _OUTLIERS}
    written = ", ".join(f"to_{table} AS ({sql})" for table, sql in parts.items() if table not in but)
    row = db.execute(
        text(f"WITH moving AS MATERIALIZED ({movements}), {written}{', ' + also if also else ''} {_MOVED}"), values
    ).one()
    touched = tuple((date.fromisoformat(day), int(feature)) for day, feature in row.touched or ())
    return Moved(int(row.counted), int(row.cost_nano), touched)


def prune(db: Session, days: list[date]) -> None:
    """Keep the dearest outliers of each feature on these days, and no bucket that nobody is in."""
    if days:
        db.execute(text(_PRUNE), {"days": days})
        db.execute(text("DELETE FROM roll_histogram WHERE day = ANY(:days) AND calls = 0"), {"days": days})


def outliers_anew(db: Session, touched: tuple[tuple[date, int], ...], zone: str) -> None:
    """Find the dearest calls of some features on some days again, from the folded calls that are kept."""
    if not touched:
        return
    pairs = {"days": [day for day, _ in touched], "features": [feature for _, feature in touched], "zone": zone}
    db.execute(text(_FORGET_OUTLIERS), pairs)
    db.execute(text(_FIND_OUTLIERS), pairs)


def months_anew(db: Session, since: date | None, until: date | None = None) -> None:
    """Add the days of people up to months again: those from the month of a day to the month of another."""
    first = (since or date.min).replace(day=1)
    after = date.max if until is None else (until.replace(day=28) + timedelta(days=4)).replace(day=1)
    values = {"since": first, "until": after}
    db.execute(text("DELETE FROM roll_user_month WHERE month >= :since AND month < :until"), values)
    db.execute(
        text(
            f"""INSERT INTO roll_user_month (month, user_seq, plan_id, tier_id, {", ".join(SUMS)})
                SELECT date_trunc('month', day)::date, user_seq, plan_id, tier_id,
                    {", ".join(f"sum({one})" for one in SUMS)}
                FROM roll_user_day WHERE day >= :since AND day < :until GROUP BY 1, 2, 3, 4
                ORDER BY 1, 2, 3, 4"""
        ),
        values,
    )


def _upsert(table: str) -> str:
    columns = SUMS + TOKENS if table in (HOURS, DAYS) else SUMS
    key = _KEYS[table]
    chosen = key.replace("month", "date_trunc('month', day)::date")
    added = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in columns)
    by = ", ".join(str(place) for place in range(1, key.count(",") + 2))
    return (
        f"INSERT INTO {table} ({key}, {', '.join(columns)})"
        f" SELECT {chosen}, {', '.join(f'sum({column})' for column in columns)} FROM moving GROUP BY {by}"
        # In the order of the key, so that a range of days lies together.
        f" ORDER BY {by} ON CONFLICT ({key}) DO UPDATE SET {added}"
    )


_USAGE = """
INSERT INTO openai_usage (user_id, feature_name, model, date, prompt_tokens, cached_tokens, completion_tokens,
    estimated_cost_nano, calls_count)
SELECT u.id, f.key, m.model_name, by_key.day, prompt_tokens, cached_tokens, completion_tokens, cost_nano, calls
FROM (
    SELECT user_seq, feature_id, model_id, day, sum(prompt_tokens) AS prompt_tokens,
        sum(cached_tokens) AS cached_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano,
        sum(calls) AS calls
    FROM moving WHERE user_seq > 0 GROUP BY 1, 2, 3, 4
) by_key JOIN app_user u ON u.seq = by_key.user_seq JOIN ai_feature f ON f.id = by_key.feature_id
    JOIN openai_pricing m ON m.id = by_key.model_id
ORDER BY 4, 1, 2, 3
ON CONFLICT (date, user_id, feature_name, model) DO UPDATE SET
    prompt_tokens = openai_usage.prompt_tokens + excluded.prompt_tokens,
    cached_tokens = openai_usage.cached_tokens + excluded.cached_tokens,
    completion_tokens = openai_usage.completion_tokens + excluded.completion_tokens,
    estimated_cost_nano = openai_usage.estimated_cost_nano + excluded.estimated_cost_nano,
    calls_count = openai_usage.calls_count + excluded.calls_count"""

_SPREADS = f"""
INSERT INTO roll_histogram (day, feature_id, measure, bucket, calls)
SELECT day, feature_id, measure, bucket, sum(calls) FROM (
    SELECT day, feature_id, '{Measure.DURATION}' AS measure, {BUCKET.format("duration_ms")} AS bucket, calls
    FROM moving WHERE duration_ms IS NOT NULL AND calls <> 0
    UNION ALL
    SELECT day, feature_id, '{Measure.COST}', {BUCKET.format("cost_is")}, 1 FROM moving WHERE cost_is IS NOT NULL
    UNION ALL
    SELECT day, feature_id, '{Measure.COST}', {BUCKET.format("cost_was")}, -1 FROM moving WHERE cost_was IS NOT NULL
) one GROUP BY 1, 2, 3, 4 HAVING sum(calls) <> 0
ON CONFLICT (day, feature_id, measure, bucket) DO UPDATE SET calls = roll_histogram.calls + excluded.calls"""

_OUTLIERS = f"""
INSERT INTO call_outlier (day, feature_id, call_created_at, call_id, cost_nano, duration_ms)
SELECT day, feature_id, at, id, cost_is, duration_ms FROM (
    SELECT day, feature_id, at, id, cost_is, duration_ms,
        row_number() OVER (PARTITION BY day, feature_id ORDER BY cost_is DESC, at, id) AS place
    FROM moving WHERE calls > 0 AND cost_is > 0
) ranked WHERE place <= {OUTLIERS_KEPT}
ON CONFLICT DO NOTHING"""

_MOVED = """
SELECT count(*) AS counted, coalesce(sum(cost_nano), 0)::bigint AS cost_nano,
    (SELECT jsonb_agg(jsonb_build_array(day, feature_id))
     FROM (SELECT DISTINCT day, feature_id FROM moving) one) AS touched
FROM moving"""

_PRUNE = f"""
DELETE FROM call_outlier o USING (
    SELECT day, feature_id, call_created_at, call_id, row_number() OVER (
        PARTITION BY day, feature_id ORDER BY cost_nano DESC, call_created_at, call_id) AS place
    FROM call_outlier WHERE day = ANY(:days)
) ranked
WHERE ranked.place > {OUTLIERS_KEPT} AND o.day = ranked.day AND o.feature_id = ranked.feature_id
    AND o.call_created_at = ranked.call_created_at AND o.call_id = ranked.call_id"""

_PAIRS = "unnest(cast(:days AS date[]), cast(:features AS smallint[])) AS pair (day, feature_id)"
_FORGET_OUTLIERS = f"""
DELETE FROM call_outlier o USING {_PAIRS}
WHERE o.day = pair.day AND o.feature_id = pair.feature_id
    AND o.call_created_at >= coalesce((SELECT kept_from FROM fold_mark), '-infinity')"""
_FIND_OUTLIERS = f"""
INSERT INTO call_outlier (day, feature_id, call_created_at, call_id, cost_nano, duration_ms)
SELECT pair.day, pair.feature_id, dear.* FROM {_PAIRS} CROSS JOIN LATERAL (
    SELECT c.created_at, c.id, {effective.COST} AS cost, c.duration_ms FROM openai_call c {effective.JOIN}
    WHERE c.feature_id = pair.feature_id AND c.xid < (SELECT folded_below FROM fold_mark) AND {effective.COST} > 0
        AND c.created_at >= pair.day::timestamp AT TIME ZONE cast(:zone AS text)
        AND c.created_at < (pair.day + 1)::timestamp AT TIME ZONE cast(:zone AS text)
        AND c.created_at >= coalesce((SELECT kept_from FROM fold_mark), '-infinity')
    ORDER BY cost DESC, c.created_at, c.id LIMIT {OUTLIERS_KEPT}
) dear
ON CONFLICT DO NOTHING"""
