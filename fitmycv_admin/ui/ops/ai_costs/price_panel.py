"""The opened model beside the price list, and the dialogs that change it."""

from typing import Any

import reflex as rx

from fitmycv_admin.domain.ai_costs import tariff
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query, values
from fitmycv_admin.ui.ops.ai_costs import price_impact, price_names
from fitmycv_admin.vocabulary import ServiceTier, UsageType

KINDS = tuple(str(kind) for kind in UsageType)
TONES = {"running": "pill pill-ok", "planned": "pill pill-info", "past": "pill"}


def panel(state: Any) -> rx.Component:
    """Its prices, its names and every version."""
    one = state.opened
    change = rx.el.div(
        controls.button(t("ai_costs.change_price"), kind="primary", on_click=state.edit),
        controls.button(t("prices.describe"), on_click=price_names.NameState.open_description(one.model)),
        controls.link_button(t("prices.reprice"), href=one.reprice_href, kind="quiet"),
        class_name="row row-wrap",
    )

    def draw(version: Any) -> rx.Component:
        return _version(version, state)

    return dialog.side_panel(
        rx.cond(
            one.unpriced > 0,
            card.notice(
                t("ai_costs.unpriced_model", n=one.unpriced),
                tone="warn",
                actions=(
                    controls.link_button(t("ai_costs.unpriced_show"), href=one.unpriced_href),
                    controls.link_button(t("prices.late_price"), href=one.reprice_href),
                ),
            ),
            rx.fragment(),
        ),
        rx.el.div(
            query.query_filter(
                "tier", t("ai_costs.by.tier"), [query.option(tier, t(f"ai_costs.tier.{tier}")) for tier in ServiceTier],
                standard="standard",
            ),
            class_name="row",
        ),
        card.facts(
            *[(t(f"ai_costs.usage.{kind}"), _price(getattr(one, kind), kind)) for kind in KINDS],
            (
                t("prices.long_from"),
                rx.cond(one.long_from > 0, t("prices.long_tokens", n=values.number(one.long_from)), "–"),
            ),
            (t("ai_costs.also_called"), rx.cond(one.aliases != "", one.aliases, "–")),
            (
                t("ai_costs.calls_30"),
                controls.link(values.number(one.calls), href=one.calls_href),
            ),
        ),
        rx.el.h3(t("ai_costs.history")),
        rx.cond(
            state.versions.length() > 0,
            rx.el.ol(rx.foreach(state.versions, draw), class_name="stack"),
            rx.el.p(t("ai_costs.no_versions"), class_name="sub"),
        ),
        title=one.model,
        subtitle=t_word("ai_costs.tier", one.tier),
        closes=("model", "tier"),
        foot=rx.cond(state.may_write, change, rx.el.span(t("ai_costs.read_only"), class_name="sub")),
    )


def _price(nano: rx.Var[Any], kind: str) -> rx.Component:
    instead = tariff.INSTEAD.get(UsageType(kind))
    as_other = t("prices.charged_as", kind=t(f"ai_costs.usage.{instead}")) if instead else "–"
    priced = rx.el.span(values.price_usd_nano(nano), rx.el.span(" ", t("ai_costs.a_million"), class_name="meta"))
    return rx.cond(nano.is_none(), rx.el.span(as_other, class_name="tone-mute"), priced)


def _version(version: Any, state: Any) -> rx.Component:
    look = rx.match(version.state, *TONES.items(), "pill")
    until = rx.cond(
        version.ends_at != "", values.instant(version.ends_at, relative=False, shape="exact"), t("ai_costs.open_end")
    )
    since = rx.cond(
        version.starts_at != "",
        values.instant(version.starts_at, relative=False, shape="exact"),
        t("ai_costs.open_start"),
    )
    withdraw = dialog.confirm(
        controls.button(t("ai_costs.cancel_change"), kind="danger"),
        rx.el.p(t("ai_costs.cancel_why")),
        form.text_field("cancel_reason", t("ai_costs.reason")),
        title=t("ai_costs.cancel_change"),
        confirm_label=t("ai_costs.cancel_change"),
        on_confirm=lambda fields: state.cancel(version.id.to(int), fields),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.span(t_word("ai_costs.version_state", version.state), class_name=look),
            rx.el.span(since, " → ", until, class_name="meta tabular"),
            class_name="row row-wrap",
        ),
        rx.el.div(
            *[
                rx.cond(
                    getattr(version, kind).is_none(),
                    rx.fragment(),
                    badge.chip(
                        t(f"ai_costs.usage.{kind}"), " ", rx.el.b(values.price_usd_nano(getattr(version, kind)))
                    ),
                )
                for kind in KINDS
            ],
            class_name="row row-wrap",
        ),
        rx.el.p(
            version.reason,
            rx.cond(version.by != "", rx.el.span(" — ", version.by), rx.fragment()),
            rx.cond(version.source != "", rx.el.span(" · ", version.source, class_name="meta"), rx.fragment()),
            class_name="sub",
        ),
        rx.cond((version.state == "planned") & state.may_write, withdraw, rx.fragment()),
        class_name="stack stack-2",
        key=version.id,
    )


def change_dialog(state: Any) -> rx.Component:
    """New prices, from when, and why."""
    one = state.opened
    when = rx.el.fieldset(
        rx.el.legend(t("ai_costs.takes_effect"), class_name="field-label", style={"padding": "0 0 5px"}),
        rx.el.div(
            controls.segmented(
                controls.segment(t("ai_costs.now"), is_on=~state.is_planned, on_click=state.plan(False)),
                controls.segment(t("ai_costs.planned"), is_on=state.is_planned, on_click=state.plan(True)),
                label=t("ai_costs.takes_effect"),
            ),
            class_name="row",
        ),
        class_name="field",
    )
    at = form.text_field(
        "effective_at", t("ai_costs.effective_at", zone=state.price_zone), errors=state.errors, type="datetime-local"
    )
    far = form.check_field("confirmed", t("ai_costs.confirm_far"))
    return dialog.dialog(
        rx.cond(
            one,
            form.form(
                rx.el.p(t("ai_costs.change_why"), class_name="sub"),
                form.form_row(*[_field(kind, one, state.errors) for kind in ("input", "output")]),
                form.form_row(*[_field(kind, one, state.errors) for kind in ("cached_input", "cache_write")]),
                form.form_row(*[_field(kind, one, state.errors) for kind in ("reasoning", "image", "audio")]),
                when,
                rx.cond(state.is_planned, at, rx.fragment()),
                form.text_field("reason", t("ai_costs.reason"), errors=state.errors, hint=t("ai_costs.reason_hint"),
                                max_length=300),
                price_impact.shown(state.impact),
                rx.cond(state.is_far, far, rx.fragment()),
                form.submit_row(rx.cond(state.impact.is_shown, t("ai_costs.save_price"), t("prices.preview_ask")),
                                controls.button(t("kit.cancel"), kind="quiet", on_click=state.close),
                                busy=state.is_saving),
                on_submit=state.save,
                errors=state.errors,
                key=one.id,
                wide=True,
            ),
            rx.fragment(),
        ),
        title=t("prices.change_title", model=one.model, tier=t_word("ai_costs.tier", one.tier)),
        open=state.is_editing,
        on_close=state.close,
        wide=True,
    )  # fmt: skip


def _field(kind: str, one: Any, errors: Any) -> rx.Component:
    current = getattr(one, kind)
    return form.text_field(
        kind,
        t(f"ai_costs.usage.{kind}"),
        errors=errors,
        unit="$",
        numeric=True,
        optional=kind not in (UsageType.INPUT, UsageType.OUTPUT),
        default_value=rx.cond(current.is_none(), "", (current / 1_000_000_000).to(str)),
        auto_complete="off",
    )


def add_dialog(state: Any) -> rx.Component:
    """A model that is not on the list yet."""
    return dialog.dialog(
        form.form(
            rx.el.p(t("ai_costs.add_why"), class_name="sub"),
            form.text_field("name", t("ai_costs.model_name"), errors=state.errors, auto_complete="off"),
            form.text_field("aliases", t("ai_costs.also_called"), hint=t("ai_costs.aliases_hint"), optional=True),
            form.text_field("description", t("ai_costs.description"), optional=True, max_length=300),
            form.text_field("add_reason", t("ai_costs.reason"), errors=state.errors),
            form.submit_row(t("ai_costs.add_model"),
                            controls.button(t("kit.cancel"), kind="quiet", on_click=state.close)),
            on_submit=state.add_model,
            errors=state.errors,
        ),
        title=t("ai_costs.add_model"),
        open=state.is_adding,
        on_close=state.close,
    )  # fmt: skip
