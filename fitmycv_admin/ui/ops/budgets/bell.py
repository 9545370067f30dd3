"""The bell of the operations frame: how many notices came since somebody last looked at them."""

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.budgets import notices
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import controls, ticker
from fitmycv_admin.ui.ops.budgets.words import ALERTS
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

TICK_S = 15
MOST_SHOWN = 99


class BellState(AppState):
    """Read when a page of operations opens, and again while it is looked at."""

    unseen: int = 0

    @rx.event
    @policy(Permission.OWN_DATA)
    async def ring(self) -> None:
        """Count again; whoever may not read alerts has none."""
        by = actor()
        found = await look(notices.unseen, by) if by.may(Permission.BUDGETS_READ) else 0
        if found != self.unseen:
            self.unseen = found


def bell() -> rx.Component:
    """The way to the alerts, with the number of new ones; not drawn for those who may not read them."""
    many = rx.cond(BellState.unseen > MOST_SHOWN, f"{MOST_SHOWN}+", rx.Var.create(BellState.unseen).to(str))
    label = rx.cond(BellState.unseen > 0, t("kit.bell.new", n=BellState.unseen), t("kit.bell.none"))
    link = controls.link(
        rx.icon("bell", size=16, aria_hidden="true"),
        rx.cond(BellState.unseen > 0, rx.el.span(many, class_name="bell-count", aria_hidden="true"), rx.fragment()),
        href=ALERTS,
        look="icon-btn bell",
        aria_label=label,
        title=label,
        id="bell",
    )
    return rx.cond(
        rx.Var.create(AppState.allowed).to(list[str]).contains(ALERTS),
        rx.fragment(ticker.ticker(BellState.ring, seconds=TICK_S), link),
        rx.fragment(),
    )
