"""The page of corrections: calls that wait for a price, what may be asked of their past, and every batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import adjustments, catalogue, cells, price_list, pricing
from fitmycv_admin.domain.ai_costs.adjustments import Asked, BatchRow, Preview
from fitmycv_admin.vocabulary import AdjustmentKind, Permission, ServiceTier

AT_PRICE = ("valid", "now", "typed")
"""The version valid at each call, the one of now, or prices that were typed."""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """Calls of a model at a tier without a price; the days are the first and the last that have some."""

    model: str
    tier: str
    calls: int
    first: date
    last: date
    has_price_now: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for, by names; empty model or tier: all. `lines` matter when `at_price` is typed."""

    kind: str
    model: str
    tier: str
    starts_at: datetime | None
    ends_at: datetime | None
    at_price: str = "valid"
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorrectionScreen:
    """Everything the page shows."""

    waiting: tuple[WaitingRow, ...]
    batches: Page[BatchRow]
    models: tuple[str, ...]
    zone: str
    may_write: bool


def screen(db: Session, by: Actor, request: PageRequest) -> CorrectionScreen:
    """Calls that wait for a price, and a page of batches, newest first. Needs prices.read."""
    by.must(Permission.PRICES_READ)
    models = db.execute(text("SELECT model_name FROM openai_pricing ORDER BY is_active DESC, 1")).scalars()
    return CorrectionScreen(
        waiting(db, by), adjustments.batches(db, by, request), tuple(models), price_list.zone(db),
        by.may(Permission.PRICES_WRITE),
    )  # fmt: skip


def waiting(db: Session, by: Actor) -> tuple[WaitingRow, ...]:
    """Every model and tier with calls that had no price and have not been given one since; most calls first."""
    by.must(Permission.PRICES_READ)
    rows = db.execute(text(_WAITING), {"zone": price_list.zone(db), "now": clock.now()}).all()
    return tuple(WaitingRow(*row) for row in rows)


def preview(db: Session, by: Actor, wish: Wish) -> Preview:
    """What the correction would do; nothing is stored. Raises Invalid with the field."""
    return adjustments.preview(db, by, _asked(db, wish))


def start(db: Session, by: Actor, wish: Wish, *, reason: str) -> int:
    """Open the batch; returns its id. Raises Invalid with the field."""
    return adjustments.start(db, by, _asked(db, wish), reason=reason)


def _asked(db: Session, wish: Wish) -> Asked:
    if wish.kind not in (AdjustmentKind.REPRICE, AdjustmentKind.LATE_PRICE):
        raise Invalid("ai_costs.error.adjust_kind", field="kind")
    if wish.starts_at is None or wish.ends_at is None:
        raise Invalid("ai_costs.error.adjust_span", field="starts_at" if wish.starts_at is None else "ends_at")
    found = catalogue.find_model(db, wish.model) if wish.model else None
    if wish.model and found is None:
        raise Invalid("prices.error.model_unknown", field="model")
    if wish.tier and wish.tier not in list(ServiceTier):
        raise Invalid("prices.error.tier_unknown", field="tier")
    tier_id = catalogue.tier_id(db, wish.tier) if wish.tier else None
    return Asked(
        AdjustmentKind(wish.kind), found.id if found else None, tier_id, wish.starts_at, wish.ends_at,
        _lines(db, wish),
    )  # fmt: skip


def _lines(db: Session, wish: Wish) -> Mapping[str, int] | None:
    if wish.at_price == "valid":
        return None
    if wish.at_price not in AT_PRICE:
        raise Invalid("ai_costs.error.adjust_kind", field="at_price")
    # One price for several models would be nobody's.
    if not wish.model or not wish.tier:
        raise Invalid("prices.error.one_model", field="model" if not wish.model else "tier")
    if wish.at_price == "typed":
        pricing.check(wish.lines)
        return wish.lines
    price = pricing.price_of(db, wish.model, wish.tier, clock.now())
    if price is None:
        raise Invalid("prices.error.no_price_now", field="at_price")
    return price.lines


_WAITING = f"""
SELECT m.model_name, t.key, sum(w.unpriced)::bigint, min(w.day), max(w.day),
    EXISTS (SELECT 1 FROM price_version v WHERE v.model_id = m.id AND v.tier_id = t.id
        AND v.valid @> cast(:now AS timestamptz))
FROM (
    SELECT day, model_id, tier_id, unpriced FROM roll_day WHERE unpriced > 0
    UNION ALL
    SELECT (created_at AT TIME ZONE cast(:zone AS text))::date, model_id, tier_id, 1 FROM openai_call
    WHERE xid >= {cells.MARK} AND cost_nano IS NULL AND price_version_id IS NULL
) w JOIN openai_pricing m ON m.id = w.model_id JOIN ai_tier t ON t.id = w.tier_id
GROUP BY m.id, m.model_name, t.id, t.key ORDER BY 3 DESC, 1, 2"""
