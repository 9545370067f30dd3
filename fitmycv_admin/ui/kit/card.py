"""Page head, cards, notices, facts and the KPI card."""

from typing import Any, Literal

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import values
from fitmycv_admin.ui.kit.controls import Content

Tone = Literal["info", "ok", "warn", "bad"]
Direction = Literal["up_is_good", "up_is_bad", "neutral"]


def page(*content: rx.Component) -> rx.Component:
    """The column of a page, with its one rhythm; the frame puts it in `<main>`."""
    return rx.el.div(*content, class_name="page")


def page_header(
    title: Content, answer: Content = "", *actions: rx.Component, back: tuple[Content, str] | None = None
) -> rx.Component:
    """The title, the one line that says what the page answers, and its actions; `back` is (label, href)."""
    crumbs = (
        rx.el.nav(ReactRouterLink.create("← ", back[0], to=back[1]), class_name="crumbs", aria_label=t("kit.back"))
        if back
        else rx.fragment()
    )
    return rx.el.div(
        rx.el.div(crumbs, rx.el.h1(title, class_name="page-title"), rx.el.p(answer, class_name="sub")),
        rx.el.div(*actions, class_name="page-actions") if actions else rx.fragment(),
        class_name="page-head",
    )


def card(
    *content: rx.Component,
    title: Content = "",
    aside: Content | None = None,
    foot: rx.Component | None = None,
    padded: bool = True,
    **props: Any,
) -> rx.Component:
    """A flat card; `aside` sits at the right of its title, `padded=False` lets a table reach the edges."""
    head = rx.fragment()
    if not isinstance(title, str) or title:
        head = rx.el.div(
            rx.el.h2(title),
            rx.fragment() if aside is None else rx.el.div(aside, class_name="row push sub"),
            class_name="card-head",
        )
    body = rx.el.div(*content, class_name="card-body") if padded else rx.fragment(*content)
    return rx.el.section(
        head,
        body,
        rx.el.div(foot, class_name="card-foot") if foot is not None else rx.fragment(),
        class_name="card",
        **props,
    )


def notice(
    *content: Content,
    tone: Tone = "info",
    pill: rx.Component | None = None,
    actions: tuple[rx.Component, ...] = (),
    **props: Any,
) -> rx.Component:
    """One thing a person should know now, with what they can do about it."""
    props.setdefault("role", "status")
    return rx.el.div(
        pill if pill is not None else rx.fragment(),
        rx.el.div(*content, class_name="notice-text"),
        rx.el.div(*actions, class_name="notice-actions") if actions else rx.fragment(),
        class_name=f"notice notice-{tone}",
        **props,
    )


def explain(*content: Content) -> rx.Component:
    """How a number is computed, behind a small question mark."""
    return rx.el.details(rx.el.summary("?", aria_label=t("kit.explain")), rx.el.div(*content), class_name="explain")


def facts(*pairs: tuple[Content, Content]) -> rx.Component:
    """Names and values in two columns."""
    return rx.el.dl(*[rx.fragment(rx.el.dt(name), rx.el.dd(value)) for name, value in pairs], class_name="facts")


def kpis(*cards: rx.Component) -> rx.Component:
    """A row of KPI cards that wraps by itself."""
    return rx.el.div(*cards, class_name="kpis")


def kpi_card(
    label: Content,
    figure: Content,
    *,
    unit: Content = "",
    change: rx.Var[Any] | float | None = None,
    change_text: rx.Var[str] | str | None = None,
    direction: Direction = "up_is_good",
    against: Content | None = None,
    spark: rx.Var[str] | str = "",
    href: rx.Var[str] | str = "",
    explanation: Content | None = None,
    loading: Any = False,
) -> rx.Component:
    """A figure with its unit, its change against the previous period and the line that led to it.

    `change` is a ratio (0.094 for +9.4 %) and decides the colour by `direction`; `change_text` replaces its
    wording (points for instance). `spark` is the points attribute of a 60×22 polyline, see `spark_points`.
    """
    body = (
        rx.el.div(label, rx.fragment() if explanation is None else explain(explanation), class_name="kpi-label"),
        rx.el.div(
            rx.cond(
                loading,
                rx.el.span(class_name="skeleton skeleton-figure"),
                rx.el.span(
                    figure, rx.el.span(unit, class_name="kpi-unit") if unit != "" else "", class_name="kpi-figure"
                ),
            ),
            _spark(spark),
            class_name="kpi-line",
        ),
        rx.el.div(*_change(change, change_text, direction, against), class_name="kpi-change"),
    )
    if not isinstance(href, str) or href:
        return ReactRouterLink.create(*body, to=href, class_name="card kpi")
    return rx.el.div(*body, class_name="card kpi")


def _change(
    change: rx.Var[Any] | float | None, wording: rx.Var[str] | str | None, direction: Direction, against: Content | None
) -> tuple[rx.Component, ...]:
    if change is None:
        return (rx.el.span(against if against is not None else ""),)
    ratio = rx.Var.create(change).to(float)
    good, bad = ("tone-ok", "tone-bad") if direction == "up_is_good" else ("tone-bad", "tone-ok")
    tone = "tone-mute" if direction == "neutral" else rx.cond(ratio > 0, good, rx.cond(ratio < 0, bad, "tone-mute"))
    text = wording if wording is not None else values.change(change)
    shown = (rx.el.span(text, class_name=tone), rx.el.span(against if against is not None else t("kit.vs_previous")))
    if isinstance(change, rx.Var):
        known = rx.Var(f"({change!s}) !== null", _var_type=bool, _var_data=change._get_all_var_data())
        return (rx.cond(known, rx.fragment(*shown), rx.el.span(t("kit.no_previous"))),)
    return shown


def _spark(points: rx.Var[str] | str) -> rx.Component:
    if isinstance(points, str) and not points:
        return rx.fragment()
    return rx.el.svg(
        rx.el.svg.polyline(points=points),
        view_box="0 0 60 22",
        class_name="spark",
        aria_hidden="true",
        preserve_aspect_ratio="none",
    )


def spark_points(series: list[float] | tuple[float, ...]) -> str:
    """The points attribute of a sparkline, oldest first, drawn in 60×22."""
    if len(series) < 2:
        return ""
    low, high = min(series), max(series)
    span = (high - low) or 1
    step = 60 / (len(series) - 1)
    return " ".join(f"{index * step:.1f},{20 - (value - low) / span * 18:.1f}" for index, value in enumerate(series))
