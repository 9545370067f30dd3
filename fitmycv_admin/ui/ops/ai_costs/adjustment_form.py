"""The form of a correction: which calls, at which price, what it would do, and why."""

from typing import Any

import reflex as rx

from fitmycv_admin.domain.ai_costs.corrections import AT_PRICE
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import card, controls, dialog, form, query, values
from fitmycv_admin.ui.ops.ai_costs import price_impact
from fitmycv_admin.vocabulary import ServiceTier, UsageType


def form_dialog(state: Any) -> rx.Component:
    """Open while the address asks for a new correction."""
    prices = controls.segmented(
        *[
            controls.segment(
                t(f"prices.at_price.{word}"), is_on=state.at_price == word, on_click=state.choose_price(word)
            )
            for word in AT_PRICE
        ],
        label=t("prices.at_price"),
    )
    every_model = rx.Var.create([query.option("", t("prices.all_models"))]).to(list[dict[str, str]])
    tiers = [("", t("prices.all_tiers")), *((str(tier), t(f"ai_costs.tier.{tier}")) for tier in ServiceTier)]
    return dialog.dialog(
        rx.cond(
            state.kind != "",
            form.form(
                rx.el.p(t_word("prices.kind_why", state.kind), class_name="sub"),
                form.form_row(
                    form.select_field("model", t("ai_costs.by.model"), every_model + state.models,
                                      errors=state.errors, default_value=state.model),
                    form.select_field("tier", t("ai_costs.by.tier"), tiers, errors=state.errors,
                                      default_value=state.tier),
                ),
                form.form_row(
                    form.text_field("starts_at", t("prices.calls_from", zone=state.zone_name), errors=state.errors,
                                    type="datetime-local", default_value=state.starts),
                    form.text_field("ends_at", t("prices.calls_until"), errors=state.errors, type="datetime-local",
                                    default_value=state.ends),
                ),
                rx.el.fieldset(
                    rx.el.legend(t("prices.at_price"), class_name="field-label", style={"padding": "0 0 5px"}),
                    prices, form.field_error("at_price", state.errors), class_name="field",
                ),
                rx.cond(state.at_price == "typed", _typed(state), rx.fragment()),
                form.text_field("reason", t("ai_costs.reason"), errors=state.errors, max_length=300,
                                hint=t("prices.reason_hint")),
                _impact(state),
                form.submit_row(
                    rx.cond(state.impact.is_shown, t("prices.start_correction"), t("prices.preview_ask")),
                    controls.button(t("kit.cancel"), kind="quiet", on_click=state.close),
                    busy=state.is_saving,
                ),
                on_submit=state.save,
                errors=state.errors,
                key=state.kind,
                wide=True,
            ),
            rx.fragment(),
        ),
        title=rx.cond(state.kind != "", t_word("prices.kind", state.kind), ""),
        open=state.kind != "",
        on_close=state.close,
        wide=True,
    )  # fmt: skip


def _typed(state: Any) -> rx.Component:
    def one(kind: UsageType) -> rx.Component:
        optional = kind not in (UsageType.INPUT, UsageType.OUTPUT)
        return form.text_field(
            str(kind), t(f"ai_costs.usage.{kind}"), errors=state.errors, unit="$", numeric=True, optional=optional,
            auto_complete="off",
        )  # fmt: skip

    return rx.fragment(
        form.form_row(one(UsageType.INPUT), one(UsageType.OUTPUT), one(UsageType.CACHED_INPUT)),
        form.form_row(one(UsageType.CACHE_WRITE), one(UsageType.REASONING)),
        form.form_row(one(UsageType.IMAGE), one(UsageType.AUDIO)),
        rx.el.p(t("ai_costs.unit"), class_name="meta"),
    )


def _impact(state: Any) -> rx.Component:
    one = state.impact
    moved = rx.fragment(
        rx.el.p(
            t("prices.correction_cost", n=one.calls, priced=state.newly_priced,
              before=values.money_usd_nano(one.before_nano), after=values.money_usd_nano(one.after_nano)),
        ),
        rx.cond(state.is_exact, rx.fragment(), rx.el.p(t("prices.sampled"), class_name="sub")),
        price_impact.parts(one),
    )  # fmt: skip
    nothing = card.notice(t("prices.correction_nothing"), tone="info")
    return rx.cond(
        one.is_shown,
        rx.el.section(
            rx.el.h3(t("prices.correction_preview")), rx.cond(one.calls > 0, moved, nothing),
            class_name="stack stack-2", aria_live="polite",
        ),
        rx.fragment(),
    )  # fmt: skip
