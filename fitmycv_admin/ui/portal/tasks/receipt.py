"""The receipt of a task, after it: who paid, from what, and what was done for it."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, controls, values
from fitmycv_admin.vocabulary import Payer


def receipt(shown: Any) -> rx.Component:
    """One receipt behind its summary; `shown` is a list of at most one `ReceiptCard`, empty while there is none."""
    return rx.foreach(shown, _receipt)


def _receipt(paid: Any) -> rx.Component:
    href: Any = "/credits?task=" + paid.task_id.to(str)
    lines = rx.cond(
        paid.payer == Payer.CREDITS.value,
        rx.fragment(
            rx.el.ul(rx.foreach(paid.lots, _lot), class_name="plain"),
            controls.link(t("entitlement.receipt.lines"), href=href),
        ),
        rx.fragment(),
    )
    return rx.el.details(
        rx.el.summary(_what(paid), " ", badge.status_pill(paid.state, "entitlement.receipt.state"), class_name="link"),
        rx.el.div(
            rx.el.p(t_word("entitlement.receipt.why", paid.state), class_name="sub"),
            _period(paid),
            lines,
            rx.el.ul(rx.foreach(paid.calls, _call), class_name="plain"),
            rx.el.p(
                t("entitlement.receipt.task"), " ", values.id_chip(paid.task_id.to(str)), class_name="meta"
            ),
            class_name="stack stack-2",
        ),
        key=paid.task_id.to(str),
        custom_attrs={"data-receipt": paid.state},
    )  # fmt: skip


def _what(paid: Any) -> Any:
    return rx.match(
        paid.payer,
        (Payer.CREDITS.value, t("entitlement.receipt.credits", n=paid.amount)),
        (Payer.QUOTA.value, t("entitlement.receipt.quota")),
        t("entitlement.receipt.free"),
    )


def _period(paid: Any) -> rx.Component:
    month = rx.el.p(
        t("entitlement.receipt.plan", plan=paid.plan_name), " ",
        values.instant(paid.period_start, relative=False, shape="date"), " – ",
        values.instant(paid.period_end, relative=False, shape="date"), class_name="meta",
    )  # fmt: skip
    return rx.cond(paid.payer == Payer.QUOTA.value, month, rx.fragment())


def _lot(part: Any) -> rx.Component:
    back = rx.cond(part.returned > 0, rx.fragment(" · ", t("entitlement.receipt.back", n=part.returned)), rx.fragment())
    return rx.el.li(
        t_word("entitlement.receipt.lot", part.kind, n=part.amount), back, class_name="meta", key=part.lot_id.to(str)
    )


def _call(call: Any) -> rx.Component:
    return rx.el.li(
        t("entitlement.receipt.call", model=call.model), " · ", values.instant(call.at), class_name="meta",
        key=call.id.to(str),
    )  # fmt: skip
