"""How costs and durations of calls are spread, from buckets of five per cent kept by the fold, and who sticks out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, money
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import cells, names, queries, rollups
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Grain, Period, day_of
from fitmycv_admin.vocabulary import Measure, Permission

WIDTH = 1.05
ZERO = -1


@dataclass(frozen=True, slots=True)
class Spread:
    """One day (or the first day of a month, for more than a year): nano-USD or milliseconds, None without a call.

    Percentiles and the average of durations are right to half a bucket (2.5 %), the average of costs exactly.
    """

    at: date
    calls: int
    average: int | None
    p50: int | None
    p95: int | None
    p99: int | None


@dataclass(frozen=True, slots=True)
class OutlierRow:
    """A dear call. `ratio` is its cost over the median of its feature; None without a median, or when that is 0."""

    call_id: int
    at: datetime
    day: date
    feature: Name
    cost_nano: int
    duration_ms: int | None
    median_nano: int | None
    ratio: float | None
    user_id: UUID | None
    email: str
    model: str
    task_id: UUID | None


def bucket(value: int) -> int:
    """The bucket of a value: n holds 1.05^n up to 1.05^(n+1), -1 holds zero."""
    return ZERO if value <= 0 else math.floor(math.log(value) / math.log(WIDTH))


def middle(number: int) -> int:
    """The value that stands for a bucket."""
    return 0 if number <= ZERO else round(WIDTH ** (number + 0.5))


def distribution(
    db: Session, by: Actor, period: Period, *, feature_key: str | None = None, measure: Measure
) -> tuple[Spread, ...]:
    """How a measure was spread, day by day, of one feature or of all; empty days are there too."""
    by.must(Permission.COSTS_READ)
    filters = _filters(names.read(db), feature_key)
    is_monthly = period.grain is Grain.MONTH
    at = "date_trunc('month', day)::date" if is_monthly else "day"
    values = values_of(period, filters) | {"measure": str(measure)}
    rows = {row.at: row for row in db.execute(text(_SPREAD.format(at=at, cells=buckets_of(measure, filters))), values)}
    known_costs = _costs(db, period, filters, is_monthly) if measure is Measure.COST else {}
    found = []
    for slot in _slots(period, is_monthly):
        row = rows.get(slot)
        if row is None:
            found.append(Spread(slot, 0, None, None, None, None))
            continue
        calls = int(row.calls)
        average = money.round_half_up(known_costs.get(slot, 0), calls) if known_costs else round(row.average)
        found.append(Spread(slot, calls, average, middle(row.p50), middle(row.p95), middle(row.p99)))
    return tuple(found)


def medians(db: Session, by: Actor, *, days: int = 30) -> Mapping[str, int]:
    """The median cost (nano-USD) of a call of each feature over the last days, by feature key."""
    by.must(Permission.COSTS_READ)
    zone = queries.zone(db, by)
    return _medians(db, names.read(db), day_of(clock.now(), zone), zone, days)


def outliers(
    db: Session, by: Actor, period: Period, *, feature_key: str | None = None, limit: int = rollups.OUTLIERS_KEPT
) -> tuple[OutlierRow, ...]:
    """The calls furthest above the median of their feature (30 days to the end of the period), furthest first.

    At most 50: so many are kept of each feature and day, so that no call further away is missing.
    """
    by.must(Permission.COSTS_READ)
    known = names.read(db)
    filters = _filters(known, feature_key)
    by_key = _medians(db, known, period.last, period.zone, 30)
    by_id = {number: by_key.get(name.key) for number, name in known.by_id[Dimension.FEATURE].items()}
    values = values_of(period, filters) | {
        "ids": list(by_id), "medians": list(by_id.values()), "limit": min(limit, rollups.OUTLIERS_KEPT)
    }  # fmt: skip
    shown = by.may(Permission.PEOPLE_REVEAL)
    return tuple(
        OutlierRow(
            call_id=row.call_id, at=row.call_created_at, day=row.day,
            feature=known.of(Dimension.FEATURE, row.feature_id),
            cost_nano=row.cost_nano, duration_ms=row.duration_ms, median_nano=row.median, ratio=row.ratio,
            user_id=row.user_id, email=(row.email or "") if shown else queries.masked(row.email),
            model=row.model_served or "", task_id=row.task_id,
        )
        for row in db.execute(text(_FAR.format(where=_where(filters))), values)
    )  # fmt: skip


def _medians(db: Session, known: names.Names, last: date, zone: str, days: int) -> dict[str, int]:
    period = Period(last - timedelta(days=days - 1), last, zone)
    everything = Filters()
    rows = db.execute(
        text(f"""SELECT feature_id, bucket, sum(calls)::bigint AS calls
                 FROM ({buckets_of(Measure.COST, everything)}) cells GROUP BY 1, 2 ORDER BY 2"""),
        values_of(period, everything) | {"measure": str(Measure.COST)},
    ).all()
    by_key: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        by_key.setdefault(known.of(Dimension.FEATURE, row.feature_id).key, []).append((row.bucket, row.calls))
    return {key: _median(buckets) for key, buckets in by_key.items()}


def _median(buckets: list[tuple[int, int]]) -> int:
    half, passed = (sum(calls for _bucket, calls in buckets) + 1) // 2, 0
    for number, calls in buckets:
        passed += calls
        if passed >= half:
            return middle(number)
    return 0


def _filters(known: names.Names, feature_key: str | None) -> Filters:
    return Filters({Dimension.FEATURE: known.numbers(Dimension.FEATURE, feature_key)} if feature_key else {})


def _where(filters: Filters) -> str:
    return " AND feature_id = ANY(:feature)" if filters.numbers else ""


def values_of(period: Period, filters: Filters) -> dict[str, Any]:
    """The parameters of `buckets_of`, besides the measure."""
    return {
        "first": period.first, "last": period.last, "from": period.starts_at, "until": period.ends_at,
        "zone": period.zone, **{str(dimension): numbers for dimension, numbers in filters.numbers.items()},
    }  # fmt: skip


def buckets_of(measure: Measure, filters: Filters) -> str:
    """The buckets of folded calls, and those of the calls after the mark: day, feature_id, bucket, calls."""
    value = {Measure.DURATION: "c.duration_ms", Measure.COST: "c.cost_nano"}[measure]
    return f"""
    SELECT day, feature_id, bucket, calls FROM roll_histogram
    WHERE day BETWEEN :first AND :last AND measure = :measure AND calls <> 0{_where(filters)}
    UNION ALL
    SELECT {_DAY}, c.feature_id, {rollups.BUCKET.format(value)}, 1 FROM openai_call c
    WHERE {_TAIL} AND {value} IS NOT NULL{_where(filters)}"""


def _costs(db: Session, period: Period, filters: Filters, is_monthly: bool) -> dict[date, int]:
    source = cells.source(period, filters, Grain.DAY)
    at = "date_trunc('month', at)::date" if is_monthly else "at"
    rows = db.execute(text(f"SELECT {at}, sum(cost_nano)::bigint FROM {source.sql} cells GROUP BY 1"), source.values)
    return {row[0]: row[1] for row in rows}


def _slots(period: Period, is_monthly: bool) -> list[date]:
    days = [period.first + timedelta(days=number) for number in range(period.days)]
    return list(dict.fromkeys(day.replace(day=1) for day in days)) if is_monthly else days


_DAY = "(c.created_at AT TIME ZONE cast(:zone AS text))::date"
_TAIL = f"c.xid >= {cells.MARK} AND c.created_at >= :from AND c.created_at < :until"
_SPREAD = f"""
WITH counted AS (SELECT {{at}} AS at, bucket, sum(calls) AS calls FROM ({{cells}}) cells GROUP BY 1, 2),
ranked AS (
    SELECT at, bucket, calls, sum(calls) OVER (PARTITION BY at ORDER BY bucket) AS upto,
        sum(calls) OVER (PARTITION BY at) AS whole
    FROM counted
)
SELECT at, max(whole) AS calls,
    sum(calls * CASE WHEN bucket <= {ZERO} THEN 0 ELSE power({WIDTH}, bucket + 0.5) END) / max(whole) AS average,
    min(bucket) FILTER (WHERE upto >= whole * 0.50) AS p50, min(bucket) FILTER (WHERE upto >= whole * 0.95) AS p95,
    min(bucket) FILTER (WHERE upto >= whole * 0.99) AS p99
FROM ranked GROUP BY at"""
_FAR = f"""
SELECT far.*, u.id AS user_id, u.email, c.model_served, c.task_id FROM (
    SELECT dear.*, m.median, cost_nano / nullif(m.median, 0)::float8 AS ratio FROM (
        SELECT day, feature_id, call_created_at, call_id, cost_nano, duration_ms FROM call_outlier
        WHERE day BETWEEN :first AND :last{{where}}
        UNION ALL
        SELECT {_DAY}, c.feature_id, c.created_at, c.id, c.cost_nano, c.duration_ms FROM openai_call c
        WHERE {_TAIL} AND c.cost_nano > 0{{where}}
    ) dear LEFT JOIN unnest(cast(:ids AS smallint[]), cast(:medians AS bigint[])) AS m (id, median)
        ON m.id = dear.feature_id
    ORDER BY ratio DESC NULLS LAST, cost_nano DESC, call_created_at, call_id LIMIT :limit
) far
LEFT JOIN openai_call c ON c.created_at = far.call_created_at AND c.id = far.call_id
LEFT JOIN app_user u ON u.seq = c.user_seq
ORDER BY far.ratio DESC NULLS LAST, far.cost_nano DESC, far.call_created_at, far.call_id"""
