"""The dialog by which a bill comes in as a file: its days beside what is stored now, before anything is replaced."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.ai_costs.bill_imports import Preview
from fitmycv_admin.ui.copy import t, t_key
from fitmycv_admin.ui.kit import badge, controls, dialog, form, table, upload, values


@dataclass(frozen=True)
class LookedDay:
    """One day of the file."""

    day: str
    lines: int
    amount_nano: int
    before_nano: int | None


@dataclass(frozen=True)
class LookedProblem:
    """A line that is left out."""

    line: int
    problem: str


@dataclass(frozen=True)
class Looked:
    """What the file would replace."""

    days: list[LookedDay]
    problems: list[LookedProblem]
    bad: int
    total_nano: int


def looked(found: Preview) -> Looked:
    """The preview in the shape the screen draws."""
    return Looked(
        days=[LookedDay(one.day.isoformat(), one.lines, one.amount_nano, one.before_nano) for one in found.days],
        problems=[LookedProblem(one.line, one.problem) for one in found.problems[:20]],
        bad=found.bad, total_nano=found.total_nano,
    )  # fmt: skip


COLUMNS = [
    table.column("day", t("cost_books.day_utc")),
    table.column("lines", t("cost_books.lines"), numeric=True),
    table.column("before", t("cost_books.before"), numeric=True),
    table.column("amount", t("cost_books.billed"), numeric=True),
]


def file_dialog(state: Any) -> rx.Component:
    """Choose a file or paste lines, look at what they would replace, store them."""
    choose = rx.el.div(
        rx.el.p(t("cost_books.bill_import_why"), class_name="sub"),
        upload.read_zone(title=t("cost_books.drop"), hint=t("cost_books.drop_bill"), on_done=state.look_at),
        form.form(
            form.area_field("content", t("cost_books.paste"), errors=state.errors, rows="5", spell_check=False,
                            placeholder="2026-11-20,gpt-4o,12.34"),
            form.submit_row(t("cost_books.look"),
                            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close)),
            on_submit=state.look_at,
            errors=state.errors,
            wide=True,
        ),
        class_name="stack",
    )  # fmt: skip
    return dialog.dialog(
        rx.cond(state.looked, _preview(state), choose),
        title=t("cost_books.import_bill"),
        open=state.is_importing,
        on_close=state.close,
        wide=True,
    )


def _preview(state: Any) -> rx.Component:
    seen = state.looked
    days = seen.days.to(list).length()
    left_out = rx.el.div(
        rx.el.div(badge.pill(t("cost_books.counts.bad", n=seen.bad), tone="warn"), class_name="row"),
        rx.el.ul(rx.foreach(seen.problems, _problem), class_name="stack stack-2"),
        class_name="stack stack-2",
    )
    return rx.el.div(
        rx.el.div(
            badge.chip(t("cost_books.counts.days", n=days), strong=True),
            badge.chip(t("cost_books.billed"), " ", rx.el.b(values.money_usd_nano(seen.total_nano))),
            class_name="row row-wrap",
        ),
        rx.cond(seen.bad > 0, left_out, rx.fragment()),
        table.data_table("looked-bill", COLUMNS, seen.days, _cells, key="day"),
        rx.el.div(
            controls.button(t("cost_books.replace_days", n=days), kind="primary", on_click=state.take,
                            busy=state.is_busy, disabled=days == 0),
            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close),
            class_name="form-actions",
        ),
        class_name="form form-wide",
    )  # fmt: skip


def _problem(one: Any) -> rx.Component:
    return rx.el.li(t("cost_books.line_n", n=one.line), " ", t_key(one.problem), class_name="meta", key=one.line)


def _cells(row: Any) -> list[controls.Content]:
    return [
        values.date_text(row.day),
        values.number(row.lines),
        rx.cond(row.before_nano.is_none(), "–", values.money_usd_nano(row.before_nano)),
        values.money_usd_nano(row.amount_nano),
    ]
