"""Make members of staff from the command line, by the same rules and with the same trace as on a screen."""

import getpass
import secrets
import sys

from sqlmodel import Session

from fitmycv_admin.copy import text
from fitmycv_admin.core import db
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import administration, passwords, people, registration
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.local.process import LocalError
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Language, Role

REASON = "fitmycv user"


def set_up(email: str, role: str | None, name: str, *, from_stdin: bool) -> str:
    """Make the account, or give the one there is a role and, without a role, a new password.

    A new account becomes an admin unless told otherwise. Returns a sentence for the operator, with the password
    when one was made up. LocalError says in words what cannot be accepted.
    """
    if role is not None and role not in list(Role):
        raise LocalError(f"{role!r} is no role. Roles: {', '.join(Role)}.")
    try:
        with db.transaction() as session:
            user = people.by_email(session, email)
            if user is None:
                return _create(session, email, Role(role or Role.ADMIN), name, from_stdin=from_stdin)
            if role is not None:
                return _change_role(session, user, Role(role))
            return _new_password(session, user, from_stdin=from_stdin)
    except FitMyCvError as error:
        raise LocalError(text(Language.EN, error.key, **error.params)) from error


def _create(session: Session, email: str, role: Role, name: str, *, from_stdin: bool) -> str:
    password, shown = _password(from_stdin)
    registration.create(
        session,
        actors.system("command line"),
        name=name or email.split("@")[0],
        email=email,
        password=password,
        role=role,
        language=Language.FR,
        reason=REASON,
    )
    return f"{email} is {role}.{shown}"


def _change_role(session: Session, user: User, role: Role) -> str:
    administration.change_role(session, actors.system("command line"), user.id, role=role, reason=REASON)
    return f"{user.email} is {role} and has to sign in again."


def _new_password(session: Session, user: User, *, from_stdin: bool) -> str:
    password, shown = _password(from_stdin)
    passwords.check(password, user.name or "", user.email or "")
    user.password_hash = passwords.hashed(password)
    user.token_version += 1
    sessions.close_all(session, user.id)
    trail.record(session, actors.system("command line"), "account.password_reset", "account", user.id, reason=REASON)
    return f"{user.email} has a new password and has to sign in again.{shown}"


def _password(from_stdin: bool) -> tuple[str, str]:
    """The password, and what to tell the operator about it."""
    password = ""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password (empty: make one up): ")
    if password:
        return password, ""
    password = secrets.token_urlsafe(15)
    return password, f" Its password is {password}"
