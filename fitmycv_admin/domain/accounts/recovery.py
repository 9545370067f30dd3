"""A forgotten password: a link that works once, then a new password and every device signed out."""

from datetime import timedelta

from sqlalchemy import delete, func, update
from sqlmodel import Session, col

from fitmycv_admin.core import clock, security
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import links, passwords, people, registration
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.models.accounts import EmailChangeRequest, User
from fitmycv_admin.vocabulary import AccountState, Language, Trigger

LINK_LIFE = timedelta(hours=1)
# A second link is not sent within this time: the first one is still on its way.
PAUSE = timedelta(minutes=1)


def forgot(db: Session, _by: Actor, *, email: str) -> None:
    """Send a link to choose a new password, if the address has an account; in silence otherwise. Raises MailOff."""
    outbox.must_deliver()
    user = people.by_email(db, email)
    if user is None or user.state != AccountState.ACTIVE:
        return
    if user.reset_token_expiry is not None and user.reset_token_expiry > clock.now() + LINK_LIFE - PAUSE:
        return
    token = registration.new_reset_token(db, user, LINK_LIFE)
    variables = {"userName": user.name or "", "resetUrl": links.link(links.RESET, token)}
    outbox.send(db, Trigger.PASSWORD_RESET, user.email or "", variables, Language(user.language), user_id=user.id)


def reset(db: Session, _by: Actor, *, token: str, password: str) -> None:
    """Choose a password with the link: every session ends, and an address change that waits is dropped.

    Raises LinkSpent, or WeakPassword, after which the link still works.
    """
    used = (
        update(User)
        .where(
            col(User.reset_token) == security.digest(token),
            col(User.reset_token_expiry) > func.clock_timestamp(),
            col(User.state) == AccountState.ACTIVE,
        )
        .values(reset_token=None, reset_token_expiry=None)
    )
    user_id = db.execute(used.returning(col(User.id))).scalar_one_or_none()
    if user_id is None:
        raise people.LinkSpent
    user = people.locked(db, user_id)
    passwords.check(password, user.name or "", user.email or "")
    user.password_hash = passwords.hashed(password)
    # Whoever holds the link reads the mailbox.
    user.email_verified = user.email_verified or clock.now()
    user.token_version += 1
    db.flush()
    sessions.close_all(db, user.id)
    db.execute(delete(EmailChangeRequest).where(col(EmailChangeRequest.user_id) == user.id))
    notify_changed(db, user)


def notify_changed(db: Session, user: User) -> None:
    """Tell the owner that the password is another one now."""
    variables = {"userName": user.name or "", "resetUrl": links.link(links.FORGOT)}
    outbox.send(db, Trigger.PASSWORD_CHANGED, user.email or "", variables, Language(user.language), user_id=user.id)
