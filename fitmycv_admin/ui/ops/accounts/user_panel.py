"""One person beside the list: what is known, and the acts, each with its reason."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from fitmycv_admin.domain.accounts.queries import PersonRow
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, values
from fitmycv_admin.ui.ops.billing import person_credits
from fitmycv_admin.vocabulary import Role

EXCEPTIONS = "/ops/billing/limit-overrides"


@dataclass(frozen=True)
class PersonLine:
    """One account as the screen holds it."""

    id: str
    number: int
    name: str
    email: str
    role: str
    state: str
    language: str
    verified: bool
    is_demo: bool
    created: str
    last_login: str


def line(row: PersonRow) -> PersonLine:
    """The row with its instants as text."""
    return PersonLine(
        id=str(row.id), number=row.number, name=row.name, email=row.email, role=row.role, state=row.state,
        language=row.language, verified=row.verified, is_demo=row.is_demo, created=row.created_at.isoformat(),
        last_login=row.last_login_at.isoformat() if row.last_login_at else "",
    )  # fmt: skip


def role_chip(row: PersonLine) -> rx.Component:
    """The role, stronger when it is one of staff."""
    word = t_word("access.role", rx.Var.create(row.role))
    return rx.cond(row.role == str(Role.USER), rx.el.span(word, class_name="tone-mute"), badge.chip(word, strong=True))


def address_pill(row: PersonLine) -> rx.Component:
    """Whether the address is proven."""
    return rx.cond(
        row.verified,
        badge.pill(t("accounts.address.verified"), tone="ok"),
        badge.pill(t("accounts.address.unverified"), tone="warn"),
    )


def panel(state: Any) -> rx.Component:
    """The side panel of the opened person; nobody acts on themselves, and the domain refuses it too."""
    one = state.opened.to(PersonLine)
    return dialog.side_panel(
        rx.cond(one.is_demo, card.notice(t("accounts.users.is_demo")), rx.fragment()),
        card.facts(
            (t("accounts.field.email"), one.email),
            (t("accounts.users.role"), role_chip(one)),
            (t("accounts.users.address"), address_pill(one)),
            (t("accounts.profile.language"), t_word("accounts.language", one.language)),
            (t("accounts.users.joined"), values.instant(one.created, relative=False, shape="minute")),
            (
                t("accounts.users.last_login"),
                rx.cond(one.last_login != "", values.instant(one.last_login, relative=False), "–"),
            ),
            (t("accounts.users.number"), values.number(one.number)),
            (t("accounts.users.id"), values.id_chip(one.id)),
        ),
        person_credits.section(one.id),
        rx.el.p(
            controls.link(t("accounts.users.trail"), href=rx.Var.create("/ops/access/audit?target_id=") + one.id),
            rx.cond(rx.Var.create(state.allowed).to(list[str]).contains(EXCEPTIONS), _exceptions(one), rx.fragment()),
            class_name="row row-wrap",
        ),
        title=rx.cond(one.name != "", one.name, t("accounts.users.nameless")),
        subtitle=one.email,
        status=badge.status_pill(rx.Var.create(one.state), "accounts.state"),
        foot=rx.el.div(
            rx.cond(state.may_give_roles, _give_role(state, one), rx.fragment()),
            rx.cond(state.may_write, _acts(state, one), rx.fragment()),
            rx.cond(
                state.may_write | state.may_give_roles,
                rx.fragment(),
                rx.el.span(t("accounts.users.read_only"), class_name="sub"),
            ),
            class_name="row row-wrap",
        ),
    )


def _exceptions(one: Any) -> rx.Component:
    return controls.link(t("accounts.see_exceptions"), href=rx.Var.create(f"{EXCEPTIONS}?state=all&user=") + one.id)


def _give_role(state: Any, one: Any) -> rx.Component:
    choices: list[tuple[str, controls.Content]] = [(str(role), t_word("access.role", str(role))) for role in Role]
    return dialog.confirm(
        controls.button(t("accounts.users.give_role")),
        rx.el.p(t("accounts.users.give_role_why")),
        form.select_field("role", t("accounts.users.role"), choices, default_value=one.role),
        _reason("role"),
        title=t("accounts.users.give_role"),
        confirm_label=t("accounts.users.give_role"),
        on_confirm=lambda fields: state.give_role(one.id, fields),
        danger=False,
    )


def _acts(state: Any, one: Any) -> rx.Component:
    return rx.fragment(
        rx.cond(one.verified, rx.fragment(), _act(state, one, "confirm_address", danger=False)),
        _act(state, one, "sign_out"),
        rx.cond(one.state == "active", _act(state, one, "disable"), rx.fragment()),
        rx.cond(one.state == "disabled", _act(state, one, "enable", danger=False), rx.fragment()),
    )


def _act(state: Any, one: Any, what: str, *, danger: bool = True) -> rx.Component:
    label = t_word("accounts.users.act", what)
    return dialog.confirm(
        controls.button(label, kind="danger" if danger else "plain"),
        rx.el.p(t_word("accounts.users.why", what)),
        _reason(what),
        title=label,
        confirm_label=label,
        on_confirm=lambda fields: state.act(what, one.id, fields),
        danger=danger,
    )


def _reason(what: str) -> rx.Component:
    """Each act has its own field: their dialogs are on the page at the same time."""
    return form.text_field(f"reason_{what}", t("accounts.users.reason"), max_length=300, auto_complete="off")
