"""What every frame has: the brand, the switches, the account menu, the palette."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.controls import Content, menu, menu_line, menu_link
from fitmycv_admin.ui.kit.form import NativeForm
from fitmycv_admin.ui.shell.navigation import Item, palette_items


class LanguageSwitch(rx.Component):
    """French or English, at once and without the server; the choice may also be told to the profile."""

    library = "$/public/js/shell.js"
    tag = "LanguageSwitch"
    profile: rx.Var[str]
    look: rx.Var[str]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Avatar(rx.Component):
    """The initials of a person."""

    library = "$/public/js/shell.js"
    tag = "Avatar"
    initials: rx.Var[str]


class _Palette(rx.Component):
    library = "$/public/js/palette.js"


class Palette(_Palette):
    """Ctrl-K and the keyboard help."""

    tag = "Palette"
    items: rx.Var[list[Any]]
    results: rx.Var[list[Any]]
    allowed: rx.Var[list[str]]
    on_search: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class SearchButton(_Palette):
    """What looks like a search field and opens the palette."""

    tag = "SearchButton"
    label: rx.Var[str]


class KeysItem(_Palette):
    """The entry of a menu that opens the keyboard help."""

    tag = "KeysItem"
    label: rx.Var[str]


def skip_link() -> rx.Component:
    """The first stop of the Tab key: straight to the content."""
    return rx.el.a(t("kit.shell.skip"), href="#content", class_name="skip")


def brand(href: str = "/", *, environment: rx.Component | None = None) -> rx.Component:
    """The mark and the name; `environment` is the mark of a non-production place."""
    mark = rx.el.img(src="/favicon.svg", alt="", class_name="brand-mark", width="20", height="20")
    name = ReactRouterLink.create(mark, "FitMyCV", to=href, class_name="row")
    return rx.el.div(name, environment if environment is not None else rx.fragment(), class_name="brand")


def environment_mark(is_demo: rx.Var[bool] | bool) -> rx.Component:
    """Says that nothing here is real."""
    return rx.cond(is_demo, rx.el.span(t("kit.shell.demo"), class_name="env"), rx.fragment())


def theme_switch() -> rx.Component:
    """Light or dark."""
    return rx.el.button(
        rx.icon("moon", size=16, class_name="only-light"),
        rx.icon("sun", size=16, class_name="only-dark"),
        type="button",
        class_name="icon-btn",
        aria_label=t("kit.shell.theme"),
        title=t("kit.shell.theme"),
        on_click=rx.toggle_color_mode,
    )


def language_switch(profile: rx.Var[str] | str = "", on_choose: Any = None) -> rx.Component:
    """The other language."""
    events = {} if on_choose is None else {"on_choose": on_choose}
    return LanguageSwitch.create(profile=profile, **events)


def account_menu(
    initials: rx.Var[str] | str,
    name: rx.Var[str] | str,
    *links: tuple[Content, str],
    sign_out: str,
    with_keys: bool = False,
) -> rx.Component:
    """Who is signed in, their own pages, and the way out (a form that posts: the session ends on the server)."""
    return menu(
        Avatar.create(initials=initials),
        rx.el.div(name, class_name="menu-head"),
        *[menu_link(label, href=href) for label, href in links],
        KeysItem.create(label=t("kit.keys.title")) if with_keys else rx.fragment(),
        menu_line(),
        NativeForm.create(
            rx.el.button(t("kit.shell.sign_out"), type="submit", class_name="menu-item"), action=sign_out, method="post"
        ),
        label=t("kit.shell.account"),
        look="account",
    )


def palette(
    entries: Sequence[Item],
    *,
    allowed: rx.Var[list[str]] | list[str],
    results: Any = None,
    on_search: Any = None,
) -> rx.Component:
    """The palette of an area; `results` are items with href, label and hint found by `on_search(text)`."""
    extra: dict[str, Any] = {}
    if results is not None:
        extra["results"] = results
    if on_search is not None:
        extra["on_search"] = on_search
    return Palette.create(items=palette_items(entries), allowed=allowed, **extra)


def freshness(text: Content, *, tone: str = "ok") -> rx.Component:
    """Up to when the figures of a page are complete; tone is ok, warn or bad."""
    look = "dot" if tone == "ok" else f"dot dot-{tone}"
    return rx.el.span(
        rx.el.span(class_name=look, aria_hidden="true"), rx.el.span(text, class_name="fresh-text"), class_name="fresh"
    )
