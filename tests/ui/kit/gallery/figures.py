"""KPI cards, charts, breakdowns, and what goes wrong with them."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit import badge, card, chart, controls, progress, query, states, table, values
from tests.ui.kit.gallery.around import ops
from tests.ui.kit.gallery.state import FEATURES, GalleryState
from tests.ui.kit.gallery.words import g


def _kpis() -> rx.Component:
    points = card.spark_points([5, 6, 5, 8, 9, 7, 6, 9, 11, 10, 12, 9, 13])
    return card.kpis(
        card.kpi_card(g("cost"), values.money_usd_nano(1_597_870_000_000), change=0.094, direction="up_is_bad",
                      spark=points, explanation=g("why")),
        card.kpi_card(g("calls"), values.number(48_912), change=0.061, direction="neutral", spark=points),
        card.kpi_card(g("per_call"), values.money_usd_nano(32_100_000), change=-0.031, direction="up_is_bad",
                      spark=points),
        card.kpi_card(g("cached"), values.percent(0.41), change=0.05, change_text="+5 pts", spark=points),
        card.kpi_card(g("margin"), values.percent(0.718), change=-0.012, change_text="−1.2 pts", spark=points,
                      href="/"),
    )  # fmt: skip


def figures() -> rx.Component:
    """KPI cards, charts, breakdowns."""
    breakdown = table.simple_table(
        [
            table.column("feature", g("feature")),
            table.column("calls", g("calls"), numeric=True),
            table.column("cost", g("cost"), numeric=True),
            table.column("change", g("change"), numeric=True),
            table.column("share", rx.el.span(g("by"), class_name="visually-hidden")),
        ],
        *[
            [
                rx.fragment(badge.swatch((1, 2, 3, 4, 7, 6)[index]), name),
                values.number(20320 // (index + 1)),
                values.money_usd_nano(655_500_000_000 // (index + 1)),
                rx.el.span(values.change(0.142 - index * 0.06), class_name="tone-bad" if index < 3 else "tone-ok"),
                progress.bar(1 / (index + 1), label=name, series=(1, 2, 3, 4, 7, 6)[index]),
            ]
            for index, name in enumerate(FEATURES)
        ],
    )
    by = query.query_choice(
        "by", [(word, g(f"by_{word}")) for word in ("feature", "model", "tier")], standard="feature",
        label=g("by"),
    )  # fmt: skip
    return ops(
        card.page(
            card.page_header(
                g("figures"), g("figures_answer"), query.period_picker(), query.compare_picker(),
                query.export_link("/export/gallery.csv"),
            ),
            card.notice(
                rx.el.b(g("budget")), " ", g("budget_why"), tone="warn",
                pill=badge.pill(g("budget_at"), tone="warn"),
                actions=(controls.button(g("open_window")), controls.button(g("snooze"), kind="quiet"),
                         controls.button(g("acknowledge"), kind="primary")),
            ),
            _kpis(),
            chart.chart_card(g("by_day"), GalleryState.figure, choices=by),
            rx.el.div(
                card.card(breakdown, title=g("by"), aside=g("count", n=6), padded=False),
                chart.chart_card(g("lag"), GalleryState.lines),
                class_name="grid grid-wide",
            ),
            rx.el.div(
                chart.chart_card(g("by_day"), GalleryState.empty),
                card.card(states.error_state(t("common.error.unexpected"), incident="K7PQ2R", retry=GalleryState.load)),
                class_name="grid grid-2",
            ),
        )
    )  # fmt: skip
