"""Dialogs, confirmations, drawers and the panel beside a list."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from fitmycv_admin.ui.kit.controls import Content


class _Dialog(rx.Component):
    library = "$/public/js/dialog.js"
    title: rx.Var[str]
    look: rx.Var[str]


class Dialog(_Dialog):
    """A modal that the page's state opens and closes."""

    tag = "Dialog"
    open: rx.Var[bool]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


class Confirm(_Dialog):
    """A question before an act; the answer's fields go to the handler."""

    tag = "Confirm"
    confirm: rx.Var[str]
    needs: rx.Var[str]
    on_confirm: rx.EventHandler[rx.event.passthrough_event_spec(dict[str, str])]


class Opener(_Dialog):
    """A trigger and the modal it opens, without asking the server."""

    tag = "Opener"


class SidePanel(rx.Component):
    """What the address opened."""

    library = "$/public/js/dialog.js"
    tag = "SidePanel"
    label: rx.Var[str]
    closes: rx.Var[list[str]]


def dialog(
    *content: rx.Component, title: rx.Var[str] | str, open: rx.Var[bool] | bool, on_close: Any, wide: bool = False
) -> rx.Component:
    """A modal open while `open` holds; `on_close` must set it back."""
    return Dialog.create(
        *content, title=title, open=open, on_close=on_close, look="dialog dialog-wide" if wide else "dialog"
    )


def drawer(*content: rx.Component, title: rx.Var[str] | str, open: rx.Var[bool], on_close: Any) -> rx.Component:
    """A sheet from the right edge, open while `open` holds."""
    return Dialog.create(*content, title=title, open=open, on_close=on_close, look="drawer")


def popup(
    trigger: rx.Component, *content: rx.Component, title: rx.Var[str] | str = "", look: str = "dialog"
) -> rx.Component:
    """A modal opened by its own trigger, for what the page already knows.

    The look is dialog, drawer or `drawer drawer-left`.
    """
    return Opener.create(rx.el.span(trigger), rx.el.div(*content), title=title, look=look)


def confirm(
    trigger: rx.Component,
    *consequences: Content,
    title: rx.Var[str] | str,
    confirm_label: rx.Var[str] | str,
    on_confirm: Any,
    needs: rx.Var[str] | str = "",
    danger: bool = True,
) -> rx.Component:
    """Asks before a dangerous act and says in numbers what will happen; fields put inside reach the handler as a dict.

    `needs` is a word to type first, the name of what would be deleted for instance.
    """
    return Confirm.create(
        rx.el.span(trigger),
        rx.el.div(*consequences, class_name="stack"),
        title=title,
        confirm=confirm_label,
        needs=needs,
        on_confirm=on_confirm,
        look="btn btn-danger-solid" if danger else "btn btn-primary",
    )


def beside(rows: rx.Component, panel: rx.Component, *, is_open: Any) -> rx.Component:
    """A list, and beside it the panel of its opened record; the list stays where it was scrolled to."""
    return rx.el.div(
        rows, rx.cond(is_open, panel, rx.fragment()), class_name=rx.cond(is_open, "grid grid-side", "grid")
    )


def side_panel(
    *content: rx.Component,
    title: rx.Var[str] | str,
    subtitle: Content = "",
    status: rx.Component | None = None,
    closes: Sequence[str] = ("open",),
    foot: rx.Component | None = None,
) -> rx.Component:
    """A record for `beside` its list. On a small screen it is a sheet over the list.

    `closes` are the words of the address that name the record: without them the panel is closed.
    """
    return SidePanel.create(
        rx.el.div(
            rx.el.div(
                rx.el.h2(title), rx.el.div(subtitle, class_name="meta mono"), style={"min-width": "0", "flex": "1"}
            ),
            status if status is not None else rx.fragment(),
            class_name="panel-title",
        ),
        rx.el.div(*content, class_name="card-body stack"),
        rx.el.div(foot, class_name="card-foot") if foot is not None else rx.fragment(),
        label=title,
        closes=list(closes),
    )
