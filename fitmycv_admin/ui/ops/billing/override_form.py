"""The dialog that gives somebody an exception to their plan."""

from collections.abc import Mapping
from typing import Any

import reflex as rx

from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.billing import counters, overrides
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import controls, dialog, form
from fitmycv_admin.vocabulary import PlanFeature

NUMBER, UNLIMITED, NEVER = "number", "unlimited", "never"


def typed_limit(fields: Mapping[str, Any]) -> int:
    """The chosen limit; raises Invalid when a number was to be typed and none was."""
    kind = fields.get("kind")
    if kind == UNLIMITED:
        return counters.UNLIMITED
    if kind == NEVER:
        return 0
    try:
        number = int(str(fields.get("usage_limit", "")).strip())
    except ValueError as error:
        raise Invalid("plans.error.limit", field="usage_limit") from error
    if number < 1:
        raise Invalid("plans.error.limit", field="usage_limit")
    return number


def grant_dialog(state: Any) -> rx.Component:
    """Who, which feature, how often, until when, and why."""
    errors = state.errors
    features: list[tuple[str, controls.Content]] = [(str(one), t(f"plans.feature.{one}")) for one in PlanFeature]
    kinds: list[tuple[str, controls.Content]] = [
        (NUMBER, t("plans.kind.number")), (UNLIMITED, t("plans.unlimited")), (NEVER, t("plans.never"))
    ]  # fmt: skip
    return dialog.dialog(
        form.form(
            rx.el.p(t("plans.give_why"), class_name="sub"),
            form.text_field("person", t("plans.person"), errors=errors, hint=t("plans.person_hint"),
                            default_value=state.person_id, auto_complete="off"),
            form.select_field("feature", t("plans.feature"), features, errors=errors,
                              default_value=state.wanted_feature),
            form.form_row(
                form.select_field("kind", t("plans.allows"), kinds, default_value=NUMBER),
                form.text_field("usage_limit", t("plans.uses_a_month"), errors=errors, numeric=True,
                                input_mode="numeric", auto_complete="off"),
            ),
            form.text_field("ends_at", t("plans.until_zone", zone=state.zone), errors=errors, type="datetime-local"),
            form.text_field("reason", t("plans.reason"), errors=errors, max_length=overrides.REASON_LENGTH,
                            auto_complete="off"),
            form.submit_row(t("plans.give_exception"),
                            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close),
                            busy=state.is_saving),
            on_submit=state.grant,
            errors=errors,
        ),
        title=t("plans.give_exception"),
        open=state.is_adding,
        on_close=state.close,
    )  # fmt: skip
