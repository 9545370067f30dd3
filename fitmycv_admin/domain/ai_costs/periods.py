"""Periods of whole days in the workspace's zone, their presets, and what each is compared with."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from fitmycv_admin.core.errors import Invalid

MAX_DAYS = 3 * 366


class Preset(StrEnum):
    """Periods that have a name; `custom` carries its own days."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "7d"
    MONTH = "30d"
    THIS_MONTH = "month"
    LAST_MONTH = "last_month"
    THIS_QUARTER = "quarter"
    THIS_YEAR = "year"
    QUARTER = "90d"
    YEAR = "365d"
    CUSTOM = "custom"


class Compare(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    YEAR = "year"
    NONE = "none"


class Grain(StrEnum):
    """The width of one bar."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """The days `first` to `last`, both included, in `zone`. `cut` ends it earlier, inside its last day."""

    first: date
    last: date
    zone: str
    cut: datetime | None = None

    @property
    def days(self) -> int:
        """How many days it touches."""
        return (self.last - self.first).days + 1

    @property
    def starts_at(self) -> datetime:
        """Its first instant, UTC."""
        return start_of(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first instant after it, UTC."""
        return self.cut or start_of(self.last + timedelta(days=1), self.zone)

    @property
    def grain(self) -> Grain:
        """Hours up to two days, days up to a year, months beyond."""
        if self.days <= 2:
            return Grain.HOUR
        return Grain.DAY if self.days <= 366 else Grain.MONTH


def start_of(day: date, zone: str) -> datetime:
    """The instant a day begins in a zone, UTC; a day of a clock change has 23 or 25 hours."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def day_of(at: datetime, zone: str) -> date:
    """The day on which an instant falls in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def of(preset: Preset, now: datetime, zone: str, first: date | None = None, last: date | None = None) -> Period:
    """The period that a preset means now; `custom` needs both days. Raises Invalid with the field."""
    today = day_of(now, zone)
    if preset is Preset.CUSTOM:
        return _custom(first, last, zone)
    month = today.replace(day=1)
    before_month = month - timedelta(days=1)
    starts, ends = {
        Preset.TODAY: (today, today),
        Preset.YESTERDAY: (today - timedelta(days=1), today - timedelta(days=1)),
        Preset.WEEK: (today - timedelta(days=6), today),
        Preset.MONTH: (today - timedelta(days=29), today),
        Preset.THIS_MONTH: (month, today),
        Preset.LAST_MONTH: (before_month.replace(day=1), before_month),
        Preset.THIS_QUARTER: (month.replace(month=(month.month - 1) // 3 * 3 + 1), today),
        Preset.THIS_YEAR: (month.replace(month=1), today),
        Preset.QUARTER: (today - timedelta(days=89), today),
        Preset.YEAR: (today - timedelta(days=364), today),
    }[preset]
    return Period(starts, ends, zone)


def compared(period: Period, compare: Compare, now: datetime) -> Period | None:
    """The period to compare with. One that is still running is compared with as much of the other, to the second."""
    if compare is Compare.NONE:
        return None
    if compare is Compare.YEAR:
        other = replace(period, first=_year_before(period.first), last=_year_before(period.last), cut=None)
    else:
        length = timedelta(days=period.days)
        other = replace(period, first=period.first - length, last=period.last - length, cut=None)
    today = day_of(now, period.zone)
    if period.last == today:
        elapsed = now - start_of(today, period.zone)
        other = replace(other, cut=min(start_of(other.last, period.zone) + elapsed, other.ends_at))
    return other


def _custom(first: date | None, last: date | None, zone: str) -> Period:
    if first is None or last is None:
        raise Invalid("ai_costs.error.period_incomplete", field="first" if first is None else "last")
    if last < first:
        raise Invalid("ai_costs.error.period_backwards", field="last")
    if (last - first).days >= MAX_DAYS:
        raise Invalid("ai_costs.error.period_too_long", field="first")
    return Period(first, last, zone)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
