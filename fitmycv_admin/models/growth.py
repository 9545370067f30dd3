"""Referrals and promo codes."""

from sqlalchemy import CheckConstraint, text
from sqlalchemy import Index as _Index
from sqlmodel import Field

from fitmycv_admin.models.base import UUID, Table, datetime, entity_id, instant, one_of, ref, words
from fitmycv_admin.vocabulary import ReferralState


class Referral(Table, table=True):
    """Who brought whom, and what both get; a person is brought once."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint("referrer_id <> referred_user_id", name="not_oneself"),
        CheckConstraint(one_of("status", ReferralState), name="status"),
        CheckConstraint("referrer_reward >= 0 AND referred_reward >= 0", name="rewards"),
    )

    id: UUID = entity_id()
    referrer_id: UUID = ref("app_user.id")
    referred_user_id: UUID = ref("app_user.id", unique=True)
    referral_code: str = words()
    status: str = words(ReferralState.PENDING)
    referrer_reward: int = Field(nullable=False)
    referred_reward: int = Field(nullable=False)
    completed_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class PromoCode(Table, table=True):
    """A code that discounts a subscription or adds credits. Fixed discounts in cents, percentages in whole percents."""

    __tablename__ = "promo_code"
    __table_args__ = (
        CheckConstraint("type IN ('subscription_discount', 'credit_bonus')", name="type"),
        CheckConstraint("discount_type IN ('percentage', 'fixed')", name="discount_type"),
        CheckConstraint("(type = 'credit_bonus') = (credit_bonus IS NOT NULL)", name="credit_bonus"),
        CheckConstraint("(type = 'subscription_discount') = (discount_type IS NOT NULL)", name="discount_has_type"),
        CheckConstraint("(discount_type IS NULL) = (discount_value IS NULL)", name="discount_has_value"),
        CheckConstraint("discount_type <> 'percentage' OR discount_value BETWEEN 1 AND 100", name="percentage"),
        CheckConstraint("discount_value > 0", name="discount_value"),
        CheckConstraint("credit_bonus > 0", name="bonus"),
        CheckConstraint("current_uses >= 0 AND (max_uses IS NULL OR current_uses <= max_uses)", name="uses"),
        CheckConstraint("valid_until IS NULL OR valid_from < valid_until", name="window"),
        _Index("uq_promo_code_code_upper", text("upper(code)"), unique=True),
    )

    id: UUID = entity_id()
    code: str = words()
    type: str = words()
    discount_type: str | None = words(nullable=True)
    discount_value: int | None = Field(default=None)
    credit_bonus: int | None = Field(default=None)
    max_uses: int | None = Field(default=None)
    current_uses: int = Field(default=0, nullable=False)
    valid_from: datetime = instant()
    valid_until: datetime | None = instant(nullable=True)
    is_active: bool = Field(default=True, nullable=False)
    created_at: datetime = instant()
    updated_at: datetime = instant()
