"""Exceptions to the plan for one person: granted for a reason until an instant, over by themselves after it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import AccountState, Permission, PlanFeature

LONGEST = timedelta(days=366)
MOST = 100_000
REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class _Kept:
    """An exception as it is stored."""

    user_id: UUID
    feature: str
    usage_limit: int
    ends_at: datetime
    ended_at: datetime | None


def grant(
    db: Session, by: Actor, user_id: UUID, feature: str, *, usage_limit: int, ends_at: datetime, reason: str
) -> UUID:
    """Allow somebody another number of uses a month (-1 without limit, 0 never) from now until `ends_at`.

    Returns the id. Needs limits.write. Raises Invalid with the field, NotFound for nobody, and Conflict while an
    exception for the same person and feature runs: that one is ended first.
    """
    by.must(Permission.LIMITS_WRITE)
    now = clock.now()
    _check(feature, usage_limit, ends_at, reason, now)
    state = db.execute(text("SELECT state FROM app_user WHERE id = :id"), {"id": user_id}).scalar_one_or_none()
    if state is None or state == AccountState.ERASED:
        raise NotFound
    keys = {"user": user_id, "feature": feature, "now": now}
    db.execute(_CLOSE_EXPIRED, keys)
    made = db.execute(
        _GRANT,
        {
            **keys, "id": new_id(), "on": usage_limit != 0, "limit": usage_limit, "reason": reason.strip(),
            "by": by.owner_id, "end": ends_at,
        },
    ).scalar_one_or_none()  # fmt: skip
    if made is None:
        raise Conflict("plans.error.override_runs")
    after = {"feature": feature, "usage_limit": usage_limit, "until": ends_at.isoformat(), "override": made}
    trail.record(db, by, "limit_override.granted", "user", user_id, after=after, reason=reason)
    return made


def end(db: Session, by: Actor, override_id: UUID, *, reason: str) -> None:
    """End an exception now: the plan decides again. Needs limits.write.

    Raises Invalid without a reason, NotFound, and Conflict when it was over before.
    """
    by.must(Permission.LIMITS_WRITE)
    if not reason.strip():
        raise Invalid("plans.error.reason", field="reason")
    found = db.execute(_READ, {"id": override_id}).one_or_none()
    if found is None:
        raise NotFound
    now = clock.now()
    kept = _Kept(*found)
    if kept.ended_at is not None or kept.ends_at <= now:
        raise Conflict("plans.error.override_over")
    db.execute(text("UPDATE limit_override SET ended_at = :now WHERE id = :id"), {"id": override_id, "now": now})
    before: dict[str, Any] = {
        "feature": kept.feature, "usage_limit": kept.usage_limit, "until": kept.ends_at.isoformat(),
        "override": override_id,
    }  # fmt: skip
    after = {**before, "until": now.isoformat()}
    trail.record(db, by, "limit_override.ended", "user", kept.user_id, before=before, after=after, reason=reason)


def _check(feature: str, usage_limit: int, ends_at: datetime, reason: str, now: datetime) -> None:
    if feature not in tuple(PlanFeature):
        raise Invalid("plans.error.feature", field="feature")
    if not -1 <= usage_limit <= MOST:
        raise Invalid("plans.error.limit", field="usage_limit")
    if ends_at <= now:
        raise Invalid("plans.error.end_past", field="ends_at")
    if ends_at > now + LONGEST:
        raise Invalid("plans.error.end_far", field="ends_at")
    if not reason.strip():
        raise Invalid("plans.error.reason", field="reason")
    if len(reason) > REASON_LENGTH:
        raise Invalid("plans.error.reason_long", field="reason")


# What ran out by itself makes room for the next one.
_CLOSE_EXPIRED = text(
    "UPDATE limit_override SET ended_at = ends_at WHERE user_id = :user AND feature_name = :feature"
    " AND ended_at IS NULL AND ends_at <= :now"
)
_GRANT = text(
    "INSERT INTO limit_override"
    " (id, user_id, feature_name, is_enabled, usage_limit, reason, created_by, valid_from, ends_at)"
    " VALUES (:id, :user, :feature, :on, :limit, :reason, :by, :now, :end)"
    " ON CONFLICT (user_id, feature_name) WHERE ended_at IS NULL DO NOTHING RETURNING id"
)
_READ = text(
    "SELECT user_id, feature_name, usage_limit, ends_at, ended_at FROM limit_override WHERE id = :id FOR UPDATE"
)
