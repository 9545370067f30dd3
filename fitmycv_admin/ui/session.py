"""Who is signed in: the actor of the running event, and what every page may show of them."""

from contextvars import ContextVar

import reflex as rx

from fitmycv_admin.core.config import settings
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor

COOKIE = "__Host-sid"

# Set by the guard before every handler. State is never asked who somebody is.
CURRENT: ContextVar[Actor] = ContextVar("actor", default=actors.VISITOR)


def actor() -> Actor:
    """The person behind the running event, as the guard found them by their cookie."""
    return CURRENT.get()


class AppState(rx.State):
    """Parent of every state. Its vars are for display only: the guard sets them when a tab connects."""

    signed_in: bool = False
    is_staff: bool = False
    user_name: str = ""
    user_email: str = ""
    initials: str = ""
    role: str = "user"
    language: str = ""
    allowed: list[str] = []  # noqa: RUF012  (Reflex copies defaults)
    zone: str = "Europe/Paris"
    is_demo: bool = False
    is_without_ai: bool = False
    is_ai_off: bool = False
    is_mail_off: bool = False

    # The session this tab is bound to; None before the first hydrate.
    _session_key: str | None = None


def describe(state: AppState, by: Actor, allowed: list[str]) -> None:
    """Show who is signed in."""
    state.signed_in = by.user_id is not None
    state.is_staff = by.is_staff
    state.user_name, state.user_email = by.name, by.email
    words = (by.name or by.email).replace("@", " ").split()
    state.initials = "".join(word[0] for word in words[:2]).upper()
    state.role, state.language = str(by.role), str(by.language)
    state.allowed = allowed
    state.is_demo, state.is_without_ai = settings().is_demo, settings().has_local_engine
    state.is_ai_off, state.is_mail_off = settings().is_ai_off, settings().is_mail_off
