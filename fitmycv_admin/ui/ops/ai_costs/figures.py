"""The figures of the cost page in the shapes that its components draw; numbers stay raw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fitmycv_admin.copy import text
from fitmycv_admin.domain.ai_costs.asked import SYSTEM
from fitmycv_admin.domain.ai_costs.names import SEVERAL, Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Grain, day_of
from fitmycv_admin.domain.ai_costs.queries import Costs, Part, Slot, Sums, UserRow
from fitmycv_admin.ui.kit import card, chart
from fitmycv_admin.vocabulary import ServiceTier

CALLS = "/ops/ai-costs/calls"
# Six parts have a colour of their own; what is left is one more.
SHOWN = 6
COLOURS = (1, 2, 3, 4, 7, 5)
OTHER_COLOUR = 6
_KEPT = ("period", "from", "to", *(str(dimension) for dimension in Dimension), "user")


@dataclass(frozen=True)
class Kpi:
    """One figure with its change (a ratio, or points of a hundred for a share) and its sparkline."""

    value: float | None = None
    change: float | None = None
    spark: str = ""


@dataclass(frozen=True)
class Kpis:
    """The row of cards."""

    cost: Kpi = Kpi()
    calls: Kpi = Kpi()
    tokens: Kpi = Kpi()
    per_call: Kpi = Kpi()
    cached: Kpi = Kpi()


@dataclass(frozen=True)
class PartRow:
    """One line of the breakdown; `label_key` replaces the label where the words are ours."""

    id: str
    label: str
    label_key: str
    is_mapped: bool
    colour: int
    calls: int
    unpriced: int
    cost_nano: int
    per_call: float | None
    cached: float | None
    change: float | None
    share: float
    href: str


@dataclass(frozen=True)
class PersonRow:
    """One line of the top users."""

    id: str
    email: str
    plan: str
    calls: int
    cost_nano: int
    share: float
    href: str


def kpis(costs: Costs) -> Kpis:
    """The five cards."""
    # The slots that are still to come are no zeros of the line.
    sums = [slot.whole for slot in costs.slots if _begun(slot, costs)]
    now, before = costs.now, costs.before

    def kpi(measure: Callable[[Sums], float | None], *, is_share: bool = False) -> Kpi:
        value, was = measure(now), measure(before) if before else None
        change = None
        if value is not None and was is not None:
            change = (value - was) * 100 if is_share else ratio(value - was, was)
        return Kpi(value, change, card.spark_points([measure(one) or 0 for one in sums]))

    return Kpis(
        cost=kpi(lambda one: one.cost_nano),
        calls=kpi(lambda one: one.calls),
        tokens=kpi(lambda one: one.tokens),
        per_call=kpi(_per_call),
        cached=kpi(_cached, is_share=True),
    )


def figure(costs: Costs, dimension: Dimension, words: Mapping[str, str]) -> dict[str, Any]:
    """The stacked cost, each segment with the way to its calls."""
    shown, rest = costs.parts[:SHOWN], costs.parts[SHOWN:]
    of_slot = [dict(slot.parts) for slot in costs.slots]
    series = [
        chart.Series(
            label_key(dimension, part.name) or part.name.label,
            [slot.get(part.name.key, Sums()).cost_nano for slot in of_slot],
            is_key=bool(label_key(dimension, part.name)),
            color=COLOURS[index],
        )
        for index, part in enumerate(shown)
    ]
    if rest:
        keys = {part.name.key for part in rest}
        values = [sum(s.cost_nano for key, s in slot.items() if key in keys) for slot in of_slot]
        series.append(chart.Series("ai_costs.other", values, is_key=True, color=OTHER_COLOUR))
    filters = {name: value for name, value in words.items() if name in _KEPT[3:] and name != str(dimension)}
    keys_of = [*(part.name.key for part in shown), *([_together(rest)] if rest else [])]
    links = chart.Links(
        CALLS,
        [urlencode(filters | _slot_words(slot, costs)) for slot in costs.slots],
        [urlencode({str(dimension): key}) for key in keys_of],
    )
    x = [slot.at.isoformat() for slot in costs.slots]
    return chart.figure(x, series, unit="usd_nano", height=300, links=links)


def parts(costs: Costs, dimension: Dimension, words: Mapping[str, str]) -> list[PartRow]:
    """The breakdown, dearest first."""
    dearest = max((part.now.cost_nano for part in costs.parts), default=0)
    return [_part(part, index, dearest, dimension, words) for index, part in enumerate(costs.parts)]


def people(rows: tuple[UserRow, ...], words: Mapping[str, str]) -> list[PersonRow]:
    """The top users; the system has no address."""
    dearest = max((row.sums.cost_nano for row in rows), default=0)
    return [
        PersonRow(
            id=str(row.user_id or "system"), email=row.email, plan=row.plan, calls=row.sums.calls,
            cost_nano=row.sums.cost_nano, share=ratio(row.sums.cost_nano, dearest) or 0,
            href=link(words, user=str(row.user_id or SYSTEM)),
        )
        for row in rows
    ]  # fmt: skip


def link(words: Mapping[str, str], **more: str) -> str:
    """The call list with the period and the filters of the page, and some more."""
    kept = {name: value for name, value in words.items() if name in _KEPT} | more
    return f"{CALLS}?{urlencode(kept)}" if kept else CALLS


def label_key(dimension: Dimension, name: Name) -> str:
    """The catalogue key of a part whose words are ours; empty for names that are data."""
    if dimension is Dimension.PLAN and name.key == "none":
        return "ai_costs.no_plan"
    if dimension is Dimension.TIER and name.key in list(ServiceTier):
        return f"ai_costs.tier.{name.key}"
    known = f"settings.feature.{name.key}"
    # A feature that somebody renamed keeps the name they gave it.
    return known if dimension is Dimension.FEATURE and text("en", known) == name.label else ""


def ratio(part: float, whole: float) -> float | None:
    """Their quotient, or None when there is nothing to divide by."""
    return part / whole if whole else None


def _part(part: Part, index: int, dearest: int, dimension: Dimension, words: Mapping[str, str]) -> PartRow:
    now, before = part.now, part.before
    return PartRow(
        id=part.name.key,
        label=part.name.label,
        label_key=label_key(dimension, part.name),
        is_mapped=part.name.mapped,
        colour=COLOURS[index] if index < SHOWN else OTHER_COLOUR,
        calls=now.calls,
        unpriced=now.unpriced,
        cost_nano=now.cost_nano,
        per_call=_per_call(now),
        cached=_cached(now),
        change=ratio(now.cost_nano - before.cost_nano, before.cost_nano) if before else None,
        share=ratio(now.cost_nano, dearest) or 0,
        href=link(words, **{str(dimension): part.name.key}),
    )


def _together(parts: Sequence[Part]) -> str:
    """The one word of several parts."""
    return SEVERAL + ".".join(str(number) for number in sorted(number for part in parts for number in part.numbers))


def _begun(slot: Slot, costs: Costs) -> bool:
    now = costs.fresh.complete_to
    return slot.at <= now if isinstance(slot.at, datetime) else slot.at <= day_of(now, costs.period.zone)


def _slot_words(slot: Slot, costs: Costs) -> dict[str, str]:
    """The period of one bar, in the words of an address."""
    period = costs.period
    if isinstance(slot.at, datetime):
        day = day_of(slot.at, period.zone)
        first = last = min(max(day, period.first), period.last)
        return _custom(first, last) | {"hour": slot.at.isoformat()}
    if costs.grain is Grain.MONTH:
        end = (slot.at + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        return _custom(max(slot.at, period.first), min(end, period.last))
    return _custom(slot.at, slot.at)


def _custom(first: date, last: date) -> dict[str, str]:
    return {"period": "custom", "from": first.isoformat(), "to": last.isoformat()}


def _per_call(sums: Sums) -> float | None:
    return ratio(sums.cost_nano, sums.calls - sums.unpriced)


def _cached(sums: Sums) -> float | None:
    return ratio(sums.cached_tokens, sums.prompt_tokens)
