"""What the models cost, who caused it, and when."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.ai_costs import asked, drift, screens
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, chart, controls, progress, query, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import checks, figures, filters, live
from fitmycv_admin.ui.ops.ai_costs.checks import Checked
from fitmycv_admin.ui.ops.ai_costs.figures import Kpis, PartRow, PersonRow
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", dict.fromkeys(asked.COST_WORDS, ()))
TICK_S = 5
MAPPING = "/ops/settings/mapping"


@page_policy(Permission.COSTS_READ)
class CostState(Listing, AppState):
    """What the cost page shows; everything comes from the address and one snapshot of the database."""

    kpis: Kpis = Kpis()
    figure: dict[str, Any] = {}  # noqa: RUF012  (Reflex copies defaults)
    parts: list[PartRow] = []  # noqa: RUF012
    people: list[PersonRow] = []  # noqa: RUF012
    options: dict[str, list[dict[str, str]]] = {}  # noqa: RUF012
    user: str = ""
    by: str = "feature"
    grain: str = "day"
    first_day: str = ""
    last_day: str = ""
    cost_nano: int = 0
    unpriced: int = 0
    unpriced_href: str = ""
    complete_to: str = ""
    checked: Checked = Checked()
    may_repair: bool = False
    _version: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def tick(self) -> None:
        """Read again when a call was recorded since; say nothing otherwise."""
        if self.is_loaded and await live.version() != self._version:
            with self._loading():
                await self._read()

    @rx.event
    @policy(Permission.PRICES_WRITE)
    async def repair(self) -> AsyncIterator[Any]:
        """Count the day that differs anew from its calls."""
        language = str(actor().language)
        try:
            await ask(drift.repair, actor(), date.fromisoformat(self.checked.wrong_day))
        except (FitMyCvError, ValueError) as error:
            yield toast.refused(language, error.key if isinstance(error, FitMyCvError) else "common.error.unexpected")
            return
        await self._read()
        yield toast.done(language, "ai_costs.drift_repaired")

    async def _read(self) -> None:
        words = dict(self._wanted(OFFER).filters)
        screen = await look(screens.costs, actor(), words)
        costs, dimension = screen.costs, screen.asked.dimension
        self.kpis = figures.kpis(costs)
        self.figure = figures.figure(costs, dimension, words)
        self.parts = figures.parts(costs, dimension, words)
        self.people = figures.people(costs.users, words)
        self.options = filters.options(screen.choices, words)
        self.user = screen.user
        self.by, self.grain = str(dimension), str(costs.grain)
        self.first_day, self.last_day = costs.period.first.isoformat(), costs.period.last.isoformat()
        self.cost_nano, self.unpriced = costs.now.cost_nano, costs.now.unpriced
        self.unpriced_href = figures.link(words, unpriced="1")
        self.complete_to = costs.fresh.complete_to.isoformat()
        self.checked, self.may_repair = checks.checked(screen.checks), actor().may(Permission.PRICES_WRITE)
        self._version = costs.version


def _kpis() -> rx.Component:
    kpis, waiting = CostState.kpis, ~CostState.is_loaded
    points = kpis.cached.change
    return card.kpis(
        card.kpi_card(t("ai_costs.cost"), values.money_usd_nano(kpis.cost.value), change=kpis.cost.change,
                      direction="up_is_bad", spark=kpis.cost.spark, explanation=t("ai_costs.cost_why"),
                      loading=waiting),
        card.kpi_card(t("ai_costs.calls"), values.number(kpis.calls.value), change=kpis.calls.change,
                      direction="neutral", spark=kpis.calls.spark, loading=waiting),
        card.kpi_card(t("ai_costs.per_call"), values.money_usd_nano(kpis.per_call.value), change=kpis.per_call.change,
                      direction="up_is_bad", spark=kpis.per_call.spark, explanation=t("ai_costs.per_call_why"),
                      loading=waiting),
        card.kpi_card(t("ai_costs.cached"), values.percent(kpis.cached.value, decimals=0), change=points,
                      change_text=rx.cond(points > 0, t("ai_costs.points_up", n=values.number(points, decimals=1)),
                                          t("ai_costs.points_down", n=values.number(0 - points, decimals=1))),
                      spark=kpis.cached.spark, explanation=t("ai_costs.cached_why"), loading=waiting),
        card.kpi_card(t("ai_costs.tokens"), values.compact(kpis.tokens.value), change=kpis.tokens.change,
                      direction="neutral", spark=kpis.tokens.spark, loading=waiting),
    )  # fmt: skip


def change_cell(change: Any) -> rx.Component:
    """A change of cost: more is worse."""
    tone = rx.cond(change > 0, "tone-bad", rx.cond(change < 0, "tone-ok", "tone-mute"))
    return rx.el.span(values.change(change), class_name=tone)


PART_COLUMNS = [
    table.column("part", t_word("ai_costs.by", CostState.by)),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("per_call", t("ai_costs.per_call_short"), numeric=True),
    table.column("cached", t("ai_costs.cached_short"), numeric=True),
    table.column("change", t("ai_costs.change"), numeric=True),
    table.column("share", rx.el.span(t("ai_costs.share"), class_name="visually-hidden")),
]


def _part_cells(row: Any) -> list[controls.Content]:
    label = rx.cond(row.label_key != "", t_key(row.label_key), row.label)
    unmapped = controls.link(
        badge.pill(t("ai_costs.unmapped"), tone="warn"), href=MAPPING, title=t("ai_costs.unmapped_why")
    )
    return [
        rx.el.span(
            badge.swatch(row.colour),
            controls.link(label, href=row.href, look="cell-link"),
            rx.cond((CostState.by == "feature") & ~row.is_mapped, unmapped, rx.fragment()),
            class_name="row",
            style={"gap": "2px"},
        ),
        values.number(row.calls),
        values.money_usd_nano(row.cost_nano),
        values.money_usd_nano(row.per_call, decimals=4),
        values.percent(row.cached, decimals=0),
        change_cell(row.change),
        progress.bar(row.share, label=label, series=row.colour),
    ]


PEOPLE_COLUMNS = [
    table.column("user", t("ai_costs.user")),
    table.column("plan", t("ai_costs.by.plan")),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("cost", t("ai_costs.cost"), numeric=True),
]


def _person_cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(rx.cond(row.email != "", row.email, t("ai_costs.system")), href=row.href, look="cell-link"),
        rx.cond(row.plan != "", badge.pill(row.plan, tone="info"), badge.pill(t("ai_costs.no_plan"))),
        values.number(row.calls),
        values.money_usd_nano(row.cost_nano),
    ]


def _tables() -> rx.Component:
    count = rx.el.span(
        t("ai_costs.parts", n=CostState.parts.length(), total=values.money_usd_nano(CostState.cost_nano))
    )
    view = table.ListView.of(CostState)
    nothing = states.empty_state(t("ai_costs.no_calls"), t("ai_costs.no_calls_why"))
    return rx.el.div(
        card.card(
            table.data_table("ai-costs-parts", PART_COLUMNS, CostState.parts, _part_cells, card=False,
                             max_height=False, empty=nothing),
            title=t_word("ai_costs.split", CostState.by), aside=count, padded=False,
        ),
        card.card(
            table.data_table("ai-costs-people", PEOPLE_COLUMNS, CostState.people, _person_cells, card=False,
                             max_height=False, empty=nothing),
            title=t("ai_costs.top_users"), aside=t("ai_costs.top_users_why"), padded=False,
        ),
        class_name=rx.cond(view.is_loading & view.is_loaded, "grid grid-wide is-stale", "grid grid-wide"),
    )  # fmt: skip


def _notices() -> rx.Component:
    problem = states.error_state(t_key(CostState.problem), incident=CostState.incident, retry=CostState.load)
    return rx.fragment(
        rx.cond(CostState.problem != "", card.card(problem), rx.fragment()),
        checks.notice(CostState.checked, CostState.may_repair, CostState.repair),
        rx.cond(
            CostState.unpriced > 0,
            card.notice(
                t("ai_costs.unpriced", n=CostState.unpriced),
                tone="warn",
                pill=badge.pill(t("ai_costs.unpriced_pill"), tone="warn"),
                actions=(
                    controls.link_button(t("ai_costs.unpriced_show"), href=CostState.unpriced_href),
                    controls.link_button(t("ai_costs.unpriced_price"), href="/ops/ai-costs/pricing"),
                ),
            ),
            rx.fragment(),
        ),
    )


@page(
    route="/ops/ai-costs",
    title="ai_costs.title",
    permission=Permission.COSTS_READ,
    load=CostState.load,
    nav=Nav("ai_costs.nav.costs", "ai_costs.nav.group", "chart-column"),
)
def costs() -> rx.Component:
    """Cards, the stack over time, the breakdown and the top users."""
    by = query.query_choice(
        "by", [(str(d), t(f"ai_costs.by.{d}")) for d in Dimension], standard="feature", label=t("ai_costs.split_by")
    )
    return card.page(
        ticker.ticker(CostState.tick, seconds=TICK_S),
        card.page_header(
            t("ai_costs.title"), t("ai_costs.answer"), query.period_picker(presets=query.ALL_PRESETS),
            query.compare_picker(), query.export_links("ai-costs"),
        ),
        table.table_tools(
            *[filters.chip(str(dimension), CostState.options) for dimension in Dimension],
            filters.narrowed("user", CostState.user),
            aside=(checks.freshness(CostState.complete_to, CostState.checked),),
        ),
        _notices(),
        _kpis(),
        chart.chart_card(t_word("ai_costs.cost_by", CostState.grain), CostState.figure, choices=by),
        _tables(),
    )  # fmt: skip
