"""A clock of the page: calls a handler every few seconds while the tab is visible."""

import reflex as rx


class Ticker(rx.Component):
    """Draws nothing."""

    library = "$/public/js/ticker.js"
    tag = "Ticker"
    every: rx.Var[float]
    on_tick: rx.EventHandler[rx.event.no_args_event_spec]


def ticker(on_tick: rx.event.EventType[()], *, seconds: float = 5) -> rx.Component:
    """Call `on_tick` every so many seconds, and at once when the tab is looked at again."""
    return Ticker.create(every=seconds, on_tick=on_tick)
