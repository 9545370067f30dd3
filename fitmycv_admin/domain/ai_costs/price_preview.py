"""What a price would have meant: the last 30 days of real tokens at it, and the budgets that it would have crossed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock, money
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import catalogue, cells, names, price_list, price_safety, pricing, token_sums
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import day_of
from fitmycv_admin.domain.ai_costs.price_safety import FarLine
from fitmycv_admin.domain.ai_costs.token_sums import Cell
from fitmycv_admin.vocabulary import BudgetWindow, Permission

DAYS = token_sums.DAYS
# A month that touches the last 30 days may have begun 30 days before them.
_REACH = 2 * DAYS + 1
_WINDOWS = (BudgetWindow.DAY, BudgetWindow.WEEK, BudgetWindow.MONTH, BudgetWindow.ROLLING)


@dataclass(frozen=True, slots=True)
class PartRow:
    """One feature: its calls of the model and tier, what they cost and what they would have cost (nano-USD)."""

    feature: Name
    calls: int
    before_nano: int
    after_nano: int


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A budget whose full windows of the days change: how many had been reached, and how many would have been."""

    rule_id: int
    name: str
    limit_nano: int
    window: str
    reached: int
    would_reach: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The calls of a model and tier in `days` days at other prices; `after_nano` None: a needed price is missing.

    `before_nano` is what they really cost: the `unpriced` ones among them cost nothing that was known.
    """

    days: int
    calls: int
    unpriced: int
    before_nano: int
    after_nano: int | None
    parts: tuple[PartRow, ...]
    budgets: tuple[BudgetRow, ...]
    far: tuple[FarLine, ...]


def preview(db: Session, by: Actor, model: str, tier: str, lines: Mapping[str, int]) -> Preview:
    """What the last 30 days would have cost at `lines` (nano-USD per million tokens by usage type).

    Nothing is stored. Raises NotFound for an unknown model, and what `pricing.change` raises for impossible lines.
    """
    by.must(Permission.PRICES_READ)
    pricing.check(lines)
    found = catalogue.find_model(db, model)
    if found is None:
        raise NotFound
    tier_id = catalogue.known_tier(db, tier)
    running = pricing.price_at(db, found.id, tier_id, clock.now()) if tier_id is not None else None
    far = price_safety.far_lines(running.lines if running else None, lines, found.name)
    if tier_id is None:
        return Preview(DAYS, 0, 0, 0, 0, (), (), far)
    today = day_of(clock.now(), price_list.zone(db))
    reach = token_sums.read(db, days=_REACH, model_id=found.id, tier_id=tier_id)
    first = today - timedelta(days=DAYS - 1)
    recent = [cell for cell in reach if cell.day >= first]
    whole = token_sums.total(cell.sums for cell in recent)
    exact = [cell.sums.weight(lines) for cell in recent]
    if None in exact:
        return Preview(DAYS, whole.calls, whole.unpriced, whole.cost_nano, None, (), (), far)
    parts = _parts(db, recent, lines)
    after = sum(part.after_nano for part in parts)
    budgets = _budgets(db, reach, lines, first, today)
    return Preview(DAYS, whole.calls, whole.unpriced, whole.cost_nano, after, parts, budgets, far)


def _parts(db: Session, recent: Iterable[Cell], lines: Mapping[str, int]) -> tuple[PartRow, ...]:
    known = names.read(db)
    groups: dict[Name, list[Cell]] = defaultdict(list)
    for cell in recent:
        groups[known.of(Dimension.FEATURE, cell.feature_id)].append(cell)
    rows = []
    for feature, group in groups.items():
        sums = token_sums.total(cell.sums for cell in group)
        after = sum(cell.sums.weight(lines) or 0 for cell in group)
        rows.append(PartRow(feature, sums.calls, sums.cost_nano, money.round_half_up(after, money.PER_MILLION)))
    return tuple(sorted(rows, key=lambda row: (-max(row.after_nano, row.before_nano), row.feature.label)))


def _budgets(
    db: Session, reach: list[Cell], lines: Mapping[str, int], first: date, today: date
) -> tuple[BudgetRow, ...]:  # fmt: skip
    """The budgets over everybody, a feature, a model or a plan; those of single persons need their calls one by one."""
    known = names.read(db)
    found = []
    for rule in db.execute(text(_RULES), {"windows": [str(window) for window in _WINDOWS]}).all():
        delta = _daily(cell for cell in reach if _covers(rule, cell, known))
        moved = {day: _moved(group, lines) for day, group in delta.items()}
        if not any(moved.values()):
            continue
        spent = _spent(db, rule, known, today)
        reached = _count(spent.get, rule, first, today)
        would = _count(lambda day, s=spent, m=moved: s.get(day, 0) + m.get(day, 0), rule, first, today)
        if reached != would:
            found.append(BudgetRow(rule.id, rule.name, rule.threshold_nano, rule.window_kind, reached, would))
    return tuple(found)


def _covers(rule: Any, cell: Cell, known: names.Names) -> bool:
    return (
        (rule.feature_key is None or known.of(Dimension.FEATURE, cell.feature_id).key == rule.feature_key)
        and (rule.model_id is None or cell.model_id == rule.model_id)
        and (rule.plan_id is None or cell.plan_id == rule.plan_id)
    )


def _daily(cells_: Iterable[Cell]) -> dict[date, list[Cell]]:
    days: dict[date, list[Cell]] = defaultdict(list)
    for cell in cells_:
        days[cell.day].append(cell)
    return days


def _moved(group: list[Cell], lines: Mapping[str, int]) -> int:
    after = sum(cell.sums.weight(lines) or 0 for cell in group)
    return money.round_half_up(after, money.PER_MILLION) - sum(cell.sums.cost_nano for cell in group)


def _spent(db: Session, rule: Any, known: names.Names, today: date) -> dict[date, int]:
    features = None if rule.feature_key is None else known.numbers(Dimension.FEATURE, rule.feature_key)
    rows = db.execute(
        text(_SPENT),
        {
            "first": today - timedelta(days=_REACH - 1), "zone": price_list.zone(db), "features": features,
            "model": rule.model_id, "plan": rule.plan_id,
        },
    )  # fmt: skip
    return {row.day: row.cost_nano for row in rows}


def _count(cost_of: Callable[[date], int | None], rule: Any, first: date, today: date) -> int:
    """How many windows that touch the days reached the limit."""
    reached = 0
    for starts, ends in _windows(rule, first, today):
        days = (starts + timedelta(days=n) for n in range((min(ends, today) - starts).days + 1))
        reached += sum(cost_of(day) or 0 for day in days) >= rule.threshold_nano
    return reached


def _windows(rule: Any, first: date, today: date) -> list[tuple[date, date]]:
    """First and last day of each window; a rolling one ends on each day."""
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    if rule.window_kind == BudgetWindow.DAY:
        return [(day, day) for day in days]
    if rule.window_kind == BudgetWindow.WEEK:
        mondays = dict.fromkeys(day - timedelta(days=day.weekday()) for day in days)
        return [(day, day + timedelta(days=6)) for day in mondays]
    if rule.window_kind == BudgetWindow.MONTH:
        months = dict.fromkeys(day.replace(day=1) for day in days)
        return [(day, (day + timedelta(days=32)).replace(day=1) - timedelta(days=1)) for day in months]
    length = min(rule.rolling_days, _REACH - DAYS + 1)
    return [(day - timedelta(days=length - 1), day) for day in days]


_RULES = """
SELECT id, name, threshold_nano, feature_key, model_id, plan_id, window_kind, rolling_days FROM openai_alert
WHERE enabled AND deleted_at IS NULL AND threshold_nano > 0 AND NOT each_user AND user_id IS NULL
    AND type IN ('global_daily', 'global_monthly', 'feature_daily', 'budget') AND window_kind = ANY(:windows)
ORDER BY name"""
_NARROW = """(cast(:features AS smallint[]) IS NULL OR feature_id = ANY(:features))
    AND (cast(:model AS smallint) IS NULL OR model_id = :model)
    AND (cast(:plan AS smallint) IS NULL OR coalesce(plan_id, 0) = :plan)"""
_SPENT = f"""
SELECT day, sum(cost_nano)::bigint AS cost_nano FROM (
    SELECT day, cost_nano FROM roll_day WHERE day >= :first AND {_NARROW}
    UNION ALL
    SELECT (created_at AT TIME ZONE cast(:zone AS text))::date, coalesce(cost_nano, 0) FROM openai_call
    WHERE xid >= {cells.MARK} AND {_NARROW}
) cells GROUP BY 1"""
