"""What a person's plan, or an exception made for them, allows of a feature at an instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.billing import counters, periods
from fitmycv_admin.domain.billing.periods import Period
from fitmycv_admin.vocabulary import SubscriptionState

GRACE = timedelta(days=14)
"""How long a subscription whose payment failed still counts."""

OVERRIDE = "override"
PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Limit:
    """How often a month: `usage_limit` is -1 without limit, 0 never. `anchor` is what the month counts from.

    `source` says whether the plan or an exception decides; the plan is named either way; `until` ends the exception.
    """

    is_enabled: bool
    usage_limit: int
    source: str
    plan_id: int | None
    plan_version_id: int | None
    plan_name: str
    anchor: datetime
    override_id: UUID | None = None
    until: datetime | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether no number of uses is too many."""
        return self.is_enabled and self.usage_limit == counters.UNLIMITED

    def period(self, now: datetime) -> Period:
        """The month of this person that holds an instant."""
        return periods.monthly(self.anchor, now)


def limit_for(db: Session, user_id: UUID, feature: str, now: datetime) -> Limit:
    """The limit of one person for one feature: the exception that runs, else the plan they are entitled to.

    A subscription counts while it is active, on trial, or past due for less than GRACE; without one it is the free
    plan as it is sold now. A feature its plan does not name is not allowed. Raises NotFound for nobody.
    """
    row = db.execute(_LIMIT, {"person": user_id, "feature": feature, "now": now, "since": now - GRACE}).one_or_none()
    if row is None:
        raise NotFound
    enabled, number, source = row.plan_enabled or False, row.plan_limit or 0, PLAN
    if row.override_id is not None:
        enabled, number, source = row.override_enabled, row.override_limit, OVERRIDE
    return Limit(
        is_enabled=enabled and number != 0, usage_limit=number if enabled else 0, source=source,
        plan_id=row.plan_id, plan_version_id=row.plan_version_id, plan_name=row.plan_name or "",
        anchor=row.anchor, override_id=row.override_id, until=row.ends_at,
    )  # fmt: skip


def entitled(alias: str) -> str:
    """SQL: whether a subscription counts at :now, where :since is GRACE before it."""
    return (
        f"({alias}.status IN ('{SubscriptionState.ACTIVE}', '{SubscriptionState.TRIALING}')"
        f" OR {alias}.status = '{SubscriptionState.PAST_DUE}'"
        f" AND coalesce({alias}.past_due_since, {alias}.current_period_start) > :since)"
    )


def newest(plan_id: str) -> str:
    """SQL: the version of a plan that is sold at :now."""
    return (
        f"(SELECT n.id FROM plan_version n WHERE n.plan_id = {plan_id} AND n.valid_from <= :now"
        " ORDER BY n.version DESC LIMIT 1)"
    )


def held(alias: str) -> str:
    """SQL: the version a subscription has at :now: the next one once its renewal has come, else its own."""
    return (
        f"coalesce(CASE WHEN {alias}.current_period_end <= :now THEN {alias}.next_plan_version_id END,"
        f" {alias}.plan_version_id, {newest(f'{alias}.plan_id')})"
    )


def entitlement(where: str) -> str:
    """SQL: rows (user_id, email, is_subscriber, plan_id, plan_version_id, anchor) of the people `u` who fit."""
    return f"""
SELECT u.id AS user_id, u.email, s.plan_id IS NOT NULL AS is_subscriber, coalesce(s.plan_id, f.id) AS plan_id,
    coalesce(s.version_id, f.version_id) AS plan_version_id, coalesce(s.anchor, u.created_at) AS anchor
FROM app_user u
LEFT JOIN LATERAL (
    SELECT c.plan_id, {held("c")} AS version_id, coalesce(c.billing_anchor, c.current_period_start) AS anchor
    FROM subscription c WHERE c.user_id = u.id AND {entitled("c")}
) s ON true
LEFT JOIN (SELECT p.id, {newest("p.id")} AS version_id FROM subscription_plan p WHERE p.is_free) f ON true
WHERE {where}"""


def _sql() -> Any:
    return text(
        f"""SELECT e.plan_id, e.plan_version_id, e.anchor, p.name AS plan_name,
                l.is_enabled AS plan_enabled, l.usage_limit AS plan_limit,
                o.id AS override_id, o.is_enabled AS override_enabled, o.usage_limit AS override_limit, o.ends_at
            FROM ({entitlement("u.id = :person")}) e
            LEFT JOIN subscription_plan p ON p.id = e.plan_id
            LEFT JOIN subscription_plan_feature_limit l
                ON l.plan_version_id = e.plan_version_id AND l.feature_name = :feature
            LEFT JOIN limit_override o ON o.user_id = e.user_id AND o.feature_name = :feature
                AND o.ended_at IS NULL AND o.valid_from <= :now AND o.ends_at > :now"""
    )


_LIMIT = _sql()
