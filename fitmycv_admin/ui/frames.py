"""Which frame stands around a page, by its area."""

import reflex as rx

from fitmycv_admin.ui.page import Page

STYLESHEETS: tuple[str, ...] = ()


def head() -> list[rx.Component]:
    """What every page loads before its own code."""
    return []


def framed(page: Page) -> rx.Component:
    """The page inside the frame of its area."""
    return rx.el.main(page())


def missing() -> rx.Component:
    """The page of an address that does not exist."""
    return rx.el.main(rx.el.h1("404"))
