"""How often a person used a feature in a period: one row each, incremented only below the limit, never thrown away."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.billing.periods import Period

UNLIMITED = -1
# One person's periods are opened one after another.
_LOCK = 7_302


def take(db: Session, user_id: UUID, feature: str, limit: int, period: Period) -> int | None:
    """Count one use and reserve it, when fewer than `limit` are counted (UNLIMITED: always).

    Returns the id of the counter, to be given to `keep`, `free` or `give_back`; None when the limit is reached.
    """
    if limit == 0:
        return None
    start, end = period
    key = {"person": user_id, "feature": feature, "start": start}
    if db.execute(_FIND, key).one_or_none() is None:
        end = _open(db, key, end)
    return db.execute(_TAKE, {**key, "end": end, "limit": limit}).scalar_one_or_none()


def keep(db: Session, counter_id: int) -> None:
    """A reserved use happened. Raises NotFound for a counter that is not there."""
    _move(db, counter_id, "reserved = reserved - 1")


def free(db: Session, counter_id: int) -> None:
    """A reserved use did not happen: it may be used again, in the period it was taken from."""
    _move(db, counter_id, "count = count - 1, reserved = reserved - 1")


def give_back(db: Session, counter_id: int) -> None:
    """A use that happened is given back, in the period it was taken from."""
    _move(db, counter_id, "count = count - 1")


def used(db: Session, user_id: UUID, feature: str, period: Period) -> int:
    """How many uses are counted in a period, the reserved ones among them."""
    found = db.execute(_FIND, {"person": user_id, "feature": feature, "start": period[0]}).scalar_one_or_none()
    return int(found or 0)


def _open(db: Session, key: dict[str, Any], end: Any) -> Any:
    """End the earlier period where this one starts; gives this one's end, before the period that follows it."""
    db.execute(
        text("SELECT pg_advisory_xact_lock(:lock, hashtext(:person))"),
        {"lock": _LOCK, "person": str(key["person"])},
    )
    db.execute(_CUT, key)
    following = db.execute(_FOLLOWING, {**key, "end": end}).scalar_one_or_none()
    return following or end


def _move(db: Session, counter_id: int, change: str) -> None:
    moved = db.execute(
        text(f"UPDATE feature_usage_counter SET {change} WHERE id = :id RETURNING id"), {"id": counter_id}
    ).one_or_none()
    if moved is None:
        raise NotFound


_FIND = text(
    "SELECT count FROM feature_usage_counter"
    " WHERE user_id = :person AND feature_name = :feature AND period_start = :start"
)
_TAKE = text(
    """INSERT INTO feature_usage_counter (user_id, feature_name, count, reserved, period_start, period_end)
       VALUES (:person, :feature, 1, 1, :start, :end)
       ON CONFLICT (user_id, feature_name, period_start) DO UPDATE
       SET count = feature_usage_counter.count + 1, reserved = feature_usage_counter.reserved + 1
       WHERE :limit = -1 OR feature_usage_counter.count < :limit
       RETURNING id"""
)
_CUT = text(
    "UPDATE feature_usage_counter SET period_end = :start WHERE user_id = :person AND feature_name = :feature"
    " AND period_start < :start AND period_end > :start"
)
_FOLLOWING = text(
    "SELECT min(period_start) FROM feature_usage_counter WHERE user_id = :person AND feature_name = :feature"
    " AND period_start > :start AND period_start < :end"
)
