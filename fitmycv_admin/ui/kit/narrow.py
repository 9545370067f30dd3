"""Filters that are typed, kept in the address: from-to ranges, and words that are asked for when they are whole."""

import reflex as rx


class _Narrow(rx.Component):
    library = "$/public/js/narrow.js"


class QueryRange(_Narrow):
    """A chip that asks for a lower and an upper bound."""

    tag = "QueryRange"
    low: rx.Var[str]
    high: rx.Var[str]
    label: rx.Var[str]
    unit: rx.Var[str]
    step: rx.Var[str]
    all: rx.Var[str]


class QueryText(_Narrow):
    """A field whose word is applied with Enter or when it is left."""

    tag = "QueryText"
    name: rx.Var[str]
    label: rx.Var[str]


def query_range(
    low: str, high: str, label: rx.Var[str] | str, *, unit: str, step: str = "any", everything: rx.Var[str] | str
) -> rx.Component:
    """A range between two words of the address; `everything` is what the chip says without bounds."""
    return QueryRange.create(low=low, high=high, label=label, unit=unit, step=step, all=everything)


def query_text(name: str, label: rx.Var[str] | str) -> rx.Component:
    """A word of the address, typed."""
    return QueryText.create(name=name, label=label)
