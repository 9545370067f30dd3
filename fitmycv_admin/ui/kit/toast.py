"""Short messages at the corner, in the reader's language."""

import reflex as rx
from reflex_components_sonner.toast import Toaster

from fitmycv_admin.copy import text


def toaster() -> rx.Component:
    """The place where toasts appear; `rx.App(toaster=toaster())`."""
    return Toaster.create(position="bottom-right", close_button=True, visible_toasts=4, rich_colors=False)


def done(lang: str, key: str, **params: object) -> rx.event.EventSpec:
    """Says that something was done: `return toast.done(actor().language, "ai_costs.price_saved")`."""
    return rx.toast.success(text(lang, key, **params))


def refused(lang: str, key: str, **params: object) -> rx.event.EventSpec:
    """Says why something was not done."""
    return rx.toast.error(text(lang, key, **params))
