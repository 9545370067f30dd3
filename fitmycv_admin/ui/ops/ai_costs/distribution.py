"""How the costs and durations of calls are spread, over time and by feature."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import asked, spread_screens
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.spreads import FeatureSpread
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, chart, controls, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import figures, filters
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Measure, Permission

OFFER = Offer((), "", {**dict.fromkeys(asked.SPREAD_WORDS, ()), "measure": tuple(Measure)})
UNIT = {Measure.COST: "usd_nano", Measure.DURATION: "ms"}
BANDS = (("average", 3), ("p50", 1), ("p95", 2), ("p99", 4))
_MONTHS_FROM = 366


@dataclass(frozen=True)
class SpreadLine:
    """One feature over the whole period, in nano-USD or milliseconds."""

    id: str
    label: str
    label_key: str
    calls: int
    average: int | None
    p50: int | None
    p95: int | None
    p99: int | None
    changes: dict[str, str]


@page_policy(Permission.COSTS_READ)
class DistributionState(Listing, AppState):
    """What the page shows; everything comes from the address and one snapshot of the database."""

    figure: dict[str, Any] = {}  # noqa: RUF012  (Reflex copies defaults)
    rows: list[SpreadLine] = []  # noqa: RUF012
    options: filters.Options = {}  # noqa: RUF012
    measure: str = str(Measure.COST)
    grain: str = "day"

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            words = dict(self._wanted(OFFER).filters)
            screen = await look(spread_screens.distribution, actor(), words)
            self.figure = figure(screen)
            self.rows = [_line(row, words) for row in screen.features]
            self.options = filters.options(screen.choices, words)
            self.measure = str(screen.measure)
            self.grain = "month" if screen.period.days > _MONTHS_FROM else "day"


def figure(screen: spread_screens.SpreadScreen) -> dict[str, Any]:
    """Four lines; a day without a call is a gap."""
    rows = screen.rows
    series = [
        chart.Series(f"ai_costs.{band}", [getattr(row, band) for row in rows], is_key=True, color=colour,
                     is_dashed=band == "average")
        for band, colour in BANDS
    ]  # fmt: skip
    return chart.figure(
        [row.at.isoformat() for row in rows], series, unit=UNIT[screen.measure], kind="line", height=320
    )


def _line(row: FeatureSpread, _words: Mapping[str, str]) -> SpreadLine:
    return SpreadLine(
        id=row.feature.key, label=row.feature.label, label_key=figures.label_key(Dimension.FEATURE, row.feature),
        calls=row.calls, average=row.average, p50=row.p50, p95=row.p95, p99=row.p99,
        changes={"feature": row.feature.key},
    )  # fmt: skip


COLUMNS = [
    table.column("feature", t("ai_costs.by.feature")),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("average", t("ai_costs.average"), numeric=True),
    table.column("p50", t("ai_costs.p50"), numeric=True),
    table.column("p95", t("ai_costs.p95"), numeric=True),
    table.column("p99", t("ai_costs.p99"), numeric=True),
]


def _amount(value: Any) -> rx.Var[str]:
    is_cost = DistributionState.measure == str(Measure.COST)
    return rx.cond(is_cost, values.money_usd_nano(value), values.duration_ms(value))


def _cells(row: Any) -> list[controls.Content]:
    label = rx.cond(row.label_key != "", t_key(row.label_key), row.label)
    return [
        query.query_link(label, changes={"feature": row.id}, look="cell-link"),
        values.number(row.calls),
        _amount(row.average),
        _amount(row.p50),
        _amount(row.p95),
        _amount(row.p99),
    ]


@page(
    title="ai_costs.spread_title",
    permission=Permission.COSTS_READ,
    load=DistributionState.load,
    nav=Nav("ai_costs.nav.distribution", "ai_costs.nav.group", "chart-spline", "ai_costs.nav.distribution_words"),
)
def distribution() -> rx.Component:
    """The bands over time, and each feature over the whole period."""
    measure = query.query_choice(
        "measure",
        [(str(one), t(f"ai_costs.measure.{one}")) for one in (Measure.COST, Measure.DURATION)],
        standard=str(Measure.COST),
        label=t("ai_costs.measure"),
    )
    nothing = states.empty_state(t("ai_costs.no_calls"), t("ai_costs.no_calls_why"))
    return card.page(
        card.page_header(
            t("ai_costs.spread_title"),
            t("ai_costs.spread_answer"),
            query.period_picker(presets=query.ALL_PRESETS),
            query.export_links("ai-costs-distribution"),
        ),
        table.table_tools(
            filters.chip(str(Dimension.FEATURE), DistributionState.options),
            aside=(card.explain(t("ai_costs.spread_why")),),
        ),
        chart.chart_card(
            t_word("ai_costs.spread_by", DistributionState.grain), DistributionState.figure, choices=measure
        ),
        card.card(
            table.data_table(
                "ai-costs-spreads",
                COLUMNS,
                DistributionState.rows,
                _cells,
                view=table.ListView.of(DistributionState),
                retry=DistributionState.load,
                empty=nothing,
                card=False,
                max_height=False,
            ),
            title=t("ai_costs.spread_each"),
            padded=False,
        ),
    )
