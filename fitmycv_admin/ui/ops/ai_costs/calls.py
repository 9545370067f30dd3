"""Every call: who caused it, what it used and how its cost came about."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import asked, screens
from fitmycv_admin.domain.ai_costs.call_list import CallRow
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.priced_by import VersionChoice
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, narrow, query, states, table, ticker, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.ai_costs import call_panel, figures, filters, live
from fitmycv_admin.ui.ops.ai_costs.call_panel import CallView
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import CallStatus, Permission

OFFER = Offer((), "", dict.fromkeys((*asked.CALL_WORDS, "open"), ()))
TICK_S = 5
NARROWED = ("hour", "task")


@dataclass(frozen=True)
class CallLine:
    """One line of the list; numbers and instants stay raw."""

    id: str
    at: str
    feature: str
    feature_key: str
    call_name: str
    model: str
    tier: str
    user: str
    user_id: str
    prompt: int
    cached: int
    completion: int
    duration_ms: int | None
    cost_nano: int | None
    is_priced: bool
    status: str


@page_policy(Permission.COSTS_READ)
class CallState(Listing, AppState):
    """What the list shows."""

    rows: list[CallLine] = []  # noqa: RUF012  (Reflex copies defaults)
    options: filters.Options = {}  # noqa: RUF012
    versions: list[dict[str, str]] = []  # noqa: RUF012
    opened: CallView | None = None
    count: int | None = None
    searched_to: str = ""
    user: str = ""
    narrowed: dict[str, str] = {}  # noqa: RUF012
    has_new: bool = False
    _version: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            words = dict(wanted.filters)
            screen = await look(screens.calls, actor(), words, wanted.request)
            self._show(screen, words)

    @rx.event
    async def tick(self) -> None:
        """Say that there are newer calls; rows never move under the pointer."""
        if self.is_loaded and not self.has_new and await live.version() != self._version:
            self.has_new = True

    def _show(self, screen: screens.CallScreen, words: Mapping[str, str]) -> None:
        found = self._shown(screen.calls.page)
        self.rows = [_line(row) for row in found]
        self.opened = call_panel.view(screen.opened) if screen.opened else None
        self.options = filters.options(screen.choices, words)
        self.versions = [_version(one) for one in screen.versions]
        self.count = screen.calls.count
        self.searched_to = screen.calls.searched_to.isoformat() if screen.calls.searched_to else ""
        self.user = screen.user
        self.narrowed = {name: words[name] for name in NARROWED if words.get(name)}
        self.has_new, self._version = False, screen.version


def _version(one: VersionChoice) -> dict[str, str]:
    since = one.since.isoformat() if one.since else "…"
    key = figures.label_key(Dimension.TIER, Name(one.tier, one.tier))
    tier = text(str(actor().language), key) if key else one.tier
    return {"value": str(one.id), "label": f"{one.model} · {tier} · {since}"}


def _line(row: CallRow) -> CallLine:
    return CallLine(
        id=str(row.id), at=row.at.isoformat(), feature=row.feature.label,
        feature_key=figures.label_key(Dimension.FEATURE, row.feature), call_name=row.call_name,
        model=row.model_served, tier=row.tier, user=row.email, user_id=str(row.user_id or ""),
        prompt=row.prompt_tokens, cached=row.cached_tokens, completion=row.completion_tokens,
        duration_ms=row.duration_ms, cost_nano=row.cost_nano,
        is_priced=row.price_version_id is not None, status=row.status,
    )  # fmt: skip


COLUMNS = [
    table.column("at", t("ai_costs.when")),
    table.column("feature", t("ai_costs.by.feature"), look="clip"),
    table.column("model", t("ai_costs.by.model"), look="mono"),
    table.column("tier", t("ai_costs.by.tier")),
    table.column("user", t("ai_costs.user"), look="clip"),
    table.column("prompt", t("ai_costs.prompt"), numeric=True),
    table.column("cached", t("ai_costs.cached_tokens"), numeric=True),
    table.column("completion", t("ai_costs.completion"), numeric=True),
    table.column("duration", t("ai_costs.duration"), numeric=True),
    table.column("cost", t("ai_costs.cost"), numeric=True),
    table.column("status", t("ai_costs.status")),
]


def _cells(row: Any) -> list[controls.Content]:
    unpriced = badge.pill(t("ai_costs.unpriced_pill"), tone="warn", title=t("ai_costs.unpriced_why"))
    unknown = rx.cond(row.is_priced, rx.el.span("?", title=t("ai_costs.unknown_why"), class_name="tone-mute"), unpriced)
    person = query.query_link(row.user, changes={"user": row.user_id}, look="link-plain")
    return [
        query.query_link(values.instant(row.at, relative=False, shape="exact"), changes={"open": row.id},
                         look="cell-link"),
        rx.el.span(rx.cond(row.feature_key != "", t_key(row.feature_key), row.feature), title=row.call_name),
        row.model,
        t_word("ai_costs.tier", row.tier),
        rx.cond(row.user != "", person, rx.el.span(t("ai_costs.system"), class_name="tone-mute")),
        values.number(row.prompt),
        values.number(row.cached),
        values.number(row.completion),
        values.duration_ms(row.duration_ms),
        rx.cond(row.cost_nano.is_none(), unknown, values.money_usd_nano(row.cost_nano)),
        badge.status_pill(rx.Var.create(row.status), "ai_costs.call_status"),
    ]  # fmt: skip


def _tools() -> rx.Component:
    states_of_call = [query.option("", t("ai_costs.all"))] + [
        query.option(str(word), t(f"ai_costs.call_status.{word}")) for word in CallStatus
    ]
    every = rx.Var.create([query.option("", t("ai_costs.all"))]).to(list[dict[str, str]])
    known = [query.option("", t("ai_costs.all")), query.option("1", t("ai_costs.unpriced_only"))]
    return table.table_tools(
        narrow.query_text("person", t("ai_costs.find_person")),
        *[filters.chip(str(dimension), CallState.options) for dimension in Dimension],
        query.query_filter("status", t("ai_costs.status"), states_of_call),
        query.query_filter("unpriced", t("ai_costs.price"), known),
        query.query_filter("version", t("ai_costs.version"), every + CallState.versions.to(list[dict[str, str]])),
        narrow.query_range("min", "max", t("ai_costs.cost"), unit="$", everything=t("ai_costs.all")),
        narrow.query_range(
            "min_ms", "max_ms", t("ai_costs.duration"), unit="ms", step="1", everything=t("ai_costs.all")
        ),
        filters.narrowed("user", CallState.user),
        *[filters.narrowed(name, CallState.narrowed.get(name, "")) for name in NARROWED],
        table_id="ai-costs-calls",
        columns=COLUMNS,
        aside=(
            rx.cond(CallState.has_new, controls.button(t("ai_costs.show_new"), on_click=CallState.load), rx.fragment()),
        ),
    )


def _is_open(row: Any) -> rx.Var[bool]:
    return CallState.opened.id == row.id


def _stopped() -> rx.Component:
    """A search without an index says how far it came."""
    return rx.cond(
        CallState.searched_to != "",
        card.notice(t("ai_costs.searched_to", day=values.date_text(CallState.searched_to, "date")), tone="info"),
        rx.fragment(),
    )


@page(
    title="ai_costs.calls_title",
    permission=Permission.COSTS_READ,
    load=CallState.load,
    nav=Nav("ai_costs.nav.calls", "ai_costs.nav.group", "list"),
)
def calls() -> rx.Component:
    """The list, its filters and the call beside it."""
    rows = table.data_table(
        "ai-costs-calls",
        COLUMNS,
        CallState.rows,
        _cells,
        view=table.ListView.of(CallState),
        is_open=_is_open,
        retry=CallState.load,
        empty=states.empty_state(t("ai_costs.no_calls"), t("ai_costs.no_calls_why")),
        summary=rx.cond(CallState.count.is_none(), "", t("ai_costs.n_calls", n=CallState.count)),
    )
    return card.page(
        ticker.ticker(CallState.tick, seconds=TICK_S),
        card.page_header(
            t("ai_costs.calls_title"), t("ai_costs.calls_answer"), query.period_picker(presets=query.ALL_PRESETS),
            query.export_links("ai-costs-calls"),
        ),
        _tools(),
        _stopped(),
        dialog.beside(rows, call_panel.panel(CallState.opened), is_open=CallState.opened),
    )  # fmt: skip
