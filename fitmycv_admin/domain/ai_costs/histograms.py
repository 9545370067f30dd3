"""How costs and durations of calls are spread, from buckets of five per cent kept by the fold, and who sticks out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs.names import Name
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import Measure

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


def distribution(
    db: Session, by: Actor, period: Period, *, feature_key: str | None = None, measure: Measure
) -> tuple[Spread, ...]:
    """How a measure was spread, day by day, of one feature or of all; empty days are there too."""
    raise NotImplementedError


def medians(db: Session, by: Actor, *, days: int = 30) -> Mapping[str, int]:
    """The median cost (nano-USD) of a call of each feature over the last days, by feature key."""
    raise NotImplementedError


def outliers(
    db: Session, by: Actor, period: Period, *, feature_key: str | None = None, limit: int = 50
) -> tuple[OutlierRow, ...]:
    """The calls furthest above the median of their feature (30 days to the end of the period), furthest first."""
    raise NotImplementedError
