"""What the price page shows: models with the price of now and the next one, and all versions of one of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import cells, effective
from fitmycv_admin.domain.ai_costs.periods import day_of
from fitmycv_admin.vocabulary import Permission, ServiceTier

RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A model at a tier. `lines` (nano-USD per million tokens by usage type) is empty: it has no price now."""

    model: str
    tier: str
    description: str
    aliases: tuple[str, ...]
    is_active: bool
    large_context_from: int | None
    lines: Mapping[str, int]
    since: datetime | None
    next_at: datetime | None
    versions: int
    calls: int
    unpriced: int
    cost_nano: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version; `state` is past, running or planned."""

    id: int
    model: str
    tier: str
    lines: Mapping[str, int]
    starts_at: datetime | None
    ends_at: datetime | None
    state: str
    reason: str
    source: str
    by: str
    created_at: datetime


class State(StrEnum):
    """What the list can be narrowed to."""

    UNPRICED = "unpriced"  # called without a price in the last 30 days
    PLANNED = "planned"  # a change is planned
    NO_PRICE = "no_price"
    INACTIVE = "inactive"


def prices(db: Session, by: Actor) -> tuple[PriceRow, ...]:
    """Every model at every tier that has a price or was called in the last 30 days; those without a price first."""
    by.must(Permission.PRICES_READ)
    return _every(db)


def narrowed(
    rows: Iterable[PriceRow], *, search: str = "", tier: str = "", state: str = ""
) -> tuple[PriceRow, ...]:  # fmt: skip
    """The rows with a text in their name, aliases or description, of a tier and of a `State`; empty: all."""
    return tuple(row for row in rows if _matches(row, search.strip().lower(), tier, state))


def opened(rows: Iterable[PriceRow], model: str, tier: str) -> PriceRow | None:
    """A model at a tier; one that has no price at it is a row too, so that it can be given one."""
    of_model = [row for row in rows if row.model == model]
    if not of_model or tier not in list(ServiceTier):
        return None
    nothing = replace(
        of_model[0], tier=tier, lines={}, since=None, next_at=None, versions=0, calls=0, unpriced=0, cost_nano=0
    )
    return next((row for row in of_model if row.tier == tier), nothing)


def _matches(row: PriceRow, search: str, tier: str, state: str) -> bool:
    said = " ".join((row.model, *row.aliases, row.description)).lower()
    states = {
        State.UNPRICED: row.unpriced > 0,
        State.PLANNED: row.next_at is not None,
        State.NO_PRICE: not row.lines,
        State.INACTIVE: not row.is_active,
    }
    return search in said and tier in ("", row.tier) and (state not in list(State) or states[State(state)])


def _every(db: Session) -> tuple[PriceRow, ...]:
    now = clock.now()
    since = day_of(now - timedelta(days=RECENT_DAYS - 1), zone(db))
    rows = db.execute(text(_PRICES), {"now": now, "day": since}).all()
    return tuple(
        PriceRow(
            row.model_name, row.tier or ServiceTier.STANDARD, row.description or "", tuple(row.aliases), row.is_active,
            row.large_context_from, row.lines or {}, row.since, row.next_at, row.versions, row.calls, row.unpriced,
            row.cost_nano,
        )
        for row in rows
    )  # fmt: skip


def versions(db: Session, by: Actor, model: str, tier: str) -> tuple[VersionRow, ...]:
    """The versions of a model at a tier, newest first."""
    by.must(Permission.PRICES_READ)
    rows = db.execute(text(_VERSIONS), {"model": model, "tier": tier}).all()
    now = clock.now()
    return tuple(
        VersionRow(
            row.id, model, tier, row.lines or {}, row.starts_at, row.ends_at, _state(row, now), row.reason,
            row.source, row.name or row.email or "", row.created_at,
        )
        for row in rows
    )  # fmt: skip


def lines_of(db: Session, by: Actor, version_ids: Sequence[int]) -> Mapping[int, Mapping[str, int]]:
    """The prices of some versions, in nano-USD per million tokens by usage type."""
    by.must(Permission.COSTS_READ)
    sql = f"SELECT v.id, {_LINES} FROM price_version v WHERE v.id = ANY(:ids)"
    return {row.id: row.lines or {} for row in db.execute(text(sql), {"ids": list(version_ids)})}


def zone(db: Session) -> str:
    """The zone in which days are counted and instants are typed."""
    return db.execute(text("SELECT zone FROM fold_mark")).scalar_one_or_none() or "Europe/Paris"


def _state(row: Any, now: datetime) -> str:
    if row.starts_at is not None and row.starts_at > now:
        return "planned"
    return "past" if row.ends_at is not None and row.ends_at <= now else "running"


_LINES = "(SELECT jsonb_object_agg(l.usage_type, l.nano_per_mtoken) FROM price_line l WHERE l.version_id = v.id) lines"

_PRICES = f"""
WITH used AS (
    SELECT model_id, tier_id, sum(calls)::bigint calls, sum(unpriced)::bigint unpriced, sum(cost_nano)::bigint cost_nano
    FROM (
        SELECT model_id, tier_id, calls, unpriced, cost_nano FROM roll_day WHERE day >= :day
        UNION ALL
        SELECT model_id, tier_id, 1, {effective.OWN_UNPRICED}::int, coalesce(cost_nano, 0)
        FROM openai_call c WHERE xid >= {cells.MARK}
    ) cells GROUP BY 1, 2
), pairs AS (
    SELECT DISTINCT model_id, tier_id FROM price_version UNION SELECT model_id, tier_id FROM used
)
SELECT m.model_name, t.key AS tier, m.description, m.aliases, m.is_active,
    m.large_context_from, now.lines, now.since,
    (SELECT min(lower(p.valid)) FROM price_version p
        WHERE p.model_id = m.id AND p.tier_id = t.id AND lower(p.valid) > :now) AS next_at,
    (SELECT count(*) FROM price_version p WHERE p.model_id = m.id AND p.tier_id = t.id) AS versions,
    coalesce(used.calls, 0) AS calls, coalesce(used.unpriced, 0) AS unpriced, coalesce(used.cost_nano, 0) AS cost_nano
FROM openai_pricing m
LEFT JOIN pairs ON pairs.model_id = m.id
LEFT JOIN ai_tier t ON t.id = pairs.tier_id
LEFT JOIN used ON used.model_id = m.id AND used.tier_id = t.id
LEFT JOIN LATERAL (
    SELECT lower(v.valid) AS since, {_LINES} FROM price_version v
    WHERE v.model_id = m.id AND v.tier_id = t.id AND v.valid @> cast(:now AS timestamptz)
) now ON true
ORDER BY (now.lines IS NULL AND coalesce(used.unpriced, 0) > 0) DESC, coalesce(used.cost_nano, 0) DESC,
    m.is_active DESC, m.model_name, t.id
"""

_VERSIONS = f"""
SELECT v.id, {_LINES}, lower(v.valid) AS starts_at, upper(v.valid) AS ends_at, v.reason, v.source,
    v.created_at, u.name, u.email
FROM price_version v JOIN openai_pricing m ON m.id = v.model_id JOIN ai_tier t ON t.id = v.tier_id
LEFT JOIN app_user u ON u.id = v.created_by
WHERE m.model_name = :model AND t.key = :tier ORDER BY lower(v.valid) DESC NULLS LAST
"""
