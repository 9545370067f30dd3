"""How long somebody worked: the union of periods, so that two jobs at once count once."""

from collections.abc import Iterable
from datetime import date

from fitmycv_admin.domain.cvs import document


def months_worked(periods: Iterable[tuple[str | None, str | None]], today: date) -> int:
    """Months covered by at least one (start, end) period up to `today`.

    A date is `YYYY` or `YYYY-MM`; the last month counts. Where only years are written the count is
    the careful one (2018 to 2020 is two years), and a period within one year is that year. A period
    without a start counts nothing; one without an end counts only its first month.
    """
    spans = sorted(span for start, end in periods if (span := _span(start, end, today)) is not None)
    total = covered = 0
    for first, after in spans:
        first = max(first, covered)
        total += max(0, after - first)
        covered = max(covered, after)
    return total


def _span(start: str | None, end: str | None, today: date) -> tuple[int, int] | None:
    """The months [first, after) of a period, counted from year 0; None when it covers nothing."""
    if not start:
        return None
    first = _first_month(start)
    now = today.year * 12 + today.month
    if end is None:
        after = first + 1
    elif end == document.PRESENT:
        after = now
    elif len(end) == 4:
        after = int(end) * 12 + (12 if end == start[:4] else 0)
    else:
        after = _first_month(end) + 1
    after = min(after, now)
    return (first, after) if after > first else None


def _first_month(written: str) -> int:
    """Months since year 0 of `YYYY` (its January) or `YYYY-MM`."""
    return int(written[:4]) * 12 + (int(written[5:7]) - 1 if len(written) > 4 else 0)
