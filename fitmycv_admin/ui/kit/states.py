"""Nothing yet, still loading, and gone wrong: what a place shows when it has no data."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.controls import Content, button


def empty_state(title: Content, why: Content = "", *acts: rx.Component) -> rx.Component:
    """Says why there is nothing and offers the next act."""
    return rx.el.div(rx.el.b(title), rx.el.p(why), *acts, class_name="state")


def error_state(problem: rx.Var[str] | str, *, incident: rx.Var[str] | str = "", retry: Any = None) -> rx.Component:
    """Says what went wrong, under which number to ask about it, and offers to try again."""
    number = rx.el.p(t("kit.incident", id=incident), class_name="meta mono")
    return rx.el.div(
        rx.el.b(t("kit.error_title")),
        rx.el.p(problem),
        rx.cond(incident, number, rx.fragment()),
        button(t("kit.retry"), on_click=retry) if retry is not None else rx.fragment(),
        class_name="state",
        role="alert",
    )


def skeleton(*, look: str = "", width: str = "100%") -> rx.Component:
    """A line of the final size, before the data."""
    return rx.el.span(class_name=f"skeleton {look}", style={"width": width}, aria_hidden="true")


def skeleton_rows(rows: int, columns: int) -> rx.Component:
    """Table rows before the data."""
    widths = ("70%", "45%", "60%", "38%", "52%")
    return rx.fragment(
        *[
            rx.el.tr(
                *[rx.el.td(skeleton(width=widths[(line + cell) % len(widths)])) for cell in range(columns)],
                aria_hidden="true",
            )
            for line in range(rows)
        ]
    )


def loading_block() -> rx.Component:
    """A chart or a text before the data."""
    return rx.el.div(skeleton(look="skeleton-block"), aria_busy="true", aria_label=t("kit.loading"), role="status")
