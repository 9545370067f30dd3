"""The permission matrix: the very table that every act is checked against."""

from dataclasses import dataclass

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.access import queries
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import card, states
from fitmycv_admin.ui.page import Nav, page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission


@dataclass(frozen=True)
class RoleHead:
    """A column of the matrix."""

    role: str
    people: int
    permissions: int


@dataclass(frozen=True)
class PermissionLine:
    """A permission and, for each role in the order of the columns, whether it is held."""

    permission: str
    held: list[bool]


class RolesState(AppState):
    """The matrix as the server declares it."""

    is_ready: bool = False
    heads: list[RoleHead] = []  # noqa: RUF012  (Reflex copies defaults)
    lines: list[PermissionLine] = []  # noqa: RUF012

    @rx.event
    @policy(Permission.ROLES_READ)
    async def load(self) -> None:
        """Read the matrix and how many people hold each role."""
        found = await look(queries.permissions, actor())
        self.heads = [RoleHead(role.role, role.people, role.permissions) for role in found.roles]
        names = [role.role for role in found.roles]
        self.lines = [PermissionLine(row.permission, [name in row.roles for name in names]) for row in found.rows]
        self.is_ready = True


@page(
    title="access.roles.title",
    permission=Permission.ROLES_READ,
    load=RolesState.load,
    nav=Nav("access.roles.title", "access.nav.group", "shield"),
)
def roles() -> rx.Component:
    """One line for each permission, one column for each role."""
    matrix = rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th(t("access.roles.permission"), scope="col", class_name="pin"),
                rx.foreach(RolesState.heads, _head),
            )
        ),
        rx.el.tbody(rx.foreach(RolesState.lines, _line)),
        class_name="table",
    )
    return card.page(
        card.page_header(t("access.roles.title"), t("access.roles.answer")),
        card.notice(t("access.roles.rules")),
        rx.cond(
            RolesState.is_ready,
            card.card(
                rx.el.div(
                    rx.el.div(
                        matrix,
                        class_name="table-scroll",
                        # Words for screen readers are placed out of sight: they must not widen the page.
                        style={"position": "relative"},
                        tab_index=0,
                        role="region",
                        aria_label=t("kit.table.region"),
                    ),
                    class_name="table-free",
                ),
                padded=False,
            ),
            states.loading_block(),
        ),
    )  # fmt: skip


def _head(head: RoleHead) -> rx.Component:
    return rx.el.th(
        rx.el.div(t_word("access.role", rx.Var.create(head.role))),
        rx.el.div(t("access.roles.holders", n=head.people), class_name="meta"),
        scope="col",
    )


def _line(line: PermissionLine) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            t_word("access.permission", rx.Var.create(line.permission)),
            rx.el.div(line.permission, class_name="meta mono"),
            scope="row",
            class_name="pin wrap",
        ),
        rx.foreach(line.held, _cell),
    )


def _cell(is_held: rx.Var[bool]) -> rx.Component:
    yes = rx.el.span(
        rx.icon("check", size=15, aria_hidden="true"), rx.el.span(t("access.roles.yes"), class_name="visually-hidden"),
        class_name="tone-ok",
    )  # fmt: skip
    no = rx.el.span(
        rx.el.span("–", aria_hidden="true"), rx.el.span(t("access.roles.no"), class_name="visually-hidden"),
        class_name="tone-mute",
    )  # fmt: skip
    return rx.el.td(rx.cond(is_held, yes, no))
