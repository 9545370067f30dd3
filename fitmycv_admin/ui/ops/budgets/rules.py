"""Budgets: what may be spent, how much of it is, when it starts anew and where it will end."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.budgets import asked
from fitmycv_admin.domain.budgets import rules as domain
from fitmycv_admin.domain.budgets.rules import RuleRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, query, states, table, ticker, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.budgets import rule_bulk, rule_dialog, words
from fitmycv_admin.ui.ops.budgets.rule_form import RuleForm
from fitmycv_admin.ui.ops.budgets.words import Scope
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import AlertType, Enforcement, Permission

OFFER = Offer(
    (), "",
    {
        "type": tuple(str(word) for word in AlertType), "enforcement": tuple(str(word) for word in Enforcement),
        "enabled": (asked.ON, asked.OFF), "feature": (),
    },
)  # fmt: skip
TICK_S = 5


@dataclass(frozen=True)
class RuleLine:
    """One rule as the screen holds it; `share` of its limit is spent, `ends_at` its forecast."""

    id: str
    href: str
    name: str
    type: str
    enabled: bool
    is_money: bool
    scope: Scope
    window: str
    days: int
    limit_nano: int
    spent_nano: int
    share: float
    who: str
    subjects: int
    resets_ms: int
    resets_at: str
    forecast_nano: int | None
    crossing_at: str
    is_crossed: bool
    enforcement: str
    degrade_model: str
    open: int
    failing: int
    is_snoozed: bool


@page_policy(Permission.BUDGETS_READ)
class RulesState(RuleForm, rule_bulk.RuleBulk, Listing, AppState):
    """What the list shows."""

    rows: list[RuleLine] = []  # noqa: RUF012  (Reflex copies defaults)
    may_write: bool = False
    feature: str = ""

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem and not self.is_editing:
            await self._read()

    async def _saved(self) -> None:
        await self._read()

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        found = await look(domain.rules, actor(), asked.rules({**wanted.filters, "q": wanted.search}), wanted.request)
        now = clock.now()
        rows = [line(row, now) for row in self._shown(found)]
        if rows != self.rows:  # what did not change is not sent
            self.rows = rows
        self.feature = wanted.get("feature")
        self.may_write = actor().may(Permission.BUDGETS_WRITE)


def line(row: RuleRow, now: datetime) -> RuleLine:
    """The row in the shape the screen draws."""
    says, spent = row.says, row.now
    # Of a rule for each person there is no forecast before somebody comes near the limit.
    ahead = row.forecast if spent and (spent.subject or not says.each_user) else None
    resets = row.resets_at
    crossing = ahead.crossing_at if ahead else None
    used = spent.spent_nano if spent else 0
    return RuleLine(
        id=str(row.id), href=f"{words.RULE}?id={row.id}", name=says.name, type=str(says.type), enabled=says.enabled,
        is_money=says.is_budget, scope=scope_of(row), window=str(says.window), days=says.rolling_days or 0,
        limit_nano=says.threshold_nano, spent_nano=used,
        share=used / says.threshold_nano if says.threshold_nano else 0.0, who=spent.email if spent else "",
        subjects=row.subjects, resets_ms=max(0, round((resets - now).total_seconds())) * 1000 if resets else 0,
        resets_at=resets.isoformat() if resets else "", forecast_nano=ahead.weekday_aware if ahead else None,
        crossing_at=crossing.isoformat() if crossing else "", is_crossed=bool(crossing and crossing <= now),
        enforcement=str(says.enforcement), degrade_model=says.degrade_model or "", open=row.open, failing=row.failing,
        is_snoozed=bool(row.snoozed_until and row.snoozed_until > now),
    )  # fmt: skip


def scope_of(row: RuleRow) -> Scope:
    """Whom and what a rule counts."""
    says = row.says
    known = words.feature_key(says.feature_key or "", row.feature)
    plan = "none" if says.plan_id == 0 else row.plan
    return Scope(says.each_user, row.email if says.user_id else "", plan, row.feature, known, row.model)


COLUMNS = [
    table.column("name", t("budgets.rule"), look="clip"),
    table.column("scope", t("budgets.counts")),
    table.column("spent", t("budgets.spent_of"), numeric=True),
    table.column("resets", t("budgets.resets"), numeric=True),
    table.column("forecast", t("budgets.forecast"), numeric=True),
    table.column("act", t("budgets.at_limit")),
    table.column("state", t("budgets.state")),
]


def _cells(row: Any) -> list[controls.Content]:
    dash = rx.el.span("–", class_name="tone-mute")
    counts = rx.el.span(
        words.scope(row.scope),
        rx.el.span(words.window(row.window, row.days), class_name="tone-mute"),
        class_name="row",
    )
    resets = rx.el.span(values.duration_ms(row.resets_ms), title=values.date_text(row.resets_at, "exact"))
    return [
        controls.link(row.name, href=row.href, look="cell-link"),
        rx.cond(row.is_money, counts, rx.el.span(t_word("budgets.type", row.type), class_name="tone-mute")),
        rx.cond(row.is_money, _spent(row), dash),
        rx.cond(row.resets_ms > 0, resets, dash),
        rx.cond(row.forecast_nano.is_none(), dash, _ahead(row)),
        rx.cond(row.is_money, words.enforcement(row.enforcement, row.degrade_model), dash),
        _state(row),
    ]


def _spent(row: Any) -> rx.Component:
    """What is spent of the limit, by the person who is nearest to it when each has one."""
    return rx.el.span(
        rx.el.span(
            values.money_usd_nano(row.spent_nano),
            rx.el.span(" / ", values.price_usd_nano(row.limit_nano), class_name="tone-mute"),
        ),
        words.limit_bar(row.share, row.name),
        words.share_text(row.share),
        class_name="row bar-row push-end",
        title=row.who,
    )


def _ahead(row: Any) -> rx.Component:
    """Where it ends, and the day on which the limit is crossed if it is."""
    when = rx.cond(row.is_crossed, t("budgets.crossed"), values.date_text(row.crossing_at, "day"))
    crossing = rx.el.span(
        when, class_name="tone-bad", title=t("budgets.crosses", at=values.date_text(row.crossing_at, "minute"))
    )
    return rx.el.span(
        values.money_usd_nano(row.forecast_nano, decimals=2),
        rx.cond(row.crossing_at != "", rx.fragment(" · ", crossing), rx.fragment()),
    )


def _state(row: Any) -> rx.Component:
    return rx.el.span(
        rx.cond(
            row.enabled,
            rx.cond(row.open > 0, rx.fragment(), badge.pill(t("budgets.on"), tone="ok")),
            badge.pill(t("budgets.off")),
        ),
        rx.cond(
            row.open > 0,
            controls.link(badge.pill(t("budgets.open_n", n=row.open), tone="bad"),
                          href=words.ALERTS + "?rule=" + row.id, look="link-plain"),
            rx.fragment(),
        ),
        rx.cond(row.is_snoozed, badge.pill(t("budgets.state.snoozed"), tone="warn"), rx.fragment()),
        rx.cond(row.failing > 0, badge.pill(t("budgets.failing_n", n=row.failing), tone="warn"), rx.fragment()),
        class_name="row",
    )  # fmt: skip


def _tools() -> rx.Component:
    every = query.option("", t("budgets.filter.all"))
    types = [every, *[query.option(str(word), t(f"budgets.type.{word}")) for word in AlertType]]
    acts = [every, *[query.option(str(word), t(f"budgets.enforcement.{word}")) for word in Enforcement]]
    on_off = [every, query.option(asked.ON, t("budgets.on")), query.option(asked.OFF, t("budgets.off"))]
    return table.table_tools(
        query.query_search(t("budgets.filter.search")),
        query.query_filter("type", t("budgets.filter.type"), types),
        query.query_filter("enabled", t("budgets.state"), on_off),
        query.query_filter("enforcement", t("budgets.at_limit"), acts),
        words.narrowed("feature", t("budgets.form.feature"), RulesState.feature),
        table_id="budgets",
        columns=COLUMNS,
    )


@page(
    title="budgets.title",
    permission=Permission.BUDGETS_READ,
    load=RulesState.load,
    nav=Nav("budgets.nav.rules", "budgets.nav.group", "gauge", "budgets.nav.rules_words"),
    route=words.RULES,
)
def budgets() -> rx.Component:
    """The list with its bars, acts on many, and the form of a rule."""
    add = controls.button(t("budgets.add"), kind="primary", on_click=RulesState.add_rule)
    chosen = rule_bulk.selection(RulesState)
    return card.page(
        ticker.ticker(RulesState.tick, seconds=TICK_S),
        card.page_header(
            t("budgets.title"), t("budgets.answer"), query.export_links("budgets"),
            rx.cond(RulesState.may_write, add, rx.fragment()),
        ),
        rule_bulk.undo_bar(RulesState),
        _tools(),
        table.data_table(
            "budgets", COLUMNS, rx.Var.create(RulesState.rows), _cells, view=table.ListView.of(RulesState),
            retry=RulesState.load, selection=chosen, above=rule_bulk.bar(RulesState, chosen),
            empty=states.empty_state(t("budgets.empty"), t("budgets.empty_why")),
        ),
        rule_dialog.rule_dialog(RulesState),
    )  # fmt: skip
