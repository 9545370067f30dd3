"""The credits of one person, inside their panel: what they hold, in which lots, and giving or taking some by hand."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid, NotFound
from fitmycv_admin.domain.billing import grants, holdings
from fitmycv_admin.domain.billing.credits import NotEnough
from fitmycv_admin.domain.billing.holdings import LotRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, once, states, table, toast, values
from fitmycv_admin.ui.ops.billing import words
from fitmycv_admin.ui.ops.billing.ledger import LedgerLine, line
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

GIVE, TAKE = "give", "take"


@dataclass(frozen=True)
class LotLine:
    """A lot that still holds something."""

    id: str
    kind: str
    remaining: int
    held: int
    granted: int
    expires_at: str


@dataclass(frozen=True)
class AccountView:
    """One person's credits as the screen holds them."""

    user_id: str
    balance: int
    held: int
    available: int
    debt: int
    ledger_href: str


@page_policy(Permission.CREDITS_READ)
class PersonCreditsState(AppState):
    """The credits of the opened person."""

    account: AccountView | None = None
    lots: list[LotLine] = []  # noqa: RUF012  (Reflex copies defaults)
    lines: list[LedgerLine] = []  # noqa: RUF012
    doing: str = ""
    is_busy: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012
    form_number: int = 0
    may_give: bool = False
    may_take: bool = False
    left_today: int | None = None
    act_limit: int | None = None
    problem: str = ""

    @rx.event
    async def load(self, person_id: str) -> None:
        """Read the credits of one person."""
        self.account, self.problem, self.doing = None, "", ""
        try:
            await self._read(_id(person_id))
        except FitMyCvError as error:
            self.problem = error.key

    @rx.event
    async def close(self) -> None:
        """Close the form."""
        self.doing = ""

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def open_form(self, what: str) -> None:
        """Open the form of a gift or a debit."""
        self.doing, self.errors = what if what in (GIVE, TAKE) else "", {}
        self.form_number += 1

    @rx.event
    @policy(Permission.CREDITS_GIFT)
    async def save(self, fields: dict[str, Any]) -> Any:
        """Give or take what the form says; above the limit it becomes a request."""
        if self.account is None or self.is_busy:
            return None
        user_id, what = _id(self.account.user_id), self.doing
        self.is_busy, self.errors = True, {}
        try:
            made = await self._do(what, user_id, fields)
        except FitMyCvError as error:
            self.errors = _errors(error)
            return toast.refused(str(actor().language), error.key, **error.params)
        finally:
            self.is_busy = False
        self.doing = ""
        await self._read(user_id)
        done = "credits.asked" if made.approval_id else f"credits.done.{what}"
        return toast.done(str(actor().language), done)

    async def _do(self, what: str, user_id: UUID, fields: dict[str, Any]) -> grants.Given:
        given: dict[str, Any] = {
            "reason_code": str(fields.get("reason_code", "")),
            "note": str(fields.get("note", ""))[:500],
            "key": str(fields.get("once", "")),
        }
        amount = _amount(fields.get("amount"))
        if what == TAKE:
            return await ask(grants.take, actor(), user_id, amount, **given)
        until = grants.end_of(str(fields.get("expires_at") or ""), ZoneInfo(self.zone))
        return await ask(grants.give, actor(), user_id, amount, **given, expires_at=until)

    async def _read(self, user_id: UUID) -> None:
        found = await look(holdings.account, actor(), user_id)
        allowed = await look(grants.allowance, actor())
        self.account = AccountView(
            str(found.user_id), found.balance, found.held, found.available, found.debt,
            "/ops/billing/ledger?" + urlencode({"user": str(found.user_id)}),
        )  # fmt: skip
        self.lots = [_lot(row) for row in found.lots]
        self.lines = [line(row) for row in found.lines]
        self.may_give = allowed.may_give and actor().user_id != user_id
        self.may_take = allowed.may_take and actor().user_id != user_id
        self.left_today, self.act_limit = allowed.today, allowed.act


def _errors(error: FitMyCvError) -> dict[str, str]:
    """Which field is wrong; the numbers of a sentence are in the message beside the form."""
    if isinstance(error, NotEnough):
        return {"amount": "credits.error.too_many"}
    return {error.field if isinstance(error, Invalid) else "": error.key}


def _amount(given: Any) -> int:
    typed = "".join(str(given or "").split())
    if not typed.isdecimal() or len(typed) > 9:
        raise Invalid("credits.error.amount", field="amount")
    return int(typed)


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise NotFound from error


def _lot(row: LotRow) -> LotLine:
    until = row.expires_at.isoformat() if row.expires_at else ""
    return LotLine(str(row.id), row.kind, row.remaining, row.held, row.granted, until)


LOTS = [
    table.column("lot", t("credits.lot")),
    table.column("left", t("credits.left"), numeric=True),
    table.column("until", t("credits.until"), numeric=True),
]
LINES = [
    table.column("at", t("credits.when")),
    table.column("kind", t("credits.kind")),
    table.column("amount", t("credits.amount"), numeric=True),
    table.column("balance", t("credits.balance_after"), numeric=True),
]


def _lot_cells(row: Any) -> list[controls.Content]:
    until = values.instant(row.expires_at, relative=False, shape="date")
    left = rx.el.span(values.number(row.remaining), rx.el.span(" / ", values.number(row.granted), class_name="meta"))
    return [t_word("credits.kinds", row.kind), left, rx.cond(row.expires_at != "", until, t("credits.never"))]


def _line_cells(row: Any) -> list[controls.Content]:
    return [
        controls.link(
            values.instant(row.at, relative=False, shape="minute"),
            href=rx.Var.create("/ops/billing/ledger?line=") + row.id + "&open=" + row.id,
        ),
        t_word("credits.kinds", row.kind),
        words.signed(row.amount),
        values.number(row.balance),
    ]


def section(person_id: Any) -> rx.Component:
    """The credits of a person, for who may read them; loads itself when the panel opens."""
    mine = rx.Var.create(PersonCreditsState.allowed).to(list[str]).contains("/ops/billing/ledger")
    return rx.cond(
        mine,
        rx.el.section(
            rx.cond(PersonCreditsState.account, _account(), _waiting()),
            _form_dialog(),
            on_mount=PersonCreditsState.load(person_id),  # pyright: ignore[reportCallIssue]
            key=person_id,
            class_name="stack",
        ),
        rx.fragment(),
    )


def _waiting() -> rx.Component:
    return rx.cond(
        PersonCreditsState.problem != "",
        rx.el.p(t("credits.no_account"), class_name="sub"),
        states.loading_block(),
    )


def _account() -> rx.Component:
    one = rx.Var.create(PersonCreditsState.account).to(AccountView)
    empty_lots = states.empty_state(t("credits.no_lots"))
    return rx.fragment(
        rx.el.div(
            rx.el.h3(t("credits.section")),
            badge.chip(t("credits.n_available", n=one.available), strong=True),
            class_name="spread",
        ),
        rx.cond(one.available < 0, card.notice(t("credits.negative_why"), tone="bad"), rx.fragment()),
        card.facts(
            (t("credits.balance"), values.number(one.balance)),
            (t("credits.held"), values.number(one.held)),
            (t("credits.debt"), values.number(one.debt)),
        ),
        table.data_table("person-lots", LOTS, rx.Var.create(PersonCreditsState.lots), _lot_cells, card=False,
                         max_height=False, empty=empty_lots),
        table.data_table("person-lines", LINES, rx.Var.create(PersonCreditsState.lines), _line_cells, card=False,
                         max_height=False, empty=states.empty_state(t("credits.no_lines_yet"))),
        rx.el.div(
            controls.link(t("credits.whole_ledger"), href=one.ledger_href),
            rx.el.span(
                rx.cond(PersonCreditsState.may_give, _opener(GIVE), rx.fragment()),
                rx.cond(PersonCreditsState.may_take, _opener(TAKE), rx.fragment()),
                class_name="row push",
            ),
            class_name="row row-wrap",
        ),
    )  # fmt: skip


def _opener(what: str) -> rx.Component:
    opens = PersonCreditsState.open_form(what)  # pyright: ignore[reportCallIssue]
    return controls.button(t(f"credits.act.{what}"), on_click=opens)


def _form_dialog() -> rx.Component:
    is_giving = PersonCreditsState.doing == GIVE
    errors = rx.Var.create(PersonCreditsState.errors)
    limit = rx.cond(
        PersonCreditsState.left_today.is_none(),  # type: ignore[union-attr]
        t("credits.limit_act", n=PersonCreditsState.act_limit),
        t("credits.limit_day", n=PersonCreditsState.left_today),
    )
    reasons = rx.cond(
        is_giving,
        form.select_field("reason_code", t("credits.reason_code"), words.reasons(), errors=errors),
        form.select_field("reason_code", t("credits.reason_code"), words.reasons(grants.TAKE_REASONS), errors=errors),
    )
    until = form.text_field("expires_at", t("credits.expires_on"), errors=errors, hint=t("credits.expires_hint"),
                            type="date", optional=True)  # fmt: skip
    return dialog.dialog(
        form.form(
            once.once_field(PersonCreditsState.form_number),
            rx.el.p(limit, class_name="sub"),
            form.form_row(
                form.text_field("amount", t("credits.amount"), errors=errors, numeric=True, auto_complete="off",
                                input_mode="numeric"),
                reasons,
            ),
            form.text_field("note", t("credits.note"), errors=errors, hint=t("credits.note_hint"), max_length=500,
                            auto_complete="off"),
            rx.cond(is_giving, until, rx.fragment()),
            form.submit_row(
                rx.cond(is_giving, t("credits.act.give"), t("credits.act.take")),
                controls.button(t("kit.cancel"), kind="quiet", on_click=PersonCreditsState.close),
                busy=PersonCreditsState.is_busy,
            ),
            on_submit=PersonCreditsState.save,
            errors=errors,
            key=PersonCreditsState.form_number.to(str),  # type: ignore[attr-defined]
        ),
        title=rx.cond(is_giving, t("credits.act.give"), t("credits.act.take")),
        open=PersonCreditsState.doing != "",
        on_close=PersonCreditsState.close,
    )  # fmt: skip
