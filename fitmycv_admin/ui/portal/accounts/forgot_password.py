"""A forgotten password: asking for the link."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import account_form, email_field, needs_mail, send, ways
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.forgot.title", permission=None, guest=True, route="/forgot-password")
def forgot_password() -> rx.Component:
    """Only the address."""
    return guest_card(
        t("accounts.forgot.title"),
        t("accounts.forgot.answer"),
        needs_mail(
            account_form(
                "forgot",
                "/auth/forgot",
                ("email",),
                email_field(t("accounts.field.email")),
                send(t("accounts.forgot.act")),
            ),
            t("accounts.forgot.mail_off"),
        ),
        ways(("", t("accounts.back_to_sign_in"), "/sign-in")),
    )
