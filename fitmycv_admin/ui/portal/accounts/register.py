"""Opening an account."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.form import check_field
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import (
    LanguageField,
    account_form,
    email_field,
    name_field,
    needs_mail,
    password_field,
    send,
    ways,
)
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.register.title", permission=None, guest=True, route="/register")
def register() -> rx.Component:
    """Name, address, password; the address is proven by a link."""
    return guest_card(
        t("accounts.register.title"),
        t("accounts.register.answer"),
        needs_mail(
            account_form(
                "register",
                "/auth/sign-up",
                ("name", "email", "password"),
                name_field(t("accounts.field.name")),
                email_field(t("accounts.field.email")),
                password_field("password", t("accounts.field.password"), hint=t("accounts.password.hint"), is_new=True),
                check_field("privacy", t("accounts.register.privacy"), value="yes", required=True),
                LanguageField.create(),
                send(t("accounts.register.act")),
            ),
            t("accounts.register.mail_off"),
        ),
        ways((t("accounts.register.have_account"), t("accounts.sign_in.title"), "/sign-in")),
    )
