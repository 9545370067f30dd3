"""One's own account: name, address, password, language, and the browsers that are signed in."""

from dataclasses import dataclass

import reflex as rx

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.accounts import queries
from fitmycv_admin.domain.accounts.queries import SessionRow
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import badge, card, controls, dialog, form, states, values
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts import parts
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

DONE = ("name", "password", "email", "address", "session")


@dataclass(frozen=True)
class SessionLine:
    """A signed-in browser."""

    id: str
    browser: str
    ip: str
    since: str
    seen: str
    is_current: bool


class ProfileState(AppState):
    """What the page shows of one's own account."""

    is_ready: bool = False
    name: str = ""
    email: str = ""
    waiting: str = ""
    sessions: list[SessionLine] = []  # noqa: RUF012  (Reflex copies defaults)

    @rx.event
    @policy(Permission.OWN_DATA)
    async def load(self) -> None:
        """Read the account and its sessions."""
        found = await look(queries.own_page, actor())
        self.name, self.email, self.waiting = found.account.name, found.account.email, found.account.waiting_email
        self.sessions = [_line(row) for row in found.sessions]
        self.is_ready = True


def _line(row: SessionRow) -> SessionLine:
    return SessionLine(
        str(row.id), browser_name(row.user_agent), row.ip, row.created_at.isoformat(), row.last_seen_at.isoformat(),
        row.is_current,
    )  # fmt: skip


def browser_name(user_agent: str) -> str:
    """A browser and its system in two words, as far as they say it; empty when unknown."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return " · ".join(filter(None, (browser, system)))


@page(title="accounts.profile.title", permission=Permission.OWN_DATA, load=ProfileState.load)
def profile() -> rx.Component:
    """Each part has its own form, which posts."""
    return card.page(
        card.page_header(t("accounts.profile.title"), t("accounts.profile.answer")),
        parts.Done.create(words={word: t(f"accounts.done.{word}") for word in DONE}),
        parts.problem("name", "email", "email_password", "current", "password"),
        rx.cond(
            ProfileState.is_ready,
            rx.fragment(
                rx.el.div(
                    rx.el.div(_name(), _email(), class_name="stack"),
                    rx.el.div(_password(), _language(), class_name="stack"),
                    class_name="grid grid-2",
                ),
                _sessions(),
            ),
            states.loading_block(),
        ),
    )


def _name() -> rx.Component:
    return card.card(
        parts.account_form(
            "name",
            "/auth/name",
            ("name",),
            parts.name_field(t("accounts.field.name"), value=ProfileState.name),
            _save(t("accounts.profile.save_name")),
            quiet=True,
        ),
        title=t("accounts.field.name"),
    )


def _email() -> rx.Component:
    cancel = form.native_form(
        controls.button(t("accounts.profile.email_cancel"), type="submit"), action="/auth/email-change/cancel"
    )
    waiting = card.notice(t("accounts.profile.email_waiting", address=ProfileState.waiting), actions=(cancel,))
    return card.card(
        rx.el.div(
            rx.el.p(t("accounts.profile.email_now"), " ", rx.el.b(ProfileState.email)),
            rx.cond(ProfileState.waiting != "", waiting, rx.fragment()),
            parts.account_form(
                "email",
                "/auth/email-change",
                ("email", "email_password"),
                parts.email_field(t("accounts.profile.email_new")),
                parts.password_field(
                    "email_password", t("accounts.field.current_password"), hint=t("accounts.profile.email_hint")
                ),
                _save(t("accounts.profile.email_act")),
                quiet=True,
            ),
            class_name="stack",
        ),
        title=t("accounts.field.email"),
    )


def _password() -> rx.Component:
    return card.card(
        parts.account_form(
            "password",
            "/auth/password",
            ("current", "password"),
            parts.password_field("current", t("accounts.field.current_password")),
            parts.password_field(
                "password", t("accounts.field.new_password"), hint=t("accounts.password.hint"), is_new=True
            ),
            _save(t("accounts.profile.password_act")),
            quiet=True,
        ),
        title=t("accounts.field.password"),
        aside=rx.el.span(t("accounts.profile.password_why")),
    )


def _language() -> rx.Component:
    choices = [
        form.native_form(
            form.hidden_field("language", code),
            form.hidden_field("next", "/accounts/profile"),
            controls.button(
                rx.cond(AppState.language == code, rx.icon("check", size=14, aria_hidden="true"), rx.fragment()),
                name,
                type="submit",
                lang=code,
            ),
            action="/auth/preferences",
        )
        for code, name in (("fr", "Français"), ("en", "English"))
    ]
    return card.card(
        rx.el.p(t("accounts.profile.language_why"), class_name="sub"),
        rx.el.div(*choices, class_name="row"),
        title=t("accounts.profile.language"),
    )


def _sessions() -> rx.Component:
    everywhere = dialog.popup(
        controls.button(t("accounts.profile.everywhere"), kind="danger"),
        rx.el.div(
            rx.el.p(t("accounts.profile.everywhere_why", n=ProfileState.sessions.length())),  # type: ignore[attr-defined]
            form.native_form(
                controls.button(t("accounts.profile.everywhere"), type="submit", kind="danger-solid"),
                action="/auth/sign-out-everywhere",
            ),
            class_name="stack",
        ),
        title=t("accounts.profile.everywhere"),
    )
    return card.card(
        rx.el.ul(rx.foreach(ProfileState.sessions, _session), class_name="stack"),
        title=t("accounts.profile.sessions"),
        aside=everywhere,
    )


def _session(line: SessionLine) -> rx.Component:
    end = form.native_form(
        form.hidden_field("session", line.id),
        controls.button(t("accounts.profile.end_session"), type="submit"),
        action="/auth/sessions/end",
    )
    return rx.el.li(
        rx.el.div(
            rx.el.b(rx.cond(line.browser != "", line.browser, t("accounts.profile.unknown_browser"))),
            rx.el.div(
                t("accounts.profile.seen"), " ", values.instant(line.seen), " · ", t("accounts.profile.since"), " ",
                values.instant(line.since, relative=False, shape="date"), " · ", line.ip,
                class_name="meta",
            ),
            style={"min-width": "0", "flex": "1"},
        ),
        rx.cond(line.is_current, badge.pill(t("accounts.profile.this_browser"), tone="ok"), end),
        class_name="row row-wrap",
        key=line.id,
    )  # fmt: skip


def _save(label: controls.Content) -> rx.Component:
    return rx.el.div(controls.button(label, type="submit"), class_name="form-actions")
