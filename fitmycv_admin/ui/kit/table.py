"""A table from columns, rows and a row function, with its empty, loading and error looks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import reflex as rx

from fitmycv_admin.ui.copy import t, t_key
from fitmycv_admin.ui.kit import states
from fitmycv_admin.ui.kit.controls import Content, hint
from fitmycv_admin.ui.kit.query import SortHead, query_link

Align = Literal["left", "right"]


class TableFrame(rx.Component):
    """Remembers columns and density, and lets the keyboard walk the rows."""

    library = "$/public/js/table.js"
    tag = "TableFrame"
    id: Any = None
    look: rx.Var[str]


class ColumnMenu(rx.Component):
    """The menu of the columns and the density."""

    library = "$/public/js/table.js"
    tag = "ColumnMenu"
    id: Any = None
    columns: rx.Var[list[Any]]


@dataclass(frozen=True)
class Column:
    """One column: its key, its head, how it aligns, and the sort word of the address if it sorts."""

    key: str
    label: Content
    align: Align = "left"
    sort: str = ""
    look: str = ""


def column(key: str, label: Content, *, numeric: bool = False, sort: bool | str = False, look: str = "") -> Column:
    """A column; numbers align right, `sort=True` sorts by the key; `look` is wrap, clip, tight or mono."""
    word = key if sort is True else (sort or "")
    return Column(key, label, "right" if numeric else "left", word, look)


@dataclass(frozen=True)
class ListView:
    """The Vars of a `Listing` that a table draws."""

    is_loaded: rx.Var[bool]
    is_loading: rx.Var[bool]
    problem: rx.Var[str]
    incident: rx.Var[str]
    next_token: rx.Var[str]
    previous_token: rx.Var[str]

    @classmethod
    def of(cls, state: Any) -> "ListView":
        """Those of a State with the `Listing` mixin."""
        return cls(
            state.is_loaded, state.is_loading, state.problem, state.incident, state.next_token, state.previous_token
        )


@dataclass(frozen=True)
class Selection:
    """Checked rows: their ids, and the handler told (id, is checked)."""

    ids: rx.Var[list[str]] | list[str]
    toggle: Callable[..., Any]


def data_table(
    table_id: str,
    columns: list[Column],
    rows: Any,
    cells: Callable[[Any], list[Content]],
    *,
    view: ListView | None = None,
    key: str = "id",
    standard_sort: str = "",
    empty: rx.Component | None = None,
    retry: Any = None,
    selection: Selection | None = None,
    is_open: Callable[[Any], Any] | None = None,
    hints: tuple[rx.Component, ...] = (),
    summary: Content | None = None,
    above: rx.Component | None = None,
    card: bool = True,
    max_height: bool = True,
) -> rx.Component:
    """A real table of at most a page of rows.

    `cells(row)` gives the content of each column in their order; `key` names the row's unique field. A cell that
    opens the row holds a link with `class_name="cell-link"` (Enter follows it). Without a `view` the rows are
    taken as loaded and there is no paging.
    """
    head = _head(columns, standard_sort, selection)

    def draw(row: Any) -> rx.Component:
        return _row(row, columns, cells, key, selection, is_open)

    count = rx.Var.create(rows).to(list).length()
    nothing = empty if empty is not None else states.empty_state(t("kit.table.empty"), t("kit.table.empty_why"))
    body = _body(rx.foreach(rows, draw), count, view, nothing, retry, len(columns) + (1 if selection else 0))
    return TableFrame.create(
        above if above is not None else rx.fragment(),
        _stale_notice(view, count, retry) if view else rx.fragment(),
        rx.el.div(_table(head, body, view), class_name="table-scroll", **_region()),
        _foot(view, hints, summary) if view else rx.fragment(),
        id=table_id,
        look=("card" if card else "") + ("" if max_height else " table-free"),
    )


def _table(head: list[rx.Component], body: Any, view: ListView | None) -> rx.Component:
    """The table itself; old rows are dimmed while new ones load."""
    parts = (rx.el.thead(rx.el.tr(*head)), rx.el.tbody(body))
    if view is None:
        return rx.el.table(*parts, class_name="table")
    look = rx.cond(view.is_loading & view.is_loaded, "table is-stale", "table")
    return rx.el.table(*parts, class_name=look, aria_busy=rx.cond(view.is_loading, "true", "false"))


def _body(rows: rx.Component, count: Any, view: ListView | None, nothing: rx.Component, retry: Any, width: int) -> Any:
    """The rows, or why there are none: gone wrong, nothing there, or not loaded yet."""
    if view is None:
        return rx.cond(count > 0, rows, _span(nothing, width))
    trouble = states.error_state(t_key(view.problem), incident=view.incident, retry=retry)
    waiting = rx.cond(view.is_loaded, _span(nothing, width), states.skeleton_rows(8, width))
    return rx.cond(count > 0, rows, rx.cond(view.problem != "", _span(trouble, width), waiting))


def selection_bar(selection: Selection, *acts: rx.Component) -> rx.Component:
    """What can be done with the checked rows, in numbers; drawn only while there are some. Pass it as `above`."""
    count = rx.Var.create(selection.ids).to(list[str]).length()
    return rx.cond(
        count > 0,
        rx.el.div(
            rx.el.b(t("kit.table.selected", n=count)),
            rx.el.div(*acts, class_name="row push"),
            class_name="selection-bar",
        ),
        rx.fragment(),
    )


def table_tools(
    *filters: rx.Component,
    table_id: str = "",
    columns: list[Column] | None = None,
    aside: tuple[rx.Component, ...] = (),
) -> rx.Component:
    """The bar over a table: search and filters at the left, count, columns and export at the right."""
    menu = rx.fragment()
    if table_id and columns:
        menu = ColumnMenu.create(id=table_id, columns=[{"key": c.key, "label": c.label} for c in columns])
    return rx.el.div(*filters, rx.el.div(*aside, menu, class_name="row push"), class_name="table-tools")


def simple_table(heads: list[Column], *rows: list[Content]) -> rx.Component:
    """A small table of constants inside a card."""
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*[_plain_head(column) for column in heads])),
            rx.el.tbody(
                *[
                    rx.el.tr(
                        *[rx.el.td(cell, class_name=_look(column)) for cell, column in zip(row, heads, strict=True)]
                    )
                    for row in rows
                ]
            ),
            class_name="table",
        ),
        class_name="table-scroll table-free",
        **_region(),
    )


def _region() -> dict[str, Any]:
    """What scrolls sideways can be reached and scrolled with the keyboard."""
    return {"tab_index": 0, "role": "region", "aria_label": t("kit.table.region")}


def _look(column: Column, *, pinned: bool = False) -> str:
    return " ".join(filter(None, ("num" if column.align == "right" else "", "pin" if pinned else "", column.look)))


def _plain_head(column: Column, *, pinned: bool = False) -> rx.Component:
    return rx.el.th(
        column.label, scope="col", class_name=_look(column, pinned=pinned), custom_attrs={"data-col": column.key}
    )


def _head(columns: list[Column], standard_sort: str, selection: Selection | None) -> list[rx.Component]:
    heads: list[rx.Component] = []
    if selection is not None:
        heads.append(
            rx.el.th(rx.el.span(t("kit.table.select"), class_name="visually-hidden"), class_name="tight", scope="col")
        )
    for index, column in enumerate(columns):
        pinned = index == 0
        if not column.sort:
            heads.append(_plain_head(column, pinned=pinned))
            continue
        heads.append(
            SortHead.create(
                column.label,
                name=column.sort,
                standard=standard_sort,
                column=column.key,
                look=_look(column, pinned=pinned),
                descending_first=column.align == "right",
            )
        )
    return heads


def _row(
    row: Any,
    columns: list[Column],
    cells: Callable[[Any], list[Content]],
    key: str,
    selection: Selection | None,
    is_open: Callable[[Any], Any] | None,
) -> rx.Component:
    row_id = getattr(row, key).to(str)
    drawn: list[rx.Component] = []
    props: dict[str, Any] = {}
    if selection is not None:
        checked = rx.Var.create(selection.ids).to(list[str]).contains(row_id)
        drawn.append(
            rx.el.td(
                rx.el.input(
                    type="checkbox",
                    checked=checked,
                    on_change=selection.toggle(row_id, ~checked),
                    aria_label=t("kit.table.select_row", id=row_id),
                ),
                class_name="tight",
            )
        )
        props["aria_selected"] = rx.cond(checked, "true", "false")
    for index, (column, cell) in enumerate(zip(columns, cells(row), strict=True)):
        look, place = _look(column, pinned=index == 0), {"data-col": column.key}
        if index == 0:
            drawn.append(rx.el.th(cell, class_name=look, custom_attrs=place, scope="row"))
        else:
            drawn.append(rx.el.td(cell, class_name=look, custom_attrs=place))
    if is_open is not None:
        props["class_name"] = rx.cond(is_open(row), "is-open", "")
    return rx.el.tr(*drawn, key=row_id, tab_index=-1, custom_attrs={"data-row": row_id}, **props)


def _span(content: rx.Component, width: int) -> rx.Component:
    return rx.el.tr(rx.el.td(content, col_span=width))


def _stale_notice(view: ListView, count: Any, retry: Any) -> rx.Component:
    """Old rows stay visible when a reload fails; this says so."""
    return rx.cond(
        (view.problem != "") & (count > 0),
        rx.el.div(
            rx.el.span(t("kit.table.stale"), " ", t_key(view.problem)),
            rx.el.button(t("kit.retry"), class_name="btn btn-quiet push", type="button", on_click=retry)
            if retry
            else "",
            class_name="selection-bar",
            role="alert",
        ),
        rx.fragment(),
    )


def _foot(view: ListView, hints: tuple[rx.Component, ...], summary: Content | None) -> rx.Component:
    keys = rx.el.div(hint(t("kit.keys.move"), "j", "k"), hint(t("kit.keys.open"), "Enter"), *hints, class_name="hints")
    older = query_link(t("kit.table.older"), " →", changes={"after": view.next_token, "before": ""}, look="btn")
    newer = query_link("← ", t("kit.table.newer"), changes={"before": view.previous_token, "after": ""}, look="btn")
    return rx.el.div(
        keys,
        rx.el.span(summary, class_name="meta") if summary is not None else rx.fragment(),
        rx.el.div(
            rx.cond(view.previous_token != "", newer, rx.fragment()),
            rx.cond(view.next_token != "", older, rx.fragment()),
            class_name="row push",
        ),
        class_name="table-foot",
    )
