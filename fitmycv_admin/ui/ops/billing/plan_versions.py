"""The versions of one plan beside the grid: what each changed, why, and who has it today."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import badge, controls, dialog, values
from fitmycv_admin.ui.ops.billing.plan_words import feature_text, limit_text


def panel(state: Any) -> rx.Component:
    """Newest first."""
    return dialog.side_panel(
        rx.el.ol(rx.foreach(state.versions, _version), class_name="stack"),
        title=rx.Var.create(state.opened).to(str),
        subtitle=t("plans.history"),
        closes=("plan",),
        foot=rx.el.div(
            controls.link(
                t("plans.see_usage"),
                href=rx.Var.create("/ops/billing/plan-usage?plan=").to(str) + rx.Var.create(state.opened).to(str),
            ),
            controls.link(t("plans.see_trail"), href="/ops/access/audit?action=plan.limit_changed"),
            class_name="row row-wrap",
        ),
    )


def _version(version: Any) -> rx.Component:
    pill = rx.cond(version.is_sold, badge.pill(t("plans.sold"), tone="ok"), rx.fragment())
    existing = rx.cond(version.moves, t("plans.moved_at_renewal"), t("plans.kept_theirs"))
    return rx.el.li(
        rx.el.div(
            rx.el.b(t("plans.version_n", n=version.version)),
            pill,
            rx.el.span(values.instant(version.since, relative=False, shape="minute"), class_name="meta push"),
            class_name="row row-wrap",
        ),
        rx.cond(
            version.is_first,
            rx.el.p(t("plans.first_version"), class_name="sub"),
            rx.fragment(
                rx.el.ul(rx.foreach(version.changes, _change), class_name="row row-wrap"),
                rx.el.p(
                    version.reason,
                    rx.cond(version.by != "", rx.el.span(" — ", version.by), rx.fragment()),
                    class_name="sub",
                ),
                rx.el.p(existing, class_name="meta"),
            ),
        ),
        rx.el.p(t("plans.have_it", n=version.people), class_name="meta"),
        class_name="stack stack-2",
        key=version.id,
    )


def _change(change: Any) -> rx.Component:
    return rx.el.li(
        badge.chip(
            feature_text(change.feature), " ", limit_text(change.before), " → ", rx.el.b(limit_text(change.after))
        ),
        key=change.feature,
    )
