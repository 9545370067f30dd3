"""What the people of each plan cost: together, in the middle, at the far end, and over time."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import asked, screens
from fitmycv_admin.domain.ai_costs.exchange import Converted
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.plan_costs import PlanRow
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, chart, controls, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import checks, figures, filters
from fitmycv_admin.ui.ops.ai_costs.usage import change_cell
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", dict.fromkeys(asked.PLAN_WORDS, ()))
RATES = "/ops/ai-costs/exchange"


@dataclass(frozen=True)
class PlanLine:
    """One plan; amounts are nano-USD of one person, `eur_cents` is of all of them (None: no day has a rate)."""

    id: str
    label: str
    label_key: str
    colour: int
    people: int
    calls: int
    cost_nano: int
    eur_cents: int | None
    average: float | None
    p50: int | None
    p95: int | None
    dearest: int | None
    change: float | None
    href: str


@page_policy(Permission.COSTS_READ)
class PlanCostsState(Listing, AppState):
    """What the page shows; everything comes from the address and one snapshot of the database."""

    rows: list[PlanLine] = []  # noqa: RUF012  (Reflex copies defaults)
    figure: dict[str, Any] = {}  # noqa: RUF012
    options: filters.Options = {}  # noqa: RUF012
    whole: PlanLine | None = None
    grain: str = "day"
    carried: int = 0
    missing: int = 0
    is_demo_rate: bool = False
    complete_to: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            words = dict(self._wanted(OFFER).filters)
            screen = await look(screens.plans, actor(), words)
            found, costs = screen.plans, screen.plans.costs
            self.rows = [line(row, index, words) for index, row in enumerate(found.rows)]
            self.whole = line(found.whole, 0, words)
            self.figure = figures.figure(costs, Dimension.PLAN, words)
            self.options = filters.options(screen.choices, words)
            self.grain = str(costs.grain)
            self._rates(found.whole.eur)
            self.complete_to = costs.fresh.complete_to.isoformat()

    def _rates(self, eur: Converted) -> None:
        self.carried, self.missing, self.is_demo_rate = eur.carried, eur.missing, eur.is_demo


def line(row: PlanRow, index: int, words: Mapping[str, str]) -> PlanLine:
    """One plan as the screen holds it."""
    now, before = row.now, row.before
    return PlanLine(
        id=row.plan.key or "all", label=row.plan.label, label_key=figures.label_key(Dimension.PLAN, row.plan),
        colour=figures.COLOURS[index] if index < figures.SHOWN else figures.OTHER_COLOUR, people=row.people,
        calls=now.calls, cost_nano=now.cost_nano, eur_cents=None if _unknown(row.eur) else row.eur.cents,
        average=figures.ratio(now.cost_nano, row.people), p50=row.p50, p95=row.p95, dearest=row.dearest,
        change=figures.ratio(now.cost_nano - before.cost_nano, before.cost_nano) if before else None,
        href=figures.link(words, **({"plan": row.plan.key} if row.plan.key else {})),
    )  # fmt: skip


def _unknown(eur: Converted) -> bool:
    """A sum without some of its days would be taken for the whole."""
    return eur.missing > 0


COLUMNS = [
    table.column("plan", t("ai_costs.by.plan")),
    table.column("people", t("ai_costs.people"), numeric=True),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("eur", t("ai_costs.in_eur"), numeric=True),
    table.column("average", t("ai_costs.per_person"), numeric=True),
    table.column("p50", t("ai_costs.p50"), numeric=True),
    table.column("p95", t("ai_costs.p95"), numeric=True),
    table.column("dearest", t("ai_costs.dearest"), numeric=True),
    table.column("change", t("ai_costs.change"), numeric=True),
]


def _cells(row: Any) -> list[controls.Content]:
    label = rx.cond(row.label_key != "", t_key(row.label_key), row.label)
    return [
        rx.el.span(badge.swatch(row.colour), controls.link(label, href=row.href, look="cell-link"), class_name="row"),
        values.number(row.people),
        values.number(row.calls),
        values.money_usd_nano(row.cost_nano),
        values.money_cents(row.eur_cents),
        values.money_usd_nano(row.average),
        values.money_usd_nano(row.p50),
        values.money_usd_nano(row.p95),
        values.money_usd_nano(row.dearest),
        change_cell(row.change),
    ]


def _kpis() -> rx.Component:
    whole: Any = PlanCostsState.whole.to(PlanLine)
    waiting = ~PlanCostsState.is_loaded
    return card.kpis(
        card.kpi_card(t("ai_costs.cost"), values.money_usd_nano(whole.cost_nano), change=whole.change,
                      direction="up_is_bad", loading=waiting),
        card.kpi_card(t("ai_costs.in_eur"), values.money_cents(whole.eur_cents), explanation=t("ai_costs.in_eur_why"),
                      loading=waiting),
        card.kpi_card(t("ai_costs.people"), values.number(whole.people), loading=waiting),
        card.kpi_card(t("ai_costs.p50_person"), values.money_usd_nano(whole.p50), explanation=t("ai_costs.p50_why"),
                      loading=waiting),
        card.kpi_card(t("ai_costs.p95_person"), values.money_usd_nano(whole.p95), explanation=t("ai_costs.p95_why"),
                      loading=waiting),
    )  # fmt: skip


def _rate_notices() -> rx.Component:
    act = (controls.link_button(t("ai_costs.rates_open"), href=RATES),)
    return rx.fragment(
        rx.cond(
            PlanCostsState.missing > 0,
            card.notice(t("ai_costs.rates_missing", n=PlanCostsState.missing), tone="warn", actions=act),
            rx.fragment(),
        ),
        rx.cond(
            PlanCostsState.carried > 0,
            card.notice(t("ai_costs.rates_carried", n=PlanCostsState.carried), tone="info", actions=act),
            rx.fragment(),
        ),
        rx.cond(
            PlanCostsState.is_demo_rate,
            card.notice(t("ai_costs.rates_demo"), tone="info", pill=badge.simulated_mark()),
            rx.fragment(),
        ),
    )


@page(
    title="ai_costs.plans_title",
    permission=Permission.COSTS_READ,
    load=PlanCostsState.load,
    nav=Nav("ai_costs.nav.plan_costs", "ai_costs.nav.group", "layers", "ai_costs.nav.plan_costs_words"),
)
def plan_costs() -> rx.Component:
    """Cards of all plans together, each plan, and the trend."""
    dimensions = [dimension for dimension in Dimension if dimension is not Dimension.PLAN]
    return card.page(
        card.page_header(
            t("ai_costs.plans_title"),
            t("ai_costs.plans_answer"),
            query.period_picker(presets=query.ALL_PRESETS),
            query.compare_picker(),
            query.export_links("ai-costs-plans"),
        ),
        table.table_tools(
            *[filters.chip(str(dimension), PlanCostsState.options) for dimension in dimensions],
            table_id="ai-costs-plans",
            columns=COLUMNS,
            aside=(checks.freshness(PlanCostsState.complete_to),),
        ),
        _rate_notices(),
        _kpis(),
        table.data_table(
            "ai-costs-plans",
            COLUMNS,
            PlanCostsState.rows,
            _cells,
            view=table.ListView.of(PlanCostsState),
            retry=PlanCostsState.load,
            empty=states.empty_state(t("ai_costs.no_calls"), t("ai_costs.no_calls_why")),
            max_height=False,
        ),
        chart.chart_card(t_word("ai_costs.cost_by", PlanCostsState.grain), PlanCostsState.figure),
    )
