"""The people whom a change of limits would touch, one by one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.billing import plan_impact
from fitmycv_admin.domain.billing.plan_impact import AffectedRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing.plan_words import feature_text, limit_text
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"plan": (), "limits": (), "above": ("1",)})


@dataclass(frozen=True)
class UseLine:
    """What somebody used of a feature, and its new limit."""

    feature: str
    used: int
    limit: int
    is_above: bool


@dataclass(frozen=True)
class AffectedLine:
    """Somebody who has the plan."""

    id: str
    email: str
    version: int
    renews_at: str
    is_above: bool
    uses: list[UseLine]


@page_policy(Permission.PLANS_READ)
class AffectedState(Listing, AppState):
    """What the list shows."""

    plan: str = ""
    limits: list[UseLine] = []  # noqa: RUF012  (Reflex copies defaults)
    rows: list[AffectedLine] = []  # noqa: RUF012

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            found = await look(plan_impact.affected, actor(), dict(wanted.filters), wanted.request)
            self.plan = found.plan
            self.limits = [UseLine(feature, 0, limit, False) for feature, limit in found.limits.items()]
            self.rows = [_line(row, dict(found.limits)) for row in self._shown(found.people)]


def _line(row: AffectedRow, limits: dict[str, int]) -> AffectedLine:
    uses = [UseLine(feature, used, limits[feature], 0 <= limits[feature] < used) for feature, used in row.uses.items()]
    return AffectedLine(
        id=str(row.user_id), email=row.email, version=row.version,
        renews_at=row.renews_at.isoformat() if row.renews_at else "", is_above=row.is_above, uses=uses,
    )  # fmt: skip


COLUMNS = [
    table.column("person", t("plans.person"), look="clip"),
    table.column("version", t("plans.version"), numeric=True),
    table.column("renews", t("plans.renews")),
    table.column("uses", t("plans.used"), look="wrap"),
    table.column("above", t("plans.above")),
]


def _cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(row.email, href=rx.Var.create("/ops/accounts/users?open=") + row.id, look="cell-link"),
        values.number(row.version),
        rx.cond(
            row.renews_at != "", values.instant(row.renews_at, relative=False, shape="date"), t("plans.no_renewal")
        ),
        rx.el.span(rx.foreach(row.uses, _use), class_name="row row-wrap"),
        rx.cond(row.is_above, badge.pill(t("plans.is_above"), tone="warn"), rx.el.span("–", class_name="tone-mute")),
    ]


def _use(use: Any) -> rx.Component:
    look = rx.cond(use.is_above, "tone-warn", "")
    return badge.chip(
        feature_text(use.feature), " ", rx.el.span(values.number(use.used), class_name=look), " / ",
        limit_text(use.limit), key=use.feature,
    )  # fmt: skip


@page(title="plans.affected_title", permission=Permission.PLANS_READ, load=AffectedState.load)
def plan_affected() -> rx.Component:
    """The list, what would change, and the choice of those above only."""
    rows = table.data_table(
        "plan-affected",
        COLUMNS,
        AffectedState.rows,
        _cells,
        view=table.ListView.of(AffectedState),
        empty=states.empty_state(t("plans.nobody_affected"), t("plans.nobody_affected_why")),
        retry=AffectedState.load,
    )
    only = query.query_choice(
        "above", [("", t("plans.everybody")), ("1", t("plans.only_above"))], standard="", label=t("plans.above")
    )
    return card.page(
        card.page_header(
            rx.cond(AffectedState.plan != "", t("plans.affected_of", plan=AffectedState.plan),
                    t("plans.affected_title")),
            t("plans.affected_answer"),
            query.export_link("/api/exports/plan-affected.csv"),
            back=(t("plans.title"), "/ops/billing/plans"),
        ),
        table.table_tools(only, rx.el.span(rx.foreach(AffectedState.limits, _new_limit), class_name="row row-wrap")),
        rows,
    )  # fmt: skip


def _new_limit(limit: Any) -> rx.Component:
    return badge.chip(feature_text(limit.feature), " → ", rx.el.b(limit_text(limit.limit)), key=limit.feature)
