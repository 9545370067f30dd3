"""The filters that the cost page and the call list share."""

from collections.abc import Mapping
from typing import Any

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.domain.ai_costs.asked import SYSTEM
from fitmycv_admin.domain.ai_costs.names import SEVERAL, Dimension, Name
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import query, values
from fitmycv_admin.ui.ops.ai_costs import figures
from fitmycv_admin.ui.session import actor

Options = dict[str, list[dict[str, str]]]


def options(choices: Mapping[Dimension, list[Name]], words: Mapping[str, str]) -> Options:
    """The words of each filter, in the language of who asks; a choice of several at once is there while it is on."""
    found = {str(by): [_option(by, name) for name in names] for by, names in choices.items()}
    for by, listed in found.items():
        if (chosen := words.get(by, "")).startswith(SEVERAL):
            listed.append({"value": chosen, "label": text(str(actor().language), "ai_costs.other")})
    return found


def chip(name: str, given: rx.Var[Any]) -> rx.Component:
    """One filter of the address, with "all" first."""
    every = rx.Var.create([query.option("", t("ai_costs.all"))]).to(list[dict[str, str]])
    return query.query_filter(
        name, t(f"ai_costs.by.{name}"), every + given.to(dict).get(name, []).to(list[dict[str, str]])
    )


def narrowed(name: str, value: rx.Var[str]) -> rx.Component:
    """A filter that came with a link; it can only be taken away."""
    shown = values.date_text(value, "minute") if name == "hour" else value
    if name == "task":
        shown = values.id_chip(value)
    if name == "user":
        shown = rx.cond(value == SYSTEM, t("ai_costs.system"), value)
    return rx.cond(
        value != "",
        rx.el.span(
            rx.el.span(t(f"ai_costs.narrowed.{name}"), " ", rx.el.b(shown)),
            query.query_link(
                rx.el.span("✕", aria_hidden="true"),
                rx.el.span(t("ai_costs.narrowed.remove"), class_name="visually-hidden"),
                changes={name: ""}, look="link-plain",
            ),
            class_name="chip chip-strong row",
        ),
        rx.fragment(),
    )  # fmt: skip


def _option(by: Dimension, name: Name) -> dict[str, str]:
    key = figures.label_key(by, name)
    return {"value": name.key, "label": text(str(actor().language), key) if key else name.label}
