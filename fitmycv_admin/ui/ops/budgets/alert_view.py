"""How the page of one alert looks."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, progress, states, table, ticker, values
from fitmycv_admin.ui.ops.budgets import alert_lines, words
from fitmycv_admin.vocabulary import NoticeState

DRIVERS = [
    table.column("label", t("budgets.driver")),
    table.column("kind", t("budgets.driver.kind")),
    table.column("cost", t("budgets.spent"), numeric=True),
    table.column("calls", t("budgets.calls"), numeric=True),
    table.column("share", rx.el.span(t("budgets.share"), class_name="visually-hidden"), look="bar-cell"),
]
EVENTS = [
    table.column("at", t("budgets.history.at")),
    table.column("what", t("budgets.history.what")),
    table.column("by", t("budgets.history.by"), look="clip"),
    table.column("comment", t("budgets.comment"), look="wrap"),
]
MESSAGES = [
    table.column("channel", t("budgets.channel"), look="clip"),
    table.column("kind", t("budgets.message")),
    table.column("state", t("budgets.state")),
    table.column("at", t("budgets.history.at")),
    table.column("error", t("budgets.error"), look="wrap"),
]


def view(state: Any, *, every: float) -> rx.Component:
    """What happened, its drivers, the acts, the history and the messages."""
    problem = states.error_state(t_key(state.problem), incident=state.incident, retry=state.load)
    shown = rx.cond(state.problem != "", card.card(problem), states.loading_block())
    bare = card.page_header(t("budgets.alert"), "", back=(t("budgets.alerts"), words.ALERTS))
    return card.page(
        ticker.ticker(state.tick, seconds=every),
        rx.cond(state.notice, _whole(state), rx.fragment(bare, shown)),
    )


def _whole(state: Any) -> rx.Component:
    one = state.notice
    return rx.fragment(
        card.page_header(
            one.rule, words.what(one.type, one.step), *_acts(state), back=(t("budgets.alerts"), words.ALERTS)
        ),
        _notice(state),
        rx.el.div(_drivers(state), _facts(state), class_name="grid grid-wide"),
        rx.el.div(_events(state), _messages(state), class_name="grid grid-wide"),
    )


def _acts(state: Any) -> tuple[rx.Component, ...]:
    one = state.notice
    is_over = one.state == NoticeState.RESOLVED.value
    times = [("window", t("budgets.snooze.window")), ("1h", t("budgets.snooze.1h")), ("4h", t("budgets.snooze.4h")),
             ("24h", t("budgets.snooze.24h"))]  # fmt: skip
    snooze = dialog.confirm(
        controls.button(t("budgets.snooze")),
        rx.el.p(t("budgets.snooze.why")),
        form.select_field("snooze_for", t("budgets.snooze.for"), times),
        form.text_field("snooze_note", t("budgets.comment"), optional=True, max_length=500, auto_complete="off"),
        title=t("budgets.snooze.title"), confirm_label=t("budgets.snooze"), on_confirm=state.snooze, danger=False,
    )  # fmt: skip
    resolve = dialog.confirm(
        controls.button(t("budgets.resolve")),
        rx.el.p(t("budgets.resolve.why")),
        form.text_field("resolve_note", t("budgets.comment"), optional=True, max_length=500, auto_complete="off"),
        title=t("budgets.resolve.title"), confirm_label=t("budgets.resolve"), on_confirm=state.resolve, danger=False,
    )  # fmt: skip
    take = controls.button(t("budgets.acknowledge"), kind="primary", on_click=state.acknowledge)
    acts = rx.fragment(resolve, snooze, rx.cond(one.state != NoticeState.ACKNOWLEDGED.value, take, rx.fragment()))
    return (rx.cond(state.may_write & ~is_over, acts, rx.fragment()),)


def _notice(state: Any) -> rx.Component:
    """The message in one sentence, as it was sent."""
    one = state.notice
    said = rx.cond(
        one.is_money,
        rx.fragment(
            rx.el.b(alert_lines.subject(one)), " · ",
            t("budgets.said", spent=values.money_usd_nano(one.value_nano), limit=values.price_usd_nano(one.limit_nano)),
            " ", rx.cond(state.drivers.length() > 0, t("budgets.said.drivers"), rx.fragment()), " ",
            rx.foreach(state.drivers, _driver),
        ),
        rx.fragment(rx.el.b(alert_lines.subject(one)), " · ", alert_lines.figure(one)),
    )  # fmt: skip
    calls = controls.link_button(t("budgets.open_window"), href=state.calls_href, id="open-window")
    costs = controls.link_button(t("budgets.open_costs"), href=state.costs_href, kind="quiet")
    tone = rx.cond(one.state == NoticeState.OPEN.value, "bad", "info")
    shown = rx.match(
        tone,
        ("bad", card.notice(said, tone="bad", pill=words.state_pill(one.state), actions=(costs, calls))),
        card.notice(said, tone="info", pill=words.state_pill(one.state), actions=(costs, calls)),
    )
    return rx.fragment(shown)


def _driver(row: Any, index: Any) -> rx.Component:
    comma = rx.cond(index > 0, ", ", "")
    return rx.fragment(comma, _label(row), " ", values.money_usd_nano(row.cost_nano))


def _label(row: Any) -> rx.Component:
    return rx.fragment(rx.cond(row.label_key != "", t_key(row.label_key), row.label))


def _drivers(state: Any) -> rx.Component:
    def cells(row: Any) -> list[controls.Content]:
        return [
            controls.link(_label(row), href=row.href, look="cell-link"),
            t_word("budgets.driver.kind", row.kind),
            values.money_usd_nano(row.cost_nano),
            values.number(row.calls),
            rx.el.span(progress.bar(row.share, label=row.label), values.percent(row.share, decimals=0),
                       class_name="row bar-row"),
        ]  # fmt: skip

    return card.card(
        table.data_table("alert-drivers", DRIVERS, state.drivers, cells, card=False, max_height=False,
                         empty=states.empty_state(t("budgets.drivers_none"), "")),
        title=t("budgets.drivers"), aside=t("budgets.drivers_why"), padded=False,
    )  # fmt: skip


def _facts(state: Any) -> rx.Component:
    one = state.notice
    person = rx.cond(
        one.user_href != "", controls.link(one.who, href=one.user_href), rx.el.span(alert_lines.subject(one))
    )
    span = rx.el.span(
        values.instant(one.starts_at, relative=False, shape="minute"), " – ",
        values.instant(one.ends_at, relative=False, shape="minute"),
    )  # fmt: skip
    taken = rx.cond(
        one.acknowledged_at != "",
        rx.el.span(one.acknowledged_by, " · ", alert_lines.taken(one)),
        rx.el.span("–", class_name="tone-mute"),
    )
    until = rx.cond(
        (one.state == NoticeState.SNOOZED.value) & (one.snoozed_until != ""),
        rx.el.span(" ", t("budgets.until", at=values.date_text(one.snoozed_until, "minute"))), rx.fragment(),
    )  # fmt: skip
    return card.card(
        card.facts(
            (t("budgets.rule"), controls.link(one.rule, href=one.rule_href)),
            (t("budgets.subject"), person),
            (t("budgets.figure"), alert_lines.figure(one)),
            (t("budgets.step"), words.what(one.type, one.step)),
            (t("budgets.window"), span),
            (t("budgets.opened"), values.instant(one.opened_at, relative=False, shape="exact")),
            (t("budgets.state"), rx.el.span(words.state_pill(one.state), until)),
            (t("budgets.taken_by"), taken),
        ),
        title=t("budgets.facts"),
    )


def _events(state: Any) -> rx.Component:
    def cells(row: Any) -> list[controls.Content]:
        return [
            values.instant(row.at, relative=False, shape="exact"),
            t_word("budgets.event", row.kind),
            rx.cond(row.by != "", row.by, t("budgets.history.system")),
            rx.cond(row.comment != "", row.comment, ""),
        ]

    write = form.form(
        form.text_field("comment", t("budgets.comment"), max_length=500, auto_complete="off"),
        form.submit_row(t("budgets.write"), kind="plain"),
        on_submit=state.write,
        reset_on_submit=True, wide=True, key=state.comment_number,
    )  # fmt: skip
    return card.card(
        table.data_table("alert-events", EVENTS, state.events, cells, card=False, max_height=False),
        rx.cond(state.may_write, rx.el.div(write, class_name="card-body"), rx.fragment()),
        title=t("budgets.events"), padded=False,
    )  # fmt: skip


def _messages(state: Any) -> rx.Component:
    def cells(row: Any) -> list[controls.Content]:
        return [
            row.channel,
            t_word("budgets.message", row.kind),
            badge.status_pill(row.state, "budgets.delivery"),
            values.instant(row.at),
            rx.cond(row.error != "", row.error, ""),
        ]

    rows = table.data_table("alert-messages", MESSAGES, state.messages, cells, card=False, max_height=False)
    nothing = states.empty_state(t("budgets.messages_none"), t("budgets.messages_none_why"))
    return card.card(rx.cond(state.messages.length() > 0, rows, nothing), title=t("budgets.messages"), padded=False)
