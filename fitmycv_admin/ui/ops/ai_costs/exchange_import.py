"""The dialogs by which exchange rates come in: one by hand, or a file that is looked at before it is stored."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.ai_costs.exchange_changes import Preview
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.kit import badge, controls, dialog, form, table, upload, values


@dataclass(frozen=True)
class LookedLine:
    """One line of the file."""

    line: int
    day: str
    rate: float | None
    before: float | None
    state: str
    problem: str
    is_far: bool


@dataclass(frozen=True)
class Looked:
    """What the file would do."""

    lines: list[LookedLine]
    new: int
    changed: int
    same: int
    bad: int
    far: int


def looked(found: Preview) -> Looked:
    """The preview in the shape the screen draws."""
    lines = [
        LookedLine(
            line.line, line.day.isoformat() if line.day else "", float(line.rate) if line.rate is not None else None,
            float(line.before) if line.before is not None else None, line.state, line.problem, line.is_far,
        )
        for line in found.lines
    ]  # fmt: skip
    return Looked(lines, found.new, found.changed, found.same, found.bad, found.far)


def rate_dialog(state: Any) -> rx.Component:
    """The rate of one day."""
    return dialog.dialog(
        form.form(
            rx.el.p(t("cost_books.set_why"), class_name="sub"),
            form.form_row(
                form.text_field("day", t("cost_books.day"), errors=state.errors, type="date",
                                default_value=state.today),
                form.text_field("rate", t("cost_books.one_dollar"), errors=state.errors, numeric=True, unit="€",
                                hint=t("cost_books.rate_hint"), auto_complete="off"),
            ),
            form.text_field("reason", t("cost_books.reason"), errors=state.errors, max_length=500,
                            auto_complete="off"),
            rx.cond(state.is_far, form.check_field("confirmed", t("cost_books.confirm_far")), rx.fragment()),
            form.submit_row(t("cost_books.save"),
                            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close)),
            on_submit=state.save,
            errors=state.errors,
        ),
        title=t("cost_books.set_rate"),
        open=state.is_setting,
        on_close=state.close,
    )  # fmt: skip


def file_dialog(state: Any) -> rx.Component:
    """Choose a file or paste lines, look at what it would do, store it."""
    choose = rx.el.div(
        rx.el.p(t("cost_books.import_why"), class_name="sub"),
        upload.read_zone(title=t("cost_books.drop"), hint=t("cost_books.drop_rates"), on_done=state.look_at,
                         accept=".csv,.txt,.json"),
        form.form(
            form.area_field("content", t("cost_books.paste"), errors=state.errors, rows="5", spell_check=False,
                            placeholder="2026-11-20;0,9214"),
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
        title=t("cost_books.import_rates"),
        open=state.is_importing,
        on_close=state.close,
        wide=True,
    )


COLUMNS = [
    table.column("day", t("cost_books.day")),
    table.column("rate", t("cost_books.rate"), numeric=True),
    table.column("state", t("cost_books.state")),
    table.column("before", t("cost_books.before"), numeric=True),
    table.column("line", t("cost_books.line"), numeric=True),
]


def _preview(state: Any) -> rx.Component:
    seen = state.looked
    good = seen.new + seen.changed
    return form.form(
        rx.el.div(
            badge.chip(t("cost_books.counts.new", n=seen.new), strong=True),
            badge.chip(t("cost_books.counts.changed", n=seen.changed)),
            badge.chip(t("cost_books.counts.same", n=seen.same)),
            rx.cond(seen.bad > 0, badge.pill(t("cost_books.counts.bad", n=seen.bad), tone="warn"), rx.fragment()),
            rx.cond(seen.far > 0, badge.pill(t("cost_books.counts.far", n=seen.far), tone="bad"), rx.fragment()),
            class_name="row row-wrap",
        ),
        table.data_table("looked-rates", COLUMNS, seen.lines, _cells, key="line"),
        rx.cond(seen.far > 0, form.check_field("confirmed", t("cost_books.confirm_far")), rx.fragment()),
        form.submit_row(t("cost_books.store", n=good),
                        controls.button(t("kit.cancel"), kind="quiet", on_click=state.close),
                        busy=state.is_busy, disabled=good == 0),
        on_submit=state.take,
        errors=state.errors,
        wide=True,
    )  # fmt: skip


def _cells(row: Any) -> list[controls.Content]:
    look_of = rx.match(
        row.state, ("bad", "pill pill-warn"), ("changed", "pill pill-info"), ("new", "pill pill-ok"), "pill"
    )
    return [
        rx.cond(row.day != "", values.date_text(row.day), "–"),
        values.number(row.rate, decimals=5),
        rx.el.span(
            rx.el.span(t_word("cost_books.states", row.state), class_name=look_of), " ",
            rx.cond(row.problem != "", rx.el.span(t_key(row.problem), class_name="meta"), rx.fragment()),
            rx.cond(row.is_far, badge.pill(t("cost_books.far"), tone="bad"), rx.fragment()),
        ),
        values.number(row.before, decimals=5),
        values.number(row.line),
    ]  # fmt: skip
