"""The link of a forgotten password: choosing a new one."""

import reflex as rx

from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.portal.accounts.parts import Choice, TokenField, account_form, password_field, send, ways
from fitmycv_admin.ui.shell.guest import guest_card


@page(title="accounts.reset.title", permission=None, guest=True, route="/reset-password")
def reset_password() -> rx.Component:
    """After a sign-up that somebody else tried too, the page says why it asks."""
    return guest_card(
        t("accounts.reset.title"),
        Choice.create(
            rx.el.span(t("accounts.reset.contested")),
            rx.el.span(t("accounts.reset.answer")),
            name="why",
            options=["choose", ""],
        ),
        account_form(
            "reset",
            "/auth/reset",
            ("password",),
            password_field("password", t("accounts.field.new_password"), hint=t("accounts.password.hint"), is_new=True),
            TokenField.create(page="reset"),
            send(t("accounts.reset.act")),
        ),
        ways(("", t("accounts.reset.again"), "/forgot-password")),
    )
