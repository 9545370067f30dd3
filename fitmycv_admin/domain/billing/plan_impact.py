"""Whom a change of limits would touch: how many have the plan, how many use more than the new limit, and who."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import override_list, plan_matrix, plan_usage, plans
from fitmycv_admin.domain.billing.limits import GRACE, entitlement
from fitmycv_admin.domain.billing.plans import PlanEdit
from fitmycv_admin.vocabulary import AccountState, Permission

WORDS = ("plan", "limits", "above")
_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class CellImpact:
    """One limit that would change: who used the feature this month, and who of them more than the new limit."""

    feature: str
    before: int
    after: int
    users: int
    above: int


@dataclass(frozen=True, slots=True)
class PlanImpact:
    """One plan that would get a new version. `above` are the people above at least one of its new limits."""

    plan_id: int
    name: str
    is_free: bool
    version: int
    people: int
    above: int
    cells: tuple[CellImpact, ...]


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """Somebody who has the plan. `uses` are this month's, by feature that would change; free plans do not renew."""

    user_id: UUID
    email: str
    version: int
    renews_at: datetime | None
    uses: Mapping[str, int]
    is_above: bool


@dataclass(frozen=True, slots=True)
class AffectedScreen:
    """Everything the list of those affected shows; `limits` is what would change, by feature."""

    plan: str
    limits: Mapping[str, int]
    people: Page[AffectedRow]


def preview(db: Session, by: Actor, edits: Sequence[PlanEdit]) -> tuple[PlanImpact, ...]:
    """What these edits would mean, plan by plan. Needs plans.read.

    Raises as `plans.change` does: Invalid for a cell that cannot be or edits that change nothing, Conflict when a
    plan has a newer version than the one edited.
    """
    plans.check(edits)
    columns = {plan.id: plan for plan in plan_matrix.plans(db, by)}
    found = [_impact(db, by, columns.get(edit.plan_id), edit) for edit in edits]
    touched = tuple(impact for impact in found if impact.cells)
    if not touched:
        raise Invalid("plans.error.nothing_changed")
    return touched


def affected(db: Session, by: Actor, words: Mapping[str, str], request: PageRequest) -> AffectedScreen:
    """The people who have a plan, with what they used of the features that would change. Needs plans.read.

    `words`: plan (a name), limits (`match_score:10,import_pdf:-1`), above (only those above a new limit).
    """
    by.must(Permission.PLANS_READ)
    limits = read_limits(words.get("limits", ""))
    after, before = paging.decode(request.after, 1), paging.decode(request.before, 1)
    where, point = "", before or after
    if point:
        where = f"AND e.user_id {'<' if before else '>'} :point"
    values = {**_values(words, limits), "point": _uuid(point), "limit": request.limit}
    rows = _rows(db, by, where, values, limits, backwards=before is not None)
    page = paging.page_of(rows, request, lambda row: (str(row.user_id),))
    return AffectedScreen(words.get("plan", ""), limits, page)


def every(db: Session, by: Actor, words: Mapping[str, str]) -> Iterator[AffectedRow]:
    """All of them, in the order of the list. Needs plans.read."""
    by.must(Permission.PLANS_READ)
    limits = read_limits(words.get("limits", ""))
    values: dict[str, Any] = {**_values(words, limits), "point": UUID(int=0), "limit": _EVERY}
    while rows := _rows(db, by, "AND e.user_id > :point", values, limits):
        yield from rows
        values["point"] = rows[-1].user_id


def read_limits(typed: str) -> dict[str, int]:
    """`match_score:10,import_pdf:-1` as limits by feature; what cannot be read is left out."""
    found: dict[str, int] = {}
    for part in typed.split(","):
        feature, _, number = part.partition(":")
        try:
            found[feature.strip()] = int(number)
        except ValueError:
            continue
    return found


def write_limits(limits: Mapping[str, int]) -> str:
    """Limits as `read_limits` reads them."""
    return ",".join(f"{feature}:{limit}" for feature, limit in limits.items())


def _impact(db: Session, by: Actor, plan: plan_matrix.PlanColumn | None, edit: PlanEdit) -> PlanImpact:
    if plan is None:
        raise NotFound
    if plan.version != edit.version:
        versions = plan_matrix.versions(db, by, plan.id)
        raise Conflict("plans.error.changed_meanwhile", plan=plan.name, version=plan.version, who=versions[0].by or "–")
    cells = {feature: limit for feature, limit in edit.cells.items() if limit != plan.limits.get(feature, 0)}
    plan_usage.in_bulk(db)
    rows = db.execute(text(_ABOVE), _values({"plan": plan.name}, cells)).all() if cells else []
    counts = {row.feature: row for row in rows}
    found = tuple(
        CellImpact(
            feature, plan.limits.get(feature, 0), limit,
            counts[feature].users if feature in counts else 0, counts[feature].above if feature in counts else 0,
        )
        for feature, limit in cells.items()
    )  # fmt: skip
    above = counts[""].above if "" in counts else 0
    return PlanImpact(plan.id, plan.name, plan.is_free, plan.version, plan.people, above, found)


def _values(words: Mapping[str, str], limits: Mapping[str, int]) -> dict[str, Any]:
    now = clock.now()
    return {
        "now": now, "since": now - GRACE, "plan": words.get("plan", ""),
        "features": list(limits), "limits": list(limits.values()), "only_above": words.get("above") == "1",
    }  # fmt: skip


def _uuid(point: list[Any] | None) -> UUID:
    try:
        return UUID(str(point[0])) if point else UUID(int=0)
    except ValueError:
        return UUID(int=0)


def _rows(
    db: Session, by: Actor, where: str, values: dict[str, Any], limits: Mapping[str, int], *, backwards: bool = False
) -> list[AffectedRow]:
    plan_usage.in_bulk(db)
    sql = text(_PEOPLE.format(where=where, order="DESC" if backwards else "ASC"))
    rows = db.execute(sql, values).all()
    return [
        AffectedRow(
            row.user_id, override_list.shown(by, row.email), row.version, row.renews_at,
            {feature: (row.uses or {}).get(feature, 0) for feature in limits}, row.is_above,
        )
        for row in (rows[::-1] if backwards else rows)
    ]  # fmt: skip


# Exceptions go before the plan: those who have one are not above its limit.
_OVER = "NOT m.is_override AND n.new_limit >= 0 AND m.used > n.new_limit"
_MONTH = f"""
WITH wanted AS (
    SELECT * FROM unnest(cast(:features AS text[]), cast(:limits AS int[])) AS n (feature, new_limit)
), month AS ({
    plan_usage.current(
        "c.feature_name = ANY(cast(:features AS text[]))"
        " AND e.plan_id = (SELECT id FROM subscription_plan WHERE name = :plan)"
    )
})"""
_ABOVE = f"""{_MONTH}
SELECT coalesce(m.feature, '') AS feature, count(DISTINCT m.user_id) AS users,
    count(DISTINCT m.user_id) FILTER (WHERE {_OVER}) AS above
FROM month m JOIN wanted n ON n.feature = m.feature GROUP BY ROLLUP (m.feature)"""
_PEOPLE = f"""{_MONTH}, uses AS (
    SELECT m.user_id, jsonb_object_agg(m.feature, m.used) AS uses, bool_or({_OVER}) AS is_above
    FROM month m JOIN wanted n ON n.feature = m.feature GROUP BY m.user_id
)
SELECT e.user_id, w.email, v.version, c.current_period_end AS renews_at, uses.uses,
    coalesce(uses.is_above, false) AS is_above
FROM ({entitlement(f"u.state <> '{AccountState.ERASED}'")}) e
JOIN app_user w ON w.id = e.user_id
JOIN plan_version v ON v.id = e.plan_version_id
JOIN subscription_plan p ON p.id = e.plan_id AND p.name = :plan
LEFT JOIN subscription c ON c.user_id = e.user_id AND c.plan_id = e.plan_id
LEFT JOIN uses ON uses.user_id = e.user_id
WHERE (NOT :only_above OR uses.is_above) {{where}}
ORDER BY e.user_id {{order}} LIMIT :limit"""
