"""One reading for each cost screen: everything it shows, from one snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import (
    asked,
    call_detail,
    call_list,
    drift,
    names,
    plan_costs,
    price_list,
    priced_by,
    queries,
    task_costs,
    top_users,
)
from fitmycv_admin.domain.ai_costs.asked import Asked
from fitmycv_admin.domain.ai_costs.call_detail import CallDetail
from fitmycv_admin.domain.ai_costs.call_list import CallFilters, CallPage
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.drift import CheckRow
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.plan_costs import PlanCosts
from fitmycv_admin.domain.ai_costs.price_list import PriceRow, VersionRow
from fitmycv_admin.domain.ai_costs.priced_by import VersionChoice
from fitmycv_admin.domain.ai_costs.queries import Costs, Freshness
from fitmycv_admin.domain.ai_costs.task_costs import Phase, TaskCost, TaskFilters
from fitmycv_admin.domain.ai_costs.top_users import TopUsers
from fitmycv_admin.vocabulary import Permission

Choices = Mapping[Dimension, list[Name]]


@dataclass(frozen=True, slots=True)
class CostScreen:
    """The cost page; `user` is the address of the person it is narrowed to, or "system"."""

    asked: Asked
    costs: Costs
    choices: Choices
    user: str
    checks: Sequence[CheckRow]


@dataclass(frozen=True, slots=True)
class CallScreen:
    """The call list and the call that is open; `user` is the address of the person it is narrowed to, or "system"."""

    filters: CallFilters
    calls: CallPage
    choices: Choices
    user: str
    version: str
    opened: CallDetail | None
    versions: tuple[VersionChoice, ...]


@dataclass(frozen=True, slots=True)
class TopScreen:
    """The top users; `number` is how many were asked for."""

    asked: Asked
    number: int
    top: TopUsers
    choices: Choices
    fresh: Freshness


@dataclass(frozen=True, slots=True)
class PlanScreen:
    """The costs of plans."""

    asked: Asked
    plans: PlanCosts
    choices: Choices


@dataclass(frozen=True, slots=True)
class TaskScreen:
    """The costs of tasks, and the one that is open with its phases."""

    filters: TaskFilters
    page: Page[TaskCost]
    opened: TaskCost | None
    phases: tuple[Phase, ...]
    user: str


@dataclass(frozen=True, slots=True)
class PriceScreen:
    """The price list, and the versions of the model that is open. `unpriced` calls of 30 days had no price."""

    prices: tuple[PriceRow, ...]
    opened: PriceRow | None
    unpriced: int
    versions: tuple[VersionRow, ...]
    zone: str
    may_write: bool


def costs(db: Session, by: Actor, words: asked.Words) -> CostScreen:
    """Everything the cost page shows for an address."""
    wanted = asked.costs(db, by, words)
    found = queries.costs(db, by, wanted.period, wanted.before, wanted.dimension, wanted.filters)
    return CostScreen(wanted, found, _choices(db), _user(db, by, wanted.filters), drift.state(db, by))


def calls(db: Session, by: Actor, words: asked.Words, request: PageRequest) -> CallScreen:
    """Everything the call list shows for an address."""
    filters = asked.calls(db, by, words)
    found = call_list.calls(db, by, filters, request)
    chosen = asked.number(words, "open", 0)
    opened = call_detail.detail(db, by, filters, chosen, found.page.rows) if chosen else None
    user = _user(db, by, filters.cells)
    return CallScreen(
        filters, found, _choices(db), user, queries.version(db, by), opened,
        priced_by.versions(db, by, filters.period, filters.cells),
    )  # fmt: skip


def top_users_of(db: Session, by: Actor, words: asked.Words) -> TopScreen:
    """The people who cost most, for an address."""
    wanted = asked.costs(db, by, words)
    number = asked.number(words, "n", top_users.STANDARD)
    found = top_users.top(db, by, wanted.period, wanted.filters, limit=number)
    return TopScreen(wanted, number, found, _choices(db), queries.freshness(db, by))


def plans(db: Session, by: Actor, words: asked.Words) -> PlanScreen:
    """What each plan cost, for an address."""
    wanted = asked.costs(db, by, {**words, "by": str(Dimension.PLAN)})
    return PlanScreen(wanted, plan_costs.plans(db, by, wanted.period, wanted.before, wanted.filters), _choices(db))


def tasks(db: Session, by: Actor, words: asked.Words, request: PageRequest) -> TaskScreen:
    """The costs of tasks, for an address. Raises NotFound for a task nobody knows."""
    filters = asked.tasks(db, by, words)
    page = task_costs.tasks(db, by, filters, request)
    chosen = asked.task_id(words)
    opened, phases = task_costs.task(db, by, chosen) if chosen else (None, ())
    user = _user(db, by, Filters({}, filters.user_seq))
    return TaskScreen(filters, page, opened, phases, user)


def prices(
    db: Session, by: Actor, model: str, tier: str, *, search: str = "", narrowed: str = "", state: str = ""
) -> PriceScreen:
    """The price list, with the versions of `model` at `tier` when they name one; `narrowed` is the tier to list."""
    versions = price_list.versions(db, by, model, tier) if model else ()
    rows = price_list.prices(db, by)
    kept = price_list.narrowed(rows, search=search, tier=narrowed, state=state)
    opened = price_list.opened(rows, model, tier)
    unpriced = sum(row.unpriced for row in rows)
    return PriceScreen(kept, opened, unpriced, versions, price_list.zone(db), by.may(Permission.PRICES_WRITE))


def _user(db: Session, by: Actor, filters: Filters) -> str:
    if filters.user_seq == queries.SYSTEM:
        return asked.SYSTEM
    return queries.email_of(db, by, filters.user_seq) if filters.user_seq is not None else ""


def _choices(db: Session) -> Choices:
    known = names.read(db)
    return {dimension: known.choices(dimension) for dimension in Dimension}
