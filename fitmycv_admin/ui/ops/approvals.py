"""Acts that wait for a second person: what each will do, who asks and why; and what became of the earlier ones."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, NotFound
from fitmycv_admin.domain.billing import approvals as domain
from fitmycv_admin.domain.billing import inbox
from fitmycv_admin.domain.billing.inbox import InboxRow
from fitmycv_admin.ui.copy import t, t_given, t_key, t_word
from fitmycv_admin.ui.guard import page_policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import ApprovalState, Permission

OFFER = Offer(
    (), "", {"state": (*(str(word) for word in ApprovalState), inbox.DECIDED), "kind": (), "who": ("me", "others"),
             "open": ()},
)  # fmt: skip
ENDED = tuple(word for word in ApprovalState if word is not ApprovalState.PENDING)


@dataclass(frozen=True)
class RequestLine:
    """One request as the screen holds it."""

    id: str
    label_key: str
    sentence_key: str
    params: dict[str, str | int]
    user_id: str
    batch_id: str
    reason: str
    reason_code: str
    worth_cents: int
    state: str
    asked_by: str
    asked_at: str
    expires_at: str
    decided_by: str
    decided_at: str
    note: str
    is_own: bool
    may_decide: bool


@page_policy(Permission.APPROVALS_READ)
class ApprovalsState(Listing, AppState):
    """What the inbox shows."""

    rows: list[RequestLine] = []  # noqa: RUF012  (Reflex copies defaults)
    opened: RequestLine | None = None
    kinds: list[dict[str, str]] = []  # noqa: RUF012
    pending: int = 0
    mine_to_decide: int = 0

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def decide(self, approval_id: str, approve: bool, fields: dict[str, str]) -> Any:
        """Approve or refuse; the domain knows who may."""
        note = fields.get("approve_note" if approve else "refuse_note", "")
        return await self._act(domain.decide, approval_id, approve=approve, note=note)

    @rx.event
    async def withdraw(self, approval_id: str) -> Any:
        """Take back one's own request."""
        return await self._act(domain.withdraw, approval_id)

    async def _act(self, use_case: Any, approval_id: str, **details: Any) -> Any:
        language = str(actor().language)
        try:
            became = await ask(use_case, actor(), _id(approval_id), **details) or ApprovalState.WITHDRAWN
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        await self._read()
        if became in (ApprovalState.STALE, ApprovalState.EXPIRED):
            return toast.refused(language, f"approvals.done.{became}")
        return toast.done(language, f"approvals.done.{became}")

    async def _read(self) -> None:
        wanted = self._wanted(OFFER)
        found = await look(
            inbox.inbox, actor(), wanted.request, state=wanted.get("state"), kind=wanted.get("kind"),
            who=wanted.get("who"), opened=wanted.get("open"),
        )  # fmt: skip
        self.rows = [_line(row) for row in self._shown(found.page)]
        self.opened = _line(found.opened) if found.opened else None
        language = str(actor().language)
        self.kinds = [{"value": one.name, "label": text(language, one.label_key)} for one in found.kinds]
        self.pending, self.mine_to_decide = found.pending, found.mine_to_decide


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise NotFound from error


def _line(row: InboxRow) -> RequestLine:
    return RequestLine(
        id=str(row.id), label_key=row.label_key, sentence_key=row.sentence_key, params=row.params,
        user_id=str(row.user_id or ""), batch_id=row.subject_id if row.subject_type == "credit_batch" else "",
        reason=row.reason, reason_code=str(row.params.get("reason_code", "")),
        worth_cents=int(row.params.get("worth_cents", 0)), state=row.state, asked_by=row.asked_by,
        asked_at=row.asked_at.isoformat(), expires_at=row.expires_at.isoformat(), decided_by=row.decided_by,
        decided_at=row.decided_at.isoformat() if row.decided_at else "", note=row.note, is_own=row.is_own,
        may_decide=row.may_decide,
    )  # fmt: skip


COLUMNS = [
    table.column("what", t("approvals.what")),
    table.column("kind", t("approvals.kind")),
    table.column("asked_by", t("approvals.asked_by"), look="clip"),
    table.column("reason", t("approvals.reason"), look="clip"),
    table.column("asked_at", t("approvals.asked_at"), numeric=True),
    table.column("until", t("approvals.until"), numeric=True),
    table.column("state", t("approvals.state")),
]


def _sentence(row: Any) -> rx.Var[str]:
    return t_given(row.sentence_key, row.params)


def _cells(row: Any) -> list[controls.Content]:
    ended = rx.cond(row.decided_at != "", values.instant(row.decided_at), values.instant(row.expires_at))
    return [
        query.query_link(_sentence(row), changes={"open": row.id}, look="cell-link"),
        rx.cond(row.label_key != "", t_key(row.label_key), "–"),
        rx.cond(row.is_own, rx.el.b(t("approvals.you")), row.asked_by),
        row.reason,
        values.instant(row.asked_at),
        ended,
        badge.status_pill(row.state, "approvals.states"),
    ]


def _panel() -> rx.Component:
    one = rx.Var.create(ApprovalsState.opened).to(RequestLine)
    reason = rx.cond(one.reason_code != "", t_word("credits.reason", rx.Var.create(one.reason_code)), "–")
    about = rx.cond(
        one.user_id != "",
        controls.link(t("approvals.see_person"), href=rx.Var.create("/ops/accounts/users?open=") + one.user_id),
        rx.fragment(),
    )
    batch = rx.cond(
        one.batch_id != "",
        controls.link(t("approvals.see_batch"), href=rx.Var.create("/ops/billing/batches/") + one.batch_id),
        rx.fragment(),
    )
    return dialog.side_panel(
        rx.el.p(rx.el.b(_sentence(one))),
        card.facts(
            (t("approvals.asked_by"), one.asked_by),
            (t("approvals.asked_at"), values.instant(one.asked_at, relative=False)),
            (t("approvals.reason"), one.reason),
            (t("credits.reason_code"), reason),
            (t("approvals.worth"), rx.cond(one.worth_cents > 0, values.money_cents(one.worth_cents), "–")),
            (t("approvals.expires"), values.instant(one.expires_at, relative=False)),
            (t("approvals.decided_by"), rx.cond(one.decided_by != "", one.decided_by, "–")),
            (t("approvals.note"), rx.cond(one.note != "", one.note, "–")),
        ),
        rx.el.p(about, batch),
        title=t_key(rx.Var.create(one.label_key)),
        status=badge.status_pill(rx.Var.create(one.state), "approvals.states"),
        foot=_acts(one),
    )


def _acts(one: Any) -> rx.Component:
    approve = dialog.confirm(
        controls.button(t("approvals.approve"), kind="primary"),
        rx.el.p(rx.el.b(_sentence(one))),
        rx.el.p(t("approvals.approve_why")),
        form.text_field("approve_note", t("approvals.note"), optional=True, max_length=500, auto_complete="off"),
        title=t("approvals.approve"),
        confirm_label=t("approvals.approve"),
        on_confirm=lambda fields: ApprovalsState.decide(one.id, True, fields),  # pyright: ignore[reportCallIssue]
        danger=False,
    )
    refuse = dialog.confirm(
        controls.button(t("approvals.refuse"), kind="danger"),
        form.text_field("refuse_note", t("approvals.refuse_note"), max_length=500, auto_complete="off"),
        title=t("approvals.refuse"),
        confirm_label=t("approvals.refuse"),
        on_confirm=lambda fields: ApprovalsState.decide(one.id, False, fields),  # pyright: ignore[reportCallIssue]
    )
    withdraw = dialog.confirm(
        controls.button(t("approvals.withdraw")),
        rx.el.p(t("approvals.withdraw_why")),
        title=t("approvals.withdraw"),
        confirm_label=t("approvals.withdraw"),
        on_confirm=lambda _fields: ApprovalsState.withdraw(one.id),  # pyright: ignore[reportCallIssue]
    )
    waits = one.state == str(ApprovalState.PENDING)
    nobody = rx.cond(waits, rx.el.span(t("approvals.not_yours"), class_name="sub"), rx.fragment())
    return rx.el.div(
        rx.cond(one.may_decide, rx.fragment(approve, refuse), rx.cond(one.is_own & waits, withdraw, nobody)),
        class_name="row row-wrap",
    )


def _tools() -> rx.Component:
    every = rx.Var.create([query.option("", t("approvals.all"))]).to(list[dict[str, str]])
    ended = [query.option(inbox.DECIDED, t("approvals.decided"))] + [
        query.option(str(word), t(f"approvals.states.{word}")) for word in ENDED
    ]
    who = [("", t("approvals.who.all"))] + [(word, t(f"approvals.who.{word}")) for word in ("others", "me")]
    return table.table_tools(
        query.query_filter("state", t("approvals.state"), [query.option("", t("approvals.states.pending")), *ended]),
        query.query_filter(
            "kind", t("approvals.kind"), every + rx.Var.create(ApprovalsState.kinds).to(list[dict[str, str]])
        ),
        query.query_filter("who", t("approvals.asked_by"), [query.option(word, label) for word, label in who]),
        table_id="approvals",
        columns=COLUMNS,
    )


@page(
    title="approvals.title",
    permission=Permission.APPROVALS_READ,
    load=ApprovalsState.load,
    nav=Nav("approvals.title", "credits.nav.group", "user-check", "approvals.words"),
)
def approvals() -> rx.Component:
    """What waits first, and the request beside it."""
    rows = table.data_table(
        "approvals",
        COLUMNS,
        rx.Var.create(ApprovalsState.rows),
        _cells,
        view=table.ListView.of(ApprovalsState),
        is_open=lambda row: rx.Var.create(ApprovalsState.opened).to(RequestLine).id == row.id,
        retry=ApprovalsState.load,
        empty=states.empty_state(t("approvals.empty"), t("approvals.empty_why")),
        summary=t("approvals.summary", n=ApprovalsState.pending, mine=ApprovalsState.mine_to_decide),
    )
    return card.page(
        card.page_header(t("approvals.title"), t("approvals.answer")),
        _tools(),
        dialog.beside(rows, _panel(), is_open=ApprovalsState.opened),
    )
