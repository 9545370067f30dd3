"""Months from an anchor: no gap, no overlap, the right day, whatever the clocks do."""

import calendar
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitmycv_admin.domain.billing import periods

INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 12, 31), timezones=st.just(UTC))


def starts(anchor: datetime, count: int) -> list[datetime]:
    """The first day of `count` periods, from the anchor's own."""
    found = []
    at = anchor
    for _ in range(count):
        start, at = periods.monthly(anchor, at)
        found.append(start)
    return found


@given(anchor=INSTANTS, now=INSTANTS)
def test_a_period_holds_its_instant_and_the_next_one_begins_where_it_ends(anchor: datetime, now: datetime):
    start, end = periods.monthly(anchor, now)
    assert start <= now < end
    assert periods.monthly(anchor, end)[0] == end
    assert periods.monthly(anchor, end - timedelta(microseconds=1)) == (start, end)
    assert periods.monthly(anchor, start) == (start, end)


@given(anchor=INSTANTS, now=INSTANTS)
def test_a_period_begins_on_the_anchors_day_or_the_months_last_at_the_anchors_hour(anchor: datetime, now: datetime):
    start, end = periods.monthly(anchor, now)
    for edge in (start, end):
        assert edge.day == min(anchor.day, calendar.monthrange(edge.year, edge.month)[1])
        assert edge.timetz() == anchor.timetz()
    assert timedelta(days=28) <= end - start <= timedelta(days=31)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (29, [(1, 29), (2, 28), (3, 29), (4, 29)]),
        (30, [(1, 30), (2, 28), (3, 30), (4, 30)]),
        (31, [(1, 31), (2, 28), (3, 31), (4, 30)]),
    ],
)
def test_a_month_end_anchor_is_clamped_and_comes_back(day: int, expected: list[tuple[int, int]]):
    anchor = datetime(2026, 1, day, 10, 30, tzinfo=UTC)
    assert [(at.month, at.day) for at in starts(anchor, 4)] == expected


def test_a_leap_day_anchor_keeps_the_29th_where_there_is_one():
    found = starts(datetime(2024, 2, 29, tzinfo=UTC), 49)
    assert [(at.year, at.day) for at in found if at.month == 2] == [
        (2024, 29), (2025, 28), (2026, 28), (2027, 28), (2028, 29)
    ]  # fmt: skip
    assert {at.day for at in found if at.month != 2} == {29}


def test_the_last_month_of_a_year_ends_in_the_next():
    anchor = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    start, end = periods.monthly(anchor, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert (start.isoformat(), end.isoformat()) == ("2026-12-31T23:59:59+00:00", "2027-01-31T23:59:59+00:00")


def test_an_instant_before_the_anchor_has_its_month_too():
    start, end = periods.monthly(datetime(2026, 5, 31, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC))
    assert (start, end) == (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC))


def test_an_instant_without_a_zone_is_refused():
    naive = datetime(2026, 1, 1)
    for anchor, now in ((naive, datetime(2026, 2, 1, tzinfo=UTC)), (datetime(2026, 2, 1, tzinfo=UTC), naive)):
        with pytest.raises(ValueError, match="time zone"):
            periods.monthly(anchor, now)


def test_anchors_of_every_zone_give_months_without_gap_or_overlap():
    """Local midnights at month ends, on the leap day, at the year's turn and in nights when clocks change."""
    days = [(2024, 2, 29), (2025, 1, 29), (2025, 1, 30), (2025, 1, 31), (2025, 12, 31), (2025, 3, 30), (2025, 10, 26)]
    for name in sorted(zoneinfo.available_timezones()):
        zone = zoneinfo.ZoneInfo(name)
        for year, month, day in days:
            for hour, fold in ((0, 0), (2, 0), (2, 1)):
                local = datetime(year, month, day, hour, 30 if hour else 0, tzinfo=zone, fold=fold)
                _walk(local, name)


def _walk(anchor: datetime, name: str) -> None:
    fixed = anchor.astimezone(UTC)
    at = anchor
    for step in range(14):
        start, end = periods.monthly(anchor, at)
        assert start == (fixed if step == 0 else at), (name, anchor, step)
        assert start.utcoffset() == timedelta(0)
        assert start.day == min(fixed.day, calendar.monthrange(start.year, start.month)[1]), (name, anchor)
        assert start.timetz() == fixed.timetz(), (name, anchor)
        at = end
