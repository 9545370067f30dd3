"""Plans, subscriptions, credits and what Stripe told us."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    at,
    datetime,
    entity_id,
    instant,
    line_id,
    one_of,
    ref,
    words,
)
from fitmycv_admin.vocabulary import BillingPeriod, CreditKind, SubscriptionState

_PLAN = "subscription_plan.id"
_VERSION = "plan_version.id"
_WHOSE = "hashtextextended(feature_name, uuid_hash_extended(user_id, 0))"


def _count(name: str = "0") -> Any:
    return Field(default=int(name), nullable=False, sa_column_kwargs={"server_default": name})


def _number_id() -> Any:
    return Field(default=None, primary_key=True, sa_type=Integer, sa_column_args=[Identity(always=False)])


class SubscriptionPlan(Table, table=True):
    """A plan. Prices are cents of `price_currency`, tax included."""

    __tablename__ = "subscription_plan"
    __table_args__ = (
        CheckConstraint("tier >= 0", name="tier"),
        CheckConstraint("price_monthly >= 0 AND price_yearly >= 0", name="prices"),
        CheckConstraint("is_free = (price_monthly = 0 AND price_yearly = 0)", name="free_costs_nothing"),
        Index("uq_subscription_plan_one_free", "is_free", unique=True, postgresql_where=text("is_free")),
    )

    id: int | None = _number_id()
    name: str = words(unique=True)
    description: str | None = words(nullable=True)
    is_free: bool = Field(default=False, nullable=False)
    is_popular: bool = Field(default=False, nullable=False)
    tier: int = Field(nullable=False, unique=True)
    price_monthly: int = Field(nullable=False)
    price_yearly: int = Field(nullable=False)
    price_currency: str = words("EUR")
    stripe_product_id: str | None = words(nullable=True, unique=True)
    stripe_price_id_monthly: str | None = words(nullable=True, unique=True)
    stripe_price_id_yearly: str | None = words(nullable=True, unique=True)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class PlanVersion(Table, table=True):
    """What a plan offered from `valid_from` on; the newest is what is sold, earlier ones are kept by subscribers."""

    __tablename__ = "plan_version"
    __table_args__ = (
        UniqueConstraint("plan_id", "version"),
        UniqueConstraint("id", "plan_id"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("price_monthly >= 0 AND price_yearly >= 0", name="prices"),
    )

    id: int | None = _number_id()
    plan_id: int = Field(sa_type=Integer, sa_column_args=[ForeignKey(_PLAN, ondelete="RESTRICT")], nullable=False)
    version: int = Field(nullable=False)
    price_monthly: int = Field(nullable=False)
    price_yearly: int = Field(nullable=False)
    price_currency: str = words("EUR")
    moves_at_renewal: bool = Field(default=False, nullable=False)
    note: str = words("")
    created_by: UUID | None = ref("app_user.id", nullable=True)
    valid_from: datetime = instant()


class SubscriptionPlanFeatureLimit(Table, table=True):
    """How often a version of a plan allows a feature in a month: -1 without limit, 0 never."""

    __tablename__ = "subscription_plan_feature_limit"
    __table_args__ = (
        UniqueConstraint("plan_version_id", "feature_name"),
        ForeignKeyConstraint(
            ["plan_version_id", "plan_id"], ["plan_version.id", "plan_version.plan_id"], ondelete="RESTRICT"
        ),
        CheckConstraint("usage_limit >= -1", name="usage_limit"),
    )

    id: int | None = _number_id()
    plan_id: int = Field(sa_type=Integer, nullable=False, index=True)
    plan_version_id: int = Field(sa_type=Integer, nullable=False)
    feature_name: str = words()
    is_enabled: bool = Field(nullable=False)
    usage_limit: int = Field(nullable=False)


class Subscription(Table, table=True):
    """The current subscription of a person."""

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint(one_of("status", SubscriptionState), name="status"),
        CheckConstraint(one_of("billing_period", BillingPeriod), name="billing_period"),
        CheckConstraint("current_period_start < current_period_end", name="period"),
    )

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", unique=True)
    stripe_customer_id: str = words()
    stripe_subscription_id: str | None = words(nullable=True, unique=True)
    plan_id: int = Field(
        sa_type=Integer, sa_column_args=[ForeignKey(_PLAN, ondelete="RESTRICT")], nullable=False, index=True
    )
    plan_version_id: int | None = Field(
        default=None, sa_type=Integer, sa_column_args=[ForeignKey(_VERSION, ondelete="RESTRICT")], index=True
    )
    next_plan_version_id: int | None = Field(
        default=None, sa_type=Integer, sa_column_args=[ForeignKey(_VERSION, ondelete="RESTRICT")], index=True
    )
    status: str = words()
    billing_period: str = words()
    billing_anchor: datetime | None = instant(nullable=True)
    past_due_since: datetime | None = instant(nullable=True)
    current_period_start: datetime = at()
    current_period_end: datetime = at()
    cancel_at_period_end: bool = Field(default=False, nullable=False)
    canceled_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()
    updated_at: datetime = instant()


TOTALS: dict[str, CreditKind] = {
    "purchased": CreditKind.PURCHASE,
    "used": CreditKind.USAGE,
    "refunded": CreditKind.RETURN,
    "gifted": CreditKind.GIFT,
    "welcome": CreditKind.WELCOME,
    "promo": CreditKind.PROMO,
    "referral": CreditKind.REFERRAL,
    "clawed_back": CreditKind.CLAWBACK,
    "expired": CreditKind.EXPIRY,
    "charged_back": CreditKind.CHARGEBACK,
    "chargeback_reversed": CreditKind.CHARGEBACK_REVERSAL,
    "purchase_reversed": CreditKind.PURCHASE_REVERSAL,
    "adjusted": CreditKind.ADJUSTMENT,
}
"""The totals of a balance: `total_<name>` is the sum of the lines of that kind, without its sign but for adjusted."""


class CreditBalance(Table, table=True):
    """The checked cache of a person's ledger."""

    __tablename__ = "credit_balance"
    __table_args__ = (
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint(
            " AND ".join(f"total_{name} >= 0" for name in TOTALS if name != "adjusted"),
            name="totals",
        ),
    )

    user_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("app_user.id", ondelete="RESTRICT")])
    balance: int = _count()
    held: int = _count()
    total_purchased: int = _count()
    total_used: int = _count()
    total_refunded: int = _count()
    total_gifted: int = _count()
    total_welcome: int = _count()
    total_promo: int = _count()
    total_referral: int = _count()
    total_clawed_back: int = _count()
    total_expired: int = _count()
    total_charged_back: int = _count()
    total_chargeback_reversed: int = _count()
    total_purchase_reversed: int = _count()
    total_adjusted: int = _count()
    balance_after_last_purchase: int | None = Field(default=None)
    updated_at: datetime = instant()


class CreditTransaction(Table, table=True):
    """One line of the ledger; lines are only added. Task and CV ids have no foreign key: the line outlives them."""

    __tablename__ = "credit_transaction"
    __table_args__ = (
        CheckConstraint(one_of("type", CreditKind), name="type"),
        Index(
            "uq_credit_transaction_purchase", "stripe_payment_intent_id",
            unique=True, postgresql_where=text("type = 'purchase'"),
        ),
        Index(
            "uq_credit_transaction_task", "type", "task_id", "unit", "cause",
            unique=True, postgresql_where=text("type IN ('usage', 'return')"),
        ),
        Index(
            "uq_credit_transaction_return", "related_transaction_id", "cause",
            unique=True, postgresql_where=text("type = 'return'"),
        ),
        Index("ix_credit_transaction_created_at_id", "created_at", "id"),
        Index("ix_credit_transaction_type_created_at_id", "type", "created_at", "id"),
        Index("ix_credit_transaction_source_created_at_id", "source", "created_at", "id"),
        Index("ix_credit_transaction_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_credit_transaction_user_id_id", "user_id", "id"),
    )  # fmt: skip

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id", index=False)
    amount: int = Field(nullable=False)
    balance_after: int = Field(nullable=False)
    type: str = words()
    source: str = words("")
    feature_name: str | None = words(nullable=True)
    task_id: UUID | None = Field(default=None, index=True)
    cv_file_id: UUID | None = Field(default=None)
    stripe_payment_intent_id: str | None = words(nullable=True)
    stripe_invoice_id: str | None = words(nullable=True)
    related_transaction_id: int | None = Field(
        default=None,
        sa_type=BigInteger,
        sa_column_args=[ForeignKey("credit_transaction.id", ondelete="RESTRICT")],
        index=True,
    )
    unit: str = words("")
    cause: str = words("")
    batch_id: UUID | None = Field(default=None)
    request_key: str | None = words(nullable=True, unique=True)
    actor_id: UUID | None = Field(default=None, index=True)
    reason: str | None = words(nullable=True)
    created_at: datetime = instant()


class CreditPack(Table, table=True):
    """A number of credits that can be bought; `price` in cents of `price_currency`."""

    __tablename__ = "credit_pack"
    __table_args__ = (
        CheckConstraint("credit_amount > 0", name="credit_amount"),
        CheckConstraint("price >= 0", name="price"),
    )

    id: int | None = _number_id()
    name: str = words()
    credit_amount: int = Field(nullable=False, unique=True)
    price: int = Field(nullable=False)
    price_currency: str = words("EUR")
    is_active: bool = Field(default=True, nullable=False)
    stripe_product_id: str | None = words(nullable=True, unique=True)
    stripe_price_id: str | None = words(nullable=True, unique=True)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class FeatureUsageCounter(Table, table=True):
    """How often a person used a feature in one period; past periods stay."""

    __tablename__ = "feature_usage_counter"
    __table_args__ = (
        UniqueConstraint("user_id", "feature_name", "period_start"),
        CheckConstraint("0 <= reserved AND reserved <= count", name="count"),
        CheckConstraint("period_start < period_end", name="period"),
        Index("ix_feature_usage_counter_feature_name_period_start", "feature_name", "period_start"),
        ExcludeConstraint(  # without an extension: a person and feature are one number
            (func.int8range(text(_WHOSE), text(_WHOSE), text("'[]'")), "&&"),
            (func.tstzrange(text("period_start"), text("period_end")), "&&"),
            name="ex_feature_usage_counter_period",
            using="gist",
        ),
    )

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id", index=False)
    feature_name: str = words()
    count: int = _count()
    reserved: int = _count()
    period_start: datetime = at()
    period_end: datetime = at()


class StripeWebhookLog(Table, table=True):
    """An event of Stripe, stored before it is answered; `payload` is the raw body."""

    __tablename__ = "stripe_webhook_log"
    __table_args__ = (Index("ix_stripe_webhook_log_created_at_id", "created_at", "id"),)

    id: int | None = line_id()
    event_id: str = words(unique=True)
    event_type: str = words(index=True)
    payload: str = words()
    livemode: bool = Field(default=False, nullable=False)
    processed: bool = Field(default=False, nullable=False)
    processed_at: datetime | None = instant(nullable=True)
    attempts: int = _count()
    error: str | None = words(nullable=True)
    created_at: datetime = instant()
