"""Prices that look like a slip of the unit: ten times more, or less, than what is known."""

from collections.abc import Mapping
from dataclasses import dataclass

from fitmycv_admin.core import money
from fitmycv_admin.domain.ai_costs import catalogue, seeds, tariff
from fitmycv_admin.vocabulary import UsageType

FAR = 10


@dataclass(frozen=True, slots=True)
class FarLine:
    """A line far from what is known: `times` it (nano-USD per million tokens); `against` is before or catalogue."""

    usage_type: str
    nano: int
    was: int
    times: float
    against: str


def far_lines(before: Mapping[str, int] | None, after: Mapping[str, int], name: str) -> tuple[FarLine, ...]:
    """The lines of `after` far from the version before, or from the list price of a model of this name."""
    found: list[FarLine] = []
    for against, known in (("before", before or {}), ("catalogue", list_price(name))):
        for kind, nano in after.items():
            was = tariff.line_of(known, UsageType(kind))
            if was and (nano > was * FAR or nano * FAR < was) and kind not in [line.usage_type for line in found]:
                found.append(FarLine(kind, nano, was, nano / was, against))
    return tuple(found)


def list_price(name: str) -> Mapping[str, int]:
    """The vendor's list price as this product was made with it; nothing for a model it does not know."""
    family = catalogue.family_of(name)
    for model, (whole, answer, cached, aliases) in seeds.MODELS.items():
        if model in (name, family) or name in aliases or family in aliases:
            prices = {UsageType.INPUT: whole, UsageType.OUTPUT: answer, UsageType.CACHED_INPUT: cached}
            return {str(kind): money.usd_to_nano(usd) for kind, usd in prices.items()}
    return {}
