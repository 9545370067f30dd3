"""Notices in the shapes that pages draw, and the cells they share; numbers and instants stay raw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.budgets.notices import NoticeRow
from fitmycv_admin.domain.budgets.subjects import BUDGETS
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import controls, table, values
from fitmycv_admin.ui.ops.budgets import words
from fitmycv_admin.vocabulary import AlertType


@dataclass(frozen=True)
class NoticeLine:
    """One notice; `share` is its value of its limit. `amount` is the figure of a notice that is not about money."""

    id: str
    href: str
    rule_id: str
    rule_href: str
    rule: str
    type: str
    is_money: bool
    who: str
    user_href: str
    about: str
    step: int
    value_nano: int
    limit_nano: int
    share: float
    amount: float | None
    unit: str
    starts_at: str
    ends_at: str
    state: str
    opened_at: str
    acknowledged_at: str
    acknowledged_by: str
    taken_ms: int | None
    snoozed_until: str
    resolved_at: str


def notice_line(row: NoticeRow) -> NoticeLine:
    """The row in the shape the screen draws."""
    facts = row.facts or {}
    amount, unit = _amount(row.type, facts)
    taken = row.seconds_to_acknowledge
    return NoticeLine(
        id=str(row.id), href=f"{words.ALERT}?id={row.id}", rule_id=str(row.rule_id),
        rule_href=f"{words.RULE}?id={row.rule_id}", rule=row.rule_name, type=str(row.type),
        is_money=row.type in BUDGETS, who=row.email,
        user_href=f"/ops/accounts/users?open={row.user_id}" if row.user_id else "",
        about=str(facts.get("model") or facts.get("model_name") or facts.get("day") or ""), step=row.step,
        value_nano=row.value_nano, limit_nano=row.limit_nano,
        share=row.value_nano / row.limit_nano if row.limit_nano else 0.0, amount=amount, unit=unit,
        starts_at=row.starts_at.isoformat(), ends_at=row.ends_at.isoformat(), state=str(row.state),
        opened_at=row.opened_at.isoformat(), acknowledged_at=_instant(row.acknowledged_at),
        acknowledged_by=row.acknowledged_by, taken_ms=None if taken is None else taken * 1000,
        snoozed_until=_instant(row.snoozed_until), resolved_at=_instant(row.resolved_at),
    )  # fmt: skip


def what(row: Any) -> rx.Component:
    """The rule and what happened to it."""
    return rx.el.span(rx.el.b(row.rule), " ", rx.el.span(words.what(row.type, row.step), class_name="tone-mute"))


def subject(row: Any) -> rx.Component:
    """Whom it is about: one person, a model, a day, or everybody."""
    return rx.cond(
        row.who != "", row.who, rx.cond(row.about != "", row.about, rx.el.span(t("budgets.scope.everybody")))
    )


def figure(row: Any) -> rx.Component:
    """What was spent of the limit; else the figure of its kind."""
    money = rx.el.span(
        values.money_usd_nano(row.value_nano),
        rx.cond(
            row.limit_nano > 0,
            rx.el.span(" / ", values.price_usd_nano(row.limit_nano), class_name="tone-mute"),
            rx.fragment(),
        ),
    )
    other = rx.match(
        row.unit,
        ("ratio", rx.el.span(values.percent(row.amount, decimals=0))),
        ("minutes", rx.el.span(t("budgets.minutes_n", n=row.amount))),
        ("calls", rx.el.span(t("budgets.calls_n", n=row.amount))),
        rx.cond(row.value_nano > 0, money, "–"),
    )
    return rx.cond(row.is_money, money, other)


def taken(row: Any) -> rx.Component:
    """How long it took until somebody said that they take care."""
    return rx.cond(row.taken_ms.is_none(), rx.el.span("–", class_name="tone-mute"), values.duration_ms(row.taken_ms))


SHORT = [
    table.column("opened", t("budgets.opened")),
    table.column("what", t("budgets.what")),
    table.column("subject", t("budgets.subject"), look="clip"),
    table.column("state", t("budgets.state")),
]


def short_cells(row: Any) -> list[controls.Content]:
    """A notice on the page of its rule."""
    step = rx.cond(row.is_money, t("budgets.what.step", step=row.step), t_word("budgets.what", row.type))
    return [
        controls.link(values.instant(row.opened_at, relative=False), href=row.href, look="cell-link"),
        step,
        subject(row),
        words.state_pill(row.state),
    ]


def _amount(kind: AlertType, facts: Mapping[str, Any]) -> tuple[float | None, str]:
    """The figure that a notice of this kind has in its facts, and its unit."""
    wanted = {
        AlertType.ANOMALY: ("ratio_percent", "ratio", 100), AlertType.BILL_DIFFERENCE: ("percent", "ratio", 100),
        AlertType.NO_DATA: ("minutes", "minutes", 1), AlertType.UNPRICED_MODEL: ("calls", "calls", 1),
    }  # fmt: skip
    name, unit, scale = wanted.get(kind, ("", "", 1))
    value = facts.get(name)
    return (float(value) / scale, unit) if isinstance(value, int | float) else (None, "")


def _instant(value: Any) -> str:
    return value.isoformat() if value else ""
