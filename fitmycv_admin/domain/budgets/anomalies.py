"""An hour that costs far more than the same hours of the weeks before."""

import statistics
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, text

from fitmycv_admin.domain.budgets import drivers, given, spending
from fitmycv_admin.domain.budgets.given import Found
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.domain.budgets.windows import Window

WEEKS = 4
RATIO = 300
_LEAST_CALLS = 20
_HOUR = timedelta(hours=1)
_LATE = timedelta(minutes=15)


def look(db: Session, rule: Rule, now: datetime) -> int:
    """Give notice of this hour, and of the last one while calls of it may still come; returns how many.

    An hour is unusual when it cost `ratio_percent` of the median of the same hours (on the workspace's clock) of the
    last four weeks, at least `threshold_nano`, with at least `least_calls` calls. Without any calls in those weeks
    nothing is usual yet.
    """
    scope = spending.scope_of(db, rule.says, rule.user_seq)
    current = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [current] if now - current >= _LATE else [current - _HOUR, current]
    return sum(_one(db, rule, scope, (hour, hour + _HOUR), now) for hour in hours)


def judged(rule: Rule, nano: int, calls: int, before: list[int]) -> tuple[bool, int, int]:
    """Whether an hour is unusual, what is usual, and the ratio in percent."""
    usual = round(statistics.median(before)) if before else 0
    if usual <= 0:
        return False, usual, 0
    ratio = nano * 100 // usual
    enough = calls >= (rule.says.least_calls or _LEAST_CALLS) and nano >= rule.says.threshold_nano
    return enough and ratio >= (rule.says.ratio_percent or RATIO), usual, ratio


def same_hours(hour: datetime, zone: str) -> list[datetime]:
    """The same hour on the clock of the zone, one to four weeks before, UTC."""
    local = hour.astimezone(ZoneInfo(zone))
    return [(local - timedelta(weeks=week)).astimezone(UTC) for week in range(1, WEEKS + 1)]


def _one(db: Session, rule: Rule, scope: spending.Scope, window: Window, now: datetime) -> int:
    told = text("SELECT 1 FROM alert_notice WHERE rule_id = :rule AND window_starts_at = :start")
    if db.execute(told, {"rule": rule.id, "start": window[0]}).first() is not None:
        return 0
    nano, calls = spending.by_hour(db, scope, window).get(window[0], (0, 0))
    if calls < (rule.says.least_calls or _LEAST_CALLS):
        return 0
    zone = spending.zone(db)
    earlier = [spending.by_hour(db, scope, (at, at + _HOUR)).get(at, (0, 0))[0] for at in same_hours(window[0], zone)]
    is_unusual, usual, ratio = judged(rule, nano, calls, earlier)
    if not is_unusual:
        return 0
    facts: dict[str, Any] = {"usual_nano": usual, "ratio_percent": ratio, "calls": calls}
    parts = drivers.top(db, rule, "", window)
    found = Found(rule.id, "", *window, rule.says.ratio_percent or RATIO, nano, usual, facts, parts)
    return int(given.give(db, found, now=now) is not None)
