"""Which frame stands around a page, by its area, and what it shows of who is signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import reflex as rx

from fitmycv_admin.ui.catalogues import areas_of
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.card import notice
from fitmycv_admin.ui.kit.controls import link_button
from fitmycv_admin.ui.kit.states import skeleton
from fitmycv_admin.ui.language import LanguageState
from fitmycv_admin.ui.ops import pages as ops
from fitmycv_admin.ui.ops.budgets import bell
from fitmycv_admin.ui.page import Page
from fitmycv_admin.ui.portal import pages as portal
from fitmycv_admin.ui.portal.credits import purse
from fitmycv_admin.ui.search import SearchState
from fitmycv_admin.ui.session import AppState
from fitmycv_admin.ui.shell.frame import Person, frame, portal_frame
from fitmycv_admin.ui.shell.guest import guest_card, guest_frame
from fitmycv_admin.ui.shell.navigation import items
from fitmycv_admin.ui.shell.parts import brand, environment_mark
from fitmycv_admin.ui.theme import STYLESHEETS, head

__all__ = ["STYLESHEETS", "framed", "head", "loads", "missing", "waiting"]


def framed(page: Page) -> Callable[[], rx.Component]:
    """The page inside the frame of its area.

    It is a function that says it comes from the module of the page: the compiler makes one script of each module, so
    a browser fetches the script of the page it is on and not that of all pages. The sentences come in the same way.
    """

    @wraps(page.view)
    def view() -> rx.Component:
        content = _framed(page)
        words = areas_of(content, page.title)
        return rx.fragment(rx.el.span(hidden=True, custom_attrs={"data-words": " ".join(words)}), content)

    return view


def _framed(page: Page) -> rx.Component:
    if page.area == "guest":
        return guest_frame(page(), environment=environment_mark(AppState.is_demo))
    if page.area == "ops":
        return frame(
            page(),
            entries=items(ops.PAGES),
            person=_person(),
            environment=environment_mark(AppState.is_demo),
            on_language=LanguageState.choose,
            results=SearchState.found,
            on_search=SearchState.search,
            account_links=((t("common.portal"), "/"), (t("common.account"), "/accounts/profile")),
            marks=(bell.bell(),),
        )
    return portal_frame(
        rx.fragment(purse.banner(is_own_page=page.route == purse.PAGE), page()),
        entries=items(portal.PAGES),
        person=_person(),
        marks=(_without_ai(), purse.chip(), environment_mark(AppState.is_demo)),
        banner=_ai_off(),
        on_language=LanguageState.choose,
        account_links=((t("common.account"), "/accounts/profile"),),
    )


def waiting() -> rx.Component:
    """What stands on a page of one record until its script is there; it needs no language."""
    return rx.el.div(
        rx.el.header(brand(), class_name="guest-top"),
        rx.el.main(
            rx.el.div(skeleton(), skeleton(look="skeleton-block"), class_name="wrap", aria_busy="true"),
        ),
        class_name="waiting",
    )


def loads(page: Page) -> list[Any]:
    """What is read when a page opens: its own data, and what its frame shows."""
    own = [page.load] if page.load else []
    return own + {"portal": [purse.Purse.refresh], "ops": [bell.BellState.ring]}.get(page.area, [])


def missing() -> rx.Component:
    """The page of an address that does not exist."""
    return guest_frame(
        guest_card(
            t("common.missing.title"),
            t("common.missing.answer"),
            link_button(t("common.missing.home"), href="/"),
        )
    )


def _person() -> Person:
    return Person(AppState.user_name, AppState.initials, AppState.allowed, AppState.language, AppState.zone)


def _ai_off() -> rx.Component:
    """Said on every page of the portal while no model can be asked."""
    return rx.cond(AppState.is_ai_off, notice(t("tasks.error.models_off"), tone="warn"), rx.fragment())


def _without_ai() -> rx.Component:
    """Said on every page of the portal while the local engine answers instead of a model."""
    return rx.cond(AppState.is_without_ai, rx.el.span(t("common.without_ai"), class_name="chip"), rx.fragment())
