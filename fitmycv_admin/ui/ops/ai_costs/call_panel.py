"""One call beside the list: its facts, and how its cost adds up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core import money
from fitmycv_admin.domain.ai_costs import tariff
from fitmycv_admin.domain.ai_costs.call_detail import CallDetail
from fitmycv_admin.domain.ai_costs.call_list import CallRow
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, table, values
from fitmycv_admin.ui.ops.ai_costs import figures
from fitmycv_admin.vocabulary import UsageType


@dataclass(frozen=True)
class CostLine:
    """Some tokens at their price (nano-USD per million) and what they come to, before the one rounding."""

    kind: str
    tokens: int
    price_nano: int
    cost_nano: int


@dataclass(frozen=True)
class CorrectionLine:
    """What one batch added to the cost."""

    id: str
    kind: str
    reason: str
    at: str
    delta_nano: int


@dataclass(frozen=True)
class CallView:
    """The opened call."""

    id: str
    at: str
    feature: str
    feature_key: str
    is_mapped: bool
    call_name: str
    model_served: str
    model_requested: str
    tier: str
    plan: str
    user: str
    status: str
    task_id: str
    step: str
    attempt: int
    reasoning: int
    duration_ms: int | None
    request_id: str
    version: str
    cost_nano: int | None
    lines: list[CostLine]
    own_nano: int | None
    corrections: list[CorrectionLine]


def view(detail: CallDetail) -> CallView:
    """The call with its cost taken apart by the version that priced it, and what was corrected since."""
    row = detail.row
    return CallView(
        id=str(row.id), at=row.at.isoformat(), feature=row.feature.label,
        feature_key=figures.label_key(Dimension.FEATURE, row.feature), is_mapped=row.feature.mapped,
        call_name=row.call_name, model_served=row.model_served, model_requested=row.model_requested, tier=row.tier,
        plan=row.plan, user=row.email, status=row.status, task_id=str(row.task_id or ""), step=row.step,
        attempt=row.attempt, reasoning=row.reasoning_tokens, duration_ms=row.duration_ms,
        request_id=row.request_id or "", version=str(row.price_version_id or ""), cost_nano=row.cost_nano,
        lines=_lines(row, detail.lines) if detail.lines and row.own_nano is not None else [],
        own_nano=row.own_nano,
        corrections=[
            CorrectionLine(str(one.batch_id), one.kind, one.reason, one.at.isoformat(), one.delta_nano)
            for one in detail.corrections
        ],
    )  # fmt: skip


def _lines(row: CallRow, prices: Mapping[str, int]) -> list[CostLine]:
    counted = tariff.kinds(
        prompt=row.prompt_tokens, cached=row.cached_tokens, cache_write=row.cache_write_tokens,
        completion=row.completion_tokens, reasoning=row.reasoning_tokens, image=row.image_tokens,
        audio=row.audio_tokens,
    )  # fmt: skip
    charged: dict[UsageType, int] = {}
    for kind, tokens in counted.items():
        # What has no price of its own is charged with what it is a part of.
        shown = kind if kind in prices else tariff.INSTEAD.get(kind, kind)
        charged[shown] = charged.get(shown, 0) + tokens
    return [
        CostLine(str(kind), tokens, price, money.round_half_up(tokens * price, money.PER_MILLION))
        for kind, tokens in charged.items()
        if tokens and (price := tariff.line_of(prices, kind)) is not None
    ]


COLUMNS = [
    table.column("kind", t("ai_costs.tokens")),
    table.column("count", t("ai_costs.count"), numeric=True),
    table.column("price", t("ai_costs.per_million"), numeric=True),
    table.column("cost", t("ai_costs.cost"), numeric=True),
]


def _cells(line: CostLine) -> list[controls.Content]:
    return [
        t_word("ai_costs.usage", line.kind),
        values.number(line.tokens),
        values.price_usd_nano(line.price_nano),
        values.money_usd_nano(line.cost_nano, decimals=9),
    ]


CORRECTIONS = [
    table.column("kind", t("ai_costs.corrections")),
    table.column("at", t("ai_costs.when")),
    table.column("delta", t("ai_costs.cost"), numeric=True),
]


def _correction_cells(line: CorrectionLine) -> list[controls.Content]:
    return [
        rx.el.span(t_word("ai_costs.correction", line.kind), title=line.reason),
        values.instant(line.at, relative=False, shape="minute"),
        values.money_usd_nano(line.delta_nano, decimals=9),
    ]


def panel(call: rx.Var[CallView | None]) -> rx.Component:
    """The side panel; the address without `open` closes it."""
    one: Any = call.to(CallView)
    asked_other = one.model_requested != one.model_served
    why = rx.cond(one.version != "", t("ai_costs.unknown_why"), t("ai_costs.unpriced_why"))
    no_price = card.notice(why, tone="warn")
    return dialog.side_panel(
        rx.cond(
            one.lines.length() > 0,
            table.data_table("ai-costs-call", COLUMNS, one.lines, _cells, key="kind", card=False, max_height=False),
            rx.cond(one.cost_nano.is_none(), no_price, rx.fragment()),
        ),
        rx.cond(
            one.corrections.length() > 0,
            rx.fragment(
                table.data_table("ai-costs-corrections", CORRECTIONS, one.corrections, _correction_cells, card=False,
                                 max_height=False),
                card.facts((t("ai_costs.own_cost"), values.money_usd_nano(one.own_nano, decimals=9))),
            ),
            rx.fragment(),
        ),
        card.facts(
            (t("ai_costs.cost"), values.money_usd_nano(one.cost_nano, decimals=9)),
            (t("ai_costs.when"), values.instant(one.at, relative=False, shape="exact")),
            (t("ai_costs.by.feature"), rx.cond(one.feature_key != "", t_key(one.feature_key), one.feature)),
            (t("ai_costs.call_name"), rx.el.span(one.call_name, class_name="mono")),
            (t("ai_costs.served"), rx.el.span(one.model_served, class_name="mono")),
            (
                t("ai_costs.requested"),
                rx.cond(asked_other, rx.el.b(one.model_requested, class_name="mono"),
                        rx.el.span(one.model_requested, class_name="mono")),
            ),
            (t("ai_costs.by.tier"), t_word("ai_costs.tier", one.tier)),
            (t("ai_costs.by.plan"), rx.cond(one.plan != "", one.plan, t("ai_costs.no_plan"))),
            (t("ai_costs.user"), rx.cond(one.user != "", one.user, t("ai_costs.system"))),
            (t("ai_costs.reasoning"), values.number(one.reasoning)),
            (t("ai_costs.duration"), values.duration_ms(one.duration_ms)),
            (t("ai_costs.task"), _optional(one.task_id, _task(one))),
            (t("ai_costs.version"), _optional(one.version, _version(one))),
            (t("ai_costs.request"), _optional(one.request_id, values.id_chip(one.request_id))),
        ),
        title=one.call_name,
        subtitle=one.id,
        status=badge.status_pill(rx.Var.create(one.status), "ai_costs.call_status"),
    )  # fmt: skip


def _task(one: CallView) -> rx.Component:
    return rx.el.span(
        controls.link(t("ai_costs.task_open"), href="/ops/tasks/" + one.task_id),
        query.query_link(t("ai_costs.task_calls"), changes={"task": one.task_id, "open": ""}),
        class_name="row row-wrap",
    )


def _version(one: CallView) -> rx.Component:
    shown = rx.el.span(one.version, class_name="mono")
    return query.query_link(shown, changes={"version": one.version, "open": ""}, look="link-plain")


def _optional(value: rx.Var[str] | str, shown: rx.Component) -> rx.Component:
    return rx.cond(value != "", shown, rx.el.span("–"))
