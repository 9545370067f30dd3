"""Make members of staff from the command line."""

import getpass
import secrets
import sys

from sqlalchemy import func
from sqlmodel import Session, select

from fitmycv_admin.core import clock, db, security
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.local.process import LocalError
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role

SHORTEST_PASSWORD = 12


def set_up(email: str, role: str | None, name: str, *, from_stdin: bool) -> str:
    """Make the account, or set the role and password of the one there is; every session of it ends.

    Without a role an existing account keeps its own and a new one becomes an admin. Returns a sentence for the
    operator, with the password when one was made up.
    """
    if role is not None and role not in list(Role):
        raise LocalError(f"{role!r} is no role. Roles: {', '.join(Role)}.")
    if "@" not in email:
        raise LocalError(f"{email!r} is not an e-mail address.")
    password, shown = _password(from_stdin)
    with db.transaction() as session:
        user = session.exec(select(User).where(func.lower(User.email) == email.lower())).first()
        made = user is None
        user = user or User(email=email.lower(), role=role or Role.ADMIN)
        user.role = role or user.role
        user.name = name or user.name or email.split("@")[0]
        user.email_verified = user.email_verified or clock.now()
        user.password_hash = security.hash_password(password)
        session.add(user)
        session.flush()
        if not made:
            sessions.close_all(session, user.id)
        _audit(session, user, made)
        return f"{email} is {user.role}{'' if made else ', and every session of it has ended'}.{shown}"


def _password(from_stdin: bool) -> tuple[str, str]:
    """The password, and what to tell the operator about it."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = getpass.getpass("Password (empty: make one up): ")
    else:
        password = ""
    if not password:
        password = secrets.token_urlsafe(15)
        return password, f" Its password is {password}"
    if len(password) < SHORTEST_PASSWORD:
        raise LocalError(f"A password needs at least {SHORTEST_PASSWORD} characters.")
    return password, ""


def _audit(session: Session, user: User, made: bool) -> None:
    """Leave the same trace as a change made on a screen."""
