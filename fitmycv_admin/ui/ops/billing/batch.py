"""One grant to many: what it will do or did, how far it is, what came of each row, and taking it back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.billing import batch_list
from fitmycv_admin.domain.billing import batches as domain
from fitmycv_admin.domain.billing.batch_list import ResultRow
from fitmycv_admin.ui.copy import t, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import card, controls, dialog, form, progress, query, states, table, ticker, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.billing.batches import HERE, BatchLine, line, state_pill
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import BatchState, Permission

OFFER = Offer((), "", {"row": batch_list.ROW_STATES})
_ID_AT = 3
TICK_S = 2


@dataclass(frozen=True)
class ResultLine:
    """One person of the batch."""

    id: str
    user: str
    href: str
    amount: int
    balance: int
    state: str
    line_id: str
    taken: int
    error_key: str


@dataclass(frozen=True)
class Problem:
    """A line of the file that was left out."""

    line: int
    key: str


@page_policy(Permission.CREDITS_READ)
class BatchPageState(Listing, AppState):
    """The batch of the address."""

    batch: BatchLine | None = None
    rows: list[ResultLine] = []  # noqa: RUF012  (Reflex copies defaults)
    problems: list[Problem] = []  # noqa: RUF012
    left_out: int = 0
    expires_at: str = ""
    may_start: bool = False
    may_reverse: bool = False
    is_moving: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show the batch of the address."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def tick(self) -> None:
        """Read again while it runs."""
        if self.is_loaded and not self.problem and self.is_moving:
            await self._read()

    @rx.event
    async def start(self) -> Any:
        """Begin to give, or ask a second person."""
        return await self._act(domain.start, "credits.batches.started")

    @rx.event
    async def abandon(self) -> Any:
        """Put it away."""
        return await self._act(domain.abandon, "credits.batches.abandoned")

    @rx.event
    async def reverse(self, fields: dict[str, str]) -> Any:
        """Take back what is left, or ask a second person."""
        return await self._act(domain.reverse, "credits.batches.reversing", note=fields.get("reverse_note", ""))

    async def _act(self, use_case: Any, done: str, **details: Any) -> Any:
        language = str(actor().language)
        try:
            made = await ask(use_case, actor(), id_at(self.router.url, _ID_AT), **details)
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        await self._read()
        return toast.done(language, "credits.asked" if made is not None and made.approval_id else done)

    async def _read(self) -> None:
        by, batch_id = actor(), id_at(self.router.url, _ID_AT)
        wanted = self._wanted(OFFER)
        found = await look(batch_list.batch, by, batch_id)
        page_ = await look(batch_list.results, by, batch_id, wanted.request, state=wanted.get("row"))
        self.batch = line(found)
        self.rows = [_row(row) for row in self._shown(page_)]
        source = found.source
        self.problems = [Problem(int(number), str(key)) for number, key in source.get("problems", [])]
        self.left_out = int(source.get("left_out", 0))
        self.expires_at = found.expires_at.isoformat() if found.expires_at else ""
        is_incident = source.get("kind") == domain.INCIDENT and by.may(Permission.TASKS_WRITE)
        may = is_incident or by.may(Permission.CREDITS_GIFT)
        self.may_start = may and found.state == BatchState.PREVIEWED and found.total > 0
        self.may_reverse = by.may(Permission.CREDITS_WRITE) and found.state == BatchState.DONE and found.granted > 0
        self.is_moving = found.state in (BatchState.RUNNING, BatchState.WAITING) or (
            found.state == BatchState.REVERSED and found.finished_at is None
        )


def _row(row: ResultRow) -> ResultLine:
    return ResultLine(
        id=str(row.user_id), user=row.user, href=f"/ops/accounts/users?open={row.user_id}", amount=row.amount,
        balance=row.balance, state=row.state, line_id=str(row.line_id or ""), taken=row.taken, error_key=row.error_key,
    )  # fmt: skip


COLUMNS = [
    table.column("person", t("credits.person"), look="clip"),
    table.column("amount", t("credits.amount"), numeric=True),
    table.column("balance", t("credits.batches.balance_now"), numeric=True),
    table.column("line", t("credits.line")),
    table.column("taken", t("credits.batches.taken_back"), numeric=True),
    table.column("state", t("approvals.state")),
    table.column("why", t("credits.batches.why"), look="wrap"),
]


def _cells(row: Any) -> list[controls.Content]:
    to_line = controls.link("#", row.line_id, href=rx.Var.create("/ops/billing/ledger?line=") + row.line_id)
    return [
        controls.link(row.user, href=row.href, look="cell-link"),
        values.number(row.amount),
        values.number(row.balance),
        rx.cond(row.line_id != "", to_line, "–"),
        rx.cond(row.taken > 0, values.number(row.taken), "–"),
        rx.el.span(t_word("credits.batches.rows", row.state), class_name=rx.match(
            row.state, ("granted", "pill pill-ok"), ("refused", "pill pill-bad"), ("partly_reversed", "pill pill-warn"),
            "pill",
        )),
        rx.cond(row.error_key != "", t_key(row.error_key), "–"),
    ]  # fmt: skip


def _acts(one: Any) -> rx.Component:
    start = dialog.confirm(
        controls.button(t("credits.batches.start"), kind="primary"),
        rx.el.p(rx.el.b(t("credits.batches.will_give", people=one.people, total=one.total))),
        rx.el.p(t("credits.batches.start_why")),
        title=t("credits.batches.start"),
        confirm_label=t("credits.batches.start"),
        on_confirm=lambda _fields: BatchPageState.start(),  # pyright: ignore[reportCallIssue]
        danger=False,
    )
    abandon = controls.button(t("credits.batches.abandon"), on_click=BatchPageState.abandon)
    reverse = dialog.confirm(
        controls.button(t("credits.batches.reverse"), kind="danger"),
        rx.el.p(rx.el.b(t("credits.batches.will_take", people=one.done, total=one.given))),
        rx.el.p(t("credits.batches.reverse_why")),
        form.text_field("reverse_note", t("credits.batches.reverse_note"), max_length=500, auto_complete="off"),
        title=t("credits.batches.reverse"),
        confirm_label=t("credits.batches.reverse"),
        on_confirm=lambda fields: BatchPageState.reverse(fields),  # pyright: ignore[reportCallIssue]
    )
    return rx.fragment(
        rx.cond(BatchPageState.may_start, rx.fragment(abandon, start), rx.fragment()),
        rx.cond(BatchPageState.may_reverse, reverse, rx.fragment()),
    )


def _facts(one: Any) -> rx.Component:
    until = values.instant(BatchPageState.expires_at, relative=False, shape="date")
    return card.card(
        card.facts(
            (t("credits.batches.people"), values.number(one.people)),
            (t("credits.amount"), values.number(one.total)),
            (t("credits.batches.given"), values.number(one.given)),
            (t("credits.batches.taken_back"), values.number(one.taken)),
            (t("credits.batches.refused"), values.number(one.refused)),
            (t("credits.reason_code"), t_word("credits.reason", one.reason)),
            (t("credits.note"), one.note),
            (t("credits.batches.source"), rx.el.span(
                rx.cond(one.source != "", t_word("credits.batches.sources", one.source), "–"), " ", one.source_detail)),
            (t("credits.expires_on"), rx.cond(BatchPageState.expires_at != "", until, t("credits.batches.a_year"))),
            (t("credits.actor"), one.by),
            (t("credits.when"), values.instant(one.created_at, relative=False)),
        ),
    )  # fmt: skip


def _problem(one: Any) -> rx.Component:
    return rx.el.li(t("credits.batches.line_n", n=one.line), " ", t_key(one.key), key=one.line.to(str))


def _notices(one: Any) -> rx.Component:
    return rx.fragment(
        rx.cond(one.state == "previewed", card.notice(t("credits.batches.nothing_yet")), rx.fragment()),
        rx.cond(
            one.state == "waiting",
            card.notice(
                t("credits.batches.waits"), tone="warn",
                actions=(controls.link_button(t("approvals.title"), href="/ops/approvals"),),
            ),
            rx.fragment(),
        ),
        rx.cond(
            BatchPageState.left_out > 0,
            card.notice(
                t("credits.batches.left_out", n=BatchPageState.left_out),
                rx.el.ul(rx.foreach(BatchPageState.problems, _problem)),
                tone="warn",
            ),
            rx.fragment(),
        ),
        rx.cond(
            BatchPageState.is_moving & (one.state != "waiting"),
            progress.progress(one.share, t("credits.batches.at_work"), detail=values.percent(one.share, decimals=0)),
            rx.fragment(),
        ),
    )  # fmt: skip


def _file(one: Any) -> rx.Component:
    return controls.file_link(t("kit.export_csv"), href=rx.Var.create("/api/exports/batch.csv?batch=") + one.id)


def _body(one: Any) -> rx.Component:
    of_rows = [query.option("", t("credits.all"))] + [
        query.option(word, t(f"credits.batches.rows.{word}")) for word in batch_list.ROW_STATES
    ]
    return rx.fragment(
        _notices(one),
        _facts(one),
        table.table_tools(
            query.query_filter("row", t("approvals.state"), of_rows),
            table_id="batch-rows",
            columns=COLUMNS,
            aside=(_file(one),),
        ),
        table.data_table("batch-rows", COLUMNS, rx.Var.create(BatchPageState.rows), _cells,
                         view=table.ListView.of(BatchPageState), retry=BatchPageState.load),
    )  # fmt: skip


@page(
    title="credits.batches.one",
    permission=Permission.CREDITS_READ,
    load=BatchPageState.load,
    route="/ops/billing/batches/[batch_id]",
)
def batch() -> rx.Component:
    """What it does, how far it is, and every row."""
    one = rx.Var.create(BatchPageState.batch).to(BatchLine)
    trouble = states.error_state(
        t_key(rx.Var.create(BatchPageState.problem)), incident=BatchPageState.incident, retry=BatchPageState.load
    )
    return card.page(
        ticker.ticker(BatchPageState.tick, seconds=TICK_S),
        card.page_header(
            t("credits.batches.one"),
            rx.cond(BatchPageState.batch, state_pill(one.state), ""),
            rx.cond(BatchPageState.batch, _acts(one), rx.fragment()),
            back=(t("credits.batches.title"), HERE),
        ),
        rx.cond(
            BatchPageState.batch,
            _body(one),
            rx.cond(BatchPageState.problem != "", card.card(trouble), states.loading_block()),
        ),
    )
