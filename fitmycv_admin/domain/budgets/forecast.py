"""Where a budget will stand at the end of its window, when it is crossed, and how wrong such a forecast was before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ai_costs import periods
from fitmycv_admin.domain.budgets import reassigned, spending, subjects, windows
from fitmycv_admin.domain.budgets.spending import Scope
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.domain.budgets.windows import Window
from fitmycv_admin.vocabulary import BudgetWindow

Shape = tuple[float, ...]
"""What share of a day's spending each hour of the workspace's clock has; together 1."""
Hours = Mapping[datetime, tuple[int, int]]
FLAT: Shape = (1 / 24,) * 24
HISTORY = timedelta(days=56)
"""From how far back the days of the week are known."""
_LEVEL_DAYS = 14
_SHAPE_DAYS = timedelta(days=7)
_HOUR = timedelta(hours=1)
_TESTED = {
    BudgetWindow.HOUR: 24,
    BudgetWindow.DAY: 28,
    BudgetWindow.WEEK: 8,
    BudgetWindow.MONTH: 4,
    BudgetWindow.BILLING_PERIOD: 4,
    BudgetWindow.ROLLING: 14,
}


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
    tomorrow: int = 0
    """What the whole of tomorrow is expected to cost, whatever the window."""


@dataclass(frozen=True, slots=True)
class History:
    """What was spent on each day of the zone, and how an ordinary day goes."""

    days: Mapping[date, int]
    shape: Shape
    zone: str

    def of_day(self, day: date, known_until: date) -> float:
        """What a day is expected to cost by what was known before `known_until`: the mean of its weekday over eight
        weeks, at the level of the last two."""
        level = 1.0
        first = min(self.days, default=known_until)
        last = [known_until - timedelta(days=n) for n in range(1, _LEVEL_DAYS + 1)]
        last = [each for each in last if each >= first]
        usual = sum(self._usual(each, known_until) for each in last)
        if usual > 0:
            level = min(5.0, max(0.2, sum(self.days.get(each, 0) for each in last) / usual))
        return self._usual(day, known_until) * level

    def _usual(self, day: date, known_until: date) -> float:
        first = min(self.days, default=known_until)
        back = (known_until - timedelta(days=1) - day).days % 7
        latest = known_until - timedelta(days=1 + back)
        same = [latest - timedelta(weeks=n) for n in range(HISTORY.days // 7)]
        there = [self.days.get(each, 0) for each in same if each >= first]
        return sum(there) / len(there) if there else 0.0


def of(
    db: Session, rule: Rule, subject: str = "", *, at: datetime | None = None, shape: Shape | None = None,
    spent: int | None = None, tested: bool = True,
) -> Forecast | None:  # fmt: skip
    """The forecast of one subject of a budget inside its current window; None for a rule that is no budget, and for
    nobody of a rule for each person.

    Without `tested` the errors are left out; `shape` and `spent` save asking for them again.
    """
    if not rule.says.is_budget or (rule.says.each_user and not subject):
        return None
    now, zone = at or clock.now(), spending.zone(db)
    seq = subjects.seq_of(subject)
    person = seq if seq is not None else rule.user_seq
    scope = spending.scope_of(db, rule.says, person)
    anchor = None
    if rule.says.window is BudgetWindow.BILLING_PERIOD and person is not None:
        anchor = spending.anchors(db, [person], now).get(person)
    window = windows.of(rule.says, now, zone, anchor)
    past = _before(rule, window, zone, anchor) if tested else []
    first = periods.day_of(min([window, *past])[0] - HISTORY, zone)
    days = spending.by_day(db, scope, first, periods.day_of(now, zone), zone)
    history = History(days, shape or shape_of(db, zone, now), zone)
    if spent is None:
        spent = spending.total(db, scope, window, zone)
    level, today = reassigned.level(db, scope, now), periods.day_of(now, zone)
    found = project(history, window, now, spent, rule.says.threshold_nano, level=level)
    found = replace(found, tomorrow=round(history.of_day(today + timedelta(days=1), today) * level))
    crossed = _crossed_at(db, rule, subject, window)
    if crossed is not None:
        found = replace(found, crossing_at=crossed)
    return _tested(db, found, history, scope, past, now - window[0]) if past else found


def shape_of(db: Session, zone: str, now: datetime) -> Shape:
    """How all spending of the last week was spread over the hours of the day; even when there was none."""
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = spending.by_hour(db, Scope(), (end - _SHAPE_DAYS, end))
    sums = [0] * 24
    for at, (nano, _calls) in hours.items():
        sums[at.astimezone(ZoneInfo(zone)).hour] += nano
    whole = sum(sums)
    return tuple(each / whole for each in sums) if whole else FLAT


def project(
    history: History, window: Window, now: datetime, spent: int, limit: int, *, level: float = 1.0
) -> Forecast:
    """The rest of a window, hour by hour, by what was known before the day of `now`; `level` is what it costs against
    before because calls use other models now."""
    elapsed = (now - window[0]) / (window[1] - window[0])
    run_rate = round(spent / elapsed) if elapsed > 0 else spent
    known_until = periods.day_of(now, history.zone)
    expected: dict[date, float] = {}
    sum_, crossing, points = float(spent), None, list[Point]()
    for start, end in _hours(now, window[1]):
        local = start.astimezone(ZoneInfo(history.zone))
        day = local.date()
        if day not in expected:
            expected[day] = history.of_day(day, known_until) * level
        more = expected[day] * history.shape[local.hour] * ((end - start) / _HOUR)
        if crossing is None and limit > 0 and sum_ < limit <= sum_ + more:
            crossing = start + (end - start) * ((limit - sum_) / more)
        sum_ += more
        if window[1] - window[0] <= timedelta(days=2) or end == window[1] or local.hour == 23:
            points.append(Point(end, round(sum_)))
    if spent >= limit > 0:
        crossing = now
    return Forecast(run_rate, round(sum_), crossing, None, None, 0, tuple(points))


def _tested(
    db: Session, found: Forecast, history: History, scope: Scope, past: list[Window], into: timedelta
) -> Forecast:
    """With the mean errors that the same forecast, asked at the same point of past windows, turned out to have."""
    errors: list[tuple[float, float]] = []
    first = min(history.days, default=None)
    is_short = past[0][1] - past[0][0] <= timedelta(days=2)
    hours = spending.by_hour(db, scope, (past[-1][0], past[0][1])) if is_short else None
    for window in past:
        if first is None or periods.day_of(window[0], history.zone) < first:
            continue
        asked = min(window[0] + into, window[1])
        actual = _between(db, scope, window, history, hours)
        if actual <= 0 or asked <= window[0]:
            continue
        then = project(history, window, asked, _between(db, scope, (window[0], asked), history, hours), 0)
        errors.append((abs(then.weekday_aware - actual) / actual, abs(then.run_rate - actual) / actual))
    if not errors:
        return found
    aware, plain = (100 * sum(each) / len(errors) for each in zip(*errors, strict=True))
    return replace(
        found, error_percent=round(aware, 1), run_rate_error_percent=round(plain, 1), tested=len(errors)
    )  # fmt: skip


def _between(db: Session, scope: Scope, span: Window, history: History, hours: Hours | None) -> int:
    """What was spent between two instants: whole days, then whole hours, and a share of those that are cut."""
    spent, start = 0, span[0]
    if spending.start_of_day(start, history.zone) == start:
        day, last = (periods.day_of(at, history.zone) for at in span)
        while day < last:
            spent += history.days.get(day, 0)
            day += timedelta(days=1)
        start = spending.start_of_day(span[1], history.zone)
    if start >= span[1]:
        return spent
    first = start.replace(minute=0, second=0, microsecond=0)
    if hours is None:
        hours = spending.by_hour(db, scope, (first, span[1] + _HOUR))
    for begin, end in _hours(start, span[1]):
        nano, _calls = hours.get(begin.replace(minute=0, second=0, microsecond=0), (0, 0))
        spent += round(nano * ((end - begin) / _HOUR))
    return spent


def _before(rule: Rule, window: Window, zone: str, anchor: datetime | None) -> list[Window]:
    found = []
    for _ in range(_TESTED[rule.says.window]):
        window = windows.before(rule.says, window, zone, anchor)
        found.append(window)
    return found


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The hours between two instants; the first and the last may be cut."""
    while start < end:
        following = min(end, start.replace(minute=0, second=0, microsecond=0) + _HOUR)
        yield start, following
        start = following


def _crossed_at(db: Session, rule: Rule, subject: str, window: Window) -> datetime | None:
    """When the whole limit was crossed in this window, as its notice says."""
    found = db.execute(
        text(
            "SELECT opened_at FROM alert_notice WHERE rule_id = :rule AND subject = :subject"
            " AND window_starts_at = :start AND step = 100"
        ),
        {"rule": rule.id, "subject": subject, "start": window[0]},
    )
    return found.scalar_one_or_none()
