"""How the page of one rule looks."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.kit import badge, card, chart, controls, dialog, form, states, table, ticker, values
from fitmycv_admin.ui.ops.budgets import alert_lines, rule_dialog, words
from fitmycv_admin.vocabulary import AlertType

NOW = [
    table.column("who", t("budgets.subject"), look="clip"),
    table.column("spent", t("budgets.spent_of"), numeric=True),
    table.column("bar", rx.el.span(t("budgets.share"), class_name="visually-hidden"), look="bar-cell"),
    table.column("reserved", t("budgets.reserved"), numeric=True),
    table.column("over", t("budgets.over"), numeric=True),
    table.column("denied", t("budgets.denied"), numeric=True),
]
PAST = [
    table.column("from", t("budgets.window")),
    table.column("who", t("budgets.subject"), look="clip"),
    table.column("spent", t("budgets.spent_of"), numeric=True),
    table.column("bar", rx.el.span(t("budgets.share"), class_name="visually-hidden"), look="bar-cell"),
    table.column("over", t("budgets.over"), numeric=True),
    table.column("denied", t("budgets.denied"), numeric=True),
]
CHANGES = [
    table.column("at", t("budgets.history.at")),
    table.column("by", t("budgets.history.by"), look="clip"),
    table.column("what", t("budgets.history.what"), look="wrap"),
    table.column("reason", t("budgets.form.reason"), look="wrap"),
]


def view(state: Any, *, every: float) -> rx.Component:
    """Figures, charts, facts, windows, notices and history."""
    problem = states.error_state(t_key(state.problem), incident=state.incident, retry=state.load)
    shown = rx.cond(state.problem != "", card.card(problem), states.loading_block())
    return card.page(
        ticker.ticker(state.tick, seconds=every), rx.cond(state.rule, _whole(state), rx.fragment(_bare(), shown))
    )


def _bare() -> rx.Component:
    return card.page_header(t("budgets.rule"), "", back=(t("budgets.title"), words.RULES))


def _whole(state: Any) -> rx.Component:
    rule = state.rule
    return rx.fragment(
        card.page_header(
            rule.name, rx.cond(state.description != "", state.description, t_word("budgets.type", rule.type)),
            *_acts(state), back=(t("budgets.title"), words.RULES),
        ),
        rx.cond(state.is_removed, card.notice(t("budgets.is_removed"), tone="warn"), rx.fragment()),
        rx.cond(~rule.enabled & ~state.is_removed, card.notice(t("budgets.is_off"), tone="warn"), rx.fragment()),
        rx.cond(rule.failing > 0, _failing(rule), rx.fragment()),
        rx.cond(rule.is_money, _kpis(state), rx.fragment()),
        rx.cond(rule.is_money, _charts(state), rx.fragment()),
        rx.el.div(_facts(state), _told(state), class_name="grid grid-wide"),
        rx.cond(rule.is_money, _windows(state), rx.fragment()),
        _history(state),
        rule_dialog.rule_dialog(state),
    )  # fmt: skip


def _acts(state: Any) -> tuple[rx.Component, ...]:
    rule = state.rule
    switch = rx.cond(
        rule.enabled,
        controls.button(t("budgets.bulk.disable"), on_click=state.switch(False)),
        controls.button(t("budgets.bulk.enable"), on_click=state.switch(True)),
    )
    remove = dialog.confirm(
        controls.button(t("budgets.remove"), kind="danger"),
        rx.el.p(t("budgets.remove_why")),
        form.text_field("remove_reason", t("budgets.form.reason"), optional=True, max_length=300, auto_complete="off"),
        title=t("budgets.remove_title", name=rule.name),
        confirm_label=t("budgets.remove"),
        on_confirm=state.remove,
        needs=rule.name,
    )
    edit = controls.button(t("budgets.change"), kind="primary", on_click=state.edit_rule(rule.id))
    return (rx.cond(state.may_write, rx.fragment(remove, switch, edit), rx.fragment()),)


def _failing(rule: Any) -> rx.Component:
    see = controls.link_button(t("budgets.see_channels"), href="/ops/budgets/channels")
    return card.notice(t("budgets.failing_n", n=rule.failing), tone="bad", actions=(see,))


def _kpis(state: Any) -> rx.Component:
    rule, ahead, loading = state.rule, state.ahead, ~state.is_loaded
    error = rx.cond(
        ahead.error.is_none(),
        t("budgets.not_tested"),
        t("budgets.error_of", error=values.percent(ahead.error, decimals=0), n=ahead.tested),
    )
    at = values.date_text(ahead.crossing_at, "time")
    crossing = rx.cond(
        ahead.crossing_at == "",
        t("budgets.not_crossed"),
        rx.cond(ahead.is_crossed, t("budgets.crossed_at", at=at), t("budgets.crosses_at", at=at)),
    )
    when = rx.cond(ahead.crossing_at != "", values.date_text(ahead.crossing_at, "day"), "–")
    of_limit = t(
        "budgets.of_limit", limit=values.price_usd_nano(rule.limit_nano), share=values.percent(rule.share, decimals=0)
    )
    return card.kpis(
        card.kpi_card(t("budgets.spent"), values.money_usd_nano(rule.spent_nano),
                      against=rx.cond(rule.who != "", rx.el.span(rule.who, " · ", of_limit), of_limit),
                      loading=loading),
        card.kpi_card(t("budgets.resets_in"), values.duration_ms(rule.resets_ms),
                      against=values.date_text(rule.resets_at, "minute"), loading=loading),
        card.kpi_card(t("budgets.forecast"), rx.cond(rule.forecast_nano.is_none(), "–",
                                                     values.money_usd_nano(rule.forecast_nano)),
                      against=error, explanation=t("budgets.forecast_why"), loading=loading),
        card.kpi_card(t("budgets.run_rate"), rx.cond(rule.forecast_nano.is_none(), "–",
                                                     values.money_usd_nano(ahead.run_rate)),
                      against=rx.cond(ahead.run_rate_error.is_none(), t("budgets.not_tested"),
                                      t("budgets.error_of", error=values.percent(ahead.run_rate_error, decimals=0),
                                        n=ahead.tested)),
                      explanation=t("budgets.run_rate_why"), loading=loading),
        card.kpi_card(
            t("budgets.tomorrow"),
            rx.el.span(
                rx.cond(rule.forecast_nano.is_none(), "–", values.money_usd_nano(ahead.tomorrow)), id="tomorrow"
            ),
            against=t("budgets.tomorrow_of"),
            loading=loading,
        ),
        card.kpi_card(t("budgets.crossing"), when, against=crossing, loading=loading),
    )  # fmt: skip


def _charts(state: Any) -> rx.Component:
    def has(figure: Any) -> Any:
        return figure.to(dict).contains("series")

    return rx.el.div(
        rx.cond(has(state.ahead_figure), chart.chart_card(t("budgets.until_end"), state.ahead_figure), rx.fragment()),
        rx.cond(has(state.windows_figure), chart.chart_card(t("budgets.by_window"), state.windows_figure),
                rx.fragment()),
        class_name=rx.cond(has(state.ahead_figure) & has(state.windows_figure), "grid grid-wide", "stack"),
    )  # fmt: skip


def _facts(state: Any) -> rx.Component:
    rule = state.rule
    money = card.facts(
        (t("budgets.counts"), words.scope(rule.scope)),
        (t("budgets.window"), words.window(rule.window, rule.days)),
        (t("budgets.limit"), values.price_usd_nano(rule.limit_nano)),
        (t("budgets.steps"), words.steps(state.steps)),
        (t("budgets.at_limit"), words.enforcement(rule.enforcement, rule.degrade_model)),
        (t("budgets.form.channels"), _channels(state)),
    )
    other = card.facts(
        (t("budgets.fact.watches"), rx.match(
            rule.type,
            (AlertType.ANOMALY.value, t("budgets.fact.ratio", n=state.facts_ratio, calls=state.facts_calls)),
            (AlertType.NO_DATA.value, t("budgets.fact.minutes", n=state.facts_minutes)),
            (AlertType.BILL_DIFFERENCE.value, t("budgets.fact.bill", n=state.facts_ratio)),
            t_word("budgets.type", rule.type))),
        (t("budgets.counts"), words.scope(rule.scope)),
        (t("budgets.form.channels"), _channels(state)),
    )  # fmt: skip
    return card.card(rx.cond(rule.is_money, money, other), title=t("budgets.says"))


def _channels(state: Any) -> rx.Component:
    return rx.cond(state.told_channels != "", state.told_channels, t("budgets.in_app_only"))


def _told(state: Any) -> rx.Component:
    every = controls.link(t("budgets.all_alerts"), href=words.ALERTS + "?state=all&rule=" + state.rule.id)
    return card.card(
        table.data_table("budget-told", alert_lines.SHORT, state.told, alert_lines.short_cells, card=False,
                         max_height=False, empty=states.empty_state(t("budgets.told_none"),
                                                                    t("budgets.told_none_why"))),
        title=t("budgets.told"), aside=every, padded=False,
    )  # fmt: skip


def _spent_cells(row: Any, *, is_past: bool) -> list[controls.Content]:
    who = rx.cond(row.who != "", row.who, t("budgets.scope.everybody"))
    spent = rx.el.span(
        values.money_usd_nano(row.spent_nano),
        rx.el.span(" / ", values.price_usd_nano(row.limit_nano), class_name="tone-mute"),
    )
    bar = rx.el.span(words.limit_bar(row.share, who), words.share_text(row.share), class_name="row bar-row")
    over = rx.cond(row.over_nano > 0, rx.el.span(values.money_usd_nano(row.over_nano), class_name="tone-bad"), "–")
    denied = rx.cond(row.denied > 0, badge.pill(values.number(row.denied), tone="bad"), "–")
    if is_past:
        return [values.instant(row.starts_at, relative=False, shape="minute"), who, spent, bar, over, denied]
    reserved = rx.cond(row.reserved_nano > 0, values.money_usd_nano(row.reserved_nano), "–")
    return [who, spent, bar, reserved, over, denied]


def _windows(state: Any) -> rx.Component:
    now = table.data_table("budget-now", NOW, state.now, lambda row: _spent_cells(row, is_past=False), card=False,
                           max_height=False, empty=states.empty_state(t("budgets.now_none"), ""))  # fmt: skip
    past = table.data_table("budget-windows", PAST, state.past, lambda row: _spent_cells(row, is_past=True),
                            card=False, empty=states.empty_state(t("budgets.past_none"), ""))  # fmt: skip
    rule = state.rule
    nearest = card.card(
        now, title=rx.cond(rule.scope.each_user, t("budgets.nearest"), t("budgets.now")),
        aside=rx.cond(rule.subjects > 1, t("budgets.people_n", n=rule.subjects), ""), padded=False,
    )  # fmt: skip
    return rx.fragment(
        rx.cond(rule.scope.each_user | (rule.enforcement != "notify"), nearest, rx.fragment()),
        card.card(past, title=t("budgets.past_windows"), padded=False),
    )


def _field(change: Any) -> rx.Component:
    name = rx.cond(change.key != "", t_key(change.key), change.field)
    return rx.el.div(
        rx.el.span(name, class_name="tone-mute"), " ",
        rx.cond(change.before != "", rx.el.del_(change.before), rx.fragment()), " ",
        rx.cond(change.after != "", rx.el.ins(change.after), rx.fragment()),
        key=change.field,
    )  # fmt: skip


def _history(state: Any) -> rx.Component:
    def cells(row: Any) -> list[controls.Content]:
        return [
            values.instant(row.at, relative=False, shape="minute"),
            rx.cond(row.by != "", row.by, t("budgets.history.system")),
            rx.el.div(rx.el.b(t_word("budgets.history.action", row.action)), rx.foreach(row.fields, _field)),
            rx.cond(row.reason != "", row.reason, "–"),
        ]

    return card.card(
        table.data_table("budget-history", CHANGES, state.history, cells, card=False, max_height=False,
                         empty=states.empty_state(t("budgets.history.none"), "")),
        title=t("budgets.history"), padded=False,
    )  # fmt: skip
