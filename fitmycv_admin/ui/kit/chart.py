"""Charts from plain figures: stacked bars or lines, with the same numbers as a table one click away.

A figure is a plain dict made by `figure(...)`; it holds raw numbers, the browser colours and words them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import reflex as rx
from plotly.graph_objs import Figure
from reflex.vars import VarData

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import states
from fitmycv_admin.ui.kit.controls import Content

Kind = Literal["bar", "line"]

_CHART = VarData(
    imports={"$/public/js/chart.js": [rx.ImportVar(tag="useChart", install=False)]},
    hooks={"const _chart = useChart();": None},
)


@dataclass(frozen=True)
class Series:
    """One series: a name (or a catalogue key with `is_key`) and one value for each x, None for a gap."""

    name: str
    values: Sequence[float | None]
    is_key: bool = False
    color: int = 0
    is_dashed: bool = False


@dataclass(frozen=True)
class Limit:
    """A line to stay under, named by a catalogue key."""

    label_key: str
    value: float


@dataclass(frozen=True)
class Links:
    """Where the rows behind a segment are: a page, and what to add to its query for each x and each series.

    None for a series without rows of its own.
    """

    base: str
    x: Sequence[str]
    series: Sequence[str | None]


def figure(
    x: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str = "count",
    kind: Kind = "bar",
    limits: Sequence[Limit] = (),
    x_key: str = "",
    x_words: str = "",
    height: int = 262,
    links: Links | None = None,
) -> dict[str, Any]:
    """Figures for a chart: x are ISO days, months or instants, or words (ours, when `x_words` is their prefix).

    The unit of the values is count, usd_nano, cents:EUR, percent, ms or bytes.
    """
    drawn = []
    for one in series:
        entry: dict[str, Any] = {("name_key" if one.is_key else "name"): one.name, "values": list(one.values)}
        if one.color:
            entry["color"] = one.color
        if one.is_dashed:
            entry["dashed"] = True
        drawn.append(entry)
    shown: dict[str, Any] = {"x": list(x), "series": drawn, "unit": unit, "kind": kind, "height": height}
    if limits:
        shown["limits"] = [{"label_key": limit.label_key, "value": limit.value} for limit in limits]
    if x_key:
        shown["x_key"] = x_key
    if x_words:
        shown["x_words"] = x_words
    if links:
        shown["links"] = {"base": links.base, "x": list(links.x), "series": list(links.series)}
    return shown


class ChartPanel(rx.Component):
    """The card around a chart: title, legend, and the switch to the table."""

    library = "$/public/js/chart.js"
    tag = "ChartPanel"
    figure: rx.Var[dict[str, Any]]
    title: rx.Var[str]


def chart_card(
    title: rx.Var[str] | str,
    figure: Any,
    *,
    choices: rx.Component | None = None,
    empty: Content | None = None,
) -> rx.Component:
    """A chart in its card. An empty dict means loading; the 350 KB of the library come only when figures are there."""
    drawn = rx.Var(
        _js_expr=f"_chart({figure!s})",
        _var_type=Figure,
        _var_data=VarData.merge(_CHART, figure._get_all_var_data()),
    )
    plot = rx.plotly.basic(
        data=drawn,
        template=None,
        config={"displayModeBar": False, "responsive": True},
        use_resize_handler=True,
        width="100%",
    )
    has_figure = figure.to(dict).contains("series")
    nothing = states.empty_state(empty if empty is not None else t("kit.chart.empty"), t("kit.chart.empty_why"))
    return ChartPanel.create(
        rx.el.div(choices if choices is not None else rx.fragment()),
        rx.el.div(rx.cond(has_figure, plot, states.loading_block())),
        rx.el.div(nothing),
        figure=figure,
        title=title,
    )
