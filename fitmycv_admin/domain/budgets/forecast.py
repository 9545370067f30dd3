"""Where a budget will stand at the end of its window, when it is crossed, and how wrong such a forecast was before."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from fitmycv_admin.domain.budgets.subjects import Rule


@dataclass(frozen=True, slots=True)
class Point:
    """What is expected to be spent by an instant, in nano-USD."""

    at: datetime
    nano: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The end of the current window, in nano-USD: `run_rate` goes on as until now, `weekday_aware` knows how much the
    days of the week and the hours of the day differ.

    `crossing_at` is when the limit is expected to be crossed (or was), None when not in this window. `error_percent`
    is the mean error of `weekday_aware` over `tested` past windows, asked as far into each as now is into this one;
    None when there are none. `run_rate_error_percent` is that of the other.
    """

    run_rate: int
    weekday_aware: int
    crossing_at: datetime | None
    error_percent: float | None
    run_rate_error_percent: float | None
    tested: int
    points: tuple[Point, ...] = ()


def of(db: Session, rule: Rule, subject: str = "", *, at: datetime | None = None) -> Forecast | None:
    """The forecast of one subject of a budget inside its current window; None for a rule that is no budget."""
    raise NotImplementedError
