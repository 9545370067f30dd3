"""Tabs whose panels are all on the page; tabs kept in the address are `query.query_tabs`."""

import reflex as rx

from fitmycv_admin.ui.kit.controls import Content


class Tabs(rx.Component):
    """A tab list with arrow keys; its children are the panels in the order of the labels."""

    library = "$/public/js/tabs.js"
    tag = "Tabs"
    labels: rx.Var[list[str]]


def tabs(*panels: tuple[Content, rx.Component]) -> rx.Component:
    """Tabs: [(label, panel)]; switching asks nothing of the server."""
    return Tabs.create(*[rx.el.div(panel) for _, panel in panels], labels=[label for label, _ in panels])
