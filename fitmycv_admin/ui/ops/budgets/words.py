"""What the pages about budgets share: whom a rule is about, over what time, how far it is, and their words."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, progress, query, values
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, NoticeState

RULES = "/ops/budgets"
RULE = "/ops/budgets/rule"
ALERTS = "/ops/alerts"
ALERT = "/ops/alerts/alert"
WARN_SHARE, FULL_SHARE = 0.75, 1.0
"""From which share of a limit a bar is yellow, and from which it is red."""
MONEY_TYPES = tuple(
    word for word in AlertType if word.value.startswith(("user_", "global_", "feature_")) or word is AlertType.BUDGET
)
"""The types that have a limit in dollars."""


@dataclass(frozen=True)
class Scope:
    """Whom and what a rule counts; empty words narrow nothing."""

    each_user: bool = False
    user: str = ""
    plan: str = ""
    feature: str = ""
    feature_key: str = ""
    model: str = ""


def scope(one: Any) -> rx.Component:
    """Whom and what a rule counts, as chips; one that narrows nothing counts everything."""
    feature = rx.cond(one.feature_key != "", t_word("settings.feature", one.feature_key), one.feature)
    nothing = ~one.each_user & (one.user == "") & (one.plan == "") & (one.feature == "") & (one.model == "")
    return rx.el.span(
        rx.cond(nothing, badge.chip(t("budgets.scope.everything")), rx.fragment()),
        rx.cond(one.each_user, badge.chip(t("budgets.scope.each_user"), strong=True), rx.fragment()),
        _part(one.user, one.user),
        _part(one.feature, feature),
        _part(one.plan, rx.cond(one.plan == "none", t("budgets.scope.no_plan"), one.plan)),
        _part(one.model, one.model),
        class_name="row row-wrap tags",
    )


def window(kind: Any, days: Any) -> rx.Component:
    """Over what time a budget counts."""
    return rx.fragment(
        rx.cond(
            kind == BudgetWindow.ROLLING.value, t("budgets.window.rolling_n", n=days), t_word("budgets.window", kind)
        )
    )


def limit_bar(share: Any, label: Any) -> rx.Component:
    """How much of a limit is used; yellow when it is near, red when it is reached."""
    return rx.cond(
        share >= FULL_SHARE,
        progress.bar(share, label=label, look="bar-bad"),
        rx.cond(share >= WARN_SHARE, progress.bar(share, label=label, look="bar-warn"),
                progress.bar(share, label=label)),
    )  # fmt: skip


def share_text(share: Any) -> rx.Component:
    """The same share as a number, in the colour of its bar."""
    look = rx.cond(share >= FULL_SHARE, "tone-bad", rx.cond(share >= WARN_SHARE, "tone-warn", ""))
    return rx.el.span(values.percent(share, decimals=0), class_name=look)


def state_pill(state: Any) -> rx.Component:
    """How far a notice was treated; an open one asks for somebody."""
    return rx.el.span(
        t_word("budgets.state", state),
        class_name=rx.match(
            state,
            (NoticeState.OPEN.value, "pill pill-bad"),
            (NoticeState.ACKNOWLEDGED.value, "pill pill-info"),
            (NoticeState.SNOOZED.value, "pill pill-warn"),
            "pill pill-ok",
        ),
    )


def what(kind: Any, step: Any) -> rx.Var[str]:
    """What happened, in a few words: the step of a budget that was reached, or the kind of surprise."""
    is_money = rx.Var.create([word.value for word in MONEY_TYPES]).to(list[str]).contains(kind)
    return rx.cond(is_money, t("budgets.what.step", step=step), t_word("budgets.what", kind)).to(str)


def steps(shares: Any) -> rx.Component:
    """The steps of a limit, as percentages."""
    return rx.el.span(rx.foreach(shares, _step), class_name="row row-wrap tags")


def _step(share: Any) -> rx.Component:
    return badge.chip(values.percent(share, decimals=0), key=share.to(str))


def enforcement(word: Any, model: Any) -> rx.Component:
    """What happens to a call that finds no room."""
    shown = rx.match(
        word,
        ("deny", badge.pill(t("budgets.enforcement.deny"), tone="bad")),
        ("degrade", badge.pill(t("budgets.enforcement.degrade_to", model=model), tone="warn")),
        rx.el.span(t("budgets.enforcement.notify"), class_name="tone-mute"),
    )
    return rx.fragment(shown)


def narrowed(name: str, label: Any, shown: Any) -> rx.Component:
    """A filter that came with a link; it can only be taken away."""
    return rx.cond(
        shown != "",
        rx.el.span(
            rx.el.span(label, " ", rx.el.b(shown)),
            query.query_link(
                rx.el.span("✕", aria_hidden="true"),
                rx.el.span(t("budgets.filter.remove"), class_name="visually-hidden"),
                changes={name: ""}, look="link-plain",
            ),
            class_name="chip chip-strong row",
        ),
        rx.fragment(),
    )  # fmt: skip


def feature_key(key: str, label: str) -> str:
    """The key of a feature whose words are ours; empty for one that somebody renamed and for a call name."""
    return key if key and text("en", f"settings.feature.{key}") == label else ""


def _part(word: Any, shown: Any) -> rx.Component:
    return rx.cond(word != "", badge.chip(shown), rx.fragment())
