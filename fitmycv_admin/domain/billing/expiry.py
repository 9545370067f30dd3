"""Given credits run out: units that nobody holds leave their lot with a line, and what runs out soon is listed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger, lots
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.vocabulary import CreditKind, Permission

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ExpiringRow:
    """Units of a lot that run out soon; the held ones are not among them."""

    user_id: UUID
    lot_id: int
    kind: CreditKind
    amount: int
    expires_at: datetime


# People whose credits are in use at this moment are left for the next time.
_OVER = text("""
SELECT b.user_id FROM credit_balance b WHERE EXISTS (
    SELECT 1 FROM credit_lot l WHERE l.user_id = b.user_id AND l.expires_at <= :now AND l.remaining > l.held)
ORDER BY b.user_id LIMIT :most FOR NO KEY UPDATE OF b SKIP LOCKED""")

_LOTS_OVER = text("""
SELECT id, remaining - held AS units FROM credit_lot
WHERE user_id = :user AND expires_at <= :now AND remaining > held ORDER BY expires_at, id""")


def expire(db: Session, *, now: datetime, at_once: int = AT_ONCE) -> int:
    """End the free units of lots that have run out, a line each, for at most `at_once` people; returns how many lots.

    Units that are held stay with their hold.
    """
    ended = 0
    for user_id in db.execute(_OVER, {"now": now, "most": at_once}).scalars().all():
        for lot in db.execute(_LOTS_OVER, {"user": user_id, "now": now}).all():
            entry = Entry(CreditKind.EXPIRY, lot.units, "expiry")
            made = ledger.move(db, user_id, entry, -lot.units, at=now)
            assert made is not None
            lots.take_from(db, lot.id, made, lot.units)
            ended += 1
    return ended


def sweep(db: Session) -> int:
    """`expire` at this instant, for the scheduler."""
    return expire(db, now=clock.now())


def expiring(db: Session, by: Actor, within_days: int, *, user_id: UUID | None = None) -> tuple[ExpiringRow, ...]:
    """Units that run out within so many days, soonest first. Needs credits.read, or to be that person."""
    if user_id is None or user_id != by.user_id:
        by.must(Permission.CREDITS_READ)
    query = text("""SELECT user_id, id, kind, remaining - held AS units, expires_at FROM credit_lot
                    WHERE remaining > 0 AND remaining > held AND expires_at > :now AND expires_at <= :until
                    AND (CAST(:user AS uuid) IS NULL OR user_id = :user) ORDER BY expires_at, id""")
    now = clock.now()
    rows = db.execute(query, {"now": now, "until": now + timedelta(days=within_days), "user": user_id})
    return tuple(ExpiringRow(r.user_id, r.id, CreditKind(r.kind), r.units, r.expires_at) for r in rows)
