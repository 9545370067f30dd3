"""The tables of the page of corrections: the batches with their progress, and the calls that wait for a price."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, progress, states, table, values

COLUMNS = [
    table.column("when", t("prices.started")),
    table.column("kind", t("prices.correction")),
    table.column("model", t("ai_costs.by.model")),
    table.column("span", t("prices.calls_of")),
    table.column("state", t("ai_costs.status")),
    table.column("calls", t("ai_costs.calls"), numeric=True),
    table.column("delta", t("prices.moved"), numeric=True),
    table.column("reason", t("ai_costs.reason"), look="wrap"),
    table.column("act", rx.el.span(t("prices.undo"), class_name="visually-hidden")),
]


def cells(row: Any, state: Any) -> list[controls.Content]:
    """A correction; the undo asks for a reason."""
    undoes = rx.el.div(t("prices.undoes", id=row.reverts), class_name="meta")
    undo = dialog.confirm(
        controls.button(t("prices.undo"), kind="quiet"),
        rx.el.p(t("prices.undo_why", n=row.calls, amount=values.money_usd_nano(row.delta_nano))),
        form.text_field("revert_reason", t("ai_costs.reason"), auto_complete="off", max_length=300),
        title=t("prices.undo"),
        confirm_label=t("prices.undo"),
        on_confirm=lambda fields: state.revert(row.id.to(int), fields),
    )
    running = rx.el.div(
        progress.bar(row.done, label=t("prices.progress")), values.percent(row.done, decimals=0), class_name="row"
    )
    return [
        rx.el.span(
            values.instant(row.created_at, relative=False), rx.el.span(" #", row.id, class_name="meta"),
            rx.el.div(row.by, class_name="meta"),
        ),
        rx.el.span(t_word("prices.kind", row.kind), rx.cond(row.reverts != "", undoes, rx.fragment())),
        rx.el.span(
            rx.cond(row.model != "", rx.el.span(row.model, class_name="mono"), t("prices.all_models")),
            rx.el.div(rx.cond(row.tier != "", t_word("ai_costs.tier", row.tier), t("prices.all_tiers")),
                      class_name="meta"),
        ),
        rx.el.span(
            values.instant(row.starts_at, relative=False), " → ",
            rx.el.span(values.instant(row.ends_at, relative=False)), class_name="tabular",
        ),
        rx.cond(row.state == "running", running, badge.status_pill(row.state, "prices.batch_state")),
        values.number(row.calls),
        rx.el.span(values.money_usd_nano(row.delta_nano),
                   class_name=rx.cond(row.delta_nano > 0, "tone-bad", rx.cond(row.delta_nano < 0, "tone-ok", ""))),
        row.reason,
        rx.cond(row.may_revert & state.may_write, undo, rx.fragment()),
    ]  # fmt: skip


def waiting(state: Any) -> rx.Component:
    """The calls that wait for a price, each with the way to give them one; nothing when there are none."""
    columns = [
        table.column("model", t("ai_costs.by.model")),
        table.column("tier", t("ai_costs.by.tier")),
        table.column("calls", t("ai_costs.calls"), numeric=True),
        table.column("first", t("prices.first_day"), numeric=True),
        table.column("last", t("prices.last_day"), numeric=True),
        table.column("act", rx.el.span(t("prices.late_price"), class_name="visually-hidden")),
    ]

    def draw(row: Any) -> list[controls.Content]:
        late = controls.link_button(t("prices.late_price"), href=row.href)
        first = controls.link_button(t("prices.set_price_first"), href=row.price_href)
        return [
            rx.el.span(row.model, class_name="mono"),
            t_word("ai_costs.tier", row.tier),
            controls.link(values.number(row.calls), href=row.calls_href),
            values.date_text(row.first, "date"),
            values.date_text(row.last, "date"),
            rx.cond(state.may_write, rx.cond(row.has_price_now, late, first), rx.fragment()),
        ]

    rows = table.data_table(
        "ai-costs-waiting", columns, state.waiting, draw, card=False, max_height=False,
        empty=states.empty_state(t("prices.nothing_waits")),
    )  # fmt: skip
    return rx.cond(
        state.waiting.length() > 0,
        card.card(rows, title=t("prices.waiting"), aside=t("prices.waiting_why"), padded=False),
        rx.fragment(),
    )
