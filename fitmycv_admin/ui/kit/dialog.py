"""Dialogs, confirmations, drawers and the panel beside a list."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from fitmycv_admin.ui.copy import t
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


def dialog(
    *content: rx.Component, title: rx.Var[str] | str, open: rx.Var[bool], on_close: Any, wide: bool = False
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


def side_panel(
    *content: rx.Component,
    title: Content,
    subtitle: Content = "",
    status: rx.Component | None = None,
    close_href: rx.Var[str] | str = "",
    foot: rx.Component | None = None,
) -> rx.Component:
    """A record beside its list; put both in a `grid grid-side`."""
    close = (
        ReactRouterLink.create("✕", to=close_href, class_name="icon-btn", aria_label=t("kit.close"))
        if not isinstance(close_href, str) or close_href
        else rx.fragment()
    )
    return rx.el.aside(
        rx.el.div(
            rx.el.div(
                rx.el.h2(title), rx.el.div(subtitle, class_name="meta mono"), style={"min-width": "0", "flex": "1"}
            ),
            status if status is not None else rx.fragment(),
            close,
            class_name="card-head",
        ),
        rx.el.div(*content, class_name="card-body stack"),
        rx.el.div(foot, class_name="card-foot") if foot is not None else rx.fragment(),
        class_name="card panel",
        aria_label=title,
    )
