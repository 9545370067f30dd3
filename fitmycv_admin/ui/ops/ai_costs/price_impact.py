"""What a price would have meant, drawn before it is saved: the cost, by feature, the budgets, and odd lines."""

from typing import Any

import reflex as rx

from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.kit import card, table, values


def shown(one: Any) -> rx.Component:
    """The whole preview; nothing before it was asked for."""
    known = rx.el.section(
        rx.el.h3(t("prices.preview")),
        rx.cond(
            one.calls > 0,
            rx.fragment(
                _sentence(one),
                rx.cond(
                    one.unpriced > 0, rx.el.p(t("prices.preview_unpriced", n=one.unpriced), class_name="sub"),
                    rx.fragment(),
                ),
                parts(one),
            ),
            rx.el.p(t("prices.preview_no_calls"), class_name="sub"),
        ),
        _budgets(one),
        class_name="stack stack-2",
        aria_live="polite",
    )  # fmt: skip
    return rx.cond(one.is_shown, rx.fragment(known, rx.foreach(one.far, _far)), rx.fragment())


def _sentence(one: Any) -> rx.Component:
    return rx.cond(
        one.after_nano.is_none(),
        card.notice(t("prices.preview_missing"), tone="warn"),
        rx.el.p(
            t("prices.preview_cost", n=one.calls, before=values.money_usd_nano(one.before_nano),
              after=values.money_usd_nano(one.after_nano)),
            " ",
            rx.el.b(
                values.change((one.after_nano - one.before_nano) / rx.cond(one.before_nano > 0, one.before_nano, 1)),
                class_name=rx.cond(one.after_nano > one.before_nano, "tone-bad", "tone-ok"),
            ),
        ),
    )  # fmt: skip


def parts(one: Any) -> rx.Component:
    """The cost of each feature before and after."""
    heads = [
        table.column("feature", t("ai_costs.by.feature")),
        table.column("calls", t("ai_costs.calls"), numeric=True),
        table.column("before", t("prices.cost_was"), numeric=True),
        table.column("after", t("prices.cost_would"), numeric=True),
    ]

    def cells(row: Any) -> list[Any]:
        return [
            rx.cond(row.label_key != "", t_key(row.label_key), row.label),
            values.number(row.calls),
            values.money_usd_nano(row.before_nano),
            values.money_usd_nano(row.after_nano),
        ]

    return table.data_table("ai-costs-price-impact", heads, one.parts, cells, card=False, max_height=False)


def _budgets(one: Any) -> rx.Component:
    def draw(row: Any) -> rx.Component:
        return rx.el.li(
            t("prices.preview_budget", name=row.name, limit=values.money_usd_nano(row.limit_nano),
              window=t_word("prices.window", row.window), now=row.reached, then=row.would_reach),
            key=row.id,
        )  # fmt: skip

    return rx.cond(
        one.budgets.length() > 0,
        card.notice(rx.el.p(t("prices.preview_budgets")), rx.el.ul(rx.foreach(one.budgets, draw)), tone="warn"),
        rx.cond(one.calls > 0, rx.el.p(t("prices.preview_no_budgets"), class_name="sub"), rx.fragment()),
    )


def _far(row: Any) -> rx.Component:
    return card.notice(
        t("prices.far", kind=t_word("ai_costs.usage", row.usage_type), new=values.price_usd_nano(row.nano),
          was=values.price_usd_nano(row.was), times=values.number(row.times, decimals=2),
          against=t_word("prices.far_against", row.against)),
        tone="bad", key=row.id,
    )  # fmt: skip
