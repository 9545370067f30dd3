"""The price list as its page draws it: plain rows, and what a new price would have meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from fitmycv_admin.core import money
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.price_list import PriceRow, VersionRow
from fitmycv_admin.domain.ai_costs.price_preview import Preview
from fitmycv_admin.ui.ops.ai_costs import figures
from fitmycv_admin.vocabulary import AdjustmentKind, UsageType

HERE = "/ops/ai-costs/pricing"


@dataclass(frozen=True)
class PriceLine:
    """One model at one tier; prices are nano-USD per million tokens, None where there is none."""

    id: str
    model: str
    tier: str
    description: str
    aliases: str
    is_active: bool
    is_priced: bool
    long_from: int
    input: int | None
    cached_input: int | None
    cache_write: int | None
    output: int | None
    reasoning: int | None
    image: int | None
    audio: int | None
    since: str
    next_at: str
    calls: int
    unpriced: int
    cost_nano: int
    href: str
    calls_href: str
    unpriced_href: str
    reprice_href: str


@dataclass(frozen=True)
class VersionLine:
    """One version of the opened model."""

    id: str
    state: str
    input: int | None
    cached_input: int | None
    cache_write: int | None
    output: int | None
    reasoning: int | None
    image: int | None
    audio: int | None
    starts_at: str
    ends_at: str
    reason: str
    source: str
    by: str


@dataclass(frozen=True)
class PartLine:
    """A feature in the preview of a price."""

    id: str
    label: str
    label_key: str
    calls: int
    before_nano: int
    after_nano: int


@dataclass(frozen=True)
class BudgetLine:
    """A budget that a price would have crossed more, or less, often."""

    id: str
    name: str
    limit_nano: int
    window: str
    reached: int
    would_reach: int


@dataclass(frozen=True)
class FarPrice:
    """A line far from what is known."""

    id: str
    usage_type: str
    nano: int
    was: int
    times: float
    against: str


@dataclass(frozen=True)
class Impact:
    """What a price would have meant; not `is_shown` before it was asked for. `after_nano` None: nobody can say."""

    is_shown: bool = False
    calls: int = 0
    unpriced: int = 0
    before_nano: int = 0
    after_nano: int | None = None
    parts: list[PartLine] = field(default_factory=list)
    budgets: list[BudgetLine] = field(default_factory=list)
    far: list[FarPrice] = field(default_factory=list)


def line(row: PriceRow) -> PriceLine:
    """A row of the list."""
    words = {"model": row.model, "tier": row.tier}
    kind = AdjustmentKind.LATE_PRICE if row.unpriced else AdjustmentKind.REPRICE
    return PriceLine(
        id=f"{row.model}/{row.tier}", model=row.model, tier=row.tier, description=row.description,
        aliases=", ".join(row.aliases), is_active=row.is_active, is_priced=bool(row.lines),
        long_from=row.large_context_from or 0, **kinds(row.lines),
        since=row.since.isoformat() if row.since else "", next_at=row.next_at.isoformat() if row.next_at else "",
        calls=row.calls, unpriced=row.unpriced, cost_nano=row.cost_nano,
        href=f"{HERE}?{urlencode(words)}", calls_href=f"/ops/ai-costs/calls?{urlencode(words)}",
        unpriced_href=f"/ops/ai-costs/calls?{urlencode(words | {'unpriced': '1'})}",
        reprice_href=f"/ops/ai-costs/adjustments?{urlencode(words | {'new': kind})}",
    )  # fmt: skip


def version(row: VersionRow) -> VersionLine:
    """A version of the opened model."""
    return VersionLine(
        id=str(row.id), state=row.state, **kinds(row.lines),
        starts_at=row.starts_at.isoformat() if row.starts_at else "",
        ends_at=row.ends_at.isoformat() if row.ends_at else "", reason=row.reason, source=row.source, by=row.by,
    )  # fmt: skip


def impact(preview: Preview) -> Impact:
    """The preview of a price."""
    parts = [
        PartLine(
            part.feature.key, part.feature.label, figures.label_key(Dimension.FEATURE, part.feature), part.calls,
            part.before_nano, part.after_nano,
        )
        for part in preview.parts
    ]  # fmt: skip
    budgets = [
        BudgetLine(str(row.rule_id), row.name, row.limit_nano, row.window, row.reached, row.would_reach)
        for row in preview.budgets
    ]
    far = [FarPrice(one.usage_type, one.usage_type, one.nano, one.was, one.times, one.against) for one in preview.far]
    return Impact(
        True, preview.calls, preview.unpriced, preview.before_nano, preview.after_nano, parts, budgets, far
    )  # fmt: skip


def kinds(lines: Mapping[str, int]) -> dict[str, int | None]:
    """The price of each kind of token, None where it has none of its own."""
    return {str(kind): lines.get(kind) for kind in UsageType}


def typed(fields: Mapping[str, object]) -> dict[str, int]:
    """Dollars per million tokens as nano-dollars; an empty field is a kind without a price of its own.

    Raises Invalid with the field.
    """
    given = {str(kind): str(fields.get(str(kind), "") or "").strip() for kind in UsageType}
    return {kind: money.usd_to_nano(text, field=kind) for kind, text in given.items() if text}
