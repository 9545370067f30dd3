"""The people who have an account, and what staff may do about one of them."""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import reflex as rx

from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, NotFound
from fitmycv_admin.domain.accounts import administration, queries
from fitmycv_admin.domain.accounts.queries import Filters
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, query, states, table, toast, values
from fitmycv_admin.ui.kit.listing import Listing, Offer, Wanted
from fitmycv_admin.ui.ops.accounts import user_panel
from fitmycv_admin.ui.ops.accounts.user_panel import PersonLine
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import AccountState, Permission, Role

ADDRESS = ("verified", "unverified")
OFFER = Offer(
    ("created",),
    "-created",
    {"role": tuple(Role), "state": tuple(AccountState), "address": ADDRESS, "open": ()},
)
ACTS: dict[str, Any] = {
    "disable": administration.disable,
    "enable": administration.enable,
    "sign_out": administration.end_sessions,
    "confirm_address": administration.confirm_address,
}


class UsersState(Listing, AppState):
    """What the list shows."""

    rows: list[PersonLine] = []  # noqa: RUF012  (Reflex copies defaults)
    opened: PersonLine | None = None
    people: int = 0
    new_this_week: int = 0
    unverified: int = 0
    disabled: int = 0
    staff: int = 0
    is_masked: bool = False
    may_write: bool = False
    may_give_roles: bool = False

    @rx.event
    @policy(Permission.PEOPLE_READ)
    async def load(self) -> AsyncIterator[None]:
        """Show what the address asks for."""
        with self._loading():
            yield
            wanted, by = self._wanted(OFFER), actor()
            self.is_masked = not by.may(Permission.PEOPLE_REVEAL)
            self.may_write = by.may(Permission.PEOPLE_WRITE)
            self.may_give_roles = by.may(Permission.ROLES_WRITE)
            found = await look(queries.people_page, by, _filters(wanted), wanted.request, wanted.get("open"))
            self.rows = [user_panel.line(row) for row in self._shown(found.page)]
            self.opened = user_panel.line(found.chosen) if found.chosen else None
            totals = found.totals
            self.people, self.new_this_week, self.unverified = totals.people, totals.new_this_week, totals.unverified
            self.disabled, self.staff = totals.disabled, totals.staff

    @rx.event
    @policy(Permission.PEOPLE_WRITE)
    async def act(self, what: str, person_id: str, form: dict[str, str]) -> Any:
        """Close, open, sign out, or take the address as proven; each with its reason."""
        return await self._ask(ACTS.get(what), person_id, reason=form.get(f"reason_{what}", ""))

    @rx.event
    @policy(Permission.ROLES_WRITE)
    async def give_role(self, person_id: str, form: dict[str, str]) -> Any:
        """Give another role."""
        role = form.get("role", "")
        known = administration.change_role if role in tuple(Role) else None
        return await self._ask(known, person_id, role=cast(Role, role), reason=form.get("reason_role", ""))

    async def _ask(self, use_case: Any, person_id: str, **details: Any) -> Any:
        language = str(actor().language)
        try:
            if use_case is None:
                raise NotFound
            await ask(use_case, actor(), _id(person_id), **details)
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        return [toast.done(language, "accounts.users.done"), UsersState.load]


def _filters(wanted: Wanted) -> Filters:
    return Filters(
        search=wanted.search,
        role=wanted.get("role"),
        state=wanted.get("state"),
        address=cast(Any, wanted.get("address")),
        order="newest" if wanted.is_descending else "oldest",
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


COLUMNS = [
    table.column("name", t("accounts.users.person"), look="clip"),
    table.column("email", t("accounts.field.email"), look="clip"),
    table.column("role", t("accounts.users.role")),
    table.column("state", t("accounts.users.state")),
    table.column("address", t("accounts.users.address")),
    table.column("last", t("accounts.users.last_login")),
    table.column("created", t("accounts.users.joined"), sort=True),
]


def _cells(row: PersonLine) -> list[controls.Content]:
    return [
        query.query_link(
            rx.cond(row.name != "", row.name, t("accounts.users.nameless")), changes={"open": row.id}, look="cell-link"
        ),
        row.email,
        user_panel.role_chip(row),
        badge.status_pill(rx.Var.create(row.state), "accounts.state"),
        user_panel.address_pill(row),
        rx.cond(row.last_login != "", values.instant(row.last_login), rx.el.span("–", class_name="tone-mute")),
        values.instant(row.created, relative=False, shape="date"),
    ]


def _tools() -> rx.Component:
    def choices(prefix: str, words: tuple[str, ...]) -> list[dict[str, Any]]:
        return [query.option("", t("accounts.users.all"))] + [
            query.option(str(word), t_word(prefix, str(word))) for word in words
        ]

    masked = rx.el.span(t("accounts.users.masked"), class_name="sub")
    return table.table_tools(
        query.query_search(t("accounts.users.search")),
        query.query_filter("role", t("accounts.users.role"), choices("access.role", tuple(Role))),
        query.query_filter("state", t("accounts.users.state"), choices("accounts.state", tuple(AccountState))),
        query.query_filter("address", t("accounts.users.address"), choices("accounts.address", ADDRESS)),
        table_id="people",
        columns=COLUMNS,
        aside=(rx.cond(UsersState.is_masked, masked, rx.fragment()),),
    )


def _totals() -> rx.Component:
    waiting = ~rx.Var.create(UsersState.is_loaded).bool()
    return card.kpis(
        card.kpi_card(
            t("accounts.users.people"),
            values.number(UsersState.people),
            against=t("accounts.users.new_this_week", n=UsersState.new_this_week),
            loading=waiting,
        ),
        card.kpi_card(
            t("accounts.users.unverified"),
            values.number(UsersState.unverified),
            against=t("accounts.users.unverified_why"),
            href="/ops/accounts/users?address=unverified",
            loading=waiting,
        ),
        card.kpi_card(
            t("accounts.users.disabled"),
            values.number(UsersState.disabled),
            against=t("accounts.users.disabled_why"),
            href="/ops/accounts/users?state=disabled",
            loading=waiting,
        ),
        card.kpi_card(
            t("accounts.users.staff"),
            values.number(UsersState.staff),
            against=t("accounts.users.staff_why"),
            href="/ops/access/roles",
            loading=waiting,
        ),
    )


def _is_open(row: PersonLine) -> rx.Var[bool]:
    return rx.Var.create(UsersState.opened).to(PersonLine).id == row.id


@page(
    title="accounts.users.title",
    permission=Permission.PEOPLE_READ,
    load=UsersState.load,
    nav=Nav("accounts.users.title", "access.nav.group", "users"),
)
def users() -> rx.Component:
    """The list, its figures, and the person beside it."""
    rows = table.data_table(
        "people",
        COLUMNS,
        UsersState.rows,
        _cells,
        view=table.ListView.of(UsersState),
        standard_sort="-created",
        is_open=_is_open,
        retry=UsersState.load,
        empty=states.empty_state(t("accounts.users.empty"), t("accounts.users.empty_why")),
    )
    return card.page(
        card.page_header(t("accounts.users.title"), t("accounts.users.answer")),
        _totals(),
        _tools(),
        dialog.beside(rows, user_panel.panel(UsersState), is_open=UsersState.opened),
    )
