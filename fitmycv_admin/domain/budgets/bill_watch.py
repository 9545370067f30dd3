"""Gives notice of each day whose bill is too far from what was counted, and ends it when they agree again."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import bill_imports, bills
from fitmycv_admin.domain.ai_costs.bills import DayRow
from fitmycv_admin.domain.budgets import given, subjects
from fitmycv_admin.domain.budgets.given import Found
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.vocabulary import AlertType

STEP = 100
_WATCH = actors.system("bill watch")


def watch(db: Session, *, at: datetime | None = None) -> tuple[int, int]:
    """Look at the days that the bill is read for, for every rule about it; how many notices were opened and ended.

    A rule without a percentage of its own uses the setting. Call it in a transaction of its own.
    """
    now = at or clock.now()
    rules = [rule for rule in subjects.of_type(db, AlertType.BILL_DIFFERENCE) if not _is_snoozed(rule, now)]
    if not rules:
        return 0, 0
    found = bills.compare(db, _WATCH, *bill_imports.span(now))
    opened = ended = 0
    for rule in rules:
        limit = rule.says.ratio_percent / 100 if rule.says.ratio_percent else found.limit
        beyond = {row.day: row for row in found.days if bills.is_beyond(row, limit)}
        live = _live(db, rule, found.days[0].day)
        ended += sum(given.end(db, live[day], now=now) for day in sorted(live) if day not in beyond)
        opened += sum(
            given.give(db, _found(rule, beyond[day], limit), now=now) is not None
            for day in sorted(beyond)
            if day not in live
        )
    return opened, ended


def _is_snoozed(rule: Rule, now: datetime) -> bool:
    return rule.snoozed_until is not None and rule.snoozed_until > now


def _found(rule: Rule, row: DayRow, limit: float) -> Found:
    """`value_nano` is what was billed, `limit_nano` what was counted."""
    begins = datetime.combine(row.day, time(), UTC)
    facts: dict[str, Any] = {
        "day": row.day.isoformat(),
        "difference_nano": row.difference_nano,
        "percent": None if row.ratio is None else round(row.ratio * 100, 1),
        "limit_percent": round(limit * 100, 1),
        "untracked_nano": row.untracked_nano,
        "unpriced_nano": row.unpriced_nano,
        "aborted_nano": row.aborted_nano,
        "late_nano": row.late_nano,
        "rest_nano": row.rest_nano,
        "href": f"/ops/ai-costs/bills?period=custom&from={row.day}&to={row.day}&day={row.day}",
    }
    ends = begins + timedelta(days=1)
    return Found(rule.id, "", begins, ends, STEP, row.billed_nano or 0, row.estimated_nano, facts)


def _live(db: Session, rule: Rule, first: date) -> dict[date, Any]:
    """The notices of the days looked at that have not ended, by day."""
    since = datetime.combine(first, time(), UTC)
    rows = db.execute(text(_LIVE), {"rule": rule.id, "since": since})
    return {row.window_starts_at.astimezone(UTC).date(): row.id for row in rows}


_LIVE = """
SELECT id, window_starts_at FROM alert_notice
WHERE rule_id = :rule AND state <> 'resolved' AND window_starts_at >= :since ORDER BY id"""
