"""Buttons, links, segmented controls and menus."""

from typing import Any, Literal

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from fitmycv_admin.ui.copy import t

Kind = Literal["plain", "primary", "quiet", "danger", "danger-solid"]
Content = rx.Component | rx.Var[Any] | str


def _look(kind: Kind, extra: str = "") -> str:
    return f"btn{'' if kind == 'plain' else ' btn-' + kind} {extra}".strip()


def button(
    *content: Content, kind: Kind = "plain", busy: rx.Var[bool] | bool = False, look: str = "", **props: Any
) -> rx.Component:
    """A button; `busy` disables it and turns the wheel. One primary button per view."""
    props.setdefault("type", "button")
    disabled = props.pop("disabled", False)
    return rx.el.button(
        *content,
        class_name=_look(kind, look),
        disabled=rx.Var.create(disabled).bool() | rx.Var.create(busy).bool(),
        aria_busy=rx.cond(busy, "true", "false"),
        **props,
    )


def icon_button(icon: str, label: rx.Var[str] | str, **props: Any) -> rx.Component:
    """A square button that shows an icon and says its label to those who do not see it."""
    props.setdefault("type", "button")
    return rx.el.button(rx.icon(icon, size=16), class_name="icon-btn", aria_label=label, title=label, **props)


def link(*content: Content, href: rx.Var[str] | str, look: rx.Var[str] | str = "link", **props: Any) -> rx.Component:
    """A link inside the app: no page reload."""
    return ReactRouterLink.create(*content, to=href, class_name=look, **props)


def link_button(*content: Content, href: rx.Var[str] | str, kind: Kind = "plain", **props: Any) -> rx.Component:
    """A link that looks like a button, for going somewhere."""
    return ReactRouterLink.create(*content, to=href, class_name=_look(kind), **props)


def file_link(*content: Content, href: rx.Var[str] | str, kind: Kind = "plain", **props: Any) -> rx.Component:
    """A plain link to a route of the server: an export, a download, another site."""
    return rx.el.a(*content, href=href, class_name=_look(kind), **props)


def segmented(*items: rx.Component, label: rx.Var[str] | str) -> rx.Component:
    """A row of choices of which one is on; fill it with `segment`s or links."""
    return rx.el.div(*items, class_name="seg", role="group", aria_label=label)


def segment(label: Content, *, is_on: rx.Var[bool] | bool, **props: Any) -> rx.Component:
    """One choice of a segmented control."""
    return rx.el.button(label, type="button", aria_pressed=rx.cond(is_on, "true", "false"), **props)


class Menu(rx.Component):
    """A `<details>` that closes on Escape, on a click elsewhere and after a choice; its first child opens it."""

    library = "$/public/js/menu.js"
    tag = "Menu"
    label: rx.Var[str]
    look: rx.Var[str]
    align: rx.Var[str]


def menu(
    trigger: Content, *items: rx.Component, label: rx.Var[str] | str = "", look: str = "btn", align: str = "right"
) -> rx.Component:
    """A menu under its trigger; fill it with `menu_item`s, `menu_link`s and `menu_line()`."""
    name = t("kit.menu") if isinstance(label, str) and not label else label
    return Menu.create(rx.el.span(trigger), rx.el.div(*items), label=name, look=look, align=align)


def menu_item(*content: Content, **props: Any) -> rx.Component:
    """An act in a menu."""
    look = "menu-item menu-item-danger" if props.pop("danger", False) else "menu-item"
    return rx.el.button(*content, type="button", class_name=look, **props)


def menu_link(*content: Content, href: rx.Var[str] | str, **props: Any) -> rx.Component:
    """A way in a menu."""
    return ReactRouterLink.create(*content, to=href, class_name="menu-item", **props)


def menu_line() -> rx.Component:
    """A hairline between two groups of a menu."""
    return rx.el.div(class_name="menu-line", role="separator")


def keys(*names: str) -> rx.Component:
    """Keyboard keys, as on the keyboard."""
    return rx.el.span(*[rx.el.kbd(name) for name in names], class_name="row", style={"gap": "3px"})


def hint(text: Content, *names: str) -> rx.Component:
    """A key and what it does, for the foot of a list."""
    return rx.el.span(*[rx.fragment(rx.el.kbd(name), " ") for name in names], text)
