"""Everything a person asked for lately: how far it is, how it ended, and the way to what came of it."""

from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.cvs import progress
from fitmycv_admin.domain.cvs.progress import Scope, TaskRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, controls, states, ticker
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.portal.tasks import rows
from fitmycv_admin.ui.portal.tasks.watching import ASKS_EVERY_S, Watching
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission


@page_policy(Permission.OWN_DATA)
class Activity(Watching, AppState):
    """The last tasks, and those that move now."""

    rows: list[TaskRow] = []  # noqa: RUF012

    def _scope(self) -> Scope:
        return Scope()

    async def _fetch(self) -> None:
        self.rows = [row for row in await look(progress.recent, actor()) if not row.is_open]

    def _show(self, found: tuple[TaskRow, ...]) -> None:
        # What has ended stands in the list below.
        super()._show(tuple(row for row in found if row.is_open))


@page(
    title="cvs.activity.title",
    permission=Permission.OWN_DATA,
    load=Activity.load,
    nav=Nav("cvs.activity.title", icon="activity"),
    route="/activity",
)
def view() -> rx.Component:
    """What moves now, then what has ended."""
    return rx.fragment(
        card.page_header(t("cvs.activity.title"), t("cvs.activity.answer")),
        _now(),
        _before(),
        # Also what another tab starts appears here.
        ticker.ticker(Activity.watch, seconds=ASKS_EVERY_S),
    )


def _now() -> rx.Component:
    def line(task: rx.Var) -> rx.Component:
        return rx.el.li(rows.moving(task, cancel=Activity.cancel, retry=Activity.retry), class_name="rows-item")

    return rx.cond(
        Activity.tasks.length() > 0,
        card.card(
            rx.el.ul(rx.foreach(Activity.tasks, line), class_name="rows", aria_live="polite"),
            title=t("wallet.tasks.now"),
            aside=rx.el.span(t("wallet.tasks.open", n=Activity.tasks.length())),
            padded=False,
            id="now",
        ),
        rx.fragment(),
    )


def _before() -> rx.Component:
    empty = states.empty_state(
        t("cvs.activity.empty"),
        t("cvs.activity.empty_why"),
        controls.link_button(t("cvs.import.title"), href="/cvs", kind="primary"),
    )
    nothing = rx.cond(Activity.tasks.length() > 0, states.empty_state(t("wallet.tasks.none_ended")), empty)
    problem = states.error_state(t("cvs.problem"), incident=Activity.incident, retry=Activity.load)
    loading = rx.el.div(
        states.skeleton(width="50%"), states.skeleton(width="30%"), class_name="card-body stack", aria_busy="true"
    )
    listed = rx.el.ul(rx.foreach(Activity.rows, _ended), class_name="rows")
    return card.card(
        rx.cond(
            Activity.rows.length() > 0,
            listed,
            rx.cond(Activity.problem != "", problem, rx.cond(Activity.is_loaded, nothing, loading)),
        ),
        title=t("wallet.tasks.before"),
        padded=False,
        id="before",
    )


def _ended(task: Any) -> rx.Component:
    return rows.ended(task, retry=Activity.retry)
