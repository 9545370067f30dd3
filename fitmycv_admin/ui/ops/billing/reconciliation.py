"""Whether lines, balances, lots and holds agree: differences, put right by two people, and failures not returned."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.billing import holdings
from fitmycv_admin.domain.billing import reconciliation as domain
from fitmycv_admin.domain.billing.holdings import UnreturnedRow
from fitmycv_admin.domain.billing.reconciliation import DifferenceRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing import words
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"state": (*domain.STATES, "all")}, size=25)
TONES = {"open": "pill pill-bad", "corrected": "pill pill-ok"}


@dataclass(frozen=True)
class DifferenceLine:
    """One difference as the screen holds it; `difference` is what was found less what the ledger says."""

    id: str
    user: str
    user_id: str
    what: str
    expected: int
    actual: int
    difference: int
    state: str
    found_at: str
    seen_at: str
    closed_at: str
    line_id: str
    approval_id: str
    may_keep: bool


@dataclass(frozen=True)
class UnreturnedLine:
    """A failed task that kept what it took."""

    id: str
    type: str
    user: str
    payer: str
    amount: int
    at: str


@page_policy(Permission.CREDITS_READ)
class ReconciliationState(Listing, AppState):
    """What the page shows."""

    rows: list[DifferenceLine] = []  # noqa: RUF012  (Reflex copies defaults)
    unreturned: list[UnreturnedLine] = []  # noqa: RUF012
    open_count: int = 0
    checked_at: str = ""
    check_problem: str = ""
    may_write: bool = False
    is_checking: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    @policy(Permission.CREDITS_WRITE)
    async def check(self) -> AsyncIterator[Any]:
        """Compare everybody now."""
        language = str(actor().language)
        self.is_checking = True
        yield
        try:
            found = await ask(domain.check_now, actor())
        except FitMyCvError as error:
            yield toast.refused(language, error.key, **error.params)
            return
        finally:
            self.is_checking = False
        await self._read()
        yield toast.done(language, "credits.checks.done", n=found)

    @rx.event
    @policy(Permission.CREDITS_WRITE)
    async def propose(self, difference_id: int, keep: str, fields: dict[str, str]) -> Any:
        """Ask a second person for a correction."""
        language = str(actor().language)
        note = fields.get(f"note_{keep}", "")
        try:
            await ask(domain.propose, actor(), difference_id, keep=cast(domain.Keep, keep), note=note)
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        await self._read()
        return toast.done(language, "credits.checks.proposed")

    async def _read(self) -> None:
        wanted, by = self._wanted(OFFER), actor()
        asked = wanted.get("state") or "open"
        state = "" if asked == "all" else asked
        found = await look(domain.differences, by, wanted.request, state=state)
        health = await look(domain.health, by)
        self.rows = [_line(row) for row in self._shown(found)]
        self.unreturned = [_unreturned(row) for row in await look(holdings.unreturned, by)]
        self.open_count, self.check_problem = health.open, health.problem
        self.checked_at = health.checked_at.isoformat() if health.checked_at else ""
        self.may_write = by.may(Permission.CREDITS_WRITE)


def _line(row: DifferenceRow) -> DifferenceLine:
    return DifferenceLine(
        id=str(row.id), user=row.user, user_id=str(row.user_id), what=row.what, expected=row.expected,
        actual=row.actual, difference=row.actual - row.expected, state=row.state, found_at=row.found_at.isoformat(),
        seen_at=row.seen_at.isoformat(), closed_at=row.closed_at.isoformat() if row.closed_at else "",
        line_id=str(row.line_id or ""), approval_id=str(row.approval_id or ""), may_keep=row.what in domain.AMOUNTS,
    )  # fmt: skip


def _unreturned(row: UnreturnedRow) -> UnreturnedLine:
    return UnreturnedLine(
        str(row.task_id), row.type, row.user, row.payer, row.amount, row.finished_at.isoformat()
    )  # fmt: skip


COLUMNS = [
    table.column("person", t("credits.person"), look="clip"),
    table.column("what", t("credits.checks.what")),
    table.column("expected", t("credits.checks.expected"), numeric=True),
    table.column("actual", t("credits.checks.actual"), numeric=True),
    table.column("difference", t("credits.checks.difference"), numeric=True),
    table.column("found", t("credits.checks.found"), numeric=True),
    table.column("seen", t("credits.checks.seen"), numeric=True),
    table.column("state", t("approvals.state")),
    table.column("act", t("credits.checks.act")),
]
FAILED = [
    table.column("task", t("credits.task")),
    table.column("type", t("credits.for_what")),
    table.column("person", t("credits.person"), look="clip"),
    table.column("kept", t("credits.checks.kept"), numeric=True),
    table.column("at", t("credits.when"), numeric=True),
]


def _cells(row: Any) -> list[controls.Content]:
    person = controls.link(row.user, href=rx.Var.create("/ops/accounts/users?open=") + row.user_id, look="cell-link")
    return [
        person,
        t_word("credits.checks.whats", row.what),
        values.number(row.expected),
        values.number(row.actual),
        words.signed(row.difference),
        values.instant(row.found_at),
        values.instant(row.seen_at),
        rx.el.span(t_word("credits.checks.states", row.state), class_name=rx.match(row.state, *TONES.items(), "pill")),
        _act(row),
    ]


def _act(row: Any) -> rx.Component:
    waits = controls.link(t("credits.checks.waits"), href=rx.Var.create("/ops/approvals?open=") + row.approval_id)
    line = controls.link("#", row.line_id, href=rx.Var.create("/ops/billing/ledger?line=") + row.line_id)
    acts = rx.el.span(
        _proposal(row, "ledger"), rx.cond(row.may_keep, _proposal(row, "found"), rx.fragment()), class_name="row"
    )
    return rx.cond(
        row.approval_id != "",
        waits,
        rx.cond(
            (row.state == "open") & ReconciliationState.may_write,
            acts,
            rx.cond(row.line_id != "", line, rx.el.span("–", class_name="tone-mute")),
        ),
    )


def _proposal(row: Any, keep: str) -> rx.Component:
    label = t(f"credits.checks.keep.{keep}")
    return dialog.confirm(
        controls.button(label, kind="quiet"),
        rx.el.p(t(f"credits.checks.keep_why.{keep}", difference=row.difference, expected=row.expected,
                  actual=row.actual, user=row.user)),
        form.text_field(f"note_{keep}", t("approvals.reason"), max_length=500, auto_complete="off"),
        title=label,
        confirm_label=t("credits.checks.propose"),
        on_confirm=lambda fields: ReconciliationState.propose(row.id.to(int), keep, fields),  # pyright: ignore[reportCallIssue]
        danger=False,
    )  # fmt: skip


def _failed_cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(values.id_chip(row.id), href=rx.Var.create("/ops/tasks/") + row.id),
        t_word("tasks.type", row.type),
        row.user,
        rx.cond(row.amount > 0, values.number(row.amount), t("credits.checks.quota_unit")),
        values.instant(row.at),
    ]


def _kpis() -> rx.Component:
    loading = ~rx.Var.create(ReconciliationState.is_loaded).bool()
    checked = rx.cond(
        ReconciliationState.checked_at != "", values.instant(ReconciliationState.checked_at), t("credits.checks.never")
    )
    return card.kpis(
        card.kpi_card(t("credits.checks.open"), values.number(ReconciliationState.open_count),
                      against=t("credits.checks.must_be_none"), loading=loading,
                      explanation=t("credits.checks.how")),
        card.kpi_card(t("credits.checks.checked"), checked, against=t("credits.checks.every_night"), loading=loading),
        card.kpi_card(t("credits.checks.unreturned"),
                      values.number(rx.Var.create(ReconciliationState.unreturned).to(list).length()),
                      against=t("credits.checks.must_be_none"), loading=loading,
                      explanation=t("credits.checks.unreturned_how")),
    )  # fmt: skip


@page(
    title="credits.checks.title",
    permission=Permission.CREDITS_READ,
    load=ReconciliationState.load,
    nav=Nav("credits.checks.nav", "credits.nav.group", "scale", "credits.checks.words"),
)
def reconciliation() -> rx.Component:
    """How the books stand, each difference, and failed tasks that kept something."""
    of_state = [query.option("", t("credits.checks.states.open"))] + [
        query.option(word, t(f"credits.checks.states.{word}")) for word in (*domain.STATES[1:], "all")
    ]
    check = controls.button(
        t("credits.checks.check_now"), on_click=ReconciliationState.check, busy=ReconciliationState.is_checking
    )
    alarm = card.notice(
        t("credits.checks.alarm", n=ReconciliationState.open_count),
        tone="bad", pill=badge.pill(t("credits.checks.states.open"), tone="bad"),
    )  # fmt: skip
    return card.page(
        card.page_header(
            t("credits.checks.title"),
            t("credits.checks.answer"),
            rx.cond(ReconciliationState.may_write, check, rx.fragment()),
        ),
        rx.cond(ReconciliationState.open_count > 0, alarm, rx.fragment()),
        rx.cond(
            ReconciliationState.check_problem != "",
            card.notice(t("credits.checks.broke"), " ", ReconciliationState.check_problem, tone="bad"),
            rx.fragment(),
        ),
        _kpis(),
        table.table_tools(
            query.query_filter("state", t("approvals.state"), of_state), table_id="differences", columns=COLUMNS
        ),
        table.data_table(
            "differences",
            COLUMNS,
            rx.Var.create(ReconciliationState.rows),
            _cells,
            view=table.ListView.of(ReconciliationState),
            retry=ReconciliationState.load,
            empty=states.empty_state(t("credits.checks.empty"), t("credits.checks.empty_why")),
        ),
        card.card(
            table.data_table("unreturned", FAILED, rx.Var.create(ReconciliationState.unreturned), _failed_cells,
                             card=False, max_height=False,
                             empty=states.empty_state(t("credits.checks.none_kept"))),
            title=t("credits.checks.unreturned"), padded=False,
        ),
    )  # fmt: skip
