"""What a person sees of their own credits: what they have, what their plan still gives, what each use costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, history, ledger, limits
from fitmycv_admin.domain.billing.credits import Wallet
from fitmycv_admin.domain.billing.history import Filters, LineRow
from fitmycv_admin.domain.settings import features
from fitmycv_admin.vocabulary import CreditKind, Permission, PlanFeature

FIRST = PageRequest()


@dataclass(frozen=True)
class UsageRow:
    """One feature this month: `used` of `usage_limit` uses (-1 without limit, 0 not in the plan), `cost` in credits.

    `resets_at` is when the count starts again; `is_override` says that an exception holds instead of the plan.
    """

    feature: PlanFeature
    used: int
    usage_limit: int
    resets_at: datetime
    is_override: bool
    cost: int


@dataclass(frozen=True)
class LotRow:
    """Credits that came in together and are not used up; `came_back` when they are from a lot that had expired."""

    id: int
    kind: CreditKind
    granted: int
    remaining: int
    held: int
    expires_at: datetime | None
    created_at: datetime
    came_back: bool


@dataclass(frozen=True, slots=True)
class WalletScreen:
    """Everything on the page, from one snapshot. `plan_name` is "" when there is no plan at all."""

    wallet: Wallet
    plan_name: str
    usage: tuple[UsageRow, ...]
    lots: tuple[LotRow, ...]
    filters: Filters
    lines: Page[LineRow]


def screen(
    db: Session,
    by: Actor,
    words: Mapping[str, str] | None = None,
    request: PageRequest = FIRST,
    *,
    now: datetime | None = None,
) -> WalletScreen:
    """The actor's own credits and plan, and the page of lines that an address asks for. Needs own.data."""
    by.must(Permission.OWN_DATA)
    plan_name, usage = _usage(db, by, now or clock.now())
    filters = history.asked(db, words or {})
    return WalletScreen(
        wallet=ledger.balance_of(db, by.owner_id),
        plan_name=plan_name,
        usage=usage,
        lots=_lots(db, by),
        filters=filters,
        lines=history.lines(db, by, filters, request),
    )


def _usage(db: Session, by: Actor, now: datetime) -> tuple[str, tuple[UsageRow, ...]]:
    plan_name, rows = "", []
    for feature in PlanFeature:
        limit = limits.limit_for(db, by.owner_id, feature, now)
        period = limit.period(now)
        plan_name = limit.plan_name
        cost, _ = features.credit_cost_now(db, feature)
        rows.append(
            UsageRow(
                feature=feature,
                used=counters.used(db, by.owner_id, feature, period),
                usage_limit=limit.usage_limit if limit.is_enabled else 0,
                resets_at=period[1],
                is_override=limit.source == limits.OVERRIDE,
                cost=cost,
            )
        )
    return plan_name, tuple(rows)


# In the order in which they are used.
_LOTS = text("""
SELECT id, kind, granted, remaining, held, expires_at, created_at, origin_lot_id IS NOT NULL AS came_back
FROM credit_lot WHERE user_id = :user AND remaining > 0
ORDER BY priority, expires_at NULLS LAST, id LIMIT 100""")


def _lots(db: Session, by: Actor) -> tuple[LotRow, ...]:
    return tuple(
        LotRow(
            row.id, CreditKind(row.kind), row.granted, row.remaining, row.held, row.expires_at, row.created_at,
            row.came_back,
        )
        for row in db.execute(_LOTS, {"user": by.owner_id})
    )  # fmt: skip
