"""One rule in the shapes that its page draws; numbers and instants stay raw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fitmycv_admin.copy import catalogue, text
from fitmycv_admin.domain.budgets.forecast import Forecast
from fitmycv_admin.domain.budgets.rules import Change, RuleCard, Spent
from fitmycv_admin.ui import format as formats
from fitmycv_admin.ui.kit import chart
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import BudgetWindow

FIELDS = "budgets.field"
_SHORT = timedelta(days=2)


@dataclass(frozen=True)
class Ahead:
    """Where it will end; the errors are percents, None when no window was tested."""

    run_rate: int = 0
    weekday: int = 0
    crossing_at: str = ""
    is_crossed: bool = False
    error: float | None = None
    run_rate_error: float | None = None
    tested: int = 0
    tomorrow: int = 0


@dataclass(frozen=True)
class SpentLine:
    """One subject in one window."""

    id: str
    who: str
    starts_at: str
    ends_at: str
    limit_nano: int
    spent_nano: int
    reserved_nano: int
    over_nano: int
    denied: int
    share: float


@dataclass(frozen=True)
class FieldChange:
    """One field of a change, as text; `key` names it in words, where there are some."""

    key: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeLine:
    """One line of the history."""

    id: str
    at: str
    by: str
    action: str
    reason: str
    fields: tuple[FieldChange, ...]


def ahead(found: Forecast | None, now: datetime) -> Ahead:
    """The forecast."""
    if found is None:
        return Ahead()
    crossing = found.crossing_at
    return Ahead(
        found.run_rate, found.weekday_aware, crossing.isoformat() if crossing else "",
        bool(crossing and crossing <= now), _ratio(found.error_percent), _ratio(found.run_rate_error_percent),
        found.tested, found.tomorrow,
    )  # fmt: skip


def spent(one: Spent) -> SpentLine:
    """One window of one subject."""
    return SpentLine(
        id=f"{one.subject} {one.starts_at.isoformat()}", who=one.email, starts_at=one.starts_at.isoformat(),
        ends_at=one.ends_at.isoformat(), limit_nano=one.limit_nano, spent_nano=one.spent_nano,
        reserved_nano=one.reserved_nano, over_nano=one.over_nano, denied=one.denied,
        share=one.spent_nano / one.limit_nano if one.limit_nano else 0.0,
    )  # fmt: skip


def change(number: int, one: Change) -> ChangeLine:
    """One change; only what differs."""
    names = [*one.before, *(name for name in one.after if name not in one.before)]
    fields = tuple(
        FieldChange(_key(name), name, _text(name, one.before), _text(name, one.after))
        for name in names
        if one.before.get(name) != one.after.get(name)
    )
    return ChangeLine(str(number), one.at.isoformat(), one.by, one.action.rpartition(".")[2], one.reason, fields)


def windows_figure(card: RuleCard, zone: str) -> dict[str, Any]:
    """What the past windows and this one spent, under the limit; empty for a rule that counts people apart."""
    says = card.row.says
    if says.each_user or not says.is_budget:
        return {}
    windows = sorted((*begun(card.past), *card.now), key=lambda one: one.starts_at)[-31:]
    if len(windows) < 2:
        return {}
    x = [_place(one.starts_at, says.window, zone) for one in windows]
    series = chart.Series("budgets.spent", [one.spent_nano for one in windows], is_key=True, color=1)
    limit = chart.Limit("budgets.limit", says.threshold_nano)
    return chart.figure(x, [series], unit="usd_nano", limits=[limit], height=240)


def ahead_figure(card: RuleCard, now: datetime, zone: str) -> dict[str, Any]:
    """How what is spent is expected to grow until the window ends, under the limit."""
    row = card.row
    if row.forecast is None or row.now is None or not row.forecast.points:
        return {}
    if row.says.each_user and not row.now.subject:
        return {}
    points = [point for point in row.forecast.points if point.at > now]
    if row.now.ends_at - row.now.starts_at > _SHORT:
        # What is spent by the midnight that ends a day belongs to that day.
        x = [(point.at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date().isoformat() for point in points]
    else:
        x = [point.at.isoformat() for point in points]
    ahead_ = [point.nano for point in points]
    series = chart.Series("budgets.forecast", ahead_, is_key=True, color=1, is_dashed=True)
    limit = chart.Limit("budgets.limit", row.says.threshold_nano)
    return chart.figure(x, [series], unit="usd_nano", kind="line", limits=[limit], height=240)


def begun(past: Sequence[Spent]) -> list[Spent]:
    """The past windows, newest first, without those before anything was spent."""
    first = next((place for place, one in enumerate(reversed(past)) if one.spent_nano), len(past))
    return list(past[: len(past) - first])


def _place(at: datetime, window: BudgetWindow, zone: str) -> str:
    """A window as a place of the axis: an hour, a day or a month of the zone."""
    if window is BudgetWindow.HOUR:
        return at.isoformat()
    day = at.astimezone(ZoneInfo(zone)).date().isoformat()
    return day[:7] if window is BudgetWindow.MONTH else day


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _key(name: str) -> str:
    key = f"{FIELDS}.{name}"
    return key if key in catalogue("en") else ""


def _text(name: str, values: Mapping[str, object]) -> str:
    value = values.get(name)
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return text(str(actor().language), "budgets.on" if value else "budgets.off")
    if name.endswith("_nano") and str(value).lstrip("-").isdecimal():
        return formats.money_usd_nano(str(actor().language), int(str(value)))
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    return str(value)
