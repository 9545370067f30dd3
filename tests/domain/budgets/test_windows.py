"""Windows of budgets: exact through both clock changes, at the ends of short months, rolling and by billing period."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from fitmycv_admin.domain.budgets import windows
from fitmycv_admin.vocabulary import BudgetWindow

PARIS = "Europe/Paris"


@dataclass(frozen=True)
class Says:
    window: BudgetWindow
    rolling_days: int | None = None


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "at", "start", "end"),
    [
        # 29 March 2026 has 23 hours in Paris, 25 October has 25
        ("day", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("day", "2026-03-28T23:30", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("day", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("day", "2026-10-25T22:30", "2026-10-24T22:00", "2026-10-25T23:00"),
        # the hour that comes twice is two hours
        ("hour", "2026-10-25T00:30", "2026-10-25T00:00", "2026-10-25T01:00"),
        ("hour", "2026-10-25T01:30", "2026-10-25T01:00", "2026-10-25T02:00"),
        ("hour", "2026-03-29T01:30", "2026-03-29T01:00", "2026-03-29T02:00"),
        # weeks begin on Monday, also across the change
        ("week", "2026-03-29T12:00", "2026-03-22T23:00", "2026-03-29T22:00"),
        ("week", "2026-10-25T22:59", "2026-10-18T22:00", "2026-10-25T23:00"),
        ("month", "2026-03-15T00:00", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("month", "2026-10-31T23:30", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("month", "2028-02-29T12:00", "2028-01-31T23:00", "2028-02-29T23:00"),
        ("month", "2026-12-31T22:59", "2026-11-30T23:00", "2026-12-31T23:00"),
    ],
)
def test_a_window_is_the_one_of_the_workspaces_clock(kind: str, at: str, start: str, end: str) -> None:
    found = windows.of(Says(BudgetWindow(kind)), utc(at), PARIS)
    assert found == (utc(start), utc(end))


@pytest.mark.parametrize(("zone", "at", "start"), [
    ("Asia/Kolkata", "2026-05-05T10:10", "2026-05-05T09:30"),
    ("America/St_Johns", "2026-05-05T10:10", "2026-05-05T09:30"),
])  # fmt: skip
def test_an_hour_is_that_of_a_clock_half_an_hour_away(zone: str, at: str, start: str) -> None:
    found = windows.of(Says(BudgetWindow.HOUR), utc(at), zone)
    assert found == (utc(start), utc(start) + timedelta(hours=1))


def test_a_rolling_window_is_the_last_whole_days_with_today_also_over_a_clock_change() -> None:
    found = windows.of(Says(BudgetWindow.ROLLING, 7), utc("2026-03-31T12:00"), PARIS)
    assert found == (utc("2026-03-24T23:00"), utc("2026-03-31T22:00"))
    one = windows.of(Says(BudgetWindow.ROLLING, 1), utc("2026-03-31T12:00"), PARIS)
    assert one == (utc("2026-03-30T22:00"), utc("2026-03-31T22:00"))


@pytest.mark.parametrize(("at", "start", "end"), [
    ("2026-02-20T00:00", "2026-01-31T10:00", "2026-02-28T10:00"),
    ("2026-02-28T10:00", "2026-02-28T10:00", "2026-03-31T10:00"),
    ("2026-04-30T09:59", "2026-03-31T10:00", "2026-04-30T10:00"),
    ("2028-02-29T11:00", "2028-02-29T10:00", "2028-03-31T10:00"),
])  # fmt: skip
def test_a_billing_period_from_the_31st_is_clamped_and_comes_back(at: str, start: str, end: str) -> None:
    anchor = utc("2025-12-31T10:00")
    found = windows.of(Says(BudgetWindow.BILLING_PERIOD), utc(at), PARIS, anchor)
    assert found == (utc(start), utc(end))


@pytest.mark.parametrize("day", [29, 30])
def test_a_billing_period_from_the_29th_or_30th_ends_with_a_short_february(day: int) -> None:
    anchor = datetime(2025, 12, day, 8, tzinfo=UTC)
    found = windows.of(Says(BudgetWindow.BILLING_PERIOD), utc("2026-02-10T00:00"), PARIS, anchor)
    assert found == (datetime(2026, 1, day, 8, tzinfo=UTC), utc("2026-02-28T08:00"))


def test_without_an_anchor_a_billing_period_is_the_month() -> None:
    says = Says(BudgetWindow.BILLING_PERIOD)
    assert windows.of(says, utc("2026-05-05T00:00"), PARIS) == windows.of(
        Says(BudgetWindow.MONTH), utc("2026-05-05T00:00"), PARIS
    )


@pytest.mark.parametrize("kind", [k for k in BudgetWindow if k is not BudgetWindow.ROLLING])
def test_windows_follow_each_other_without_a_gap_for_a_year(kind: BudgetWindow) -> None:
    says, anchor = Says(kind), utc("2025-12-31T10:00")
    window = windows.of(says, utc("2027-01-05T12:00"), PARIS, anchor)
    while window[0] > utc("2026-01-05T12:00"):
        earlier = windows.before(says, window, PARIS, anchor)
        assert earlier[1] == window[0]
        assert windows.of(says, earlier[0], PARIS, anchor) == earlier
        window = earlier


def test_the_rolling_window_before_is_that_of_the_day_before_through_both_clock_changes() -> None:
    says = Says(BudgetWindow.ROLLING, 3)
    window = windows.of(says, utc("2026-11-05T12:00"), PARIS)
    for _ in range(250):
        earlier = windows.before(says, window, PARIS)
        assert timedelta(hours=23) <= window[1] - earlier[1] <= timedelta(hours=25)
        window = earlier
    assert window[1] == utc("2026-02-28T23:00")
