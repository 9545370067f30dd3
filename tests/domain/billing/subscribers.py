"""People on plans, for the tests of limits and counters."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select, text

from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models import PlanVersion, Subscription, SubscriptionPlan, SubscriptionPlanFeatureLimit, User
from fitmycv_admin.vocabulary import Permission, Role, SubscriptionState

LONG_AGO = datetime(2025, 1, 10, 9, tzinfo=UTC)
TABLES = (
    "limit_override", "feature_usage_counter", "subscription", "subscription_plan_feature_limit", "plan_version",
    "subscription_plan",
)  # fmt: skip


def wipe(db: Session) -> None:
    """No plan and no counter of another test."""
    for table in TABLES:
        db.execute(text(f"DELETE FROM {table}"))


def staff(db: Session, *permissions: Permission, name: str = "Ops") -> Actor:
    """Somebody of the staff with an account, who holds these permissions."""
    number = person(db, name=name, role=Role.OPS)
    return Actor(number, Role.OPS, frozenset(permissions), name=name)


def person(db: Session, *, since: datetime = LONG_AGO, name: str = "Ada", role: Role = Role.USER) -> UUID:
    """An account that was opened at an instant."""
    number = new_id()
    db.add(User(id=number, email=f"{number}@example.org", name=name, role=role, created_at=since))
    db.flush()
    return number


def plan(db: Session, name: str, limits: Mapping[str, int], *, cents: int = 0, moves: bool = False) -> PlanVersion:
    """A plan with its next version, which allows these features; 0 switches one off."""
    made = db.exec(select(SubscriptionPlan).where(SubscriptionPlan.name == name)).one_or_none()
    if made is None:
        tier = db.exec(select(func.count()).select_from(SubscriptionPlan)).one()
        made = SubscriptionPlan(name=name, tier=tier, is_free=cents == 0, price_monthly=cents, price_yearly=cents * 10)
        db.add(made)
        db.flush()
    assert made.id is not None
    last = db.exec(select(func.max(PlanVersion.version)).where(col(PlanVersion.plan_id) == made.id)).one() or 0
    version = PlanVersion(
        plan_id=made.id, version=last + 1, price_monthly=cents, price_yearly=cents * 10, moves_at_renewal=moves,
        valid_from=LONG_AGO,
    )  # fmt: skip
    db.add(version)
    db.flush()
    assert version.id is not None
    for feature, limit in limits.items():
        db.add(
            SubscriptionPlanFeatureLimit(
                plan_id=made.id, plan_version_id=version.id, feature_name=feature, is_enabled=limit != 0,
                usage_limit=limit,
            )
        )  # fmt: skip
    db.flush()
    return version


def subscribe(
    db: Session, user_id: UUID, version: PlanVersion, *, start: datetime, anchor: datetime | None = None,
    status: SubscriptionState = SubscriptionState.ACTIVE, past_due_since: datetime | None = None, pinned: bool = True,
) -> UUID:  # fmt: skip
    """A monthly subscription from an instant on, for 30 days."""
    made = Subscription(
        user_id=user_id, stripe_customer_id=f"cus_{user_id}", plan_id=version.plan_id,
        plan_version_id=version.id if pinned else None, status=status, billing_period="monthly",
        billing_anchor=anchor or start, past_due_since=past_due_since,
        current_period_start=start, current_period_end=start + timedelta(days=30),
    )  # fmt: skip
    db.add(made)
    db.flush()
    return made.id
