"""The dialog before a change of limits: whom it touches, what becomes of them, and why it is made."""

from typing import Any

import reflex as rx

from fitmycv_admin.domain.billing.plans import REASON_LENGTH, Existing
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import card, controls, dialog, form, values
from fitmycv_admin.ui.ops.billing.plan_words import feature_text, limit_text


def preview_dialog(state: Any) -> rx.Component:
    """Every edited plan with its numbers, the choice for those who have it, and the reason."""
    choice = rx.el.fieldset(
        rx.el.legend(t("plans.existing"), class_name="field-label", style={"padding": "0 0 5px"}),
        _option(Existing.KEEP, checked=True),
        _option(Existing.MOVE),
        class_name="field",
    )
    return dialog.dialog(
        form.form(
            rx.foreach(state.impacts, _impact),
            rx.cond(state.has_free, card.notice(t("plans.free_at_once"), tone="warn"), rx.fragment()),
            rx.cond(state.has_paid, choice, rx.fragment()),
            form.text_field("reason", t("plans.reason"), errors=state.errors, max_length=REASON_LENGTH,
                            auto_complete="off"),
            form.submit_row(t("plans.save"),
                            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close),
                            busy=state.is_saving),
            on_submit=state.save,
            wide=True,
        ),
        title=t("plans.preview_title"),
        open=state.is_previewing,
        on_close=state.close,
        wide=True,
    )  # fmt: skip


def _option(existing: Existing, *, checked: bool = False) -> rx.Component:
    """One of the two things that can become of those who have the plan."""
    return rx.el.label(
        rx.el.input(type="radio", name="existing", value=str(existing), default_checked=checked),
        rx.el.span(
            rx.el.b(t(f"plans.existing.{existing}")),
            rx.el.span(t(f"plans.existing_why.{existing}"), class_name="meta", style={"display": "block"}),
        ),
        class_name="check",
    )


def _impact(one: Any) -> rx.Component:
    heads = (t("plans.feature"), t("plans.before"), t("plans.after"), t("plans.used_it"), t("plans.above"))
    rows = rx.el.table(
        rx.el.thead(rx.el.tr(*[_head(head, numeric=index > 0) for index, head in enumerate(heads)])),
        rx.el.tbody(rx.foreach(one.changes, _change)),
        class_name="table",
    )  # fmt: skip
    return rx.el.section(
        rx.el.h3(t("plans.next_version", plan=one.name, n=one.version + 1)),
        rx.el.p(
            t("plans.people_now", n=one.people),
            " ",
            rx.el.span(
                t("plans.above_n", n=one.above), class_name=rx.cond(one.above > 0, "tone-warn", "")
            ),
        ),
        rx.el.div(rows, class_name="table-scroll", style={"min-height": "0"}, tab_index=0, role="region",
                  aria_label=t("kit.table.region")),
        rx.el.p(
            controls.file_link(t("plans.see_people"), href=one.href, kind="quiet", target="_blank"),
            rx.cond(
                one.above > 0,
                controls.file_link(t("plans.see_above"), href=one.above_href, kind="quiet", target="_blank"),
                rx.fragment(),
            ),
            controls.file_link(t("kit.export_csv"), href=one.file_href, kind="quiet"),
            class_name="row row-wrap",
        ),
        class_name="stack stack-2",
        key=one.id,
    )  # fmt: skip


def _head(text: controls.Content, *, numeric: bool) -> rx.Component:
    return rx.el.th(text, scope="col", class_name="num" if numeric else "")


def _change(change: Any) -> rx.Component:
    look = rx.cond(change.above > 0, "num tone-warn", "num")
    return rx.el.tr(
        rx.el.th(feature_text(change.feature), scope="row"),
        rx.el.td(limit_text(change.before), class_name="num"),
        rx.el.td(rx.el.b(limit_text(change.after)), class_name="num"),
        rx.el.td(values.number(change.users), class_name="num"),
        rx.el.td(values.number(change.above), class_name=look),
        key=change.feature,
    )
