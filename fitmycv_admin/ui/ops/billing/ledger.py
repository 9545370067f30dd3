"""The ledger of credits: every line with who, why and what paid for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.billing import statements
from fitmycv_admin.domain.billing.statements import LedgerRow, LotUseRow
from fitmycv_admin.domain.insights import ledger as domain
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, controls, dialog, query, states, table, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing import words
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import CreditKind, Permission

OFFER = Offer((), "", dict.fromkeys((*statements.WORDS, "open"), ()))
NARROWED = ("user", "actor", "task", "batch", "line")


@dataclass(frozen=True)
class LedgerLine:
    """One line as the screen holds it; numbers and instants stay raw."""

    id: str
    at: str
    user: str
    user_id: str
    kind: str
    amount: int
    balance: int
    source: str
    source_key: str
    feature_key: str
    task_id: str
    cv_id: str
    payment: str
    related: str
    batch_id: str
    actor: str
    actor_id: str
    reason: str
    reason_key: str


@dataclass(frozen=True)
class UseLine:
    """A lot that paid for the opened line."""

    id: str
    kind: str
    amount: int
    returned: int
    expires_at: str


@page_policy(Permission.CREDITS_READ)
class LedgerState(Listing, AppState):
    """What the ledger shows."""

    rows: list[LedgerLine] = []  # noqa: RUF012  (Reflex copies defaults)
    opened: LedgerLine | None = None
    uses: list[UseLine] = []  # noqa: RUF012
    sources: list[dict[str, str]] = []  # noqa: RUF012
    narrowed: dict[str, str] = {}  # noqa: RUF012
    is_all_time: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted = self._wanted(OFFER)
            given: Mapping[str, str] = {**wanted.filters, "q": wanted.search}
            found = await look(domain.screen, actor(), given, wanted.request, wanted.get("open"))
            self.rows = [line(row) for row in self._shown(found.page)]
            self.opened = line(found.opened) if found.opened else None
            self.uses = [_use(row) for row in found.paid_from]
            self.sources = [words.source_option(source) for source in found.sources]
            self.narrowed = {name: given[name] for name in NARROWED if given.get(name)}
            self.is_all_time = found.filters.since is None


def line(row: LedgerRow) -> LedgerLine:
    """The row with its instants and ids as text."""
    return LedgerLine(
        id=str(row.id), at=row.at.isoformat(), user=row.user, user_id=str(row.user_id), kind=row.kind,
        amount=row.amount, balance=row.balance_after, source=row.source, source_key=words.source_key(row.source),
        feature_key=words.feature_key(row.feature), task_id=str(row.task_id or ""), cv_id=str(row.cv_file_id or ""),
        payment=row.payment, related=str(row.related or ""), batch_id=str(row.batch_id or ""), actor=row.actor,
        actor_id=str(row.actor_id or ""), reason=row.reason, reason_key=words.reason_key(row.reason),
    )  # fmt: skip


def _use(row: LotUseRow) -> UseLine:
    until = row.expires_at.isoformat() if row.expires_at else ""
    return UseLine(str(row.lot_id), row.kind, row.amount, row.returned, until)


COLUMNS = [
    table.column("id", t("credits.line"), look="mono"),
    table.column("at", t("credits.when"), numeric=True),
    table.column("user", t("credits.person"), look="clip"),
    table.column("kind", t("credits.kind")),
    table.column("amount", t("credits.amount"), numeric=True),
    table.column("balance", t("credits.balance_after"), numeric=True),
    table.column("source", t("credits.source")),
    table.column("feature", t("credits.for_what"), look="clip"),
    table.column("task", t("credits.task")),
    table.column("actor", t("credits.actor"), look="clip"),
    table.column("reason", t("credits.reason_code"), look="clip"),
]


def _cells(row: Any) -> list[controls.Content]:
    person = query.query_link(row.user, changes={"user": row.user_id, "after": "", "before": ""}, look="link-plain")
    task = controls.link(values.id_chip(row.task_id), href=rx.Var.create("/ops/tasks/") + row.task_id)
    return [
        query.query_link("#", row.id, changes={"open": row.id}, look="cell-link"),
        values.instant(row.at, relative=False, shape="minute"),
        person,
        words.kind_pill(row.kind),
        words.signed(row.amount),
        values.number(row.balance),
        words.known_or_raw(row.source_key, row.source),
        rx.cond(row.feature_key != "", t_key(row.feature_key), "–"),
        rx.cond(row.task_id != "", task, "–"),
        rx.cond(row.actor != "", row.actor, rx.el.span(t("credits.by_itself"), class_name="tone-mute")),
        words.known_or_raw(row.reason_key, row.reason),
    ]


def _tools() -> rx.Component:
    kinds = [query.option("", t("credits.all"))] + [
        query.option(str(kind), t(f"credits.kinds.{kind}")) for kind in CreditKind
    ]
    every = rx.Var.create([query.option("", t("credits.all"))]).to(list[dict[str, str]])
    return table.table_tools(
        query.query_search(t("credits.search")),
        query.query_filter("type", t("credits.kind"), kinds),
        query.query_filter(
            "source", t("credits.source"), every + rx.Var.create(LedgerState.sources).to(list[dict[str, str]])
        ),
        *[_narrowed(name) for name in NARROWED],
        table_id="ledger",
        columns=COLUMNS,
        aside=(
            rx.cond(
                LedgerState.is_loaded & LedgerState.is_all_time,
                rx.el.span(t("credits.all_time"), class_name="sub"),
                rx.fragment(),
            ),
        ),
    )


def _narrowed(name: str) -> rx.Component:
    """A filter that came with a link; it can only be taken away."""
    value = rx.Var.create(LedgerState.narrowed).to(dict[str, str]).get(name, "").to(str)
    return rx.cond(
        value != "",
        rx.el.span(
            rx.el.span(t(f"credits.narrowed.{name}"), " ", values.id_chip(value)),
            query.query_link(
                rx.el.span("✕", aria_hidden="true"),
                rx.el.span(t("credits.narrowed.remove"), class_name="visually-hidden"),
                changes={name: ""},
                look="link-plain",
            ),
            class_name="chip chip-strong row",
        ),
        rx.fragment(),
    )


USES = [
    table.column("lot", t("credits.lot")),
    table.column("amount", t("credits.taken"), numeric=True),
    table.column("returned", t("credits.returned"), numeric=True),
    table.column("until", t("credits.until"), numeric=True),
]


def _use_cells(row: Any) -> list[controls.Content]:
    until = values.instant(row.expires_at, relative=False, shape="date")
    return [
        rx.el.span(t_word("credits.kinds", row.kind), " ", rx.el.span("#", row.id, class_name="meta")),
        values.number(row.amount),
        values.number(row.returned),
        rx.cond(row.expires_at != "", until, t("credits.never")),
    ]


def _panel() -> rx.Component:
    one = rx.Var.create(LedgerState.opened).to(LedgerLine)
    task = controls.link(values.id_chip(one.task_id), href=rx.Var.create("/ops/tasks/") + one.task_id)
    batch = controls.link(values.id_chip(one.batch_id), href=rx.Var.create("/ops/billing/batches/") + one.batch_id)
    related = query.query_link("#", one.related, changes={"open": one.related})
    paid = rx.fragment(
        rx.el.h3(t("credits.paid_from")),
        table.data_table("ledger-uses", USES, rx.Var.create(LedgerState.uses), _use_cells, card=False,
                         max_height=False),
    )  # fmt: skip
    return dialog.side_panel(
        card.facts(
            (t("credits.person"), controls.link(one.user, href=rx.Var.create("/ops/accounts/users?open=")
                                                + one.user_id)),
            (t("credits.when"), values.instant(one.at, relative=False, shape="exact")),
            (t("credits.amount"), words.signed(one.amount)),
            (t("credits.balance_after"), values.number(one.balance)),
            (t("credits.source"), words.known_or_raw(one.source_key, one.source)),
            (t("credits.for_what"), rx.cond(one.feature_key != "", t_key(rx.Var.create(one.feature_key)), "–")),
            (t("credits.task"), rx.cond(one.task_id != "", task, "–")),
            (t("credits.cv"), rx.cond(one.cv_id != "", values.id_chip(one.cv_id), "–")),
            (t("credits.payment"), rx.cond(one.payment != "", values.id_chip(one.payment), "–")),
            (t("credits.related"), rx.cond(one.related != "", related, "–")),
            (t("credits.batch"), rx.cond(one.batch_id != "", batch, "–")),
            (t("credits.actor"), rx.cond(one.actor != "", one.actor, t("credits.by_itself"))),
            (t("credits.reason_code"), words.known_or_raw(one.reason_key, one.reason)),
        ),
        rx.cond(rx.Var.create(LedgerState.uses).to(list).length() > 0, paid, rx.fragment()),
        title=t("credits.line_title", id=one.id),
        subtitle=one.user,
        status=words.kind_pill(rx.Var.create(one.kind)),
    )  # fmt: skip


@page(
    title="credits.ledger_title",
    permission=Permission.CREDITS_READ,
    load=LedgerState.load,
    nav=Nav("credits.ledger_nav", "credits.nav.group", "book-open", "credits.ledger_words"),
)
def ledger() -> rx.Component:
    """The list, its filters and the line beside it."""
    rows = table.data_table(
        "ledger",
        COLUMNS,
        rx.Var.create(LedgerState.rows),
        _cells,
        view=table.ListView.of(LedgerState),
        is_open=lambda row: rx.Var.create(LedgerState.opened).to(LedgerLine).id == row.id,
        retry=LedgerState.load,
        empty=states.empty_state(t("credits.no_lines"), t("credits.no_lines_why")),
        summary=t("credits.ledger_unit"),
    )
    return card.page(
        card.page_header(
            t("credits.ledger_title"),
            t("credits.ledger_answer"),
            query.period_picker(),
            query.export_link("/api/exports/ledger.csv"),
        ),
        _tools(),
        dialog.beside(rows, _panel(), is_open=LedgerState.opened),
    )
