"""Ops home: what happened since yesterday, and what waits for somebody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.insights import overview
from fitmycv_admin.domain.insights.overview import Figure
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import values
from fitmycv_admin.ui.kit.card import Direction, kpi_card, kpis, notice, page_header
from fitmycv_admin.ui.kit.card import page as column
from fitmycv_admin.ui.kit.controls import link_button
from fitmycv_admin.ui.kit.states import loading_block
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

_LINKS = {
    "today": "/ops/ai-costs?period=today",
    "month": "/ops/ai-costs?period=month",
    "days30": "/ops/ai-costs?period=30d",
    "completed": "/ops/tasks?state=completed",
    "failed": "/ops/tasks?state=failed",
    "open": "/ops/tasks?state=open",
    "registered": "/ops/users",
    "active": "/ops/users",
    "approvals": "/ops/approvals",
    "differences": "/ops/billing/reconciliation",
}


@dataclass(frozen=True)
class Shown:
    """A figure as the card takes it; `change` is a ratio, meaningless when there is nothing to compare."""

    key: str
    value: int
    change: float
    has_change: bool
    href: str


@dataclass(frozen=True)
class Late:
    """Work that waits too long now."""

    key: str
    worst_ms: int
    limit_ms: int
    told: int


class OverviewState(AppState):
    """The figures that this person may see."""

    is_loaded: bool = False
    costs: list[Shown] = []  # noqa: RUF012
    tasks: list[Shown] = []  # noqa: RUF012
    people: list[Shown] = []  # noqa: RUF012
    waiting: list[Shown] = []  # noqa: RUF012
    late: list[Late] = []  # noqa: RUF012

    @rx.event
    @policy(Permission.OVERVIEW_READ)
    async def load(self) -> None:
        """Read all of it in one snapshot."""
        found = await look(overview.overview, actor())
        self.costs, self.tasks = _shown(found.costs), _shown(found.tasks)
        self.people, self.waiting = _shown(found.people), _shown(found.waiting)
        self.late = [Late(str(row.id), row.worst_s * 1000, row.limit_s * 1000, row.told) for row in found.late]
        self.is_loaded = True


def _shown(figures: tuple[Figure, ...]) -> list[Shown]:
    return [
        Shown(
            figure.key,
            figure.value,
            (figure.value - figure.before) / figure.before if figure.before else 0.0,
            bool(figure.before),
            _LINKS.get(figure.key, ""),
        )
        for figure in figures
    ]


def _cost_card(figure: Shown) -> rx.Component:
    return _card(figure, values.money_usd_nano(figure.value), "up_is_bad")


def _task_card(figure: Shown) -> rx.Component:
    return rx.cond(
        figure.key == "failed",
        _card(figure, values.number(figure.value), "up_is_bad"),
        _card(figure, values.number(figure.value), "up_is_good"),
    )


def _people_card(figure: Shown) -> rx.Component:
    return _card(figure, values.number(figure.value), "up_is_good")


def _waiting_card(figure: Shown) -> rx.Component:
    label, note = t_word("insights.overview.card", figure.key), t_word("insights.overview.note", figure.key)
    alone = kpi_card(label, values.number(figure.value), against=note)
    linked = kpi_card(label, values.number(figure.value), against=note, href=figure.href)
    return rx.fragment(rx.cond(figure.href != "", linked, alone), key=figure.key)


def _card(figure: Shown, number: rx.Var[str], direction: Direction) -> rx.Component:
    label = t_word("insights.overview.card", figure.key)
    note = t_word("insights.overview.note", figure.key)
    changed = kpi_card(label, number, change=figure.change, direction=direction, against=note, href=figure.href)
    alone = kpi_card(label, number, against=note, href=figure.href)
    return rx.fragment(rx.cond(figure.has_change, changed, alone), key=figure.key)


def mail_off() -> rx.Component:
    """Said to staff while no message can leave this installation."""
    return rx.cond(AppState.is_mail_off, notice(t("emails.off"), tone="warn"), rx.fragment())


def _late(row: Late) -> rx.Component:
    words = t("console.late", age=values.duration_ms(row.worst_ms), limit=values.duration_ms(row.limit_ms), n=row.told)
    return notice(words, tone="bad", actions=(link_button(t("console.late.show"), href="/ops/tasks?state=queued"),),
                  key=row.key)  # fmt: skip


def _section(title: str, cards: Any, draw: Callable[[Shown], rx.Component]) -> rx.Component:
    return rx.cond(
        cards.length() > 0,
        rx.el.section(
            rx.el.h2(t(title), class_name="section-title"), kpis(rx.foreach(cards, draw)), class_name="stack stack-2"
        ),
        rx.fragment(),
    )


@page(
    title="insights.overview.title",
    permission=Permission.OVERVIEW_READ,
    load=OverviewState.load,
    nav=Nav("insights.overview.nav", icon="layout-dashboard"),
    route="/ops",
)
def overview_page() -> rx.Component:
    """Four rows of cards, each a way to its rows."""
    return column(
        page_header(t("insights.overview.title"), t("insights.overview.answer")),
        mail_off(),
        rx.cond(
            OverviewState.is_loaded,
            rx.fragment(
                rx.foreach(OverviewState.late, _late),
                _section("insights.overview.costs", OverviewState.costs, _cost_card),
                _section("insights.overview.tasks", OverviewState.tasks, _task_card),
                _section("insights.overview.people", OverviewState.people, _people_card),
                _section("insights.overview.waiting", OverviewState.waiting, _waiting_card),
            ),
            loading_block(),
        ),
    )
