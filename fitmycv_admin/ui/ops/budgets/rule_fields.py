"""The fields of a rule: from what was typed to what the rule says, and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from fitmycv_admin.core import money
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.budgets.subjects import BUDGETS, Draft
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement

KINDS = (
    AlertType.BUDGET, AlertType.ANOMALY, AlertType.NO_DATA, AlertType.UNPRICED_MODEL, AlertType.BILL_DIFFERENCE,
)  # fmt: skip
"""What can be made; the older types of budgets are edited as they are."""
EVERYBODY, EACH, ONE = "everybody", "each", "one"
NO_PLAN = "0"
LONGEST_NAME, LONGEST_TEXT = 120, 300
FIELD_OF = {
    "threshold_nano": "limit", "feature_key": "feature", "model_id": "model", "plan_id": "plan", "user_id": "person",
    "each_user": "who", "window_kind": "window",
}  # fmt: skip
"""The field of the form for each field of a rule that is called otherwise."""
Words = Mapping[str, str]


def standard(**given: str) -> dict[str, str]:
    """The fields of a new rule."""
    return {
        "type": str(AlertType.BUDGET), "who": EVERYBODY, "window": str(BudgetWindow.MONTH), "limit": "",
        "steps": "50, 75, 90, 100", "enforcement": str(Enforcement.NOTIFY), "enabled": "on", "rolling_days": "30",
        "ratio_percent": "300", "minutes": "60", "least_calls": "20",
    } | given  # fmt: skip


def written(says: Draft) -> dict[str, str]:
    """A rule as its fields."""
    who = EACH if says.each_user else ONE if says.user_id else EVERYBODY
    steps = ", ".join(str(step) for step in says.steps)
    return standard() | {
        "type": str(says.type), "name": says.name, "description": says.description,
        "limit": _dollars(says.threshold_nano), "who": who, "person": str(says.user_id or ""),
        "feature": says.feature_key or "", "model": _text(says.model_id), "plan": _text(says.plan_id),
        "window": str(says.window), "rolling_days": _text(says.rolling_days) or "30", "steps": steps,
        "enforcement": str(says.enforcement), "degrade_model": says.degrade_model or "",
        "ratio_percent": _text(says.ratio_percent), "minutes": _text(says.minutes),
        "least_calls": _text(says.least_calls), "enabled": "on" if says.enabled else "",
    }  # fmt: skip


def read(words: Words, person: UUID | None, channels: tuple[int, ...]) -> Draft:
    """What the fields say. `person` is whom the field of one person names; raises Invalid with the field."""
    kind = _one_of(AlertType, words.get("type", ""), "type")
    name = words.get("name", "").strip()[:LONGEST_NAME]
    if not name:
        raise Invalid("budget_rules.error.name", field="name")
    about: dict[str, Any] = {
        "type": kind, "name": name, "description": words.get("description", "").strip()[:LONGEST_TEXT],
        "enabled": bool(words.get("enabled")), "channels": channels, "threshold_nano": 0,
        "feature_key": words.get("feature") or None,
    }  # fmt: skip
    if kind in BUDGETS:
        return Draft(**about | _budget(words, person))
    if kind is AlertType.ANOMALY:
        about |= {"ratio_percent": _number(words, "ratio_percent", 101, 100_000),
                  "least_calls": _number(words, "least_calls", 1, 1_000_000)}  # fmt: skip
    if kind is AlertType.NO_DATA:
        about |= {"minutes": _number(words, "minutes", 1, 100_000)}
    if kind is AlertType.BILL_DIFFERENCE:
        about |= {"ratio_percent": _number(words, "ratio_percent", 1, 100_000)}
    return Draft(**about)


def _budget(words: Words, person: UUID | None) -> dict[str, Any]:
    window = _one_of(BudgetWindow, words.get("window", ""), "window")
    action = _one_of(Enforcement, words.get("enforcement", ""), "enforcement")
    limit = money.usd_to_nano(words.get("limit", ""), field="limit")
    if limit <= 0:
        raise Invalid("budget_rules.error.limit", field="limit")
    if words.get("who") == ONE and person is None:
        raise Invalid("budget_rules.error.person", field="person")
    if action is Enforcement.DEGRADE and not words.get("degrade_model"):
        raise Invalid("budget_rules.error.degrade", field="degrade_model")
    days = _number(words, "rolling_days", 1, 366) if window is BudgetWindow.ROLLING else None
    return {
        "threshold_nano": limit, "window": window, "rolling_days": days, "steps": _steps(words.get("steps", "")),
        "each_user": words.get("who") == EACH, "user_id": person if words.get("who") == ONE else None,
        "model_id": _id(words.get("model", "")), "plan_id": _id(words.get("plan", "")), "enforcement": action,
        "degrade_model": words.get("degrade_model") if action is Enforcement.DEGRADE else None,
    }  # fmt: skip


def _steps(typed: str) -> tuple[int, ...]:
    """Percents of the limit, as "50, 75, 90, 100"."""
    parts = [part for part in typed.replace("%", " ").replace(";", ",").replace(",", " ").split() if part]
    if not 1 <= len(parts) <= 10 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise Invalid("budget_rules.error.steps", field="steps")
    steps = sorted({int(part[:5]) for part in parts})
    if not 1 <= steps[0] <= steps[-1] <= 1000:
        raise Invalid("budget_rules.error.steps", field="steps")
    return tuple(steps)


def _number(words: Words, name: str, low: int, high: int) -> int:
    typed = words.get(name, "").strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 8 and low <= int(typed) <= high):
        raise Invalid("budgets.error.number", field=name)
    return int(typed)


def _one_of(kind: Any, word: str, field: str) -> Any:
    if word not in list(kind):
        raise Invalid("common.error.invalid", field=field)
    return kind(word)


def _id(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 6 else None


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _dollars(nano: int) -> str:
    return f"{Decimal(nano).scaleb(-9).normalize():f}"
