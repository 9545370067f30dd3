"""The link of a change of address: a button that takes the new one into use."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import TokenField, account_form, send, ways
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.confirm_email.title", permission=None, guest=True, route="/confirm-email")
def confirm_email() -> rx.Component:
    """Opening the page alone does nothing."""
    return guest_card(
        t("accounts.confirm_email.title"),
        t("accounts.confirm_email.answer"),
        account_form(
            "confirm-email",
            "/auth/email-change/confirm",
            (),
            TokenField.create(page="confirm-email"),
            send(t("accounts.confirm_email.act")),
        ),
        ways(("", t("accounts.back_to_sign_in"), "/sign-in")),
    )
