"""Credits for a new person, once: the same address or browser under another account gets none.

Only hashes are kept, and only of those who got credits, for 13 months.
"""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock, security
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import CreditKind

SOURCE = "welcome_bonus"
_KEPT_FOR = "interval '13 months'"
# Providers that do not tell a.b from ab.
_DOTLESS = ("gmail.com", "googlemail.com")

_REMEMBER = text(f"""
INSERT INTO welcome_check (hash, kind, created_at) VALUES (:hash, :kind, :now)
ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at
WHERE welcome_check.created_at < excluded.created_at - {_KEPT_FOR} RETURNING hash""")


def grant_once(db: Session, user_id: UUID, *, email: str, device: str = "") -> int:
    """Give a person whose address was just proven their first credits; how many, 0 for somebody who had them.

    `device` is the token of the browser, when it has one.
    """
    amount = lookups.whole(db, "welcome_credits")
    if amount == 0:
        return 0
    marks = {_hash("address", plain(email)): "address"}
    if device:
        marks[_hash("device", device)] = "device"
    with db.begin_nested() as attempt:
        for mark in sorted(marks):  # in one order, so that two who share both do not wait for each other
            row = {"hash": mark, "kind": marks[mark], "now": clock.now()}
            if db.execute(_REMEMBER, row).one_or_none() is None:
                attempt.rollback()
                return 0
    key = f"welcome:{user_id}"
    ledger.grant(db, user_id, Entry(CreditKind.WELCOME, amount, SOURCE, request_key=key))
    return amount


def forget(db: Session) -> int:
    """Delete hashes after their 13 months; how many."""
    old = text(f"DELETE FROM welcome_check WHERE created_at < CAST(:now AS timestamptz) - {_KEPT_FOR} RETURNING hash")
    return len(db.execute(old, {"now": clock.now()}).all())


def plain(email: str) -> str:
    """An address without what one mailbox may vary: case, what follows a plus, and dots where they do not count."""
    name, _, domain = addresses.folded(email).rpartition("@")
    name = name.split("+", 1)[0] or name
    if domain in _DOTLESS:
        name, domain = name.replace(".", ""), _DOTLESS[0]
    return f"{name}@{domain}"


def _hash(kind: str, value: str) -> str:
    return security.digest(f"welcome {kind} {value}")
