"""Forms that the browser posts itself, with what went wrong read from the address."""

from typing import Any

import reflex as rx

from fitmycv_admin.domain.accounts import passwords, people
from fitmycv_admin.ui.kit.card import notice
from fitmycv_admin.ui.kit.controls import Content, button, link
from fitmycv_admin.ui.session import AppState

# The numbers that sentences about what is wrong speak of.
LIMITS: dict[str, dict[str, int]] = {
    "accounts.error.password_short": {"shortest": passwords.SHORTEST},
    "accounts.error.password_long": {"longest": passwords.LONGEST},
    "accounts.error.name": {"longest": people.LONGEST_NAME},
}


class _Accounts(rx.Component):
    library = "$/public/js/accounts.js"


class AccountForm(_Accounts):
    """A form that posts, remembers what was typed when it comes back, and is sent once."""

    tag = "AccountForm"
    action: rx.Var[str]
    name: rx.Var[str]
    fields: rx.Var[list[str]]
    limits: rx.Var[dict[str, Any]]
    quiet: rx.Var[bool]


class Problem(_Accounts):
    """What is wrong with one of several forms on a page, when no field of them says it."""

    tag = "Problem"
    fields: rx.Var[list[str]]
    limits: rx.Var[dict[str, Any]]


class AccountField(_Accounts):
    """One field, with a way to see a password and with what is wrong with it."""

    tag = "AccountField"
    name: rx.Var[str]
    label: rx.Var[str]
    hint: rx.Var[str]
    type: rx.Var[str]
    complete: rx.Var[str]
    longest: rx.Var[int]
    value: rx.Var[str]
    limits: rx.Var[dict[str, Any]]
    secret: rx.Var[bool]


class TokenField(_Accounts):
    """The secret of the link that led here."""

    tag = "TokenField"
    page: rx.Var[str]


class Done(_Accounts):
    """What was done, by the word in the address."""

    tag = "Done"
    words: rx.Var[dict[str, str]]
    name: rx.Var[str]
    tone: rx.Var[str]


class Choice(_Accounts):
    """One of its children, by the word in the address."""

    tag = "Choice"
    name: rx.Var[str]
    options: rx.Var[list[str]]


class NextField(_Accounts):
    """The page one came for."""

    tag = "NextField"


class LanguageField(_Accounts):
    """The language the form is read in."""

    tag = "LanguageField"


def account_form(
    name: str, action: str, fields: tuple[str, ...], *content: rx.Component, quiet: bool = False
) -> rx.Component:
    """A form; `fields` are those that show their own error, every other error stands on top unless `quiet`."""
    return AccountForm.create(*content, action=action, name=name, fields=list(fields), limits=LIMITS, quiet=quiet)


def needs_mail(form: rx.Component, why_not: Content) -> rx.Component:
    """A form that a message answers; where none can be sent, the sentence that says so stands in its place."""
    return rx.cond(AppState.is_mail_off, notice(why_not, tone="warn"), form)


def problem(*fields: str) -> rx.Component:
    """Stands over several quiet forms; `fields` are those of all of them that show their own error."""
    return Problem.create(fields=list(fields), limits=LIMITS)


def email_field(label: Content, *, name: str = "email") -> rx.Component:
    """An e-mail address."""
    return AccountField.create(name=name, label=label, type="email", complete="username", longest=254, limits=LIMITS)


def name_field(label: Content, *, value: rx.Var[str] | str = "") -> rx.Component:
    """A person's name."""
    return AccountField.create(
        name="name", label=label, complete="name", longest=people.LONGEST_NAME, value=value, limits=LIMITS
    )


def password_field(name: str, label: Content, *, hint: Content = "", is_new: bool = False) -> rx.Component:
    """A password; the browser is told whether to offer the stored one or a new one."""
    return AccountField.create(
        name=name,
        label=label,
        hint=hint,
        type="password",
        complete="new-password" if is_new else "current-password",
        longest=passwords.LONGEST,
        limits=LIMITS,
    )


def send(label: Content, *others: rx.Component) -> rx.Component:
    """The one primary act of a signed-out page."""
    main = button(label, type="submit", kind="primary", look="btn-large btn-block")
    return rx.el.div(main, *others, class_name="form-actions")


def ways(*pairs: tuple[Content, Content, str]) -> rx.Component:
    """Other ways to go, each a question and its link: (question, link, address)."""
    return rx.el.div(
        *[rx.el.p(question, " ", link(label, href=href)) for question, label, href in pairs], class_name="sub stack"
    )


__all__ = [
    "Choice", "Done", "LanguageField", "NextField", "TokenField", "account_form", "email_field", "name_field",
    "needs_mail", "password_field", "problem", "send", "ways",
]  # fmt: skip
