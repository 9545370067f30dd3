"""What the app needs to wear the look: the stylesheets in order, the head of every page, and the chart colours."""

import reflex as rx

STYLESHEETS = [
    "/css/tokens.css",
    "/css/base.css",
    "/css/kit.css",
    "/css/shell.css",
    "/css/portal.css",
    "/css/wallet.css",
]

SERIES = (1, 2, 3, 4, 7, 6, 5, 8)
"""The order in which chart series take the eight colours; text stays readable in both themes."""


def head() -> list[rx.Component]:
    """Head elements of every page: the icon and the colour of the browser's frame.

    The font is not fetched ahead of being asked for: on a slow link it would take the place of the styles and of the
    first text, which is painted without it.
    """
    return [
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.meta(name="color-scheme", content="light dark"),
    ]
