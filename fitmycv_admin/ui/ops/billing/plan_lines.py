"""What the page of plans holds of a plan, a version and a change, with instants as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.billing import plan_impact
from fitmycv_admin.domain.billing.plan_impact import PlanImpact
from fitmycv_admin.domain.billing.plan_matrix import PlanColumn, PlanVersionRow
from fitmycv_admin.domain.billing.plans import PlanEdit

AFFECTED = "/ops/billing/plan-affected"


@dataclass(frozen=True)
class ChangeLine:
    """A limit before and after; -1 without limit, 0 never."""

    feature: str
    before: int
    after: int
    users: int
    above: int


@dataclass(frozen=True)
class VersionLine:
    """One version of the opened plan."""

    id: str
    version: int
    since: str
    by: str
    reason: str
    moves: bool
    is_first: bool
    is_sold: bool
    people: int
    price_monthly: int
    currency: str
    changes: list[ChangeLine]


@dataclass(frozen=True)
class ImpactLine:
    """One plan of the preview, and where its people are listed."""

    id: str
    name: str
    is_free: bool
    version: int
    people: int
    above: int
    href: str
    above_href: str
    file_href: str
    changes: list[ChangeLine]


def column(plan: PlanColumn) -> dict[str, Any]:
    """A plan as the grid draws it."""
    return {
        "id": plan.id, "name": plan.name, "is_free": plan.is_free, "version": plan.version, "people": plan.people,
        "on_older": plan.on_older, "moving": plan.moving, "price_monthly": plan.price_monthly,
        "currency": plan.currency, "limits": dict(plan.limits),
    }  # fmt: skip


def version(row: PlanVersionRow, sold: int) -> VersionLine:
    """A version as the panel draws it."""
    return VersionLine(
        id=str(row.version_id), version=row.version, since=row.since.isoformat(), by=row.by, reason=row.reason,
        moves=row.moves_at_renewal, is_first=row.version == 1, is_sold=row.version == sold, people=row.people,
        price_monthly=row.price_monthly, currency=row.currency,
        changes=[ChangeLine(one.feature, one.before or 0, one.after, 0, 0) for one in row.changes],
    )  # fmt: skip


def impact(row: PlanImpact) -> ImpactLine:
    """A plan of the preview as the dialog draws it."""
    words = {"plan": row.name, "limits": plan_impact.write_limits({cell.feature: cell.after for cell in row.cells})}
    return ImpactLine(
        id=str(row.plan_id), name=row.name, is_free=row.is_free, version=row.version, people=row.people,
        above=row.above, href=f"{AFFECTED}?{urlencode(words)}",
        above_href=f"{AFFECTED}?{urlencode({**words, 'above': '1'})}",
        file_href=f"/api/exports/plan-affected.csv?{urlencode(words)}",
        changes=[ChangeLine(cell.feature, cell.before, cell.after, cell.users, cell.above) for cell in row.cells],
    )  # fmt: skip


def edit(given: Mapping[str, Any]) -> PlanEdit:
    """What the grid sent of one plan; raises Invalid when it is not of that shape."""
    try:
        cells = {str(feature): int(limit) for feature, limit in dict(given["cells"]).items()}
        return PlanEdit(int(given["plan_id"]), int(given["version"]), cells)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid from error
