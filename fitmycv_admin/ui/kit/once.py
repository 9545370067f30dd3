"""A hidden field with a key that the browser makes once for each form, so that sending it twice does it once."""

from typing import Any

import reflex as rx


class OnceKey(rx.Component):
    """Draws a hidden input; a new `form_number` makes a new key."""

    library = "$/public/js/once.js"
    tag = "OnceKey"
    name: rx.Var[str]
    form_number: rx.Var[int]


def once_field(form_number: rx.Var[Any] | int, *, name: str = "once") -> rx.Component:
    """The key of one filled-in form; count `form_number` up when the form is opened anew."""
    return OnceKey.create(name=name, form_number=form_number)
