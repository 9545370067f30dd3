"""The price versions that calls of a period can have: what a list of calls can be narrowed to."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, text

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import Permission

MOST = 200


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """A version by its model, tier and first day in the workspace's zone; None: it was always valid."""

    id: int
    model: str
    tier: str
    since: date | None


def versions(db: Session, by: Actor, period: Period, filters: Filters) -> tuple[VersionChoice, ...]:
    """The versions valid at some instant of the period, of the models and tiers asked for; at most 200."""
    by.must(Permission.COSTS_READ)
    where = "".join(
        f" AND v.{dimension}_id = ANY(:{dimension})"
        for dimension in (Dimension.MODEL, Dimension.TIER)
        if dimension in filters.numbers
    )
    rows = db.execute(
        text(
            f"""SELECT v.id, m.model_name, t.key, (lower(v.valid) AT TIME ZONE cast(:zone AS text))::date AS since
                FROM price_version v JOIN openai_pricing m ON m.id = v.model_id JOIN ai_tier t ON t.id = v.tier_id
                WHERE v.valid && tstzrange(:from, :until){where}
                ORDER BY m.model_name, t.key, lower(v.valid) DESC NULLS LAST LIMIT {MOST}"""
        ),
        {
            "zone": period.zone, "from": period.starts_at, "until": period.ends_at,
            **{str(dimension): numbers for dimension, numbers in filters.numbers.items()},
        },
    )  # fmt: skip
    return tuple(VersionChoice(*row) for row in rows)
