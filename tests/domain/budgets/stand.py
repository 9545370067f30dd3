"""Builders for the tests of budgets: rules, calls of a known cost, what was noticed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import fold, meter
from fitmycv_admin.domain.budgets import evaluation, rules
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.models.billing import SubscriptionPlan
from fitmycv_admin.vocabulary import AlertType
from tests.domain.ai_costs import ledger

OPS = actors.system("test")
USD = 1_000_000_000
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday


def rule(usd: float = 10, **words: Any) -> int:
    """A budget for everybody and a day, unless said otherwise; returns its id."""
    says = {"type": AlertType.BUDGET, "name": f"rule {words}"[:110], "threshold_nano": round(usd * USD)} | words
    with transaction() as db:
        return rules.create(db, OPS, Draft(**says))


def spend(usd: float, at: datetime = NOON, *, user: UUID | None = None, model: str = "gpt-a",
          call: str = "match_score", db: Session | None = None, plan: str | None = None) -> None:  # fmt: skip
    """One call that costs this much, to the thousandth of a dollar: 500,000 prompt tokens are a dollar."""
    usage = ledger.usage(at, model=model, prompt=round(usd * 500_000), completion=0, call=call)
    if db is not None:
        meter.record(db, usage, user_id=user, plan=plan)
        return
    with transaction() as own:
        meter.record(own, usage, user_id=user, plan=plan)


def person(email: str) -> UUID:
    """Somebody."""
    with transaction() as db:
        return ledger.person(db, email)


def seq_of(user: UUID) -> int:
    """Their number."""
    with transaction() as db:
        return db.execute(text("SELECT seq FROM app_user WHERE id = :id"), {"id": user}).scalar_one()


def look(at: datetime = NOON + timedelta(minutes=1), *, folded: bool = True) -> evaluation.Evaluated:
    """Fold, then look at the rules."""
    if folded:
        with transaction() as db:
            fold.fold(db)
    with transaction() as db:
        return evaluation.evaluate(db, at=at)


def noticed(rule_id: int | None = None) -> list[tuple[str, datetime, int]]:
    """Subject, window and step of each notice, in order."""
    return [(row.subject, row.window_starts_at, row.step) for row in rows("alert_notice", rule_id)]


def rows(table: str, rule_id: int | None = None) -> list[Any]:
    """The rows of a table about a rule, or all."""
    where = "" if rule_id is None else " WHERE rule_id = :rule"
    order = {"alert_notice": "subject, window_starts_at, step", "budget_spending": "subject, starts_at"}.get(table, "1")
    with transaction() as db:
        return list(db.execute(text(f"SELECT * FROM {table}{where} ORDER BY {order}"), {"rule": rule_id}))


def plan(name: str) -> int:
    """A plan on sale; returns its id."""
    with transaction() as db:
        found = db.execute(text("SELECT id FROM subscription_plan WHERE name = :name"), {"name": name})
        known = found.scalar_one_or_none()
        if known is not None:
            return known
        row = SubscriptionPlan(name=name, tier=7, price_monthly=700, price_yearly=7000)
        db.add(row)
        db.flush()
        assert row.id is not None
        return row.id


def feature(key: str, *call_names: str, plan_features: tuple[str, ...] = ()) -> str:
    """A feature that these calls are counted under; returns its key."""
    with transaction() as db:
        db.execute(
            text(
                "INSERT INTO feature_mapping (id, feature_key, display_name, setting_names, openai_call_names,"
                " plan_feature_names) VALUES (gen_random_uuid(), :key, :key, '[]', cast(:calls AS jsonb),"
                " cast(:plans AS jsonb)) ON CONFLICT (feature_key) DO UPDATE SET plan_feature_names ="
                " excluded.plan_feature_names"
            ),
            {"key": key, "calls": json.dumps(call_names), "plans": json.dumps(plan_features)},
        )
    return key
