"""The opened assignment: the tokens it really used, what another pair would have cost, and the change."""

from typing import Any

import reflex as rx

from fitmycv_admin.domain.settings.catalogue import TIERS
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query, values


def panel(state: Any) -> rx.Component:
    """What it used in 30 days, the pair that is tried, and the cheapest ones."""
    one, tried = state.opened, state.tried
    return dialog.side_panel(
        card.facts(
            (t("prices.now_uses"), _pair(one.model, one.tier)),
            (t("prices.used_by"), rx.el.span(one.calls_of, class_name="mono")),
            (t("prices.changed"), rx.cond(one.changed_at != "", values.instant(one.changed_at), t("prices.default"))),
            (
                t("ai_costs.calls_30"),
                rx.el.span(
                    values.number(tried.calls), " · ",
                    controls.link(t("prices.calls_of_feature"), href=one.calls_href),
                ),
            ),
            (t("ai_costs.usage.input"), t("prices.tokens_in", n=values.number(tried.prompt),
                                          cached=values.number(tried.cached))),
            (t("ai_costs.usage.output"), t("prices.tokens_out", n=values.number(tried.completion))),
            (t("ai_costs.cost_30"), values.money_usd_nano(tried.cost_nano)),
        ),
        rx.el.h3(t("prices.what_if")),
        rx.el.div(
            query.query_filter("to", t("ai_costs.by.model"), state.models, standard=one.model),
            query.query_filter(
                "at", t("ai_costs.by.tier"), [query.option(tier, t(f"ai_costs.tier.{tier}")) for tier in TIERS],
                standard=one.tier,
            ),
            class_name="row row-wrap",
        ),
        _outcome(tried),
        rx.cond(
            state.may_write,
            rx.cond(tried.is_another, _assign(state), rx.el.p(t("prices.choose_another"), class_name="sub")),
            rx.el.p(t("ai_costs.read_only"), class_name="sub"),
        ),
        _choices(tried),
        title=one.id,
        subtitle=_pair(one.model, one.tier),
        closes=("call", "to", "at"),
    )  # fmt: skip


def _pair(model: Any, tier: Any) -> rx.Component:
    return rx.el.span(rx.el.span(model, class_name="mono"), " · ", t_word("ai_costs.tier", tier))


def _outcome(tried: Any) -> rx.Component:
    """The cost of a month now and then, in one line each."""
    known = rx.fragment(
        card.facts(
            (t("prices.month_now"), values.money_usd_nano(tried.now_nano)),
            (t("prices.month_then"), rx.el.b(values.money_usd_nano(tried.then_nano))),
            (t("prices.month_saved"), _saved(tried.saved_nano, tried.change)),
            (t("prices.multiplier"), _times(tried.times)),
        ),
        rx.el.p(t("prices.what_if_why"), class_name="sub"),
    )
    unknown = card.notice(t("prices.what_if_unknown"), tone="warn")
    nothing = rx.el.p(t("prices.what_if_no_calls"), class_name="sub")
    return rx.cond(
        tried.calls > 0, rx.cond(tried.then_nano.is_none() | tried.now_nano.is_none(), unknown, known), nothing
    )


def _saved(nano: Any, change: Any) -> rx.Component:
    tone = rx.cond(nano > 0, "tone-ok", rx.cond(nano < 0, "tone-bad", "tone-mute"))
    ratio = rx.cond(change.is_none(), "", values.change(change))
    return rx.el.span(values.money_usd_nano(nano), " ", rx.el.span(ratio, class_name="meta"), class_name=tone)


def _times(times: Any) -> rx.Component:
    return rx.cond(times.is_none(), rx.el.span("–"), rx.el.span("×", values.number(times, decimals=2)))


def _choices(tried: Any) -> rx.Component:
    """The pairs that would have cost least."""

    def draw(row: Any) -> rx.Component:
        return rx.el.tr(
            rx.el.th(
                controls.link(row.model, href=row.href, look="cell-link mono"),
                " ",
                rx.cond(row.is_current, badge.pill(t("prices.current"), tone="info"), rx.fragment()),
                rx.el.div(t_word("ai_costs.tier", row.tier), " ", _times(row.times), class_name="meta"),
                scope="row",
            ),
            rx.el.td(values.money_usd_nano(row.cost_nano), class_name="num"),
            rx.el.td(_saved(row.saved_nano, rx.Var.create(None)), class_name="num"),
            key=row.id,
        )

    heads = (
        (t("ai_costs.by.model"), ""), (t("prices.a_month"), "num"), (t("prices.saved"), "num"),
    )  # fmt: skip
    rows = rx.el.table(
        rx.el.thead(rx.el.tr(*[rx.el.th(label, scope="col", class_name=look) for label, look in heads])),
        rx.el.tbody(rx.foreach(tried.choices, draw)),
        class_name="table",
    )
    return rx.cond(
        (tried.calls > 0) & (tried.choices.length() > 0),
        rx.fragment(
            rx.el.h3(t("prices.cheapest")),
            rx.el.div(rows, class_name="table-scroll table-free", tab_index=0, role="region",
                      aria_label=t("kit.table.region")),
        ),
        rx.fragment(),
    )  # fmt: skip


def _assign(state: Any) -> rx.Component:
    tried, one = state.tried, state.opened
    return dialog.confirm(
        controls.button(t("prices.assign"), kind="primary"),
        rx.el.p(t("prices.assign_why", call=one.id, before=one.model, after=tried.model,
                  tier=t_word("ai_costs.tier", tried.tier))),
        rx.cond(
            tried.then_nano.is_none(),
            form.check_field("confirmed", t("prices.assign_unpriced")),
            rx.el.p(t("prices.assign_month", now=values.money_usd_nano(tried.now_nano),
                      then=values.money_usd_nano(tried.then_nano))),
        ),
        form.text_field("reason", t("ai_costs.reason"), auto_complete="off", max_length=300),
        title=t("prices.assign"),
        confirm_label=t("prices.assign"),
        on_confirm=state.assign,
        danger=False,
    )  # fmt: skip
