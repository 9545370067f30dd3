"""The form that prepares credits for many: people by what is known of them, or a file."""

from typing import Any

import reflex as rx

from fitmycv_admin.domain.billing import selections
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import controls, dialog, form, query, upload
from fitmycv_admin.ui.ops.billing import words
from fitmycv_admin.vocabulary import Language

UPLOAD = "/api/credits/batches"


def form_dialog(state: Any) -> rx.Component:
    """Where the people come from, then how much and why; it opens the preview."""
    return dialog.dialog(
        rx.el.p(t("credits.batches.prepare_why"), class_name="sub"),
        rx.el.div(
            controls.segmented(
                controls.segment(t("credits.batches.by_filter"), is_on=~state.by_file, on_click=state.choose(False)),
                controls.segment(t("credits.batches.by_file"), is_on=state.by_file, on_click=state.choose(True)),
                label=t("credits.batches.source"),
            ),
            class_name="row",
        ),
        rx.cond(state.by_file, _by_file(state), _by_filter(state)),
        title=t("credits.batches.prepare"),
        open=state.is_preparing,
        on_close=state.close,
    )


def _by_filter(state: Any) -> rx.Component:
    errors = state.errors
    first = rx.Var.create(
        [query.option("", t("credits.batches.any_plan")), query.option(selections.FREE, t("credits.batches.free"))]
    )
    plans = first.to(list[dict[str, str]]) + state.plans.to(list[dict[str, str]])
    languages: list[tuple[str, controls.Content]] = [("", t("credits.batches.any_language"))]
    languages += [(str(one), t_word("accounts.language", str(one))) for one in Language]
    return form.form(
        form.form_row(
            form.select_field("plan", t("credits.batches.plan"), plans, errors=errors, optional=True),
            form.select_field("language", t("credits.batches.language"), languages, errors=errors, optional=True),
        ),
        form.form_row(
            form.text_field("joined_since", t("credits.batches.since"), errors=errors, type="date", optional=True),
            form.text_field("joined_until", t("credits.batches.until"), errors=errors, type="date", optional=True),
        ),
        form.check_field("verified", t("credits.batches.verified")),
        form.check_field("bought", t("credits.batches.bought")),
        form.form_row(
            form.text_field("amount", t("credits.batches.each"), errors=errors, numeric=True, auto_complete="off"),
            form.select_field("reason_code", t("credits.reason_code"), words.reasons(), errors=errors),
        ),
        form.text_field("note", t("credits.note"), errors=errors, hint=t("credits.note_hint"), max_length=500),
        form.text_field("expires_at", t("credits.expires_on"), errors=errors, hint=t("credits.expires_hint"),
                        type="date", optional=True),
        form.submit_row(t("credits.batches.preview"),
                        controls.button(t("kit.cancel"), kind="quiet", on_click=state.close), busy=state.is_busy),
        on_submit=state.save,
        errors=errors,
    )  # fmt: skip


def _by_file(state: Any) -> rx.Component:
    def kept(name: str) -> Any:
        return lambda value: state.jot(name, value)

    return rx.el.div(
        form.select_field("reason_code", t("credits.reason_code"), words.reasons(), on_change=kept("reason_code")),
        form.text_field("note", t("credits.note"), hint=t("credits.batches.note_first"), max_length=500,
                        on_blur=kept("note")),
        form.text_field("expires_at", t("credits.expires_on"), hint=t("credits.expires_hint"), type="date",
                        optional=True, on_change=kept("expires_at")),
        upload.upload_zone(
            UPLOAD,
            title=t("credits.batches.drop"),
            hint=t("credits.batches.drop_hint"),
            accept=".csv,.txt",
            max_bytes=2 * upload.MEGABYTE,
            fields=state.draft,
            on_done=state.uploaded,
        ),
        class_name="form",
    )  # fmt: skip
