"""What the meter would make of a name: which model it means, at which tier and price, and what a call would cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import catalogue, meter, pricing
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import CallStatus, Permission, ServiceTier

LONGEST = 120
MOST_TOKENS = 100_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """What a name means. `how` is exact, alias, family or none; `tier` is the one the call is priced at.

    `lines` are nano-USD per million tokens, empty without a price; `cost_nano` is None when it would be unpriced.
    """

    name: str
    model: str
    how: str
    is_active: bool
    tier: str
    version_id: int | None
    lines: Mapping[str, int]
    cost_nano: int | None


def try_name(
    db: Session, by: Actor, name: str, tier: str, *, prompt: int = 0, cached: int = 0, completion: int = 0
) -> Tried:
    """A call of these tokens, served now under a name at a tier, as the meter would price it; nothing is stored.

    Raises Invalid with the field (name, tier, prompt, cached or completion).
    """
    by.must(Permission.PRICES_READ)
    name = name.strip()
    if not name or len(name) > LONGEST:
        raise Invalid("ai_costs.error.model_name_missing", field="name")
    if tier not in list(ServiceTier):
        raise Invalid("prices.error.tier_unknown", field="tier")
    for field, count in (("prompt", prompt), ("cached", cached), ("completion", completion)):
        if not 0 <= count <= MOST_TOKENS:
            raise Invalid("prices.error.tokens", field=field)
    if cached > prompt:
        raise Invalid("prices.error.cached", field="cached")
    now = clock.now()
    usage = CallUsage(
        call_name="", feature_key="", model_requested=name, model_served=name, tier=tier, prompt_tokens=prompt,
        cached_tokens=cached, cache_write_tokens=0, completion_tokens=completion, reasoning_tokens=0, started_at=now,
        duration_ms=0, status=CallStatus.OK, request_id=None,
    )  # fmt: skip
    match = catalogue.find_model(db, name)
    if match is None:
        return Tried(name, "", "none", False, tier, None, {}, None)
    at_tier = meter.tier_of(match, usage)
    price = pricing.price_of(db, match.name, at_tier, now)
    is_active = db.execute(text("SELECT is_active FROM openai_pricing WHERE id = :id"), {"id": match.id}).scalar_one()
    return Tried(
        name, match.name, match.how, is_active, at_tier, price.version_id if price else None,
        price.lines if price else {}, meter.cost_of(price, usage),
    )  # fmt: skip


def describe(
    db: Session, by: Actor, model: str, *, aliases: tuple[str, ...], description: str = "",
    large_context_from: int | None = None, is_active: bool = True, reason: str,
) -> None:  # fmt: skip
    """Replace what the list says of a model beside its prices. Audited; needs prices.write.

    Raises NotFound, and Invalid with the field: an alias that already means another model, a length below 1, no reason.
    """
    by.must(Permission.PRICES_WRITE)
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    if large_context_from is not None and not 1 <= large_context_from <= MOST_TOKENS:
        raise Invalid("prices.error.tokens", field="large_context_from")
    names = tuple(dict.fromkeys(one.strip() for one in aliases if one.strip()))
    row = db.execute(
        text(
            "SELECT id, aliases, description, large_context_from, is_active FROM openai_pricing"
            " WHERE model_name = :model FOR UPDATE"
        ),
        {"model": model},
    ).one_or_none()
    if row is None:
        raise NotFound
    taken = db.execute(
        text(
            "SELECT 1 FROM openai_pricing WHERE id <> :id AND (model_name = ANY(:names) OR aliases && :names) LIMIT 1"
        ),
        {"id": row.id, "names": list(names)},
    ).first()
    if taken or any(len(name) > LONGEST for name in names):
        raise Invalid("prices.error.alias_taken", field="aliases")
    before = {
        "aliases": list(row.aliases), "description": row.description or "",
        "large_context_from": row.large_context_from, "is_active": row.is_active,
    }  # fmt: skip
    after = {
        "aliases": list(names), "description": description.strip(), "large_context_from": large_context_from,
        "is_active": is_active,
    }  # fmt: skip
    db.execute(
        text(
            "UPDATE openai_pricing SET aliases = :aliases, description = nullif(:description, ''), updated_at = :now,"
            " large_context_from = :large_context_from, is_active = :is_active WHERE id = :id"
        ),
        {**after, "id": row.id, "now": clock.now()},
    )
    trail.record(db, by, "price.model_changed", "price", model, reason=reason, before=before, after=after)
