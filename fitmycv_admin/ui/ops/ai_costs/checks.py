"""Whether the figures are what the calls say: the nightly comparison in a line, and a day that differs in a notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.ai_costs.drift import CheckRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import badge, card, controls, values
from fitmycv_admin.ui.session import AppState
from fitmycv_admin.ui.shell import parts


@dataclass(frozen=True)
class Checked:
    """The last comparison: when, of how many days, and what is wrong with the newest day that differs."""

    at: str = ""
    days: int = 0
    wrong_day: str = ""
    drift_nano: int = 0
    drift_calls: int = 0


def checked(rows: Sequence[CheckRow]) -> Checked:
    """What the page says of the comparisons; nothing before the first night."""
    if not rows:
        return Checked()
    wrong = next((row for row in rows if not row.is_right), None)
    return Checked(
        at=max(row.checked_at for row in rows).isoformat(),
        days=len(rows),
        wrong_day=wrong.day.isoformat() if wrong else "",
        drift_nano=wrong.drift_nano if wrong else 0,
        drift_calls=wrong.drift_calls if wrong else 0,
    )


def freshness(complete_to: rx.Var[str], found: Any = None) -> rx.Component:
    """Up to when every call is counted, in which zone the days are, and what the nightly comparison found."""
    complete = t("ai_costs.complete_to", time=values.date_text(complete_to, "time"), zone=AppState.zone)
    if found is None:
        return rx.cond(complete_to != "", parts.freshness(complete), rx.fragment())
    at = values.date_text(found.at, "minute")
    right = parts.freshness(rx.el.span(complete, " · ", t("ai_costs.drift_none", n=found.days, at=at)))
    wrong = parts.freshness(rx.el.span(complete, " · ", t("ai_costs.drift_some")), tone="bad")
    line = rx.cond(found.at == "", parts.freshness(complete), rx.cond(found.wrong_day == "", right, wrong))
    return rx.cond(complete_to != "", line, rx.fragment())


def notice(found: Any, may_repair: Any, repair: Any) -> rx.Component:
    """The newest day whose figures differ from its calls, with the way to count it anew."""
    day = values.date_text(found.wrong_day, "date")
    amount = values.money_usd_nano(found.drift_nano)
    act = rx.cond(may_repair, controls.button(t("ai_costs.drift_repair"), on_click=repair), rx.fragment())
    return rx.cond(
        found.wrong_day != "",
        card.notice(
            t("ai_costs.drift_day", day=day, amount=amount, n=found.drift_calls),
            tone="bad",
            pill=badge.pill(t("ai_costs.drift_pill"), tone="bad"),
            actions=(act,),
        ),
        rx.fragment(),
    )
