"""Telling people in time that few credits are left or that some will expire: a banner, and one mail an occasion.

An occasion is what brought the credits in (for few of them) or the lot that expires. Who was told stands in
`credit_notice`, whose unique row also keeps two processes from telling twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from babel.dates import format_date
from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin import copy
from fitmycv_admin.core import clock
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Wallet
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import Language, Permission, Trigger

SOON, VERY_SOON = timedelta(days=30), timedelta(days=7)
PAGE = "/credits"
THRESHOLD = "low_credit_notice"
"""The setting below which few credits are left; 0 says nothing."""


class Notice(StrEnum):
    """What somebody is told; each twice at most for one lot: a month and a week before it expires."""

    LOW = "low_balance"
    EXPIRING_30 = "expiring_30"
    EXPIRING_7 = "expiring_7"


_HIDDEN = "hidden."
"""Before the kind: the person closed this banner."""


@dataclass(frozen=True)
class BannerRow:
    """A notice to show on every page; `credits` of it, `at` is the first expiry (None for few credits)."""

    kind: Notice
    occasion: str
    credits: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Glance:
    """What every page of the portal shows of credits."""

    wallet: Wallet
    notices: tuple[BannerRow, ...]


def glance(db: Session, by: Actor) -> Glance:
    """The actor's credits and what they should know now, without the banners they closed. Needs own.data."""
    by.must(Permission.OWN_DATA)
    wallet = ledger.balance_of(db, by.owner_id)
    found = [*_low(db, by.owner_id, wallet), *_expiring(db, by.owner_id, clock.now())]
    closed = _closed(db, by.owner_id) if found else set()
    shown = tuple(row for row in found if (_HIDDEN + row.kind, row.occasion) not in closed)
    return Glance(wallet, shown)


def hide(db: Session, by: Actor, kind: str, occasion: str) -> None:
    """Close a banner for its occasion, on every device of this person; what is no notice changes nothing."""
    by.must(Permission.OWN_DATA)
    if any((row.kind, row.occasion) == (kind, occasion) for row in glance(db, by).notices):
        _note(db, by.owner_id, _HIDDEN + kind, occasion)


def low_balance(db: Session, user_id: UUID) -> UUID | None:
    """Write to a person whose credits have just become few, once until credits come in again.

    Called in the transaction that settles a task. Returns the id of the message, None when there is nothing to say or
    nobody who may be written to.
    """
    for row in _low(db, user_id, ledger.balance_of(db, user_id)):
        person = _reachable(db, user_id)
        if person is not None and _note(db, user_id, row.kind, row.occasion):
            left = copy.text(person.language, "wallet.server.credits", n=row.credits)
            return _send(db, person, Trigger.CREDITS_LOW, f"{row.kind}:{row.occasion}", credits=left)
    return None


_WAITING = text("""
SELECT DISTINCT lot.user_id FROM credit_lot lot JOIN app_user person ON person.id = lot.user_id
WHERE lot.remaining > lot.held AND lot.expires_at > :after AND lot.expires_at <= :until
AND person.state = 'active' AND person.email_verified IS NOT NULL AND person.email IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM credit_notice told
    WHERE told.user_id = lot.user_id AND told.kind = :kind AND told.occasion = 'lot:' || lot.id)
ORDER BY lot.user_id LIMIT :most""")

_LOTS = text("""
SELECT id, remaining - held AS units, expires_at FROM credit_lot
WHERE user_id = :user AND remaining > held AND expires_at > :after AND expires_at <= :until ORDER BY expires_at, id""")


def expiring(db: Session, *, now: datetime | None = None, most: int = 2000) -> int:
    """Write to the people whose credits expire within a month, and again within a week; how many messages.

    Lots that run out together make one message. At most `most` people of each window in one transaction; whoever is
    left waits for the next run.
    """
    now, sent = now or clock.now(), 0
    windows = ((Notice.EXPIRING_7, now, now + VERY_SOON), (Notice.EXPIRING_30, now + VERY_SOON, now + SOON))
    for kind, after, until in windows:
        within = {"after": after, "until": until}
        for user_id in db.execute(_WAITING, {**within, "kind": kind, "most": most}).scalars().all():
            lots = db.execute(_LOTS, {**within, "user": user_id}).all()
            told = [lot for lot in lots if _note(db, user_id, kind, f"lot:{lot.id}")]
            person = _reachable(db, user_id)
            if told and person is not None:
                sent += _send_expiring(db, person, kind, told) is not None
    return sent


def _send_expiring(db: Session, person: Any, kind: Notice, lots: Sequence[Any]) -> UUID | None:
    zone, days = lookups.zone(db), defaultdict[date, int](int)
    for lot in lots:
        days[lot.expires_at.astimezone(zone).date()] += lot.units
    parts = [
        copy.text(
            person.language,
            "wallet.server.credits_on",
            credits=copy.text(person.language, "wallet.server.credits", n=units),
            day=format_date(day, "long", locale=person.language),
        )
        for day, units in sorted(days.items())
    ]
    return _send(db, person, Trigger.CREDITS_EXPIRING, f"{kind}:lot:{lots[0].id}", expiring=", ".join(parts))


def _send(db: Session, person: Any, trigger: Trigger, occasion: str, **variables: str) -> UUID | None:
    given = {"userName": person.name or "", "creditsUrl": settings().public_url + PAGE, **variables}
    key = f"credit_notice:{person.id}:{occasion}"
    return outbox.send(db, trigger, person.email, given, Language(person.language), key, user_id=person.id)


def _low(db: Session, user_id: UUID, wallet: Wallet) -> list[BannerRow]:
    """Few credits are left of those that came in; somebody who owes credits reads about that instead."""
    if wallet.debt > 0 or wallet.available >= lookups.whole(db, THRESHOLD):
        return []
    occasion = _income(db, user_id)
    return [BannerRow(Notice.LOW, occasion, max(wallet.available, 0), None)] if occasion else []


def _expiring(db: Session, user_id: UUID, now: datetime) -> list[BannerRow]:
    """What expires within a month as one notice; its occasion is the first lot, in its first or last weeks."""
    lots = db.execute(_LOTS, {"user": user_id, "after": now, "until": now + SOON}).all()
    if not lots:
        return []
    first = lots[0]
    kind = Notice.EXPIRING_7 if first.expires_at <= now + VERY_SOON else Notice.EXPIRING_30
    same = [lot.units for lot in lots if lot.expires_at.date() == first.expires_at.date()]
    return [BannerRow(kind, f"lot:{first.id}", sum(same), first.expires_at)]


def _income(db: Session, user_id: UUID) -> str:
    """The last time that credits came in other than by a return; "" when they never did."""
    last = text("SELECT max(id) FROM credit_transaction WHERE user_id = :user AND amount > 0 AND type <> 'return'")
    line_id = db.execute(last, {"user": user_id}).scalar_one_or_none()
    return "" if line_id is None else f"line:{line_id}"


def _reachable(db: Session, user_id: UUID) -> Any:
    """The person, when their account is open and their address proven; None otherwise."""
    found = text("""SELECT id, name, email, language FROM app_user WHERE id = :user
                    AND state = 'active' AND email_verified IS NOT NULL AND email IS NOT NULL""")
    return db.execute(found, {"user": user_id}).one_or_none()


def _closed(db: Session, user_id: UUID) -> set[tuple[str, str]]:
    kept = text("SELECT kind, occasion FROM credit_notice WHERE user_id = :user AND starts_with(kind, :hidden)")
    return {(row.kind, row.occasion) for row in db.execute(kept, {"user": user_id, "hidden": _HIDDEN})}


def _note(db: Session, user_id: UUID, kind: str, occasion: str) -> bool:
    """Remember a notice; False when it was given before."""
    kept = text("""INSERT INTO credit_notice (user_id, kind, occasion, created_at)
                   VALUES (:user, :kind, :occasion, :now)
                   ON CONFLICT (user_id, kind, occasion) DO NOTHING RETURNING id""")
    values = {"user": user_id, "kind": kind, "occasion": occasion, "now": clock.now()}
    return db.execute(kept, values).one_or_none() is not None
