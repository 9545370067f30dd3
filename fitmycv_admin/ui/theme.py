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
    """Head elements of every page: the icon, the font, the colour of the browser's frame.

    The font is fetched before it is asked for, but never ahead of the styles: text is painted without it first.
    """
    return [
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.link(
            rel="preload",
            href="/fonts/inter-latin-wght-normal.woff2",
            custom_attrs={"as": "font", "fetchPriority": "low"},
            type="font/woff2",
            cross_origin="anonymous",
        ),
        rx.el.meta(name="color-scheme", content="light dark"),
    ]
