"""The calls that cost far more than a call of their feature costs in the middle."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import asked, spread_screens
from fitmycv_admin.domain.ai_costs.histograms import OutlierRow
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.ui.copy import t, t_key
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import figures, filters
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", dict.fromkeys(asked.OUTLIER_WORDS, ()))
NUMBERS = ("10", "20", "50")
FAR = 5
"""From how many times the median a call is marked."""


@dataclass(frozen=True)
class OutlierLine:
    """One call; `ratio` is its cost over the median of its feature."""

    id: str
    at: str
    feature: str
    feature_key: str
    cost_nano: int
    median_nano: int | None
    ratio: float | None
    duration_ms: int | None
    user: str
    user_id: str
    model: str
    href: str
    task_href: str


@page_policy(Permission.COSTS_READ)
class OutliersState(Listing, AppState):
    """What the page shows; everything comes from the address."""

    rows: list[OutlierLine] = []  # noqa: RUF012  (Reflex copies defaults)
    options: filters.Options = {}  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            words = dict(self._wanted(OFFER).filters)
            screen = await look(spread_screens.outliers, actor(), words)
            self.rows = [line(row) for row in screen.rows]
            self.options = filters.options(screen.choices, words)


def line(row: OutlierRow) -> OutlierLine:
    """One call with the way to itself: the list of its hour, with the call beside it."""
    day = row.day.isoformat()
    hour = row.at.replace(minute=0, second=0, microsecond=0).isoformat()
    here = {"period": "custom", "from": day, "to": day, "hour": hour, "feature": row.feature.key, "open": row.call_id}
    return OutlierLine(
        id=str(row.call_id), at=row.at.isoformat(), feature=row.feature.label,
        feature_key=figures.label_key(Dimension.FEATURE, row.feature), cost_nano=row.cost_nano,
        median_nano=row.median_nano, ratio=row.ratio, duration_ms=row.duration_ms, user=row.email,
        user_id=str(row.user_id or ""), model=row.model, href=f"{figures.CALLS}?{urlencode(here)}",
        task_href=f"/ops/ai-costs/task-costs?task={row.task_id}" if row.task_id else "",
    )  # fmt: skip


COLUMNS = [
    table.column("at", t("ai_costs.when")),
    table.column("feature", t("ai_costs.by.feature"), look="clip"),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("median", t("ai_costs.median"), numeric=True),
    table.column("times", t("ai_costs.times"), numeric=True),
    table.column("duration", t("ai_costs.duration"), numeric=True),
    table.column("model", t("ai_costs.by.model"), look="mono"),
    table.column("user", t("ai_costs.user"), look="clip"),
    table.column("task", t("ai_costs.task")),
]


def _cells(row: Any) -> list[controls.Content]:
    times = t("ai_costs.times_n", n=values.number(row.ratio, decimals=1))
    return [
        controls.link(values.instant(row.at, relative=False, shape="exact"), href=row.href, look="cell-link"),
        rx.cond(row.feature_key != "", t_key(row.feature_key), row.feature),
        values.money_usd_nano(row.cost_nano),
        values.money_usd_nano(row.median_nano),
        rx.cond(
            row.ratio.is_none(),
            rx.el.span("–"),
            rx.cond(row.ratio >= FAR, badge.pill(times, tone="warn"), rx.el.span(times)),
        ),
        values.duration_ms(row.duration_ms),
        row.model,
        rx.cond(
            row.user != "",
            controls.link(row.user, href="/ops/accounts/users?open=" + row.user_id, look="link-plain"),
            rx.el.span(t("ai_costs.system"), class_name="tone-mute"),
        ),
        rx.cond(
            row.task_href != "", controls.link(t("ai_costs.task_open"), href=row.task_href), rx.el.span("–")
        ),
    ]


@page(
    title="ai_costs.outliers_title",
    permission=Permission.COSTS_READ,
    load=OutliersState.load,
    nav=Nav("ai_costs.nav.outliers", "ai_costs.nav.group", "arrow-up-right", "ai_costs.nav.outliers_words"),
)
def outliers() -> rx.Component:
    """The filters, and the calls furthest from the middle."""
    numbers = [query.option(number, number) for number in NUMBERS]
    return card.page(
        card.page_header(
            t("ai_costs.outliers_title"),
            t("ai_costs.outliers_answer"),
            query.period_picker(presets=query.ALL_PRESETS),
            query.export_links("ai-costs-outliers"),
        ),
        table.table_tools(
            query.query_filter("n", t("ai_costs.how_many"), numbers, standard="50"),
            filters.chip(str(Dimension.FEATURE), OutliersState.options),
            table_id="ai-costs-outliers",
            columns=COLUMNS,
            aside=(card.explain(t("ai_costs.median_why")),),
        ),
        table.data_table(
            "ai-costs-outliers",
            COLUMNS,
            OutliersState.rows,
            _cells,
            view=table.ListView.of(OutliersState),
            retry=OutliersState.load,
            empty=states.empty_state(t("ai_costs.no_outliers"), t("ai_costs.no_outliers_why")),
        ),
    )
