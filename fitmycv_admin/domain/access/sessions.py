"""Signed-in browsers: an opaque token in a cookie, its digest in the database, ended on the server."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, or_, select, update
from sqlmodel import Session, col

from fitmycv_admin.core import ids, security
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models.accounts import User
from fitmycv_admin.models.platform import UserSession
from fitmycv_admin.models.settings import Setting
from fitmycv_admin.vocabulary import AccountState, Language, Role

COOKIE = "__Host-sid"
# Staff sign in every working day on machines that may be shared; people come back to their CV after days.
IDLE_STAFF, LIFE_STAFF = timedelta(hours=12), timedelta(days=7)
IDLE_PERSON, LIFE_PERSON = timedelta(days=14), timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
KEPT_AFTER_END = timedelta(days=30)
# While this setting is on, sessions of people sleep and only staff is let in; they wake when it is over.
MAINTENANCE = "maintenance_enabled"


class SessionEnded(FitMyCvError):
    """The session was closed, expired, or its role changed: the person signs in again."""

    key = "accounts.error.session_ended"


def open_session(db: Session, user: User, ip: str, user_agent: str) -> str:
    """Start a session of an active account. Returns the token: give it to the cookie and forget it."""
    token = security.new_token()
    life = LIFE_PERSON if user.role == Role.USER else LIFE_STAFF
    now = func.clock_timestamp()
    db.execute(
        insert(UserSession).values(
            id=ids.new_id(),
            user_id=user.id,
            token=security.digest(token),
            token_version=user.token_version,
            ip=ip[:64],
            user_agent="".join(sign for sign in user_agent if sign.isprintable())[:300],
            created_at=now,
            last_seen_at=now,
            expires_at=now + life,
        )
    )
    return token


def resolve(db: Session, token: str) -> Actor | None:
    """The person behind a cookie, or None when it is unknown, closed, expired, outdated or disabled.

    Call it in a writable transaction: every five minutes it notes that the person was here,
    which keeps the session from going idle. In a read-only one it only answers.
    """
    if not token:
        return None
    found = db.execute(
        select(
            col(User.id), col(User.role), col(User.name), col(User.email), col(User.language),
            col(UserSession.id), col(UserSession.ip), col(UserSession.last_seen_at),
            func.clock_timestamp(), func.current_setting("transaction_read_only"),
        )
        .join(User, col(User.id) == col(UserSession.user_id))
        .where(col(UserSession.token) == security.digest(token), _alive())
    ).one_or_none()  # fmt: skip
    if found is None:
        return None
    user_id, role, name, email, language, session_id, ip, seen_at, now, read_only = found
    if read_only == "off" and seen_at < now - SEEN_EVERY:
        _note_presence(db, session_id, seen_at)
    return Actor(
        user_id=user_id,
        role=Role(role),
        permissions=matrix.permissions_of(Role(role)),
        session_id=session_id,
        name=name or "",
        email=email or "",
        language=Language(language),
        ip=ip,
    )


def confirm(db: Session, by: object) -> None:
    """Raises SessionEnded unless the session still lives and the role is still the actor's.

    Commands run it in their own transaction. Visitors and our own processes have nothing to confirm.
    """
    if not isinstance(by, Actor):
        raise SessionEnded
    if by.user_id is None:
        return
    role = db.execute(
        select(col(User.role))
        .join(UserSession, col(UserSession.user_id) == col(User.id))
        .where(col(UserSession.id) == by.session_id, col(User.id) == by.user_id, _alive())
    ).scalar_one_or_none()
    if role is None or role != by.role:
        raise SessionEnded


def close(db: Session, by: Actor) -> None:
    """End the actor's own session; nothing happens when there is none."""
    _revoke(db, col(UserSession.id) == by.session_id)


def close_one(db: Session, by: Actor, session_id: UUID) -> None:
    """End one of the actor's own sessions; somebody else's is left alone, in silence."""
    _revoke(db, and_(col(UserSession.id) == session_id, col(UserSession.user_id) == by.owner_id))


def close_all(db: Session, user_id: UUID, *, keep: UUID | None = None) -> int:
    """End every session of a person, but for `keep`. Returns how many ended."""
    mine = col(UserSession.user_id) == user_id
    return _revoke(db, mine if keep is None else and_(mine, col(UserSession.id) != keep))


def sweep(db: Session) -> int:
    """Forget sessions that ended thirty days ago. Returns how many."""
    over = func.clock_timestamp() - KEPT_AFTER_END
    ended = delete(UserSession).where(or_(col(UserSession.expires_at) < over, col(UserSession.revoked_at) < over))
    return len(db.execute(ended.returning(col(UserSession.id))).all())


def _alive() -> ColumnElement[bool]:
    idle = case((col(User.role) == Role.USER, IDLE_PERSON), else_=IDLE_STAFF)
    now = func.clock_timestamp()
    return and_(
        col(UserSession.revoked_at).is_(None),
        col(UserSession.expires_at) > now,
        col(UserSession.last_seen_at) + idle > now,
        col(UserSession.token_version) == col(User.token_version),
        col(User.state) == AccountState.ACTIVE,
        or_(col(User.role) != Role.USER, ~_maintained()),
    )


def _maintained() -> ColumnElement[bool]:
    return exists().where(col(Setting.setting_name) == MAINTENANCE, col(Setting.value) == "1")


def _note_presence(db: Session, session_id: UUID, seen_at: datetime) -> None:
    # Only one of the tabs that ask at once writes: the others find the row changed.
    db.execute(
        update(UserSession)
        .where(col(UserSession.id) == session_id, col(UserSession.last_seen_at) == seen_at)
        .values(last_seen_at=func.clock_timestamp())
    )


def _revoke(db: Session, which: ColumnElement[bool]) -> int:
    ended = db.execute(
        update(UserSession)
        .where(which, col(UserSession.revoked_at).is_(None))
        .values(revoked_at=func.clock_timestamp())
        .returning(col(UserSession.id))
    )
    return len(ended.all())
