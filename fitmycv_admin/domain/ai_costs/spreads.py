"""How costs and durations of calls are spread within each feature over a whole period, from the buckets of the fold."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, text

from fitmycv_admin.core import money
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import histograms, names, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import Measure, Permission


@dataclass(frozen=True, slots=True)
class FeatureSpread:
    """One feature over a period, in nano-USD or milliseconds; percentiles are right to 2.5 %.

    The average of costs is exact: what the calls with a known cost cost, by their number.
    """

    feature: Name
    calls: int
    average: int | None
    p50: int | None
    p95: int | None
    p99: int | None


def features(db: Session, by: Actor, period: Period, *, measure: Measure) -> tuple[FeatureSpread, ...]:
    """Each feature with a call in the period, most calls first."""
    by.must(Permission.COSTS_READ)
    known = names.read(db)
    cells = histograms.buckets_of(measure, Filters())
    rows = db.execute(
        text(f"SELECT feature_id, bucket, sum(calls)::bigint FROM ({cells}) cells GROUP BY 1, 2 HAVING sum(calls) > 0"),
        histograms.values_of(period, Filters()) | {"measure": str(measure)},
    )
    buckets: dict[Name, dict[int, int]] = {}
    for feature_id, bucket, calls in rows:
        found = buckets.setdefault(known.of(Dimension.FEATURE, feature_id), {})
        found[bucket] = found.get(bucket, 0) + calls
    costs = queries.split(db, by, period, Dimension.FEATURE, Filters()) if measure is Measure.COST else {}
    spreads = [_spread(feature, found, costs.get(feature.key)) for feature, found in buckets.items()]
    return tuple(sorted(spreads, key=lambda row: (-row.calls, row.feature.label)))


def percentile(buckets: Mapping[int, int], percent: int) -> int:
    """The value that so many of the calls do not exceed."""
    left = -(-sum(buckets.values()) * percent // 100)
    for bucket in sorted(buckets):
        left -= buckets[bucket]
        if left <= 0:
            return histograms.middle(bucket)
    raise ValueError("no calls")


def _spread(feature: Name, buckets: Mapping[int, int], sums: queries.Sums | None) -> FeatureSpread:
    calls = sum(buckets.values())
    if sums is not None:
        average = money.round_half_up(sums.cost_nano, calls)
    else:
        average = sum(histograms.middle(bucket) * count for bucket, count in buckets.items()) // calls
    return FeatureSpread(feature, calls, average, *(percentile(buckets, percent) for percent in (50, 95, 99)))
