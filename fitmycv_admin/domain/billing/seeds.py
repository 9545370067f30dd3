"""The plans, limits and credit packs the product starts with; only what is missing is inserted."""

from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from fitmycv_admin.models import CreditPack, PlanVersion, SubscriptionPlan, SubscriptionPlanFeatureLimit
from fitmycv_admin.vocabulary import PlanFeature

UNLIMITED = -1

_AI = (
    PlanFeature.GPT_CV_GENERATION, PlanFeature.IMPORT_PDF, PlanFeature.TRANSLATE_CV, PlanFeature.MATCH_SCORE,
    PlanFeature.OPTIMIZE_CV, PlanFeature.GENERATE_FROM_JOB_TITLE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan; prices in euro cents. `ai_uses` is what it allows of each AI feature in a month."""

    name: str
    tier: int
    monthly: int
    yearly: int
    ai_uses: int
    popular: bool = False

    @property
    def free(self) -> bool:
        return self.monthly == 0 and self.yearly == 0

    def limit(self, feature: PlanFeature) -> int:
        """How often in a month: UNLIMITED, or a number where 0 means not at all."""
        if feature in _AI:
            return self.ai_uses
        return 0 if self.free and feature == PlanFeature.EXPORT_CV else UNLIMITED


PLANS = (
    _Plan("free", 0, 0, 0, 0),
    _Plan("pro", 1, 999, 9_999, 25, popular=True),
    _Plan("premium", 2, 1_999, 19_999, 60),
)
PACKS = ((15, 499), (50, 1_499), (100, 2_699), (150, 3_599))
"""Credits and their price in euro cents."""


def insert_missing(db: Session) -> int:
    """Insert plans, limits and packs that are not there; returns how many rows were added."""
    added = _insert(db, SubscriptionPlan, [_plan(plan) for plan in PLANS])
    plan_ids = dict(db.exec(select(SubscriptionPlan.tier, SubscriptionPlan.id)).all())
    known = set(db.exec(select(PlanVersion.plan_id)).all())
    first = [
        (plan, _first_version(db, plan_ids[plan.tier], plan)) for plan in PLANS if plan_ids[plan.tier] not in known
    ]
    added += _insert(
        db,
        SubscriptionPlanFeatureLimit,
        [_limit(version, plan, feature) for plan, version in first for feature in PlanFeature],
    )
    return added + _insert(
        db, CreditPack, [{"name": f"{n} crédits", "credit_amount": n, "price": price} for n, price in PACKS]
    )


def _plan(plan: _Plan) -> dict[str, object]:
    return {
        "name": plan.name,
        "is_free": plan.free,
        "is_popular": plan.popular,
        "tier": plan.tier,
        "price_monthly": plan.monthly,
        "price_yearly": plan.yearly,
    }


def _first_version(db: Session, plan_id: int | None, plan: _Plan) -> PlanVersion:
    version = PlanVersion(plan_id=plan_id or 0, version=1, price_monthly=plan.monthly, price_yearly=plan.yearly)
    db.add(version)
    db.flush()
    return version


def _limit(version: PlanVersion, plan: _Plan, feature: PlanFeature) -> dict[str, object]:
    limit = plan.limit(feature)
    return {
        "plan_id": version.plan_id,
        "plan_version_id": version.id,
        "feature_name": feature.value,
        "is_enabled": limit != 0,
        "usage_limit": limit,
    }


def _insert(db: Session, table: type[SubscriptionPlan | SubscriptionPlanFeatureLimit | CreditPack], rows: list) -> int:
    if not rows:
        return 0
    added = db.execute(insert(table).values(rows).on_conflict_do_nothing().returning(col(table.id)))
    return len(added.all())
