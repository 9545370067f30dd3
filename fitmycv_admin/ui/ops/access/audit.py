"""The audit trail: who changed what, when, from what to what, and why."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.accounts import trail
from fitmycv_admin.domain.audit.queries import AuditRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, diff, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", dict.fromkeys((*trail.WORDS, "open"), ()))


@dataclass(frozen=True)
class Change:
    """One field before and after, as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class EventLine:
    """One line of the trail."""

    id: str
    at: str
    who: str
    role: str
    action: str
    target: str
    target_id: str
    reason: str
    ip: str
    changes: list[Change]


class AuditState(Listing, AppState):
    """What the trail shows."""

    rows: list[EventLine] = []  # noqa: RUF012  (Reflex copies defaults)
    opened: EventLine | None = None
    actions: list[dict[str, str]] = []  # noqa: RUF012
    targets: list[dict[str, str]] = []  # noqa: RUF012
    target_id: str = ""

    @rx.event
    @policy(Permission.AUDIT_READ)
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            words = {**wanted.filters, "q": wanted.search}
            found = await look(trail.screen, actor(), words, wanted.request)
            self.rows = [_line(row) for row in self._shown(found.page)]
            self.opened = next((line for line in self.rows if line.id == words.get("open")), None)
            self.actions = [{"value": word, "label": word} for word in found.choices.actions]
            self.targets = [{"value": word, "label": word} for word in found.choices.target_types]
            self.target_id = words.get("target_id", "")


def _line(row: AuditRow) -> EventLine:
    return EventLine(
        id=str(row.id), at=row.at.isoformat(), who=row.actor_name, role=row.actor_role, action=row.action,
        target=row.target_type, target_id=row.target_id, reason=row.reason, ip=row.ip,
        changes=[Change(name, _text(before), _text(after)) for name, before, after in row.changes],
    )  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


COLUMNS = [
    table.column("at", t("access.audit.when")),
    table.column("who", t("access.audit.who"), look="clip"),
    table.column("action", t("access.audit.action")),
    table.column("target", t("access.audit.target"), look="clip"),
    table.column("changes", t("access.audit.changes"), look="clip"),
    table.column("reason", t("access.audit.reason"), look="clip"),
]


def _cells(row: EventLine) -> list[controls.Content]:
    return [
        query.query_link(
            values.instant(row.at, relative=False, shape="exact"), changes={"open": row.id}, look="cell-link"
        ),
        rx.el.span(row.who, " ", _role(row)),
        rx.el.span(row.action, class_name="mono"),
        rx.el.span(row.target, " ", rx.cond(row.target_id != "", values.id_chip(row.target_id), rx.fragment())),
        rx.foreach(row.changes, _short),
        row.reason,
    ]


def _role(row: EventLine) -> rx.Component:
    return badge.chip(t_word("access.role", rx.Var.create(row.role)))


def _short(change: Change) -> rx.Component:
    return rx.el.span(
        rx.el.span(change.field, ": ", class_name="tone-mute"),
        rx.cond(change.before != "", change.before, "–"), " → ", rx.cond(change.after != "", change.after, "–"), "  ",
        key=change.field,
    )  # fmt: skip


def _tools() -> rx.Component:
    every = t("access.audit.all")
    return table.table_tools(
        query.query_search(t("access.audit.search")),
        query.query_filter("action", t("access.audit.action"), query.with_all(every, AuditState.actions)),
        query.query_filter("target_type", t("access.audit.target"), query.with_all(every, AuditState.targets)),
        rx.cond(
            AuditState.target_id != "",
            query.query_link(
                t("access.audit.target_only"), " ", rx.el.span(AuditState.target_id, class_name="mono"), " ✕",
                changes={"target_id": ""}, look="chip chip-strong",
            ),
            rx.fragment(),
        ),
        table_id="audit",
        columns=COLUMNS,
    )  # fmt: skip


def _panel() -> rx.Component:
    one = rx.Var.create(AuditState.opened).to(EventLine)
    nothing = rx.el.p(t("access.audit.no_changes"), class_name="sub")
    return dialog.side_panel(
        rx.cond(one.changes.length() > 0, diff.change_rows(one.changes), nothing),  # pyright: ignore[reportAttributeAccessIssue]
        card.facts(
            (t("access.audit.who"), rx.el.span(one.who, " ", _role(one))),
            (t("access.audit.when"), values.instant(one.at, relative=False, shape="exact")),
            (t("access.audit.target"), rx.el.span(one.target, " ", values.id_chip(one.target_id))),
            (t("access.audit.reason"), rx.cond(one.reason != "", one.reason, "–")),
            (t("access.audit.from"), rx.cond(one.ip != "", one.ip, "–")),
        ),
        rx.el.p(query.query_link(t("access.audit.same_target"), changes={"target_id": one.target_id, "open": ""})),
        title=one.action,
        subtitle=one.id,
    )


def _is_open(row: EventLine) -> rx.Var[bool]:
    return rx.Var.create(AuditState.opened).to(EventLine).id == row.id


@page(
    title="access.audit.title",
    permission=Permission.AUDIT_READ,
    load=AuditState.load,
    nav=Nav("access.audit.title", "access.nav.group", "scroll-text"),
)
def audit() -> rx.Component:
    """The list and the event beside it."""
    rows = table.data_table(
        "audit",
        COLUMNS,
        AuditState.rows,
        _cells,
        view=table.ListView.of(AuditState),
        is_open=_is_open,
        retry=AuditState.load,
        empty=states.empty_state(t("access.audit.empty"), t("access.audit.empty_why")),
    )
    return card.page(
        card.page_header(
            t("access.audit.title"),
            t("access.audit.answer"),
            query.period_picker(),
            query.export_link("/api/exports/audit.csv"),
        ),
        _tools(),
        dialog.beside(rows, _panel(), is_open=AuditState.opened),
    )
