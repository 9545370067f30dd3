"""A new address: asked for with the password, confirmed at the new address, announced at the old one."""

from datetime import timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from fitmycv_admin.core import clock, ids, security
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import links, passwords, people
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import addresses, outbox
from fitmycv_admin.models.accounts import EmailChangeRequest
from fitmycv_admin.vocabulary import AccountState, Language, Trigger

LINK_LIFE = timedelta(hours=24)


class WrongPassword(Invalid):
    """The current password, asked for before a change that could lock the owner out, is another one."""

    key = "accounts.error.wrong_password"


class SameAddress(Invalid):
    """The new address is the one in use."""

    key = "accounts.error.same_address"


def request(db: Session, by: Actor, *, password: str, new_email: str) -> None:
    """Send a link to the new address and a notice to the old one.

    Raises WrongPassword, BadAddress, SameAddress or MailOff.

    Nothing tells whether the new address has an account: its owner would see no link, and the change cannot end.
    """
    outbox.must_deliver()
    user = people.own(db, by)
    if not passwords.matches(user.password_hash, password):
        raise WrongPassword(field="password")
    address = addresses.clean(new_email)
    if address == addresses.folded(user.email or ""):
        raise SameAddress(field="email")
    language, name = Language(user.language), user.name or ""
    token = security.new_token()
    values = {"new_email": address, "token": security.digest(token), "expires": func.clock_timestamp() + LINK_LIFE}
    waiting = insert(EmailChangeRequest).values(id=ids.new_id(), user_id=user.id, created_at=clock.now(), **values)
    db.execute(
        waiting.on_conflict_do_update(
            index_elements=[col(EmailChangeRequest.user_id)], set_={**values, "created_at": clock.now()}
        )
    )
    if people.by_email(db, address) is None:
        confirm_url = links.link(links.CONFIRM_EMAIL, token)
        variables = {"userName": name, "verificationUrl": confirm_url, "newEmail": address}
        outbox.send(db, Trigger.EMAIL_CHANGE, address, variables, language, user_id=user.id)
    notice = {"userName": name, "newEmail": address, "resetUrl": links.link(links.FORGOT)}
    outbox.send(db, Trigger.EMAIL_CHANGE_NOTICE, user.email or "", notice, language, user_id=user.id)


def confirm(db: Session, by: Actor, *, token: str) -> None:
    """Use the link: the account has its new address, and other devices are signed out. Raises LinkSpent."""
    used = delete(EmailChangeRequest).where(
        col(EmailChangeRequest.token) == security.digest(token),
        col(EmailChangeRequest.expires) > func.clock_timestamp(),
    )
    found = db.execute(used.returning(col(EmailChangeRequest.user_id), col(EmailChangeRequest.new_email))).one_or_none()
    if found is None:
        raise people.LinkSpent
    user_id, address = found
    people.hold_address(db, address)
    user = people.locked(db, user_id)
    if user.state != AccountState.ACTIVE or people.by_email(db, address) is not None:
        raise people.LinkSpent
    user.email, user.email_verified = address, clock.now()
    # An older link to choose a password lies in the old mailbox.
    user.reset_token, user.reset_token_expiry = None, None
    db.flush()
    sessions.close_all(db, user.id, keep=by.session_id if by.user_id == user.id else None)


def cancel(db: Session, by: Actor) -> None:
    """Drop the actor's own request."""
    db.execute(delete(EmailChangeRequest).where(col(EmailChangeRequest.user_id) == by.owner_id))
