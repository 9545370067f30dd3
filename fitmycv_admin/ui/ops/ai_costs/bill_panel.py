"""The opened day beside the list of days: the parts of its difference, and the same day by model."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, controls, dialog, table, values

MODELS = [
    table.column("name", t("cost_books.model"), look="wrap"),
    table.column("billed", t("cost_books.billed"), numeric=True),
    table.column("estimated", t("cost_books.estimated"), numeric=True),
    table.column("difference", t("cost_books.difference"), numeric=True),
]


def state_pill(state: Any) -> rx.Component:
    """How a day stands."""
    look = rx.match(state, ("different", "pill pill-bad"), ("fine", "pill pill-ok"), ("open", "pill pill-info"), "pill")
    return rx.el.span(t_word("cost_books.day_states", state), class_name=look)


def panel(state: Any) -> rx.Component:
    """Its parts, which add up to the difference, and its models."""
    one = state.opened
    return dialog.side_panel(
        _sums(
            (t("cost_books.billed"), values.money_usd_nano(one.billed_nano)),
            (t("cost_books.estimated"), values.money_usd_nano(one.estimated_nano)),
            (rx.el.b(t("cost_books.difference")), rx.el.b(values.money_usd_nano(one.difference_nano))),
        ),
        rx.el.h3(t("cost_books.explained_by")),
        _sums(
            (t("cost_books.part.untracked"), values.money_usd_nano(one.untracked_nano)),
            (_part("unpriced", one.unpriced_calls, one.calls_href + "&unpriced=1"),
             values.money_usd_nano(one.unpriced_nano)),
            (_part("aborted", one.aborted_calls, one.calls_href + "&status=aborted"),
             values.money_usd_nano(one.aborted_nano)),
            (rx.el.span(t("cost_books.part.late"), " ", rx.cond(one.late_calls > 0, _count(one.late_calls), "")),
             values.money_usd_nano(one.late_nano)),
            (rx.el.b(t("cost_books.rest")), rx.el.b(values.money_usd_nano(one.rest_nano))),
        ),
        rx.el.p(t("cost_books.parts_how"), class_name="meta"),
        rx.el.h3(t("cost_books.by_model")),
        table.data_table("bill-models", MODELS, rx.Var.create(state.models), _cells, card=False),
        title=values.date_text(one.day),
        subtitle=t("cost_books.day_of_bill"),
        status=state_pill(one.state),
        closes=("day",),
        foot=controls.link(t("cost_books.calls_of_day", n=one.calls), href=one.calls_href),
    )  # fmt: skip


def _sums(*pairs: tuple[controls.Content, controls.Content]) -> rx.Component:
    """Amounts under each other, however long their names are."""
    amount = {"text-align": "right", "white-space": "nowrap"}
    return rx.el.dl(
        *[
            rx.fragment(rx.el.dt(name), rx.el.dd(value, class_name="tabular", style=amount))
            for name, value in pairs
        ],
        class_name="facts",
        style={"grid-template-columns": "minmax(0, 1fr) auto"},
    )  # fmt: skip


def _part(name: str, calls: Any, href: Any) -> rx.Component:
    linked = controls.link(_count(calls), href=href)
    return rx.el.span(t(f"cost_books.part.{name}"), " ", rx.cond(calls > 0, linked, rx.fragment()))


def _count(calls: Any) -> rx.Var[str]:
    return t("cost_books.n_calls", n=calls)


def _cells(row: Any) -> list[controls.Content]:
    untracked = badge.pill(t("cost_books.not_ours"), tone="warn", title=t("cost_books.not_ours_why"))
    return [
        rx.el.div(
            rx.el.span(rx.cond(row.name != "", row.name, t("cost_books.no_name")), class_name="mono"),
            rx.cond(row.detail != "", rx.el.div(row.detail, class_name="meta"), rx.fragment()),
            rx.cond(row.is_ours, rx.fragment(), rx.el.div(untracked)),
        ),
        values.money_usd_nano(row.billed_nano),
        values.money_usd_nano(row.estimated_nano),
        values.money_usd_nano(row.difference_nano),
    ]
