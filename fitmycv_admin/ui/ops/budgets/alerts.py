"""Alerts: what the rules saw, what still waits for somebody, and how long it took until somebody cared."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.budgets import asked, inbox, notices
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import card, controls, query, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.budgets import alert_lines, words
from fitmycv_admin.ui.ops.budgets.alert_lines import NoticeLine, notice_line
from fitmycv_admin.ui.ops.budgets.bell import BellState
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import AlertType, NoticeState, Permission

OF_STATE = (asked.LIVE, asked.ALL, *(str(word) for word in NoticeState))
OFFER = Offer(
    (),
    "",
    {"state": OF_STATE, "type": tuple(str(word) for word in AlertType), "since": tuple(asked.DAYS), "rule": ()},
)
TICK_S = 5
"""How often the list is read again while somebody looks."""


@dataclass(frozen=True)
class Waiting:
    """How much waits, and how fast staff was; None when nothing was acknowledged."""

    open: int = 0
    acknowledged: int = 0
    snoozed: int = 0
    median_ms: int | None = None
    taken: int = 0


@page_policy(Permission.BUDGETS_READ)
class AlertsState(Listing, AppState):
    """What the inbox shows."""

    rows: list[NoticeLine] = []  # noqa: RUF012  (Reflex copies defaults)
    chosen: list[str] = []  # noqa: RUF012
    waiting: Waiting = Waiting()
    rule: str = ""
    may_write: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Show what the address asks for; what is shown is seen."""
        with self._loading():
            yield
            await self._read()
            await ask(notices.seen, actor())
            yield BellState.ring

    @rx.event
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem:
            await self._read()

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def choose(self, notice_id: str, is_on: bool) -> None:
        """Tick a notice, or no longer."""
        others = [one for one in self.chosen if one != notice_id]
        self.chosen = [*others, notice_id[:36]][:100] if is_on else others

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def acknowledge(self) -> Any:
        """Take care of the ticked ones."""
        return await self._each(notices.acknowledge, "budgets.acknowledged_n")

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def snooze(self) -> Any:
        """Put the ticked ones off until the end of their window."""
        return await self._each(notices.snooze, "budgets.snoozed_n")

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def resolve(self) -> Any:
        """Close the ticked ones."""
        return await self._each(notices.resolve, "budgets.resolved_n")

    async def _each(self, use_case: Any, done: str) -> Any:
        """Each in a transaction of its own; those that had ended are left out of the count."""
        made, refused, chosen = 0, None, self.chosen
        self.chosen = []
        for notice_id in chosen:
            try:
                await ask(use_case, actor(), UUID(notice_id))
                made += 1
            except (FitMyCvError, ValueError) as error:
                refused = error
        await self._read()
        language = str(actor().language)
        if isinstance(refused, FitMyCvError) and not made:
            return toast.refused(language, refused.key, **refused.params)
        return toast.done(language, done, n=made)

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        filters = asked.notices({**wanted.filters, "q": wanted.search})
        found = await look(notices.notices, actor(), filters, wanted.request)
        rows = [notice_line(row) for row in self._shown(found)]
        if rows != self.rows:  # what did not change is not sent
            self.rows = rows
        counts = await look(inbox.counts, actor())
        self.waiting = Waiting(
            counts.open, counts.acknowledged, counts.snoozed,
            None if counts.median_seconds is None else counts.median_seconds * 1000, counts.taken,
        )  # fmt: skip
        self.rule = next((row.rule for row in rows), wanted.get("rule")) if wanted.get("rule") else ""
        self.may_write = actor().may(Permission.BUDGETS_WRITE)


COLUMNS = [
    table.column("opened", t("budgets.opened")),
    table.column("what", t("budgets.what"), look="clip"),
    table.column("subject", t("budgets.subject"), look="clip"),
    table.column("figure", t("budgets.figure"), numeric=True),
    table.column("window", t("budgets.past.window")),
    table.column("state", t("budgets.state")),
    table.column("taken", t("budgets.taken"), numeric=True),
    table.column("by", t("budgets.taken_by"), look="clip"),
]


def _cells(row: Any) -> list[controls.Content]:
    until = rx.cond(
        (row.state == NoticeState.SNOOZED.value) & (row.snoozed_until != ""),
        rx.el.span(t("budgets.until", at=values.date_text(row.snoozed_until, "minute")), class_name="meta"),
        rx.fragment(),
    )
    return [
        values.instant(row.opened_at),
        controls.link(alert_lines.what(row), href=row.href, look="cell-link"),
        alert_lines.subject(row),
        alert_lines.figure(row),
        values.instant(row.starts_at, relative=False, shape="minute"),
        rx.el.span(words.state_pill(row.state), until, class_name="row"),
        alert_lines.taken(row),
        rx.cond(row.acknowledged_by != "", row.acknowledged_by, "–"),
    ]


def _tools() -> rx.Component:
    of_state = [query.option(asked.LIVE, t("budgets.filter.live"))]
    of_state += [query.option(str(word), t(f"budgets.state.{word}")) for word in NoticeState]
    of_state += [query.option(asked.ALL, t("budgets.filter.all"))]
    every = query.option("", t("budgets.filter.all"))
    types = [every, *[query.option(str(word), t(f"budgets.type.{word}")) for word in AlertType]]
    since = [query.option("", t("budgets.filter.ever"))] + [
        query.option(word, t(f"kit.period.{word}")) for word in asked.DAYS
    ]
    return table.table_tools(
        query.query_search(t("budgets.filter.search_alerts")),
        query.query_filter("state", t("budgets.state"), of_state, standard=asked.LIVE),
        query.query_filter("type", t("budgets.filter.type"), types),
        query.query_filter("since", t("budgets.opened"), since),
        words.narrowed("rule", t("budgets.rule"), AlertsState.rule),
        table_id="alerts",
        columns=COLUMNS,
    )


def _kpis() -> rx.Component:
    now, loading = AlertsState.waiting, ~rx.Var.create(AlertsState.is_loaded)
    median = rx.cond(now.median_ms.is_none(), "–", values.duration_ms(now.median_ms))  # type: ignore[union-attr]
    return card.kpis(
        card.kpi_card(t("budgets.state.open"), values.number(now.open), against=t("budgets.kpi.open"),
                      href=f"{words.ALERTS}?state=open", loading=loading),
        card.kpi_card(t("budgets.state.acknowledged"), values.number(now.acknowledged),
                      against=t("budgets.kpi.acknowledged"), href=f"{words.ALERTS}?state=acknowledged",
                      loading=loading),
        card.kpi_card(t("budgets.state.snoozed"), values.number(now.snoozed), against=t("budgets.kpi.snoozed"),
                      href=f"{words.ALERTS}?state=snoozed", loading=loading),
        card.kpi_card(t("budgets.kpi.taken"), median, against=t("budgets.kpi.taken_of", n=now.taken),
                      explanation=t("budgets.kpi.taken_why"), loading=loading),
    )  # fmt: skip


@page(
    title="budgets.alerts",
    permission=Permission.BUDGETS_READ,
    load=AlertsState.load,
    nav=Nav("budgets.alerts", "budgets.nav.group", "bell", "budgets.nav.alerts_words"),
    route=words.ALERTS,
)
def alerts() -> rx.Component:
    """Figures, filters, the list, and what can be done with many."""
    chosen = table.Selection(AlertsState.chosen, AlertsState.choose)
    acts = table.selection_bar(
        chosen,
        controls.button(t("budgets.acknowledge"), kind="primary", on_click=AlertsState.acknowledge),
        controls.button(t("budgets.snooze"), on_click=AlertsState.snooze),
        controls.button(t("budgets.resolve"), on_click=AlertsState.resolve),
    )
    return card.page(
        ticker.ticker(AlertsState.tick, seconds=TICK_S),
        card.page_header(t("budgets.alerts"), t("budgets.alerts_answer"), query.export_links("alerts")),
        _kpis(),
        _tools(),
        table.data_table(
            "alerts", COLUMNS, rx.Var.create(AlertsState.rows), _cells, view=table.ListView.of(AlertsState),
            retry=AlertsState.load, selection=chosen, above=rx.cond(AlertsState.may_write, acts, rx.fragment()),
            empty=states.empty_state(t("budgets.alerts_empty"), t("budgets.alerts_empty_why"),
                                     controls.link_button(t("budgets.alerts_empty_all"),
                                                          href=f"{words.ALERTS}?state=all")),
        ),
    )  # fmt: skip
