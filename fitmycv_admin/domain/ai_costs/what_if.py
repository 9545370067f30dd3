"""What the same calls would cost with another model or tier: real token counts, other prices."""

from dataclasses import dataclass

from sqlmodel import Session, text

from fitmycv_admin.core import clock, money
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import assignment, catalogue, pricing, token_sums
from fitmycv_admin.domain.ai_costs.assignment import AssignmentRow
from fitmycv_admin.domain.ai_costs.token_sums import TokenSums
from fitmycv_admin.vocabulary import Permission, UsageType

DAYS = token_sums.DAYS
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """A model at a tier with its price now: what the calls of 30 days would have cost with it (nano-USD).

    `cost_nano` is None when it has no price for some token they used. `times_standard` is its input price against the
    standard tier of the same model, None without either.
    """

    model: str
    tier: str
    cost_nano: int | None
    times_standard: float | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The calls of an assignment in 30 days, what they cost, and every pair of model and tier that has a price."""

    name: str
    sums: TokenSums
    at_prices_of_now_nano: int | None
    chosen: Choice
    choices: tuple[Choice, ...]

    @property
    def saved_nano(self) -> int | None:
        """What the chosen pair would have saved in 30 days; below zero it costs more."""
        if self.at_prices_of_now_nano is None or self.chosen.cost_nano is None:
            return None
        return self.at_prices_of_now_nano - self.chosen.cost_nano


def project(db: Session, by: Actor, name: str, model: str, tier: str) -> WhatIf:
    """The calls of an assignment with another model and tier; cheapest pairs first. Nothing is stored.

    The present is projected at the prices of now too, each call at the model and tier it really had, so that a price
    which changed meanwhile does not look like a saving. Token counts are those of the model that served: another one
    may answer with more words. Raises NotFound for an unknown assignment or model.
    """
    by.must(Permission.PRICES_READ)
    numbers = assignment.feature_numbers(db, name)
    if name not in assignment.calls_by_name():
        raise NotFound
    cells = token_sums.read(db, feature_ids=numbers)
    sums = token_sums.total(cell.sums for cell in cells)
    prices = {(row.model_id, row.tier_id): row for row in db.execute(text(_PRICES), {"now": clock.now()})}
    present: int | None = 0
    for cell in cells:
        price = prices.get((cell.model_id, cell.tier_id))
        exact = cell.sums.weight(price.lines) if price else None
        present = None if exact is None or present is None else present + exact
    standard = {row.model_name: row.lines for row in prices.values() if row.tier == "standard"}
    choices = [
        Choice(row.model_name, row.tier, cost_of(sums, row.lines), _times(row.lines, standard.get(row.model_name)))
        for row in prices.values()
        if row.tier in assignment.settings.TIERS and row.is_active
    ]
    choices.sort(key=lambda one: (one.cost_nano is None, one.cost_nano or 0, one.model, one.tier))
    return WhatIf(name, sums, _rounded(present), _chosen(db, choices, sums, model, tier), tuple(choices))


def cost_of(sums: TokenSums, lines: pricing.Mapping[str, int]) -> int | None:
    """What some tokens cost at a price, in nano-USD."""
    return _rounded(sums.weight(lines))


def _chosen(db: Session, choices: list[Choice], sums: TokenSums, model: str, tier: str) -> Choice:
    found = catalogue.find_model(db, model)
    if found is None:
        raise NotFound
    for one in choices:
        if (one.model, one.tier) == (found.name, tier):
            return Choice(model, tier, one.cost_nano, one.times_standard)
    return Choice(model, tier, 0 if not sums.calls else None, None)


def _times(lines: pricing.Mapping[str, int], standard: pricing.Mapping[str, int] | None) -> float | None:
    kind = UsageType.INPUT
    return lines[kind] / standard[kind] if standard and standard.get(kind) and kind in lines else None


def _rounded(exact: int | None) -> int | None:
    return None if exact is None else money.round_half_up(exact, money.PER_MILLION)


_PRICES = """
SELECT v.model_id, v.tier_id, m.model_name, m.is_active, t.key AS tier, jsonb_object_agg(l.usage_type,
    l.nano_per_mtoken) AS lines
FROM price_version v JOIN openai_pricing m ON m.id = v.model_id JOIN ai_tier t ON t.id = v.tier_id
    JOIN price_line l ON l.version_id = v.id
WHERE v.valid @> cast(:now AS timestamptz) GROUP BY 1, 2, 3, 4, 5"""


@dataclass(frozen=True, slots=True)
class ModelScreen:
    """The page of models: every assignment, the one that is tried, and the models that can be chosen."""

    rows: tuple[AssignmentRow, ...]
    opened: AssignmentRow | None
    tried: WhatIf | None
    models: tuple[str, ...]
    may_write: bool


def screen(db: Session, by: Actor, *, name: str = "", model: str = "", tier: str = "", search: str = "") -> ModelScreen:
    """Everything the page shows; `model` and `tier` are what is tried for the assignment `name`, its own otherwise."""
    by.must(Permission.PRICES_READ)
    rows = assignment.assignments(db, by)
    opened = next((row for row in rows if row.name == name), None)
    tried = None
    if opened is not None:
        wanted = model if model and catalogue.find_model(db, model) else opened.model
        tried = project(db, by, opened.name, wanted, tier or opened.tier) if catalogue.find_model(db, wanted) else None
    names = db.execute(text("SELECT model_name FROM openai_pricing WHERE is_active ORDER BY 1")).scalars()
    found = search.strip().lower()
    kept = tuple(
        row for row in rows if found in " ".join((row.name, row.feature.label, row.model, *row.calls)).lower()
    )
    may_write = by.may(Permission.PRICES_WRITE) and by.may(Permission.SETTINGS_WRITE)
    return ModelScreen(kept, opened, tried, tuple(names), may_write)
