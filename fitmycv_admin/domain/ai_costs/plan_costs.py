"""What the people of each plan cost: together, in the middle and at the far end, in dollars and in euros."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, text

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import cells, exchange, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.exchange import Converted
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Grain, Period
from fitmycv_admin.domain.ai_costs.queries import Costs, Sums


@dataclass(frozen=True, slots=True)
class PlanRow:
    """The calls made under one plan, as it was when they were made.

    `p50`, `p95` and `dearest` (nano-USD) are costs of one person over the whole period, of the `people` with a call;
    the system's calls are in `now` but are nobody's. None: nobody had a call.
    """

    plan: Name
    people: int
    now: Sums
    before: Sums | None
    p50: int | None
    p95: int | None
    dearest: int | None
    eur: Converted


@dataclass(frozen=True, slots=True)
class PlanCosts:
    """Every plan with a call, dearest first, and all of them together; `costs` has the same parts over time."""

    rows: tuple[PlanRow, ...]
    whole: PlanRow
    costs: Costs


def plans(db: Session, by: Actor, period: Period, before: Period | None, filters: Filters) -> PlanCosts:
    """What each plan cost in a period; euros at the rate of each day. The rows add up to the whole."""
    costs = queries.costs(db, by, period, before, Dimension.PLAN, filters, top=0)
    spread = _spread(db, period, filters)
    daily = _by_day(db, period, filters)
    rows = tuple(
        _row(db, part.name, part.now, part.before, _merged(spread, part.numbers), _summed(daily, part.numbers))
        for part in costs.parts
        if part.now.calls or (part.before and part.before.calls)
    )
    every = tuple({plan for plan, _day in daily})
    whole = _row(db, Name("", ""), costs.now, costs.before, spread.get(None), _summed(daily, every))
    return PlanCosts(rows, whole, costs)


_Spread = tuple[int, int | None, int | None, int | None]


def _row(
    db: Session, name: Name, now: Sums, before: Sums | None, spread: _Spread | None, daily: dict[date, int]
) -> PlanRow:
    people, p50, p95, dearest = spread or (0, None, None, None)
    return PlanRow(name, people, now, before, p50, p95, dearest, exchange.convert(db, daily))


def _spread(db: Session, period: Period, filters: Filters) -> dict[int | None, _Spread]:
    """People and the percentiles of what one of them cost, by plan; None for all plans together."""
    source = cells.by_user(period, filters, sums=("calls", "cost_nano"))
    rows = db.execute(text(_PEOPLE.format(source=source)), cells.by_user_values(period, filters))
    return {row.plan: (row.people, row.p50, row.p95, row.dearest) for row in rows if row.people}


def _by_day(db: Session, period: Period, filters: Filters) -> dict[tuple[int, date], int]:
    source = cells.source(period, filters, Grain.DAY)
    rows = db.execute(
        text(f"SELECT plan_id, at, sum(cost_nano)::bigint FROM {source.sql} cells GROUP BY 1, 2"), source.values
    )
    return {(plan, day): nano for plan, day, nano in rows}


def _merged(spread: dict[int | None, _Spread], numbers: tuple[int, ...]) -> _Spread | None:
    """A plan has one number."""
    return next((spread[number] for number in numbers if number in spread), None)


def _summed(daily: dict[tuple[int, date], int], numbers: tuple[int, ...]) -> dict[date, int]:
    days: dict[date, int] = {}
    for (plan, day), nano in daily.items():
        if plan in numbers:
            days[day] = days.get(day, 0) + nano
    return days


_SPREAD = """count(*) AS people, percentile_disc(0.5) WITHIN GROUP (ORDER BY cost) AS p50,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY cost) AS p95, max(cost) AS dearest"""
_PEOPLE = f"""
WITH each AS MATERIALIZED (
    SELECT plan_id, user_seq, cost_nano AS cost FROM ({{source}}) people WHERE user_seq <> 0
)
SELECT plan_id::int AS plan, {_SPREAD} FROM each GROUP BY 1
UNION ALL
SELECT NULL, {_SPREAD} FROM (SELECT sum(cost)::bigint AS cost FROM each GROUP BY user_seq) everybody
"""
