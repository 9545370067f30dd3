"""Promo codes and referrals of the demo."""

from datetime import timedelta
from typing import Any

from fitmycv_admin.local.demo.people import Person
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import PromoCode, Referral
from fitmycv_admin.vocabulary import ReferralState


def spread(stage: Stage, customers: list[Person]) -> None:
    """Insert a code of each kind, and who brought whom."""
    _promotions(stage)
    _referrals(stage, customers)


def _promotions(stage: Stage) -> None:
    def code(word: str, days_ago: int, days: int | None, uses: int, most: int | None, **what: Any) -> dict[str, Any]:
        since = stage.now - timedelta(days=days_ago)
        return {
            "id": stage.id(since),
            "code": word,
            "type": "credit_bonus" if "credit_bonus" in what else "subscription_discount",
            "discount_type": what.get("discount_type"),
            "discount_value": what.get("discount_value"),
            "credit_bonus": what.get("credit_bonus"),
            "max_uses": most,
            "current_uses": uses,
            "valid_from": since,
            "valid_until": since + timedelta(days=days) if days else None,
            "is_active": what.get("is_active", True),
            "created_at": since,
            "updated_at": since,
        }

    rows = [
        code("DEMO10", 85, None, 6, 100, discount_type="percentage", discount_value=10),
        code("DEMORENTREE", 80, 45, 3, None, discount_type="fixed", discount_value=300),
        code("DEMOCREDITS5", 40, 90, 2, 50, credit_bonus=5),
        code("DEMOSALON", 30, 60, 0, 20, credit_bonus=15, is_active=False),
    ]
    stage.insert(PromoCode, rows)


def _referrals(stage: Stage, people: list[Person]) -> None:
    pairs = ((0, 6, ReferralState.COMPLETED), (2, 11, ReferralState.PENDING), (0, 14, ReferralState.PENDING),
             (5, 20, ReferralState.REJECTED))  # fmt: skip
    rows = [
        {
            "id": stage.id(people[guest].since),
            "referrer_id": people[host].id,
            "referred_user_id": people[guest].id,
            "referral_code": people[host].code,
            "status": state,
            "referrer_reward": 5,
            "referred_reward": 5,
            "completed_at": people[guest].since + timedelta(days=16) if state == ReferralState.COMPLETED else None,
            "created_at": people[guest].since,
        }
        for host, guest, state in pairs
    ]
    stage.insert(Referral, rows)
