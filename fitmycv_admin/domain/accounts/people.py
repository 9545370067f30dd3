"""Finding one person's row, and what a name may be."""

import unicodedata
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from fitmycv_admin.core.errors import Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.models.accounts import User

LONGEST_NAME = 80


class LinkSpent(Invalid):
    """The link of a message was used, replaced, or is too old."""

    key = "accounts.error.link_spent"


class BadName(Invalid):
    """Empty, too long, or made to look like a link in the messages we send."""

    key = "accounts.error.name"


def by_email(db: Session, email: str) -> User | None:
    """The account of an address, however it is spelled."""
    return db.exec(select(User).where(func.lower(User.email) == addresses.folded(email))).one_or_none()


def hold_address(db: Session, email: str) -> None:
    """Let nobody else take this address until the transaction ends."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"address:{email}", 0))))


def locked(db: Session, user_id: UUID) -> User:
    """The person's row, held until the transaction ends. Raises NotFound."""
    user = db.exec(select(User).where(col(User.id) == user_id).with_for_update()).one_or_none()
    if user is None:
        raise NotFound
    return user


def own(db: Session, by: Actor) -> User:
    """The actor's own row, held until the transaction ends."""
    return locked(db, by.owner_id)


def clean_name(text: str) -> str:
    """A name on one line of at most 80 characters. Raises BadName."""
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in unicodedata.normalize("NFC", text)).split())
    looks_like_link = "://" in name or "www." in name.lower() or "/" in name or "@" in name
    if not 1 <= len(name) <= LONGEST_NAME or looks_like_link:
        raise BadName(field="name", longest=LONGEST_NAME)
    return name
