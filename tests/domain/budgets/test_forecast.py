"""Forecasts: inside the rule's own window, aware of the week, with an error computed from real history."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.ai_costs import fold
from fitmycv_admin.domain.budgets import forecast, subjects
from fitmycv_admin.domain.budgets.forecast import FLAT, Forecast, History
from fitmycv_admin.vocabulary import AlertType, BudgetWindow
from tests.domain.budgets import stand
from tests.domain.budgets.stand import USD

PARIS = ZoneInfo("Europe/Paris")
# Wednesday 18 November, noon in Paris
NOW = datetime(2026, 11, 18, 11, tzinfo=UTC)


def business(db, weeks: int = 12, *, weekday: float = 10, weekend: float = 2) -> None:
    """Calls at nine, noon and six of each day until NOW, cheaper at weekends."""
    day = NOW.astimezone(PARIS).replace(hour=0) - timedelta(weeks=weeks)
    while day.astimezone(UTC) < NOW:
        usd = (weekend if day.weekday() >= 5 else weekday) / 4
        for hour, share in ((9, 1), (12, 2), (18, 1)):
            at = day.replace(hour=hour, minute=30).astimezone(UTC)
            if at < NOW:
                stand.spend(usd * share, at, db=db)
        day += timedelta(days=1)


def ask(rule: int, at: datetime = NOW) -> Forecast:
    with snapshot() as db:
        stored = subjects.one(db, rule)
        assert stored is not None
        found = forecast.of(db, stored, at=at)
    assert found is not None
    return found


@pytest.mark.usefixtures("database")
class TestOfARule:
    """Forecasts from stored calls."""

    @pytest.fixture(autouse=True)
    def calls(self, empty: None) -> None:
        with transaction() as db:
            business(db)
        with transaction() as db:
            fold.fold(db)

    def test_a_day_ends_as_such_days_do_and_is_crossed_at_the_hour_it_is_crossed(self) -> None:
        found = ask(stand.rule(6, type=AlertType.GLOBAL_DAILY))
        # 2.50 until noon; 5.00 come from noon to one, 2.50 from six to seven
        assert found.weekday_aware == pytest.approx(10 * USD, rel=0.03)
        assert found.run_rate == 5 * USD
        assert found.crossing_at is not None
        assert found.crossing_at.astimezone(PARIS).hour == 12
        assert found.tested == 28
        assert found.error_percent is not None
        assert found.run_rate_error_percent is not None
        assert found.error_percent < 5 < 40 < found.run_rate_error_percent

    def test_a_week_knows_its_weekend(self) -> None:
        found = ask(stand.rule(500, type=AlertType.BUDGET, window=BudgetWindow.WEEK))
        assert found.weekday_aware == pytest.approx(54 * USD, rel=0.03)
        assert found.run_rate == pytest.approx(63 * USD, rel=0.03)
        assert found.crossing_at is None

    def test_the_end_of_the_window_ends_the_forecast(self) -> None:
        found = ask(stand.rule(200, type=AlertType.GLOBAL_MONTHLY))
        assert found.points[-1].at == datetime(2026, 11, 30, 23, tzinfo=UTC)
        assert found.points[-1].nano == found.weekday_aware
        assert found.crossing_at is not None
        assert datetime(2026, 11, 26, tzinfo=UTC) < found.crossing_at < datetime(2026, 11, 30, 23, tzinfo=UTC)

    def test_what_was_crossed_says_when(self) -> None:
        rule = stand.rule(2, type=AlertType.GLOBAL_DAILY, steps=(100,))
        stand.look(NOW + timedelta(minutes=1))
        assert ask(rule, NOW + timedelta(hours=1)).crossing_at == NOW + timedelta(minutes=1)

    def test_a_quiet_rule_has_no_error_to_show(self) -> None:
        stand.feature("scoring", "match_score")
        stand.feature("other", "import_pdf")
        found = ask(stand.rule(5, feature_key="other"))
        assert (found.weekday_aware, found.error_percent, found.tested) == (0, None, 0)


def test_the_error_is_that_of_the_same_forecast_asked_in_the_past() -> None:
    """Two weekdays alternate 10 and 20 dollars from week to week: each forecast is 15, wrong by a half or a quarter."""
    first = datetime(2026, 9, 1, tzinfo=UTC).date()
    days = {first + timedelta(days=n): (10 if (n // 7) % 2 == 0 else 20) * USD for n in range(84)}
    history = History(days, FLAT, "UTC")
    day = first + timedelta(days=70)
    assert history.of_day(day, day) == pytest.approx(15 * USD, rel=0.01)


def test_a_rising_business_is_forecast_at_its_new_level() -> None:
    first = datetime(2026, 9, 1, tzinfo=UTC).date()
    days = {first + timedelta(days=n): (10 if n < 42 else 30) * USD for n in range(56)}
    history = History(days, FLAT, "UTC")
    assert history.of_day(first + timedelta(days=56), first + timedelta(days=56)) == pytest.approx(30 * USD)


def test_the_first_days_are_not_taken_for_weeks_of_nothing() -> None:
    first = datetime(2026, 9, 1, tzinfo=UTC).date()
    history = History({first + timedelta(days=n): 10 * USD for n in range(8)}, FLAT, "UTC")
    assert history.of_day(first + timedelta(days=9), first + timedelta(days=8)) == pytest.approx(10 * USD, rel=0.3)
