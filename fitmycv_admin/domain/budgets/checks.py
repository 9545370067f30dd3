"""What a rule must say before it is stored or tried: each field in its bounds, each name known."""

from dataclasses import replace
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement

_DAILY = frozenset({AlertType.USER_DAILY, AlertType.GLOBAL_DAILY, AlertType.FEATURE_DAILY})
_MONTHLY = frozenset({AlertType.USER_MONTHLY, AlertType.GLOBAL_MONTHLY})
_OF_PEOPLE = frozenset({AlertType.USER_DAILY, AlertType.USER_MONTHLY})
_OF_ALL = frozenset({AlertType.GLOBAL_DAILY, AlertType.GLOBAL_MONTHLY})
LONGEST_NAME = 120
_LONGEST_TEXT = 1_000


def valid(db: Session, says: Draft) -> Draft:
    """The rule with what its type implies. Raises Invalid with the field."""
    says = implied(says)
    if not 0 < len(says.name) <= LONGEST_NAME:
        raise Invalid("budget_rules.error.name", field="name")
    if says.is_budget:
        _budget(says)
    elif says.type is AlertType.ANOMALY and not 110 <= (says.ratio_percent or 0) <= 10_000:
        raise Invalid("budget_rules.error.ratio", field="ratio_percent")
    elif says.type is AlertType.NO_DATA and not 5 <= (says.minutes or 0) <= 10_080:
        raise Invalid("budget_rules.error.minutes", field="minutes")
    _known(db, says)
    return says


def implied(says: Draft) -> Draft:
    """A rule with the window and scope of its type, and nothing that its other words rule out."""
    window, each = says.window, says.each_user
    if says.type in _DAILY:
        window = BudgetWindow.DAY
    elif says.type in _MONTHLY:
        window = BudgetWindow.MONTH
    if says.type in _OF_PEOPLE:
        each = says.user_id is None
    elif says.type in _OF_ALL or not says.is_budget:
        each = False
    return replace(
        says,
        name=says.name.strip(),
        description=says.description.strip()[:_LONGEST_TEXT],
        window=window,
        each_user=each,
        rolling_days=says.rolling_days if window is BudgetWindow.ROLLING else None,
        steps=tuple(sorted(set(says.steps))),
        enforcement=says.enforcement if says.is_budget else Enforcement.NOTIFY,
        degrade_model=says.degrade_model if says.enforcement is Enforcement.DEGRADE and says.is_budget else None,
    )


def _budget(says: Draft) -> None:
    if says.threshold_nano <= 0:
        raise Invalid("budget_rules.error.limit", field="threshold_nano")
    if not 1 <= len(says.steps) <= 10 or not all(1 <= step <= 1000 for step in says.steps):
        raise Invalid("budget_rules.error.steps", field="steps")
    if says.each_user and says.user_id is not None:
        raise Invalid("budget_rules.error.scope", field="each_user")
    if says.type is AlertType.FEATURE_DAILY and not says.feature_key:
        raise Invalid("budget_rules.error.feature_missing", field="feature_key")
    if says.window is BudgetWindow.ROLLING and not 1 <= (says.rolling_days or 0) <= 366:
        raise Invalid("budget_rules.error.rolling", field="rolling_days")
    if says.enforcement is Enforcement.DEGRADE and not says.degrade_model:
        raise Invalid("budget_rules.error.degrade", field="degrade_model")


def _known(db: Session, says: Draft) -> None:
    asked: tuple[tuple[str, str, Any, str], ...] = (
        ("feature_key", "feature", says.feature_key,
         "SELECT 1 FROM feature_mapping WHERE feature_key = :it UNION ALL SELECT 1 FROM ai_feature WHERE key = :it"),
        ("model_id", "model", says.model_id, "SELECT 1 FROM openai_pricing WHERE id = :it"),
        ("degrade_model", "degrade", says.degrade_model,
         "SELECT 1 FROM openai_pricing WHERE model_name = :it OR :it = ANY(aliases)"),
        ("plan_id", "plan", says.plan_id or None, "SELECT 1 FROM subscription_plan WHERE id = :it"),
        ("user_id", "person", says.user_id, "SELECT 1 FROM app_user WHERE id = :it"),
    )  # fmt: skip
    for field, word, value, sql in asked:
        if value is not None and db.execute(text(sql), {"it": value}).first() is None:
            raise Invalid(f"budget_rules.error.{word}", field=field)
    for channel in says.channels:
        sql = "SELECT 1 FROM alert_channel WHERE id = :it AND deleted_at IS NULL"
        if db.execute(text(sql), {"it": channel}).first() is None:
            raise Invalid("budget_rules.error.channel", field="channels")
