"""Use against limit: how far into their plan people are this month, and who is near its end."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.billing import plan_usage as domain
from fitmycv_admin.domain.billing.plan_usage import STEPS, NearRow, UsageRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, chart, controls, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing.plan_words import feature_filter, feature_name, feature_text, limit_text
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission, PlanFeature

OFFER = Offer((), "", {"plan": (), "feature": tuple(PlanFeature), "at": ("90", "100")})
COLOURS = {"low": 6, "half": 1, "most": 2, "near": 3, "reached": 5}


@dataclass(frozen=True)
class UsageLine:
    """One feature of one plan."""

    id: str
    plan: str
    feature: str
    limit: int
    people: int
    uses: int
    near: int
    reached: int


@dataclass(frozen=True)
class NearLine:
    """Somebody near their limit; `share` is a ratio."""

    id: str
    user_id: str
    email: str
    plan: str
    feature: str
    used: int
    limit: int
    share: float
    width: str
    is_override: bool
    renews_at: str


@page_policy(Permission.PLANS_READ)
class PlanUsageState(Listing, AppState):
    """What the page shows."""

    figure: dict[str, Any] = {}  # noqa: RUF012  (Reflex copies defaults)
    usage: list[UsageLine] = []  # noqa: RUF012
    rows: list[NearLine] = []  # noqa: RUF012
    plan_options: list[dict[str, str]] = []  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            screen = await look(domain.screen, actor(), dict(wanted.filters), wanted.request)
            self.figure = _figure(screen.rows)
            self.usage = [_usage(row) for row in screen.rows]
            self.rows = [_near(row) for row in self._shown(screen.people)]
            self.plan_options = [query.option(name, name) for name in screen.plans]


def _figure(rows: Sequence[UsageRow]) -> dict[str, Any]:
    """People by step for each limited feature, all shown plans together."""
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        if any(row.spread.values()):
            step = sums.setdefault(row.feature, dict.fromkeys(STEPS, 0))
            for name, people in row.spread.items():
                step[name] += people
    if not sums:
        return {"x": [], "series": []}
    series = [
        chart.Series(f"plans.step.{name}", [sums[feature][name] for feature in sums], is_key=True, color=COLOURS[name])
        for name in STEPS
    ]
    return chart.figure([feature_name(feature) for feature in sums], series, x_key="plans.feature")


def _usage(row: UsageRow) -> UsageLine:
    return UsageLine(
        id=f"{row.plan_id}/{row.feature}", plan=row.plan, feature=row.feature, limit=row.limit, people=row.people,
        uses=row.uses, near=row.near, reached=row.reached,
    )  # fmt: skip


def _near(row: NearRow) -> NearLine:
    return NearLine(
        id=str(row.counter_id), user_id=str(row.user_id), email=row.email, plan=row.plan, feature=row.feature,
        used=row.used, limit=row.limit, share=row.share / 1000, width=f"{min(row.share / 10, 100):.0f}%",
        is_override=row.is_override, renews_at=row.renews_at.isoformat(),
    )  # fmt: skip


USAGE_COLUMNS = [
    table.column("feature", t("plans.feature"), look="wrap"),
    table.column("plan", t("plans.plan")),
    table.column("limit", t("plans.limit"), numeric=True),
    table.column("people", t("plans.people"), numeric=True),
    table.column("uses", t("plans.uses"), numeric=True),
    table.column("near", t("plans.near"), numeric=True),
    table.column("reached", t("plans.reached"), numeric=True),
]
NEAR_COLUMNS = [
    table.column("person", t("plans.person"), look="clip"),
    table.column("plan", t("plans.plan")),
    table.column("feature", t("plans.feature"), look="clip"),
    table.column("used", t("plans.used"), numeric=True),
    table.column("share", t("plans.share")),
    table.column("renews", t("plans.new_month")),
    table.column("act", t("plans.exception")),
]


def _usage_cells(row: Any) -> list[controls.Content]:
    near = query.query_link(
        values.number(row.near), changes={"plan": row.plan, "feature": row.feature, "at": ""}, look="link"
    )
    only = {"plan": row.plan, "feature": row.feature}
    return [
        query.query_link(feature_text(row.feature), changes=only, look="cell-link"),
        row.plan,
        limit_text(row.limit),
        values.number(row.people),
        values.number(row.uses),
        rx.cond(row.near > 0, near, rx.el.span("0", class_name="tone-mute")),
        rx.el.span(values.number(row.reached), class_name=rx.cond(row.reached > 0, "tone-bad", "tone-mute")),
    ]


def _near_cells(row: Any) -> list[controls.Content]:
    bar = rx.el.div(
        rx.el.div(
            rx.el.i(style={"width": row.width}),
            class_name=rx.cond(row.share >= 1, "bar bar-bad", "bar bar-warn"),
            style={"width": "90px"},
            aria_hidden="true",
        ),
        rx.el.span(values.percent(row.share, decimals=0), class_name="num"),
        class_name="row",
    )
    give = controls.link(t("plans.give_exception"), href=_grant_href(row))
    return [
        controls.link(row.email, href=rx.Var.create("/ops/accounts/users?open=") + row.user_id, look="cell-link"),
        row.plan,
        feature_text(row.feature),
        rx.el.span(values.number(row.used), " / ", limit_text(row.limit)),
        bar,
        values.instant(row.renews_at, relative=False, shape="minute"),
        rx.cond(row.is_override, badge.pill(t("plans.has_exception"), tone="info"), give),
    ]


def _grant_href(row: Any) -> rx.Var[str]:
    return rx.Var.create("/ops/billing/limit-overrides?user=") + row.user_id + "&feature=" + row.feature


def _tools() -> rx.Component:
    every = rx.Var.create([query.option("", t("plans.all"))]).to(list[dict[str, str]])
    known = rx.Var.create(PlanUsageState.plan_options).to(list[dict[str, str]])
    return table.table_tools(query.query_filter("plan", t("plans.plan"), every + known), feature_filter())


@page(
    title="plans.usage_title",
    permission=Permission.PLANS_READ,
    load=PlanUsageState.load,
    nav=Nav("plans.nav.usage", "credits.nav.group", "gauge", "plans.nav.usage_words"),
)
def plan_usage() -> rx.Component:
    """The chart, the same by plan and feature, and the people near their limit."""
    view = table.ListView.of(PlanUsageState)
    spread = table.data_table(
        "plan-usage",
        USAGE_COLUMNS,
        PlanUsageState.usage,
        _usage_cells,
        view=table.ListView(view.is_loaded, view.is_loading, view.problem, view.incident, rx.Var.create(""),
                            rx.Var.create("")),
        empty=states.empty_state(t("plans.no_use"), t("plans.no_use_why")),
        retry=PlanUsageState.load,
        max_height=False,
    )  # fmt: skip
    people = table.data_table(
        "plan-near",
        NEAR_COLUMNS,
        PlanUsageState.rows,
        _near_cells,
        view=view,
        empty=states.empty_state(t("plans.nobody_near"), t("plans.nobody_near_why")),
        retry=PlanUsageState.load,
        above=rx.el.div(
            rx.el.h2(t("plans.near_title")),
            rx.el.div(
                query.query_choice(
                    "at", [("90", t("plans.at_90")), ("100", t("plans.at_100"))], standard="90", label=t("plans.share")
                ),
                query.export_link("/api/exports/plan-near.csv"),
                class_name="row push row-wrap",
            ),
            class_name="card-head",
        ),
    )
    return card.page(
        card.page_header(t("plans.usage_title"), t("plans.usage_answer"),
                         query.export_link("/api/exports/plan-usage.csv")),
        _tools(),
        chart.chart_card(t("plans.spread_title"), PlanUsageState.figure, empty=t("plans.no_use")),
        spread,
        people,
    )  # fmt: skip
