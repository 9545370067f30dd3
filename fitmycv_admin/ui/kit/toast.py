"""Short messages at the corner, in the reader's language."""

import reflex as rx
from reflex_components_sonner.toast import Toaster

from fitmycv_admin.copy import text


class Toasts(Toaster):
    """Our own place for messages behind the same events: Reflex's comes with a library ten times as heavy."""

    library = "$/public/js/toast.js"


def toaster() -> rx.Component:
    """The place where toasts appear; `rx.App(toaster=toaster())`."""
    return Toasts.create()


def done(lang: str, key: str, **params: object) -> rx.event.EventSpec:
    """Says that something was done: `return toast.done(actor().language, "ai_costs.price_saved")`."""
    return rx.toast.success(text(lang, key, **params))


def refused(lang: str, key: str, **params: object) -> rx.event.EventSpec:
    """Says why something was not done."""
    return rx.toast.error(text(lang, key, **params))
