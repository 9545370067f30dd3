"""Sidebar and top bar from the map of an area."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.page import Page


@dataclass(frozen=True)
class Item:
    """One entry: where it goes, the catalogue key of its words, its icon, and whether only that very page lights it.

    `words` is the key of further words that find it.
    """

    href: str
    label: str
    icon: str = ""
    group: str = ""
    is_exact: bool = False
    words: str = ""


class NavLink(rx.Component):
    """A link that knows when its page is on."""

    library = "$/public/js/shell.js"
    tag = "NavLink"
    href: rx.Var[str]
    exact: rx.Var[bool]
    look: rx.Var[str]


def items(pages: Iterable[Page]) -> tuple[Item, ...]:
    """The entries of those pages that stand in the navigation, in the order of the map."""
    shown = [page for page in pages if page.nav is not None and "[" not in page.route]
    routes = [page.route for page in shown]
    return tuple(
        Item(
            page.route,
            page.nav.label,
            page.nav.icon,
            page.nav.group,
            any(other != page.route and other.startswith(page.route + "/") for other in routes),
            page.nav.words,
        )
        for page in shown
        if page.nav is not None
    )


def sidebar_links(
    entries: Sequence[Item],
    allowed: rx.Var[list[str]] | list[str],
    counts: rx.Var[dict[str, int]] | dict[str, int] | None = None,
) -> rx.Component:
    """Groups of links; those that the person may not open are not drawn, nor are groups without any."""
    groups = [(name, list(group)) for name, group in groupby(entries, key=lambda entry: entry.group)]
    return rx.el.nav(
        *[_group(name, group, allowed, counts) for name, group in groups], aria_label=t("kit.shell.navigation")
    )


def top_links(entries: Sequence[Item], allowed: rx.Var[list[str]] | list[str]) -> rx.Component:
    """The links of the portal: on top, and at the bottom of a phone."""
    links = [
        _if_allowed(entry, NavLink.create(t(entry.label), href=entry.href, exact=entry.is_exact, look=""), allowed)
        for entry in entries
    ]
    return rx.el.nav(*links, class_name="pnav", aria_label=t("kit.shell.navigation"))


def palette_items(entries: Sequence[Item]) -> list[dict[str, object]]:
    """The same entries for the palette."""
    return [
        {
            "href": entry.href,
            "label": t(entry.label),
            "group": t(entry.group) if entry.group else "",
            "words": t(entry.words) if entry.words else "",
        }
        for entry in entries
    ]


def _group(
    name: str,
    entries: list[Item],
    allowed: rx.Var[list[str]] | list[str],
    counts: rx.Var[dict[str, int]] | dict[str, int] | None,
) -> rx.Component:
    links = [_if_allowed(entry, _link(entry, counts), allowed) for entry in entries]
    if not name:
        return rx.fragment(*links)
    any_allowed = rx.Var.create(allowed).to(list[str]).contains(entries[0].href)
    for entry in entries[1:]:
        any_allowed = any_allowed | rx.Var.create(allowed).to(list[str]).contains(entry.href)
    return rx.cond(any_allowed, rx.fragment(rx.el.div(t(name), class_name="nav-group"), *links), rx.fragment())


def _link(entry: Item, counts: rx.Var[dict[str, int]] | dict[str, int] | None) -> rx.Component:
    count = rx.fragment()
    if counts is not None:
        waiting = rx.Var.create(counts).to(dict[str, int]).get(entry.href, 0).to(int)
        count = rx.cond(waiting > 0, rx.el.span(waiting, class_name="nav-count"), rx.fragment())
    icon = rx.icon(entry.icon, size=15, aria_hidden="true") if entry.icon else rx.fragment()
    return NavLink.create(icon, t(entry.label), count, href=entry.href, exact=entry.is_exact, look="nav")


def _if_allowed(entry: Item, link: rx.Component, allowed: rx.Var[list[str]] | list[str]) -> rx.Component:
    return rx.cond(rx.Var.create(allowed).to(list[str]).contains(entry.href), link, rx.fragment())
