"""Sign-up: an account, the proof that its address is read, and no word about who has one already."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, update
from sqlmodel import Session, col

from fitmycv_admin.core import clock, ids, security
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import links, passwords, people
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.billing import welcome
from fitmycv_admin.domain.emails import addresses, outbox
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.models.accounts import AutoSignInToken, EmailVerificationToken, User
from fitmycv_admin.vocabulary import AccountState, Language, Permission, Role, Trigger

LINK_LIFE = timedelta(hours=24)


class RegistrationClosed(FitMyCvError):
    """Nobody can open an account for now."""

    key = "accounts.error.registration_closed"


class PrivacyNotAccepted(Invalid):
    """The box about personal data was not ticked."""

    key = "accounts.error.privacy"


class AddressTaken(Invalid):
    """Said to staff only: a visitor never learns who has an account."""

    key = "accounts.error.address_taken"


@dataclass(frozen=True, slots=True)
class Verified:
    """An address was proven. At most one token is set: a new session, or the way to choose a password."""

    user_id: UUID
    session_token: str = ""
    reset_token: str = ""


def register(
    db: Session,
    by: Actor,
    *,
    name: str,
    email: str,
    password: str,
    language: Language,
    accepts_privacy: bool,
) -> str:
    """Open an account and send the link that proves its address. Needs no permission.

    Returns a token for the browser: it signs in when the link is followed there. The answer is the same when the
    address has an account, whose owner is then told by mail. Raises Invalid by field, RegistrationClosed, or MailOff.
    """
    outbox.must_deliver()
    if not lookups.flag(db, "registration_enabled") or lookups.flag(db, "maintenance_enabled"):
        raise RegistrationClosed
    name, email = people.clean_name(name), addresses.clean(email)
    passwords.check(password, name, email)
    if not accepts_privacy:
        raise PrivacyNotAccepted(field="privacy")
    password_hash = passwords.hashed(password)
    people.hold_address(db, email)
    user = people.by_email(db, email)
    if user is not None and (user.email_verified is not None or user.state != AccountState.ACTIVE):
        _tell_owner(db, user)
        return security.new_token()
    if user is None:
        user = User(email=email, language=language)
    else:
        # Nobody has proven this address yet: the newest sign-up counts, and the contest is remembered.
        user.token_version += 1
    user.name, user.password_hash, user.language = name, password_hash, language
    user.privacy_policy_accepted_at = clock.now()
    db.add(user)
    db.flush()
    _send_link(db, user)
    return _browser_token(db, user)


def resend(db: Session, _by: Actor, *, email: str) -> None:
    """Send the link again when this address waits for its proof; in silence otherwise. Raises MailOff."""
    outbox.must_deliver()
    user = people.by_email(db, email)
    if user is not None and user.email_verified is None and user.state == AccountState.ACTIVE:
        _send_link(db, user)


def verify(
    db: Session,
    _by: Actor,
    *,
    token: str,
    browser_token: str = "",
    device: str = "",
    ip: str = "",
    user_agent: str = "",
) -> Verified:
    """Use the link: the address is proven, and a new person gets welcome credits. Raises LinkSpent.

    The browser of the sign-up is signed in. When several sign-ups named this address and another browser follows
    the link, nobody can say whose password is stored: it is dropped, and the reader chooses a new one.
    """
    used = delete(EmailVerificationToken).where(
        col(EmailVerificationToken.token) == security.digest(token),
        col(EmailVerificationToken.expires) > func.clock_timestamp(),
    )
    user_id = db.execute(used.returning(col(EmailVerificationToken.user_id))).scalar_one_or_none()
    if user_id is None:
        raise people.LinkSpent
    user = people.locked(db, user_id)
    contested = user.email_verified is None and user.token_version > 0
    user.email_verified = user.email_verified or clock.now()
    here = _use_browser_token(db, user, browser_token)
    db.execute(delete(EmailVerificationToken).where(col(EmailVerificationToken.user_id) == user.id))
    db.execute(delete(AutoSignInToken).where(col(AutoSignInToken.user_id) == user.id))
    _welcome(db, user, device)
    if here and user.state == AccountState.ACTIVE and not lookups.flag(db, "maintenance_enabled"):
        user.last_login_at = clock.now()
        return Verified(user.id, session_token=sessions.open_session(db, user, ip, user_agent))
    if contested:
        user.password_hash = None
        return Verified(user.id, reset_token=new_reset_token(db, user))
    return Verified(user.id)


def create(
    db: Session, by: Actor, *, name: str, email: str, password: str, role: Role, language: Language, reason: str = ""
) -> UUID:
    """Open an account on behalf of somebody, its address taken as proven. Needs roles.write."""
    by.must(Permission.ROLES_WRITE)
    name, email = people.clean_name(name), addresses.clean(email)
    passwords.check(password, name, email)
    people.hold_address(db, email)
    if people.by_email(db, email) is not None:
        raise AddressTaken(field="email")
    user = User(
        name=name,
        email=email,
        password_hash=passwords.hashed(password),
        role=role,
        language=language,
        email_verified=clock.now(),
    )
    db.add(user)
    db.flush()
    if role == Role.USER:
        welcome.grant_once(db, user.id, email=email)
    trail.record(db, by, "account.created", "account", user.id, None, {"role": role, "language": language}, reason)
    return user.id


def new_reset_token(db: Session, user: User, life: timedelta = timedelta(hours=1)) -> str:
    """A fresh token that lets its holder choose the password; an earlier one stops working."""
    token = security.new_token()
    db.execute(
        update(User)
        .where(col(User.id) == user.id)
        .values(reset_token=security.digest(token), reset_token_expiry=func.clock_timestamp() + life)
    )
    return token


def _send_link(db: Session, user: User) -> None:
    token = security.new_token()
    db.execute(delete(EmailVerificationToken).where(col(EmailVerificationToken.user_id) == user.id))
    db.execute(
        insert(EmailVerificationToken).values(
            id=ids.new_id(),
            user_id=user.id,
            token=security.digest(token),
            expires=func.clock_timestamp() + LINK_LIFE,
        )
    )
    variables = {"userName": user.name or "", "verificationUrl": links.link(links.VERIFY, token)}
    outbox.send(db, Trigger.EMAIL_VERIFICATION, user.email or "", variables, Language(user.language), user_id=user.id)


def _browser_token(db: Session, user: User) -> str:
    token = security.new_token()
    db.execute(delete(AutoSignInToken).where(col(AutoSignInToken.user_id) == user.id))
    db.execute(
        insert(AutoSignInToken).values(
            id=ids.new_id(), user_id=user.id, token=security.digest(token), expires=func.clock_timestamp() + LINK_LIFE
        )
    )
    return token


def _use_browser_token(db: Session, user: User, token: str) -> bool:
    used = delete(AutoSignInToken).where(
        col(AutoSignInToken.token) == security.digest(token),
        col(AutoSignInToken.user_id) == user.id,
        col(AutoSignInToken.expires) > func.clock_timestamp(),
    )
    return db.execute(used.returning(col(AutoSignInToken.id))).scalar_one_or_none() is not None


def _tell_owner(db: Session, user: User) -> None:
    variables = {
        "userName": user.name or "",
        "loginUrl": links.link(links.SIGN_IN),
        "resetUrl": links.link(links.FORGOT),
    }
    # At most one such message an hour: the form must not become a way to fill a mailbox.
    key = f"account_exists:{user.id}:{clock.now():%Y%m%d%H}"
    outbox.send(db, Trigger.ACCOUNT_EXISTS, user.email or "", variables, Language(user.language), key, user_id=user.id)


def _welcome(db: Session, user: User, device: str) -> None:
    given = 0
    if user.state == AccountState.ACTIVE:
        given = welcome.grant_once(db, user.id, email=user.email or "", device=device)
    variables = {
        "userName": user.name or "",
        "loginUrl": links.link(links.SIGN_IN),
        "welcomeCredits": str(given),
    }
    outbox.send(
        db, Trigger.WELCOME, user.email or "", variables, Language(user.language), f"welcome:{user.id}", user_id=user.id
    )
