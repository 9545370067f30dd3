"""What plans allow, changed as versions: existing subscribers keep theirs or get the new one at their renewal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Row
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import Permission, PlanFeature

MOST = 100_000
REASON_LENGTH = 300


class Existing(StrEnum):
    """What becomes of those who have the plan already."""

    KEEP = "keep"
    MOVE = "move"  # at their renewal


@dataclass(frozen=True)
class PlanEdit:
    """New limits of one plan by feature (-1 without limit, 0 never), on top of the version that was on the screen."""

    plan_id: int
    version: int
    cells: Mapping[str, int]


def change(db: Session, by: Actor, edits: Sequence[PlanEdit], *, existing: Existing, reason: str) -> tuple[int, ...]:
    """Open one new version of each edited plan; returns their numbers. Needs limits.write.

    Only cells that differ are changed, and each is audited. Raises Invalid (with the field) for a cell that cannot
    be, a missing reason or edits that change nothing, and Conflict when a plan has a newer version than the one
    edited: nothing is stored then, in no plan.
    """
    by.must(Permission.LIMITS_WRITE)
    if not reason.strip():
        raise Invalid("plans.error.reason", field="reason")
    if len(reason) > REASON_LENGTH:
        raise Invalid("plans.error.reason_long", field="reason")
    check(edits)
    made = [_change(db, by, edit, existing, reason) for edit in sorted(edits, key=lambda edit: edit.plan_id)]
    numbers = tuple(number for number in made if number is not None)
    if not numbers:
        raise Invalid("plans.error.nothing_changed")
    return numbers


def check(edits: Sequence[PlanEdit]) -> None:
    """Raises Invalid when a cell cannot be: an unknown feature, a number out of range, a plan edited twice."""
    if len({edit.plan_id for edit in edits}) != len(edits):
        raise Invalid
    for edit in edits:
        for feature, limit in edit.cells.items():
            if feature not in tuple(PlanFeature):
                raise Invalid("plans.error.feature", field=feature)
            if not -1 <= limit <= MOST:
                raise Invalid("plans.error.limit", field=feature)


def limits_of(db: Session, version_id: int) -> dict[str, int]:
    """The limits of one version by feature; 0 where it is switched off."""
    rows = db.execute(_LIMITS, {"version": version_id})
    return {row.feature_name: row.usage_limit if row.is_enabled else 0 for row in rows}


def _change(db: Session, by: Actor, edit: PlanEdit, existing: Existing, reason: str) -> int | None:
    last = _last(db, edit)
    before = limits_of(db, last.id)
    cells = {feature: limit for feature, limit in edit.cells.items() if limit != before.get(feature, 0)}
    if not cells:
        return None
    moves = existing == Existing.MOVE and not last.is_free
    version = db.execute(
        _OPEN,
        {
            "last": last.id, "number": last.version + 1, "moves": moves, "note": reason.strip(), "by": by.user_id,
            "now": clock.now(),
        },
    ).scalar_one()  # fmt: skip
    db.execute(
        _WRITE,
        [
            {"plan": edit.plan_id, "version": version, "feature": feature, "limit": limit}
            for feature, limit in {**before, **cells}.items()
        ],
    )
    _subscribers(db, edit.plan_id, last.id, version, moves=moves)
    for feature, limit in cells.items():
        trail.record(
            db, by, "plan.limit_changed", "plan_limit", f"{last.name}/{feature}", reason=reason,
            before={"usage_limit": before.get(feature, 0), "version": last.version},
            after={"usage_limit": limit, "version": last.version + 1, "existing": "move" if moves else "keep"},
        )  # fmt: skip
    return last.version + 1


def _last(db: Session, edit: PlanEdit) -> Row:
    """The version that is sold, with the plan locked: two changes of one plan are one after the other."""
    db.execute(text("SELECT id FROM subscription_plan WHERE id = :plan FOR UPDATE"), {"plan": edit.plan_id})
    last = db.execute(_LAST, {"plan": edit.plan_id}).one_or_none()
    if last is None:
        raise NotFound
    if last.version != edit.version:
        raise Conflict("plans.error.changed_meanwhile", plan=last.name, version=last.version, who=last.who or "–")
    return last


def _subscribers(db: Session, plan_id: int, last: int, version: int, *, moves: bool) -> None:
    """Those without a version of their own keep the one they had; with `moves` all get the new one at renewal."""
    db.execute(
        text("UPDATE subscription SET plan_version_id = :last WHERE plan_id = :plan AND plan_version_id IS NULL"),
        {"plan": plan_id, "last": last},
    )
    if moves:
        db.execute(
            text("UPDATE subscription SET next_plan_version_id = :next WHERE plan_id = :plan"),
            {"plan": plan_id, "next": version},
        )


_LIMITS = text(
    "SELECT feature_name, is_enabled, usage_limit FROM subscription_plan_feature_limit WHERE plan_version_id = :version"
)
_LAST = text(
    """SELECT v.id, v.version, p.name, p.is_free, coalesce(u.name, u.email) AS who
       FROM plan_version v JOIN subscription_plan p ON p.id = v.plan_id LEFT JOIN app_user u ON u.id = v.created_by
       WHERE v.plan_id = :plan ORDER BY v.version DESC LIMIT 1"""
)
_OPEN = text(
    """INSERT INTO plan_version (plan_id, version, price_monthly, price_yearly, price_currency, moves_at_renewal, note,
           created_by, valid_from)
       SELECT plan_id, :number, price_monthly, price_yearly, price_currency, :moves, :note, :by, :now
       FROM plan_version WHERE id = :last RETURNING id"""
)
_WRITE = text(
    """INSERT INTO subscription_plan_feature_limit (plan_id, plan_version_id, feature_name, is_enabled, usage_limit)
       VALUES (:plan, :version, :feature, :limit <> 0, :limit)"""
)
