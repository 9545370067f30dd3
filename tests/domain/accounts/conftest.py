"""People to try things on, and the links their messages held."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock, ids
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import passwords
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models.accounts import User
from fitmycv_admin.models.emails import EmailLog
from fitmycv_admin.vocabulary import Role, Trigger

PASSWORD = "un velo rouge sous la pluie"
_HASH = passwords.hashed(PASSWORD)


def address() -> str:
    return f"{ids.short_code(10).lower()}@example.org"


def make_user(db: Session, role: Role = Role.USER, *, verified: bool = True, email: str = "") -> User:
    user = User(
        name="Ada Martin",
        email=email or address(),
        role=role,
        password_hash=_HASH,
        email_verified=clock.now() if verified else None,
    )
    db.add(user)
    db.flush()
    return user


def signed_in(db: Session, user: User) -> Actor:
    actor = sessions.resolve(db, sessions.open_session(db, user, "127.0.0.1", "Firefox"))
    assert actor is not None
    return actor


def mails(db: Session, to: str, trigger: Trigger | None = None) -> list[EmailLog]:
    query = select(EmailLog).where(col(EmailLog.recipient_email) == to).order_by(col(EmailLog.created_at))
    return [row for row in db.exec(query) if trigger is None or row.trigger_name == trigger]


def last_token(db: Session, to: str, trigger: Trigger) -> str:
    found = re.search(r"#token=([\w-]+)", mails(db, to, trigger)[-1].text or "")
    assert found is not None
    return found[1]


@pytest.fixture
def staff(db: Session) -> Callable[[Role], Actor]:
    return lambda role: signed_in(db, make_user(db, role))
