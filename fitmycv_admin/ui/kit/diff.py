"""Before and after of one change."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.controls import Content
from fitmycv_admin.ui.kit.table import column, simple_table


def diff(
    before: rx.Var[str] | str,
    after: rx.Var[str] | str,
    *,
    inline: bool = False,
    is_current: rx.Var[bool] | bool = False,
) -> rx.Component:
    """What was and what would be; either may be empty (an addition, a removal)."""
    was, becomes = rx.Var.create(before).to(str), rx.Var.create(after).to(str)
    content = (
        rx.cond(was != "", rx.el.del_(_aloud(t("kit.diff.before")), before), rx.fragment()),
        rx.cond(becomes != "", rx.el.ins(_aloud(t("kit.diff.after")), after), rx.fragment()),
    )
    if inline:
        return rx.el.span(*content, class_name=rx.cond(is_current, "diff-inline is-current", "diff-inline"))
    return rx.el.div(*[rx.el.div(part) for part in content], class_name=rx.cond(is_current, "diff is-current", "diff"))


def field_changes(*rows: tuple[Content, Content, Content]) -> rx.Component:
    """Fields with the value they had and the one they would have: [(name, from, to)]."""
    heads = [
        column("field", t("kit.diff.field")),
        column("from", t("kit.diff.from"), numeric=True),
        column("to", t("kit.diff.to"), numeric=True),
    ]
    return simple_table(heads, *[list(row) for row in rows])


def change_rows(changes: Any) -> rx.Component:
    """Field changes that come from the server: items with `field`, `before` and `after` as text."""
    return rx.el.div(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(t("kit.diff.field"), scope="col"),
                    rx.el.th(t("kit.diff.from"), scope="col"),
                    rx.el.th(t("kit.diff.to"), scope="col"),
                )
            ),
            rx.el.tbody(rx.foreach(changes, _change_row)),
            class_name="table",
        ),
        class_name="table-scroll table-free",
        tab_index=0,
        role="region",
        aria_label=t("kit.table.region"),
    )


def _change_row(change: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(change.field, scope="row"),
        rx.el.td(rx.cond(change.before.to(str) != "", rx.el.del_(change.before), "–"), class_name="wrap"),
        rx.el.td(rx.cond(change.after.to(str) != "", rx.el.ins(change.after), "–"), class_name="wrap"),
        key=change.field,
    )


def _aloud(word: rx.Var[str]) -> rx.Component:
    return rx.el.span(word, " ", class_name="visually-hidden")
