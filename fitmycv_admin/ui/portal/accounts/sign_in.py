"""Signing in."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import (
    Done,
    NextField,
    account_form,
    email_field,
    password_field,
    send,
    ways,
)
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.sign_in.title", permission=None, guest=True, route="/sign-in")
def sign_in() -> rx.Component:
    """Address and password."""
    return guest_card(
        t("accounts.sign_in.title"),
        t("accounts.sign_in.answer"),
        Done.create(
            words={word: t(f"accounts.done.{word}") for word in ("out", "everywhere", "reset", "verified", "address")}
        ),
        account_form(
            "sign-in",
            "/auth/sign-in",
            (),
            email_field(t("accounts.field.email")),
            password_field("password", t("accounts.field.password")),
            NextField.create(),
            send(t("accounts.sign_in.act")),
        ),
        ways(
            (t("accounts.sign_in.no_account"), t("accounts.register.title"), "/register"),
            ("", t("accounts.sign_in.forgotten"), "/forgot-password"),
        ),
    )
