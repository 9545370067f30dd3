"""Bars, steps, the score ring and its parts."""

from typing import Any

import reflex as rx
from reflex.vars import VarData

from fitmycv_admin.ui.kit import values
from fitmycv_admin.ui.kit.controls import Content

RING = 238.8
"""The length of the ring's circle: 2π × 38."""


def bar(
    ratio: rx.Var[Any] | float, *, label: rx.Var[str] | str, look: str = "", series: rx.Var[int] | int = 0
) -> rx.Component:
    """A share between 0 and 1; look is bar-warn or bar-bad, series takes a chart colour."""
    share = _clamped(ratio)
    classes = rx.Var.create(f"bar {look} s") + rx.Var.create(series).to(str)
    return rx.el.div(
        rx.el.i(style={"width": share.to(str) + "%"}),
        class_name=classes,
        custom_attrs={"role": "meter"},
        aria_label=label,
        aria_valuenow=share,
        aria_valuemin=0,
        aria_valuemax=100,
    )


def progress(
    ratio: rx.Var[Any] | float, label: Content, *, detail: Content = "", name: rx.Var[str] | str = ""
) -> rx.Component:
    """How far a task is, with its words; read aloud politely when they change. A label of parts needs a `name`."""
    share = _clamped(ratio)
    return rx.el.div(
        rx.el.div(
            rx.el.span(label, aria_live="polite"), rx.el.span(detail, class_name="meta tabular"), class_name="spread"
        ),
        rx.el.div(
            rx.el.i(style={"width": share.to(str) + "%"}),
            class_name="bar",
            role="progressbar",
            aria_valuenow=share,
            aria_valuemin=0,
            aria_valuemax=100,
            aria_label=name if isinstance(label, rx.Component) else label,
        ),
        class_name="stack stack-2",
    )


def steps(*items: tuple[Content, rx.Var[str] | str]) -> rx.Component:
    """The steps of a task: [(label, "done" | "now" | "todo")]."""
    return rx.el.ol(
        *[rx.el.li(label, custom_attrs={"data-state": state}) for label, state in items], class_name="steps"
    )


def score_ring(score: rx.Var[Any] | int, title: Content, detail: Content = "") -> rx.Component:
    """A score out of 100 as a ring, with its verdict beside it."""
    value = rx.Var.create(score).to(float)
    arc = (value * RING / 100).to(str) + f" {RING}"
    ring = rx.el.svg(
        rx.el.svg.circle(cx="46", cy="46", r="38"),
        rx.el.svg.circle(
            cx="46",
            cy="46",
            r="38",
            class_name="ring-value",
            stroke_dasharray=arc,
        ),
        rx.el.svg.text(values.number(score, decimals=0), x="46", y="55"),
        view_box="0 0 92 92",
        class_name="ring",
        aria_hidden="true",
    )
    return rx.el.div(
        ring,
        rx.el.div(
            rx.el.b(rx.el.span(values.number(score, decimals=0), "/100 · ", class_name="visually-hidden"), title),
            rx.el.div(detail, class_name="sub"),
        ),
        class_name="score",
    )


def score_bar(label: Content, score: rx.Var[Any] | float) -> rx.Component:
    """One part of a score, out of 100."""
    value = rx.Var.create(score).to(float)
    return rx.el.div(
        rx.el.span(label),
        bar(value / 100, label=label if not isinstance(label, rx.Component) else ""),
        rx.el.span(values.number(score, decimals=0), class_name="num"),
        class_name="score-bar",
    )


def score_bars(*bars: rx.Component) -> rx.Component:
    """The parts of a score under each other."""
    return rx.el.div(*bars, class_name="score-bars")


def _clamped(ratio: rx.Var[Any] | float) -> rx.Var[float]:
    given = rx.Var.create(ratio)
    return rx.Var(
        _js_expr=f"Math.round(Math.max(0,Math.min(1,({given!s})||0))*1000)/10",
        _var_type=float,
        _var_data=VarData.merge(given._get_all_var_data()),
    )
