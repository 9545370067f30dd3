"""Over what time a budget is counted: the window that holds an instant, and those before it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from fitmycv_admin.domain.billing import periods
from fitmycv_admin.vocabulary import BudgetWindow

Window = tuple[datetime, datetime]
"""From (included) to (not included), both aware and in UTC."""


class Windowed(Protocol):
    """What says over what time it counts."""

    @property
    def window(self) -> BudgetWindow:
        """The kind of window."""
        ...

    @property
    def rolling_days(self) -> int | None:
        """How many days a rolling one has."""
        ...


def of(says: Windowed, at: datetime, zone: str, anchor: datetime | None = None) -> Window:
    """The window that holds `at`.

    Hours, days, weeks (from Monday) and months are those of the zone, so that a day of a clock change has 23 or 25
    hours. A rolling window is the last so many whole days with today. A billing period is the person's own month from
    `anchor`, the calendar month for who has none.
    """
    kind = says.window
    if kind is BudgetWindow.BILLING_PERIOD and anchor is not None:
        return periods.monthly(anchor, at)
    local = at.astimezone(ZoneInfo(zone))
    if kind is BudgetWindow.HOUR:
        # By elapsed time: at a clock change the same wall hour comes twice.
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        start = at.astimezone(UTC) - into
        return start, start + timedelta(hours=1)
    today = local.date()
    if kind is BudgetWindow.DAY:
        first, after = today, today + timedelta(days=1)
    elif kind is BudgetWindow.WEEK:
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    elif kind is BudgetWindow.ROLLING:
        first, after = today - timedelta(days=(says.rolling_days or 1) - 1), today + timedelta(days=1)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return _midnight(first, zone), _midnight(after, zone)


def before(says: Windowed, window: Window, zone: str, anchor: datetime | None = None) -> Window:
    """The window before one; of a rolling one the window of the day before."""
    if says.window is BudgetWindow.ROLLING:
        today = (window[1] - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
        return of(says, _midnight(today, zone) - timedelta(microseconds=1), zone, anchor)
    return of(says, window[0] - timedelta(microseconds=1), zone, anchor)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
