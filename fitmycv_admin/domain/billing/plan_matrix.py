"""Plans beside features: what each allows now, who has it, and every version it had."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.limits import GRACE, entitled, held
from fitmycv_admin.vocabulary import AccountState, Permission, PlanFeature


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A plan as it is sold now. `people` have it now, `on_older` of them an earlier version, `moving` wait for theirs.

    Prices are cents of `currency`; `limits` are uses a month by feature: -1 without limit, 0 never.
    """

    id: int
    name: str
    is_free: bool
    tier: int
    price_monthly: int
    price_yearly: int
    currency: str
    version: int
    version_id: int
    since: datetime
    people: int
    on_older: int
    moving: int
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CellChange:
    """A limit that a version changed; None where the earlier version did not name the feature."""

    feature: str
    before: int | None
    after: int


@dataclass(frozen=True, slots=True)
class PlanVersionRow:
    """One version of a plan: who made it, why, what it changed and who has it today."""

    version: int
    version_id: int
    since: datetime
    by: str
    reason: str
    moves_at_renewal: bool
    price_monthly: int
    price_yearly: int
    currency: str
    people: int
    changes: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True)
class PlanScreen:
    """Everything the page of plans shows; `versions` are those of the opened plan, newest first."""

    features: tuple[str, ...]
    plans: tuple[PlanColumn, ...]
    opened: PlanColumn | None
    versions: tuple[PlanVersionRow, ...]
    may_write: bool


def screen(db: Session, by: Actor, opened: str = "") -> PlanScreen:
    """The matrix, and the versions of the plan named `opened`. Needs plans.read."""
    columns = plans(db, by)
    chosen = next((plan for plan in columns if plan.name == opened), None)
    features = tuple(str(feature) for feature in PlanFeature)
    history = versions(db, by, chosen.id) if chosen else ()
    return PlanScreen(features, columns, chosen, history, by.may(Permission.LIMITS_WRITE))


def plans(db: Session, by: Actor) -> tuple[PlanColumn, ...]:
    """Every plan as it is sold now, by tier. Needs plans.read."""
    by.must(Permission.PLANS_READ)
    now = clock.now()
    rows = db.execute(text(_PLANS), {"now": now, "since": now - GRACE}).all()
    found = tuple(_column(row) for row in rows)
    others = sum(plan.people for plan in found)
    return tuple(
        replace(plan, people=_everybody(db) - others + plan.people) if plan.is_free else plan for plan in found
    )


def versions(db: Session, by: Actor, plan_id: int) -> tuple[PlanVersionRow, ...]:
    """The versions of a plan, newest first. Needs plans.read; raises NotFound."""
    by.must(Permission.PLANS_READ)
    now = clock.now()
    rows = db.execute(text(_VERSIONS), {"plan": plan_id, "now": now, "since": now - GRACE}).all()
    if not rows:
        raise NotFound
    following: list[Mapping[str, int]] = [row.limits for row in rows[1:]]
    earlier: list[Mapping[str, int] | None] = [*following, None]
    return tuple(_version(row, before) for row, before in zip(rows, earlier, strict=True))


def _everybody(db: Session) -> int:
    sql = text(f"SELECT count(*) FROM app_user WHERE state <> '{AccountState.ERASED}'")
    return int(db.execute(sql).scalar_one())


def _column(row: Any) -> PlanColumn:
    return PlanColumn(
        row.id, row.name, row.is_free, row.tier, row.price_monthly, row.price_yearly, row.price_currency, row.version,
        row.version_id, row.valid_from, row.people, row.on_older, row.moving, row.limits,
    )  # fmt: skip


def _version(row: Any, before: Mapping[str, int] | None) -> PlanVersionRow:
    changes = ()
    if before is not None:
        names = [*row.limits, *(name for name in before if name not in row.limits)]
        changes = tuple(
            CellChange(name, before.get(name), row.limits.get(name, 0))
            for name in sorted(names, key=_place)
            if before.get(name, 0) != row.limits.get(name, 0)
        )
    return PlanVersionRow(
        row.version, row.id, row.valid_from, row.who, row.note, row.moves_at_renewal, row.price_monthly,
        row.price_yearly, row.price_currency, row.people, changes,
    )  # fmt: skip


def _place(feature: str) -> int:
    known = [str(one) for one in PlanFeature]
    return known.index(feature) if feature in known else len(known)


_LIMITS_JSON = (
    "coalesce((SELECT jsonb_object_agg(l.feature_name, CASE WHEN l.is_enabled THEN l.usage_limit ELSE 0 END)"
    " FROM subscription_plan_feature_limit l WHERE l.plan_version_id = v.id), '{}') AS limits"
)
_HOLDERS = f"""SELECT c.plan_id, {held("c")} AS version_id,
    c.next_plan_version_id IS NOT NULL AND c.current_period_end > :now AS waits
    FROM subscription c WHERE {entitled("c")}"""
_PLANS = f"""
WITH holders AS ({_HOLDERS})
SELECT p.id, p.name, p.is_free, p.tier, v.price_monthly, v.price_yearly, v.price_currency, v.version,
    v.id AS version_id, v.valid_from, {_LIMITS_JSON},
    (SELECT count(*) FROM holders h WHERE h.plan_id = p.id) AS people,
    (SELECT count(*) FROM holders h WHERE h.plan_id = p.id AND h.version_id <> v.id) AS on_older,
    (SELECT count(*) FROM holders h WHERE h.plan_id = p.id AND h.waits) AS moving
FROM subscription_plan p
JOIN LATERAL (SELECT n.* FROM plan_version n WHERE n.plan_id = p.id AND n.valid_from <= :now
    ORDER BY n.version DESC LIMIT 1) v ON true
ORDER BY p.tier"""
_VERSIONS = f"""
WITH holders AS ({_HOLDERS} AND c.plan_id = :plan)
SELECT v.id, v.version, v.valid_from, v.note, v.moves_at_renewal, v.price_monthly, v.price_yearly, v.price_currency,
    coalesce(u.name, u.email, '') AS who, {_LIMITS_JSON},
    (SELECT count(*) FROM holders h WHERE h.version_id = v.id) AS people
FROM plan_version v LEFT JOIN app_user u ON u.id = v.created_by
WHERE v.plan_id = :plan ORDER BY v.version DESC"""
