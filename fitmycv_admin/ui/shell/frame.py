"""The frames around signed-in pages: operations with a sidebar, the portal with a top bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.controls import Content
from fitmycv_admin.ui.kit.dialog import popup
from fitmycv_admin.ui.kit.values import Workspace
from fitmycv_admin.ui.shell import parts
from fitmycv_admin.ui.shell.navigation import Item, sidebar_links, top_links


@dataclass(frozen=True)
class Person:
    """What a frame shows of who is signed in; all of it Vars of the app's state, for display only."""

    name: rx.Var[str] | str
    initials: rx.Var[str] | str
    allowed: rx.Var[list[str]] | list[str]
    language: rx.Var[str] | str
    zone: rx.Var[str] | str


def frame(
    content: rx.Component,
    *,
    entries: Sequence[Item],
    person: Person,
    environment: rx.Component | None = None,
    banner: rx.Component | None = None,
    counts: rx.Var[dict[str, int]] | dict[str, int] | None = None,
    results: Any = None,
    on_search: Any = None,
    on_language: Any = None,
    account_links: tuple[tuple[Content, str], ...] = (),
    marks: tuple[rx.Component, ...] = (),
    home: str = "/ops",
    sign_out: str = "/auth/sign-out",
) -> rx.Component:
    """Operations: grouped navigation, search, `marks` such as a bell, switches, account."""
    side = rx.el.aside(
        parts.brand(home, environment=environment), sidebar_links(entries, person.allowed, counts), class_name="side"
    )
    phone = popup(
        rx.el.button(
            rx.icon("menu", size=18), type="button", class_name="icon-btn", aria_label=t("kit.shell.open_navigation")
        ),
        rx.el.div(
            parts.brand(home, environment=environment),
            sidebar_links(entries, person.allowed, counts),
            class_name="side",
        ),
        look="drawer drawer-left",
    )
    top = rx.el.header(
        rx.el.div(phone, class_name="burger"),
        parts.SearchButton.create(label=t("kit.palette.placeholder")),
        rx.el.div(
            *marks,
            parts.language_switch(person.language, on_language),
            parts.theme_switch(),
            parts.account_menu(person.initials, person.name, *account_links, sign_out=sign_out, with_keys=True),
            class_name="row push",
        ),
        class_name="top",
    )
    return rx.fragment(
        parts.skip_link(),
        Workspace.create(zone=person.zone),
        rx.el.div(
            side,
            rx.el.div(
                banner if banner is not None else rx.fragment(),
                top,
                rx.el.main(content, id="content", tab_index=-1),
                class_name="app-main",
            ),
            class_name="app",
        ),
        parts.palette(entries, allowed=person.allowed, results=results, on_search=on_search),
    )


def portal_frame(
    content: rx.Component,
    *,
    entries: Sequence[Item],
    person: Person,
    marks: tuple[rx.Component, ...] = (),
    banner: rx.Component | None = None,
    on_language: Any = None,
    account_links: tuple[tuple[Content, str], ...] = (),
    home: str = "/",
    sign_out: str = "/auth/sign-out",
) -> rx.Component:
    """Portal: a top bar, at the bottom on a phone; `marks` are chips such as "without AI" or the credits left."""
    return rx.fragment(
        parts.skip_link(),
        Workspace.create(zone=person.zone),
        banner if banner is not None else rx.fragment(),
        rx.el.header(
            parts.brand(home),
            top_links(entries, person.allowed),
            rx.el.div(*marks, class_name="row marks"),
            rx.el.div(
                parts.language_switch(person.language, on_language),
                parts.theme_switch(),
                parts.account_menu(person.initials, person.name, *account_links, sign_out=sign_out),
                class_name="row push",
            ),
            class_name="ptop",
        ),
        rx.el.main(rx.el.div(content, class_name="wrap"), id="content", tab_index=-1),
        parts.palette(entries, allowed=person.allowed),
    )
