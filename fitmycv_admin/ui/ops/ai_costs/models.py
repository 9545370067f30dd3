"""Which model and tier each kind of call uses, what another one would have cost, and the change to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.ai_costs import assignment, what_if
from fitmycv_admin.domain.ai_costs.assignment import AssignmentRow
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.what_if import Choice, WhatIf
from fitmycv_admin.domain.settings.catalogue import TIERS
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import figures, model_panel
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"call": (), "to": (), "at": TIERS})
HERE = "/ops/ai-costs/models"
MOST_CHOICES = 12


@dataclass(frozen=True)
class AssignmentLine:
    """One assignment as the list draws it."""

    id: str
    label: str
    label_key: str
    calls_of: str
    model: str
    tier: str
    model_version: int
    tier_version: int
    changed_at: str
    calls: int
    tokens: int
    cost_nano: int
    is_priced: bool
    is_used: bool
    href: str
    calls_href: str


@dataclass(frozen=True)
class ChoiceLine:
    """A pair that could be tried; costs are nano-USD in 30 days, None where a price is missing."""

    id: str
    model: str
    tier: str
    cost_nano: int | None
    saved_nano: int | None
    times: float | None
    href: str
    is_current: bool


@dataclass(frozen=True)
class Tried:
    """What the calls of 30 days would have cost with the pair that is tried."""

    calls: int = 0
    unpriced: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    cost_nano: int = 0
    now_nano: int | None = None
    model: str = ""
    tier: str = ""
    then_nano: int | None = None
    saved_nano: int | None = None
    change: float | None = None
    times: float | None = None
    is_another: bool = False
    choices: list[ChoiceLine] = field(default_factory=list)


@page_policy(Permission.PRICES_READ)
class ModelState(Listing, AppState):
    """What the page of models shows; what is tried stands in the address."""

    rows: list[AssignmentLine] = []  # noqa: RUF012  (Reflex copies defaults)
    opened: AssignmentLine | None = None
    tried: Tried = Tried()
    models: list[dict[str, str]] = []  # noqa: RUF012
    may_write: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def assign(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Let the opened calls use the pair that is tried."""
        if self.opened is None:
            return
        language = str(actor().language)
        try:
            await ask(
                assignment.change, actor(), self.opened.id, self.tried.model, self.tried.tier,
                expected=(self.opened.model_version, self.opened.tier_version), reason=str(fields.get("reason", "")),
                confirmed=bool(fields.get("confirmed")),
            )  # fmt: skip
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        await self._read()
        yield toast.done(language, "prices.assigned")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        screen = await look(
            what_if.screen, actor(), name=wanted.get("call"), model=wanted.get("to"), tier=wanted.get("at"),
            search=wanted.search,
        )  # fmt: skip
        self.rows = [_line(row) for row in screen.rows]
        self.opened = _line(screen.opened) if screen.opened else None
        self.tried = _tried(screen.opened, screen.tried) if screen.opened and screen.tried else Tried()
        self.models = [{"value": name, "label": name} for name in screen.models]
        self.may_write = screen.may_write


def _line(row: AssignmentRow) -> AssignmentLine:
    calls = urlencode({"feature": row.feature.key})
    return AssignmentLine(
        id=row.name, label=row.feature.label, label_key=figures.label_key(Dimension.FEATURE, row.feature),
        calls_of=", ".join(row.calls), model=row.model, tier=row.tier, model_version=row.model_version,
        tier_version=row.tier_version, changed_at=row.changed_at.isoformat() if row.changed_at else "",
        calls=row.sums.calls, tokens=row.sums.tokens, cost_nano=row.sums.cost_nano, is_priced=row.is_priced,
        is_used=row.is_used, href=f"{HERE}?{urlencode({'call': row.name})}", calls_href=f"/ops/ai-costs/calls?{calls}",
    )  # fmt: skip


def _tried(row: AssignmentRow, found: WhatIf) -> Tried:
    sums, now, then = found.sums, found.at_prices_of_now_nano, found.chosen.cost_nano
    return Tried(
        calls=sums.calls, unpriced=sums.unpriced, prompt=sums.prompt, cached=sums.cached, completion=sums.completion,
        cost_nano=sums.cost_nano, now_nano=now, model=found.chosen.model, tier=found.chosen.tier, then_nano=then,
        saved_nano=found.saved_nano, change=(then - now) / now if then is not None and now else None,
        times=found.chosen.times_standard,
        is_another=(found.chosen.model, found.chosen.tier) != (row.model, row.tier),
        choices=[_choice(row, found, one) for one in found.choices[:MOST_CHOICES]],
    )  # fmt: skip


def _choice(row: AssignmentRow, found: WhatIf, one: Choice) -> ChoiceLine:
    now = found.at_prices_of_now_nano
    return ChoiceLine(
        id=f"{one.model}/{one.tier}", model=one.model, tier=one.tier, cost_nano=one.cost_nano,
        saved_nano=None if one.cost_nano is None or now is None else now - one.cost_nano, times=one.times_standard,
        href=f"{HERE}?{urlencode({'call': row.name, 'to': one.model, 'at': one.tier})}",
        is_current=(one.model, one.tier) == (row.model, row.tier),
    )  # fmt: skip


COLUMNS = [
    table.column("call", t("prices.assignment")),
    table.column("feature", t("ai_costs.by.feature")),
    table.column("model", t("ai_costs.by.model")),
    table.column("tier", t("ai_costs.by.tier")),
    table.column("calls", t("ai_costs.calls_30"), numeric=True),
    table.column("tokens", t("prices.tokens_30"), numeric=True),
    table.column("cost", t("ai_costs.cost_30"), numeric=True),
    table.column("state", t("ai_costs.status")),
]


def _cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(row.id, href=row.href, look="cell-link mono"),
        rx.cond(row.label_key != "", t_key(row.label_key), row.label),
        rx.el.span(row.model, class_name="mono"),
        t_word("ai_costs.tier", row.tier),
        values.number(row.calls),
        values.compact(row.tokens),
        values.money_usd_nano(row.cost_nano),
        rx.el.span(
            rx.cond(row.is_priced, rx.fragment(), badge.pill(t("ai_costs.no_price"), tone="warn")),
            rx.cond(row.is_used, rx.fragment(), badge.pill(t("prices.not_called"), title=t("prices.not_called_why"))),
            class_name="row",
        ),
    ]


@page(
    title="prices.models_title",
    permission=Permission.PRICES_READ,
    load=ModelState.load,
    nav=Nav("prices.nav.models", "ai_costs.nav.group", "git-compare-arrows"),
)
def models() -> rx.Component:
    """The list, and beside it what another model or tier would have cost."""
    rows = table.data_table(
        "ai-costs-models",
        COLUMNS,
        ModelState.rows,
        _cells,
        view=table.ListView.of(ModelState),
        is_open=lambda row: ModelState.opened.id == row.id,
        retry=ModelState.load,
        empty=states.empty_state(t("prices.no_assignment"), t("prices.no_assignment_why")),
        summary=t("prices.next_call"),
    )
    problem = states.error_state(t_key(ModelState.problem), incident=ModelState.incident, retry=ModelState.load)
    return card.page(
        card.page_header(
            t("prices.models_title"), t("prices.models_answer"), query.export_link("/api/exports/ai-models.csv")
        ),
        table.table_tools(
            query.query_search(t("prices.search_assignment")), table_id="ai-costs-models", columns=COLUMNS
        ),
        rx.cond((ModelState.problem != "") & ~ModelState.is_loaded, card.card(problem), rx.fragment()),
        dialog.beside(rows, model_panel.panel(ModelState), is_open=ModelState.opened),
    )
