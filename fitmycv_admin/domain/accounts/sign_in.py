"""Signing in with a password, and out; a wrong address and a wrong password look the same, also by the clock."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core import clock, security
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.access import matrix, sessions
from fitmycv_admin.domain.accounts import passwords, people
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import AccountState, Language, Role


class WrongCredentials(FitMyCvError):
    """No such account, another password, or an account that is closed: from outside all the same."""

    key = "accounts.error.wrong_credentials"


class EmailNotVerified(FitMyCvError):
    """The password is right, but nobody has proven yet that the address is read."""

    key = "accounts.error.not_verified"


class UnderMaintenance(FitMyCvError):
    """Only staff can sign in for now."""

    key = "accounts.error.maintenance"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; `token` is for the cookie only."""

    token: str
    user_id: UUID
    role: Role
    language: Language


def sign_in(db: Session, by: Actor, *, email: str, password: str, ip: str, user_agent: str) -> SignedIn:
    """Open a session. Raises WrongCredentials, EmailNotVerified or UnderMaintenance.

    The session of the browser, if it had one, ends: nobody signs in on a token that was there before.
    """
    user = people.by_email(db, email)
    may_enter = user is not None and user.state == AccountState.ACTIVE
    # The same work is done for every address.
    right = passwords.matches(user.password_hash if user is not None and may_enter else None, password)
    if user is None or not right:
        raise WrongCredentials
    if user.email_verified is None:
        raise EmailNotVerified
    if user.role == Role.USER and lookups.flag(db, "maintenance_enabled"):
        raise UnderMaintenance
    if user.password_hash and security.needs_rehash(user.password_hash):
        user.password_hash = passwords.hashed(password)
    if by.session_id is not None:
        sessions.close(db, by)
    user.last_login_at = clock.now()
    db.flush()
    token = sessions.open_session(db, user, ip, user_agent)
    _audit(db, user, ip)
    return SignedIn(token, user.id, Role(user.role), Language(user.language))


def sign_out(db: Session, by: Actor) -> None:
    """End the actor's session."""
    sessions.close(db, by)


def sign_out_everywhere(db: Session, by: Actor) -> int:
    """End every session of the actor, this one too. Returns how many ended."""
    user = people.own(db, by)
    user.token_version += 1
    return sessions.close_all(db, by.owner_id)


def _audit(db: Session, user: User, ip: str) -> None:
    if user.role == Role.USER:
        return
    role = Role(user.role)
    staff = Actor(user.id, role, matrix.permissions_of(role), name=user.name or "", ip=ip)
    trail.record(db, staff, "session.opened", "account", user.id)
