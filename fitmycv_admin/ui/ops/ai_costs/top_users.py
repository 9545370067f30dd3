"""Who costs most: any number of people over a period, with their plan and the credits they used."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import asked, screens
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.top_users import MOST, STANDARD, TopUser
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, progress, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import checks, figures, filters
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", dict.fromkeys(asked.TOP_WORDS, ()))
NUMBERS = (10, STANDARD, 50, 100, 250, MOST)
PEOPLE = "/ops/accounts/users"


@dataclass(frozen=True)
class TopLine:
    """One person; `share` is of what everybody cost, `of_top` of the dearest one."""

    id: str
    rank: int
    email: str
    plan: str
    calls: int
    unpriced: int
    tokens: int
    cost_nano: int
    per_call: float | None
    share: float
    of_top: float
    credits: int
    calls_href: str
    person_href: str


@page_policy(Permission.COSTS_READ)
class TopUsersState(Listing, AppState):
    """What the page shows; everything comes from the address."""

    rows: list[TopLine] = []  # noqa: RUF012  (Reflex copies defaults)
    options: filters.Options = {}  # noqa: RUF012
    numbers: list[dict[str, str]] = []  # noqa: RUF012
    shown_nano: int = 0
    cost_nano: int = 0
    complete_to: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            words = dict(self._wanted(OFFER).filters)
            screen = await look(screens.top_users_of, actor(), words)
            self.rows = lines(screen, words)
            self.options = filters.options(screen.choices, words)
            chosen = sorted({*NUMBERS, min(max(screen.number, 1), MOST)})
            self.numbers = [{"value": str(number), "label": str(number)} for number in chosen]
            self.cost_nano = screen.top.whole.cost_nano
            self.shown_nano = sum(row.cost_nano for row in self.rows)
            self.complete_to = screen.fresh.complete_to.isoformat()


def lines(screen: screens.TopScreen, words: Mapping[str, str]) -> list[TopLine]:
    """The people in their order, with the ways to their calls and to themselves."""
    whole = screen.top.whole.cost_nano
    dearest = max((row.person.sums.cost_nano for row in screen.top.rows), default=0)
    return [_line(row, rank, whole, dearest, words) for rank, row in enumerate(screen.top.rows, start=1)]


def _line(row: TopUser, rank: int, whole: int, dearest: int, words: Mapping[str, str]) -> TopLine:
    person, sums = row.person, row.person.sums
    return TopLine(
        id=str(person.user_id or asked.SYSTEM), rank=rank, email=person.email, plan=person.plan, calls=sums.calls,
        unpriced=sums.unpriced, tokens=sums.tokens, cost_nano=sums.cost_nano,
        per_call=figures.ratio(sums.cost_nano, sums.calls - sums.unpriced),
        share=figures.ratio(sums.cost_nano, whole) or 0, of_top=figures.ratio(sums.cost_nano, dearest) or 0,
        credits=row.credits, calls_href=figures.link(words, user=str(person.user_id or asked.SYSTEM)),
        person_href=f"{PEOPLE}?open={person.user_id}" if person.user_id else "",
    )  # fmt: skip


COLUMNS = [
    table.column("user", t("ai_costs.user"), look="clip"),
    table.column("plan", t("ai_costs.by.plan")),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("share", t("ai_costs.share"), numeric=True),
    table.column("bar", rx.el.span(t("ai_costs.share"), class_name="visually-hidden")),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("per_call", t("ai_costs.per_call_short"), numeric=True),
    table.column("tokens", t("ai_costs.tokens"), numeric=True),
    table.column("credits", t("ai_costs.credits_used"), numeric=True),
]


def _cells(row: Any) -> list[controls.Content]:
    person = controls.link(row.email, href=row.person_href, look="cell-link")
    system = controls.link(t("ai_costs.system"), href=row.calls_href, look="cell-link")
    return [
        rx.el.span(
            rx.el.span(values.number(row.rank), ".", class_name="tone-mute tabular"),
            " ",
            rx.cond(row.person_href != "", person, system),
        ),
        rx.cond(row.plan != "", badge.pill(row.plan, tone="info"), badge.pill(t("ai_costs.no_plan"))),
        values.money_usd_nano(row.cost_nano),
        values.percent(row.share, decimals=1),
        progress.bar(row.of_top, label=t("ai_costs.share"), series=1),
        controls.link(values.number(row.calls), href=row.calls_href, look="link-plain"),
        values.money_usd_nano(row.per_call, decimals=4),
        values.compact(row.tokens),
        rx.cond(row.person_href != "", values.number(row.credits), "–"),
    ]


@page(
    title="ai_costs.top_title",
    permission=Permission.COSTS_READ,
    load=TopUsersState.load,
    nav=Nav("ai_costs.nav.top_users", "ai_costs.nav.group", "users-round", "ai_costs.nav.top_users_words"),
)
def top_users() -> rx.Component:
    """The filters, the number, and the people."""
    summary = t(
        "ai_costs.top_summary",
        n=TopUsersState.rows.length(),
        shown=values.money_usd_nano(TopUsersState.shown_nano),
        total=values.money_usd_nano(TopUsersState.cost_nano),
    )
    number = query.query_filter("n", t("ai_costs.how_many"), TopUsersState.numbers, standard=str(STANDARD))
    return card.page(
        card.page_header(
            t("ai_costs.top_title"),
            t("ai_costs.top_answer"),
            query.period_picker(presets=query.ALL_PRESETS),
            query.export_links("ai-costs-top-users"),
        ),
        table.table_tools(
            number,
            *[filters.chip(str(dimension), TopUsersState.options) for dimension in Dimension],
            table_id="ai-costs-top-users",
            columns=COLUMNS,
            aside=(checks.freshness(TopUsersState.complete_to),),
        ),
        table.data_table(
            "ai-costs-top-users",
            COLUMNS,
            TopUsersState.rows,
            _cells,
            view=table.ListView.of(TopUsersState),
            retry=TopUsersState.load,
            empty=states.empty_state(t("ai_costs.no_calls"), t("ai_costs.no_calls_why")),
            summary=summary,
            max_height=False,
        ),
    )
