"""The months a quota is counted in: from an anchor to its next anniversary, in UTC."""

import calendar
from datetime import UTC, datetime

Period = tuple[datetime, datetime]
"""From (included) to (not included), both aware and in UTC."""


def monthly(anchor: datetime, now: datetime) -> Period:
    """The month that holds `now`: whole months from the anchor, each clamped from the anchor itself.

    An anchor on the 31st gives 28 or 29 February and then 31 March again. The hour is the anchor's in UTC, so that
    no change of clocks moves it. `now` may lie before the anchor. Raises ValueError for an instant without a zone.
    """
    if anchor.tzinfo is None or now.tzinfo is None:
        raise ValueError("an instant without a time zone")
    anchor, now = anchor.astimezone(UTC), now.astimezone(UTC)
    months = (now.year - anchor.year) * 12 + now.month - anchor.month
    if _moved(anchor, months) > now:
        months -= 1
    return _moved(anchor, months), _moved(anchor, months + 1)


def _moved(anchor: datetime, months: int) -> datetime:
    """The anchor some months later (or earlier), on its day or the month's last one."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, last))
