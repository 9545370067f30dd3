"""The link of the sign-up: a button that proves the address. Opening the page alone does nothing."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import TokenField, account_form, send, ways
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.verify.title", permission=None, guest=True, route="/verify-email")
def verify_email() -> rx.Component:
    """Scanners of mail open links; only a person presses the button."""
    return guest_card(
        t("accounts.verify.title"),
        t("accounts.verify.answer"),
        account_form("verify", "/auth/verify", (), TokenField.create(page="verify"), send(t("accounts.verify.act"))),
        ways(("", t("accounts.verify.again"), "/check-mail?why=verify")),
    )
