"""What staff do to accounts: roles, closing and opening, signing out; never to themselves, always audited."""

from uuid import UUID

from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import FitMyCvError, Invalid, NotFound
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import people
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import AccountState, Permission, Role


class NotOnOneself(FitMyCvError):
    """Nobody changes their own role or closes their own account from here."""

    key = "accounts.error.not_on_oneself"


class LastAdmin(FitMyCvError):
    """Without this person nobody could administer the product any more."""

    key = "accounts.error.last_admin"


class ReasonMissing(Invalid):
    """The trail needs to know why."""

    key = "accounts.error.reason"


def change_role(db: Session, by: Actor, user_id: UUID, *, role: Role, reason: str) -> None:
    """Give another role. The person signs in again. Needs roles.write.

    Raises NotOnOneself, LastAdmin, ReasonMissing, NotFound.
    """
    by.must(Permission.ROLES_WRITE)
    user = _target(db, by, user_id, reason)
    if user.role == role:
        return
    _keep_an_admin(db, user, stays_admin=role == Role.ADMIN)
    before, user.role = user.role, role
    sessions.close_all(db, user.id)
    trail.record(db, by, "account.role_changed", "account", user.id, {"role": before}, {"role": role}, reason)


def disable(db: Session, by: Actor, user_id: UUID, *, reason: str) -> None:
    """Close an account to sign-in; every session ends. Needs people.write, and roles.write for staff accounts."""
    _change_state(db, by, user_id, AccountState.DISABLED, reason)


def enable(db: Session, by: Actor, user_id: UUID, *, reason: str) -> None:
    """Open a closed account again. Needs people.write, and roles.write for staff accounts."""
    _change_state(db, by, user_id, AccountState.ACTIVE, reason)


def end_sessions(db: Session, by: Actor, user_id: UUID, *, reason: str) -> int:
    """Sign a person out everywhere. Returns how many sessions ended. Needs people.write."""
    by.must(Permission.PEOPLE_WRITE)
    user = _target(db, by, user_id, reason)
    user.token_version += 1
    ended = sessions.close_all(db, user.id)
    trail.record(db, by, "account.signed_out", "account", user.id, {"sessions": ended}, {"sessions": 0}, reason)
    return ended


def confirm_address(db: Session, by: Actor, user_id: UUID, *, reason: str) -> None:
    """Take an address as proven, for somebody the mail never reaches. Needs people.write."""
    by.must(Permission.PEOPLE_WRITE)
    user = _target(db, by, user_id, reason)
    if user.email_verified is None:
        user.email_verified = clock.now()
        trail.record(
            db, by, "account.address_confirmed", "account", user.id, {"verified": False}, {"verified": True}, reason
        )


def _change_state(db: Session, by: Actor, user_id: UUID, state: AccountState, reason: str) -> None:
    by.must(Permission.PEOPLE_WRITE)
    user = _target(db, by, user_id, reason)
    if user.state == AccountState.ERASED:
        raise NotFound
    if user.state == state:
        return
    _keep_an_admin(db, user, stays_admin=state == AccountState.ACTIVE)
    before, user.state = user.state, state
    if state != AccountState.ACTIVE:
        user.token_version += 1
        sessions.close_all(db, user.id)
    trail.record(db, by, f"account.{state}", "account", user.id, {"state": before}, {"state": state}, reason)


def _target(db: Session, by: Actor, user_id: UUID, reason: str) -> User:
    if user_id == by.user_id:
        raise NotOnOneself
    if not reason.strip():
        raise ReasonMissing(field="reason")
    # Admins are locked before the target, in one order: two of them cannot demote each other at once.
    db.exec(select(User.id).where(col(User.role) == Role.ADMIN).order_by(col(User.id)).with_for_update()).all()
    user = people.locked(db, user_id)
    db.refresh(user)
    if user.role != Role.USER:
        by.must(Permission.ROLES_WRITE)
    return user


def _keep_an_admin(db: Session, user: User, *, stays_admin: bool) -> None:
    if user.role != Role.ADMIN or stays_admin:
        return
    others = select(User.id).where(
        col(User.role) == Role.ADMIN, col(User.state) == AccountState.ACTIVE, col(User.id) != user.id
    )
    if db.exec(others.limit(1)).first() is None:
        raise LastAdmin
