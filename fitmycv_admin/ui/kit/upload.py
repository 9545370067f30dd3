"""A drop zone that posts a file to one of our own routes, or reads a text file for the page itself."""

from typing import Any

import reflex as rx

MEGABYTE = 1_000_000


class UploadZone(rx.Component):
    """Posts `multipart/form-data`: `key` (new for each choice of a file), `fields`, then `file`.

    The route answers JSON; when it refuses, `{"key": of the sentence, "params": {}}` and whatever else it says.
    """

    library = "$/public/js/upload.js"
    tag = "UploadZone"
    url: rx.Var[str]
    accept: rx.Var[str]
    max_bytes: rx.Var[int]
    title: rx.Var[str]
    hint: rx.Var[str]
    fields: rx.Var[dict[str, str]]
    on_done: rx.EventHandler[rx.event.passthrough_event_spec(dict[str, str])]
    on_problem: rx.EventHandler[rx.event.passthrough_event_spec(dict[str, str])]


def upload_zone(
    url: str,
    *,
    title: rx.Var[str] | str,
    hint: rx.Var[str] | str,
    accept: str = ".pdf",
    max_bytes: int = 10 * MEGABYTE,
    fields: rx.Var[dict[str, str]] | None = None,
    on_done: Any = None,
    on_problem: Any = None,
) -> rx.Component:
    """Drop a file or choose one; `on_done` gets the route's answer as a dict of texts."""
    events = {name: given for name, given in (("on_done", on_done), ("on_problem", on_problem)) if given is not None}
    sent = {} if fields is None else {"fields": fields}
    return UploadZone.create(url=url, accept=accept, max_bytes=max_bytes, title=title, hint=hint, **sent, **events)


def read_zone(
    *, title: rx.Var[str] | str, hint: rx.Var[str] | str, on_done: Any, accept: str = ".csv,.txt",
    max_bytes: int = 400_000,
) -> rx.Component:  # fmt: skip
    """Drop a text file or choose one; `on_done` gets {"content", "name"}: nothing is posted.

    It travels over the page's own connection, which takes no message of a megabyte.
    """
    return UploadZone.create(url="", accept=accept, max_bytes=max_bytes, title=title, hint=hint, on_done=on_done)
