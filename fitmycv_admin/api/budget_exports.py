"""The lists of budgets and of alerts as files."""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import money
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets import asked, notices, rules
from fitmycv_admin.vocabulary import Permission

_RULES = ("id", "name", "type", "enabled", "feature", "model", "plan", "each_user", "user", "window", "rolling_days",
          "limit_usd", "steps", "enforcement", "degrade_model", "window_starts_at", "window_ends_at", "subject",
          "spent_usd", "reserved_usd", "over_usd", "denied", "forecast_usd", "crossing_at", "open_alerts",
          "version")  # fmt: skip
_NOTICES = ("opened_at", "id", "budget", "type", "subject", "window_starts_at", "window_ends_at", "step_percent",
            "value_usd", "limit_usd", "facts", "state", "acknowledged_at", "acknowledged_by",
            "seconds_to_acknowledge", "snoozed_until", "resolved_at")  # fmt: skip


def _rules(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _RULES
    after = ""
    while True:
        page = rules.rules(db, by, asked.rules(words), PageRequest(after=after, size=100))
        for row in page.rows:
            says, now, ahead = row.says, row.now, row.forecast
            yield (
                row.id, says.name, says.type, says.enabled, says.feature_key or "", row.model, row.plan,
                says.each_user, row.email, says.window if says.is_budget else "", says.rolling_days or "",
                _usd(says.threshold_nano) if says.is_budget else "", " ".join(map(str, says.steps)),
                says.enforcement, says.degrade_model or "", _at(now.starts_at if now else None),
                _at(now.ends_at if now else None), now.email if now else "", _usd(now.spent_nano if now else None),
                _usd(now.reserved_nano if now else None), _usd(now.over_nano if now else None),
                now.denied if now else "", _usd(ahead.weekday_aware if ahead else None),
                _at(ahead.crossing_at if ahead else None), row.open, row.version,
            )  # fmt: skip
        if not page.next:
            return
        after = page.next


def _notices(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _NOTICES
    for row in notices.rows(db, by, asked.notices(words)):
        facts = " ".join(f"{name}={value}" for name, value in (row.facts or {}).items())
        yield (
            _at(row.opened_at), row.id, row.rule_name, row.type, row.email or row.subject, _at(row.starts_at),
            _at(row.ends_at), row.step, _usd(row.value_nano), _usd(row.limit_nano), facts, row.state,
            _at(row.acknowledged_at), row.acknowledged_by,
            "" if row.seconds_to_acknowledge is None else row.seconds_to_acknowledge, _at(row.snoozed_until),
            _at(row.resolved_at),
        )  # fmt: skip


def _usd(nano: int | None) -> str:
    return "" if nano is None else f"{money.nano_to_usd(nano):.9f}"


def _at(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


EXPORTS = (
    Export("budgets", Permission.BUDGETS_READ, asked.RULE_WORDS, _rules),
    Export("alerts", Permission.BUDGETS_READ, asked.NOTICE_WORDS, _notices),
)
