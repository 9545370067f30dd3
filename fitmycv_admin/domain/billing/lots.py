"""Moves units between lots. Every caller holds the lock of the person's balance row, so nobody else is in here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.vocabulary import CreditKind

Taken = Sequence[tuple[int, int]]
"""Which lots and how many units of each."""

AFTER_EXPIRY = timedelta(days=30)
"""How long units can be spent that come back to a lot that has run out."""

BURN_ORDER = "priority, expires_at NULLS LAST, id"


class Missing(RuntimeError):
    """The lots do not hold what the balance says: the ledger is damaged, nothing may be written."""


def open_(
    db: Session, user_id: UUID, line_id: int, kind: CreditKind, *,
    granted: int, priority: int, expires_at: datetime | None, at: datetime,
) -> int:  # fmt: skip
    """A new lot for the units of a line; returns its id."""
    made = text("""INSERT INTO credit_lot (user_id, line_id, kind, priority, granted, remaining, expires_at, created_at)
                   VALUES (:user, :line, :kind, :priority, :granted, :granted, :expires, :at) RETURNING id""")
    values = {"user": user_id, "line": line_id, "kind": str(kind), "priority": priority, "granted": granted}
    return int(db.execute(made, {**values, "expires": expires_at, "at": at}).scalar_one())


# The free units of a person in the order they burn, cut off where the amount is reached.
_FREE = f"""
free AS (SELECT id, remaining - held AS units, sum(remaining - held) OVER (ORDER BY {{first}} {BURN_ORDER}) AS upto
         FROM credit_lot WHERE user_id = :user AND remaining > held),
taken AS (SELECT id, least(units, :amount - (upto - units))::int AS units FROM free WHERE upto - units < :amount)"""

_BURNING = f"""
WITH {_FREE},
moved AS (UPDATE credit_lot lot SET remaining = lot.remaining - taken.units FROM taken
          WHERE lot.id = taken.id AND lot.remaining - lot.held >= taken.units RETURNING lot.id, taken.units),
used AS (INSERT INTO lot_use (line_id, lot_id, amount) SELECT :line, id, units FROM moved)
SELECT coalesce(sum(units), 0) FROM moved"""
_BURN, _BURN_FIRST = text(_BURNING.format(first="")), text(_BURNING.format(first="id <> :first,"))

_HOLD = text(f"""
WITH {_FREE.format(first="")}
UPDATE credit_lot lot SET held = lot.held + taken.units FROM taken
WHERE lot.id = taken.id AND lot.remaining - lot.held >= taken.units RETURNING lot.id, taken.units""")


def burn(db: Session, user_id: UUID, line_id: int, amount: int, *, first: int | None = None) -> int:
    """Spend up to `amount` free units in the order lots burn, the lot `first` before all; returns how many."""
    values = {"user": user_id, "line": line_id, "amount": amount, "first": first}
    return int(db.execute(_BURN if first is None else _BURN_FIRST, values).scalar_one())


def hold(db: Session, user_id: UUID, amount: int) -> list[tuple[int, int]]:
    """Set free units aside, in the order lots burn. Raises Missing when there are fewer."""
    rows = db.execute(_HOLD, {"user": user_id, "amount": amount}).all()
    taken = [(int(row.id), int(row.units)) for row in rows]
    _exactly(sum(units for _, units in taken), amount)
    return taken


_HELD = "taken (lot_id, units) AS (SELECT * FROM unnest(CAST(:lots AS bigint[]), CAST(:units AS int[])))"

_SPEND_HELD = f"""
WITH {_HELD},
moved AS (UPDATE credit_lot lot SET remaining = remaining - units, held = held - units FROM taken
          WHERE lot.id = lot_id AND user_id = :user AND held >= units RETURNING lot.id, units),
used AS (INSERT INTO lot_use (line_id, lot_id, amount) SELECT :line, id, units FROM moved)
SELECT coalesce(sum(units), 0) FROM moved"""

# Units that come back to a lot that has run out open another one.
_REOPEN = """
INSERT INTO credit_lot (user_id, line_id, origin_lot_id, kind, priority, granted, remaining, expires_at, created_at)
SELECT lot.user_id, CAST(:line AS bigint), lot.id, lot.kind, lot.priority, units, units, CAST(:until AS timestamptz),
       CAST(:at AS timestamptz)
FROM {source} JOIN credit_lot lot ON lot.id = lot_id WHERE lot.expires_at <= :at ORDER BY lot.id"""

_LET_GO = f"""
WITH {_HELD},
moved AS (UPDATE credit_lot lot SET held = held - units,
              remaining = remaining - CASE WHEN expires_at <= :at THEN units ELSE 0 END
          FROM taken WHERE lot.id = lot_id AND user_id = :user AND held >= units RETURNING lot.id, units),
reopened AS ({_REOPEN.format(source="taken")})
SELECT coalesce(sum(units), 0) FROM moved"""


def spend_held(db: Session, user_id: UUID, line_id: int, taken: Taken) -> None:
    """Spend units that were set aside. Raises Missing when they are not held."""
    values = {"user": user_id, "line": line_id, **_arrays(taken)}
    _exactly(db.execute(text(_SPEND_HELD), values).scalar_one(), _sum(taken))


def let_go(db: Session, user_id: UUID, taken: Taken, *, at: datetime) -> None:
    """Free units that were set aside; those of a lot that has run out meanwhile can be spent for 30 days.

    Raises Missing when they are not held.
    """
    values = {"user": user_id, "line": None, "at": at, "until": at + AFTER_EXPIRY, **_arrays(taken)}
    _exactly(db.execute(text(_LET_GO), values).scalar_one(), _sum(taken))


# Last burnt comes back first: what was bought before what was given.
_PUT_BACK = f"""
WITH used AS (SELECT lot_id, amount - returned AS units,
                     sum(amount - returned) OVER (ORDER BY priority DESC, expires_at DESC NULLS FIRST, lot_id DESC)
                         AS upto
              FROM lot_use JOIN credit_lot lot ON lot.id = lot_id WHERE lot_use.line_id = :debit AND returned < amount),
back AS (SELECT lot_id, least(units, :amount - (upto - units))::int AS units FROM used WHERE upto - units < :amount),
noted AS (UPDATE lot_use SET returned = returned + units FROM back
          WHERE lot_use.line_id = :debit AND lot_use.lot_id = back.lot_id AND returned + units <= amount
          RETURNING back.lot_id, units),
refilled AS (UPDATE credit_lot lot SET remaining = remaining + units FROM noted
             WHERE lot.id = noted.lot_id AND (expires_at IS NULL OR expires_at > :at)),
reopened AS ({_REOPEN.format(source="noted")})
SELECT coalesce(sum(units), 0) FROM noted"""


def put_back(db: Session, debit_id: int, amount: int, *, line_id: int, at: datetime) -> None:
    """Return spent units of a debit into the lots they came from; `line_id` is the line that says so.

    Units of a lot that has run out open another one for 30 days. Raises Missing when fewer were taken.
    """
    values = {"debit": debit_id, "amount": amount, "line": line_id, "at": at, "until": at + AFTER_EXPIRY}
    _exactly(db.execute(text(_PUT_BACK), values).scalar_one(), amount)


_TAKE_FROM = """
WITH moved AS (UPDATE credit_lot SET remaining = remaining - :amount
               WHERE id = :lot AND remaining - held >= :amount RETURNING id)
INSERT INTO lot_use (line_id, lot_id, amount) SELECT :line, id, :amount FROM moved"""


def take_from(db: Session, lot_id: int, line_id: int, amount: int) -> None:
    """Spend free units of one lot. Raises Missing when there are fewer."""
    done: Any = db.execute(text(_TAKE_FROM), {"lot": lot_id, "line": line_id, "amount": amount})
    _exactly(done.rowcount, 1)


def _arrays(taken: Taken) -> dict[str, list[int]]:
    return {"lots": [lot for lot, _ in taken], "units": [units for _, units in taken]}


def _sum(taken: Taken) -> int:
    return sum(units for _, units in taken)


def _exactly(found: int, wanted: int) -> None:
    if found != wanted:
        raise Missing(f"{found} of {wanted}")
