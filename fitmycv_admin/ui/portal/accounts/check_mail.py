"""A message is on its way: what to do next, and how to get it again."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.kit.controls import file_link
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import Choice, Done, account_form, email_field, send, ways
from fitmycv_admin.ui.session import AppState
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.check_mail.title", permission=None, guest=True, route="/check-mail")
def check_mail() -> rx.Component:
    """The same words whether the address has an account or not."""
    return guest_card(
        t("accounts.check_mail.title"),
        Choice.create(
            rx.el.span(t("accounts.check_mail.reset")),
            rx.el.span(t("accounts.check_mail.verify")),
            name="why",
            options=["reset", "verify"],
        ),
        Done.create(words={"1": t("accounts.check_mail.again")}, name="again"),
        rx.cond(AppState.is_demo, file_link(t("accounts.check_mail.demo"), href="/demo/mail"), rx.fragment()),
        Choice.create(
            ways(("", t("accounts.check_mail.other_address"), "/forgot-password")),
            rx.el.details(
                rx.el.summary(t("accounts.check_mail.nothing"), class_name="sub"),
                account_form(
                    "check-mail",
                    "/auth/verify/resend",
                    ("email",),
                    email_field(t("accounts.field.email")),
                    send(t("accounts.check_mail.act")),
                ),
            ),
            name="why",
            options=["reset", "verify"],
        ),
        ways(("", t("accounts.back_to_sign_in"), "/sign-in")),
    )
