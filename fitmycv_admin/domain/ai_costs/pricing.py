"""Prices of models: versions that take effect at an instant, never overlap and never change the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import catalogue, price_safety
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import Permission, UsageType

# One price list at a time per model: calls being recorded hold it shared, a change holds it alone.
_LOCK = 7_301
MAX_NANO_PER_MTOKEN = 100_000 * 10**9


@dataclass(frozen=True, slots=True)
class Price:
    """The version that prices a call, with nano-USD per million tokens of each kind."""

    version_id: int
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Version:
    id: int
    starts_at: datetime
    ends_at: datetime | None
    lines: Mapping[str, int]

    def said(self) -> dict[str, object]:
        """As the audit trail keeps it."""
        return {
            "version": self.id,
            "from": self.starts_at.isoformat(),
            "until": self.ends_at.isoformat() if self.ends_at else None,
            "nano_usd_per_million": dict(self.lines),
        }


def price_of(db: Session, model: str, tier: str, at: datetime) -> Price | None:
    """The price of a model (by any of its names) and tier at an instant; None when there is none."""
    match = catalogue.find_model(db, model)
    known = catalogue.known_tier(db, tier)
    return price_at(db, match.id, known, at) if match and known is not None else None


def price_at(db: Session, model_id: int, tier_id: int, at: datetime) -> Price | None:
    """As `price_of`, by the numbers of model and tier."""
    rows = db.execute(
        text(
            """SELECT v.id, l.usage_type, l.nano_per_mtoken
               FROM price_version v LEFT JOIN price_line l ON l.version_id = v.id
               WHERE v.model_id = :model AND v.tier_id = :tier AND v.valid @> cast(:at AS timestamptz)"""
        ),
        {"model": model_id, "tier": tier_id, "at": at},
    ).all()
    if not rows:
        return None
    return Price(rows[0].id, {row.usage_type: row.nano_per_mtoken for row in rows if row.usage_type})


def hold(db: Session, model_id: int) -> None:
    """Keep a model's prices as they are until this transaction ends; many may hold, a change waits for all."""
    db.execute(text("SELECT pg_advisory_xact_lock_shared(:lock, :model)"), {"lock": _LOCK, "model": model_id})


def change(
    db: Session,
    by: Actor,
    model: str,
    tier: str,
    *,
    lines: Mapping[str, int],
    effective_at: datetime | None = None,
    reason: str,
    confirmed: bool = False,
) -> int:
    """Open a version of a model's prices at an instant (None: now) and close the one that runs then.

    `lines` are nano-USD per million tokens by usage type; input and output are required. Returns the version's id.
    Raises Invalid with the field (effective_at in the past, a missing or impossible line, no reason, a line more than
    ten times the one before or the list price, or less than a tenth, unless `confirmed`), and Conflict when a change
    is planned for that very instant.
    """
    by.must(Permission.PRICES_WRITE)
    check(lines)
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    found = catalogue.find_model(db, model)
    if found is None:
        raise NotFound
    tier_id = catalogue.tier_id(db, tier)
    _alone(db, found.id)
    # Read after the lock: whatever was recorded until now started before this instant.
    now = clock.now()
    at = effective_at or now
    if at < now:
        raise Invalid("ai_costs.error.price_in_the_past", field="effective_at")
    versions = _versions(db, found.id, tier_id)
    if any(version.starts_at == at for version in versions):
        raise Conflict("ai_costs.error.price_planned_then")
    before, following = _around(versions, at)
    if not confirmed:
        _near(before.lines if before else None, lines, found.name)
    if before:
        _end(db, before.id, at)
    until = following.starts_at if following else None
    version = _open(db, by, found.id, tier_id, at, until, lines, reason)
    trail.record(
        db, by, "price.change", "price", f"{found.name}/{tier}", reason=reason,
        before=before.said() if before else None, after=_Version(version, at, until, lines).said(),
    )  # fmt: skip
    return version


def cancel(db: Session, by: Actor, version_id: int, *, reason: str) -> None:
    """Take back a planned change: the version before it runs on. Raises Invalid once it has begun."""
    by.must(Permission.PRICES_WRITE)
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    where = db.execute(
        text(
            "SELECT v.model_id, v.tier_id, m.model_name, t.key FROM price_version v"
            " JOIN openai_pricing m ON m.id = v.model_id JOIN ai_tier t ON t.id = v.tier_id WHERE v.id = :id"
        ),
        {"id": version_id},
    ).one_or_none()
    if where is None:
        raise NotFound
    _alone(db, where.model_id)
    versions = _versions(db, where.model_id, where.tier_id)
    planned = next((version for version in versions if version.id == version_id), None)
    if planned is None:
        raise NotFound
    if planned.starts_at <= clock.now():
        raise Invalid("ai_costs.error.price_already_runs", field="effective_at")
    db.execute(text("DELETE FROM price_version WHERE id = :id"), {"id": version_id})
    before = next((version for version in versions if version.ends_at == planned.starts_at), None)
    if before:
        _end(db, before.id, planned.ends_at)
    trail.record(
        db, by, "price.cancel", "price", f"{where.model_name}/{where.key}",
        reason=reason, before=planned.said(), after=before.said() if before else None,
    )  # fmt: skip


def add_model(
    db: Session, by: Actor, name: str, *, aliases: tuple[str, ...] = (), description: str = "", reason: str
) -> int:
    """Put a model on the list, still without a price; returns its id. Raises Invalid when the name is taken."""
    by.must(Permission.PRICES_WRITE)
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid("ai_costs.error.model_name_missing", field="name")
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    made = db.execute(
        text(
            "INSERT INTO openai_pricing (model_name, aliases, description, is_active)"
            " VALUES (:name, :aliases, :description, true) ON CONFLICT (model_name) DO NOTHING RETURNING id"
        ),
        {"name": name, "aliases": list(aliases), "description": description or None},
    ).scalar_one_or_none()
    if made is None:
        raise Invalid("ai_costs.error.model_name_taken", field="name")
    after = {"aliases": list(aliases), "description": description}
    trail.record(db, by, "price.model_added", "price", name, reason=reason, before=None, after=after)
    return int(made)


def check(lines: Mapping[str, int]) -> None:
    """Raise Invalid, with the usage type as field, for lines that cannot be a price."""
    for usage_type, nano in lines.items():
        if usage_type not in list(UsageType):
            raise Invalid("ai_costs.error.usage_type_unknown", field=usage_type)
        if not 0 <= nano <= MAX_NANO_PER_MTOKEN:
            raise Invalid("ai_costs.error.price_out_of_range", field=usage_type)
    for usage_type in (UsageType.INPUT, UsageType.OUTPUT):
        if usage_type not in lines:
            raise Invalid("ai_costs.error.price_missing", field=usage_type)


def _near(before: Mapping[str, int] | None, after: Mapping[str, int], name: str) -> None:
    for far in price_safety.far_lines(before, after, name):
        raise Invalid("ai_costs.error.price_far", field=far.usage_type, times=price_safety.FAR)


def _around(versions: list[_Version], at: datetime) -> tuple[_Version | None, _Version | None]:
    """The version that runs at an instant, and the next one to begin."""
    running = (v for v in versions if v.starts_at < at and (v.ends_at is None or v.ends_at > at))
    return next(running, None), next((v for v in versions if v.starts_at > at), None)


def _alone(db: Session, model_id: int) -> None:
    db.execute(text("SELECT pg_advisory_xact_lock(:lock, :model)"), {"lock": _LOCK, "model": model_id})


def _versions(db: Session, model_id: int, tier_id: int) -> list[_Version]:
    rows = db.execute(
        text(
            """SELECT v.id, lower(v.valid) starts_at, upper(v.valid) ends_at,
                 coalesce(jsonb_object_agg(l.usage_type, l.nano_per_mtoken) FILTER (WHERE l.usage_type IS NOT NULL),
                          '{}') lines
               FROM price_version v LEFT JOIN price_line l ON l.version_id = v.id
               WHERE v.model_id = :model AND v.tier_id = :tier GROUP BY v.id ORDER BY lower(v.valid) NULLS FIRST"""
        ),
        {"model": model_id, "tier": tier_id},
    ).all()
    return [_Version(row.id, row.starts_at, row.ends_at, row.lines) for row in rows]


def _end(db: Session, version_id: int, at: datetime | None) -> None:
    db.execute(
        text("UPDATE price_version SET valid = tstzrange(lower(valid), cast(:at AS timestamptz)) WHERE id = :id"),
        {"id": version_id, "at": at},
    )


def _open(
    db: Session, by: Actor, model_id: int, tier_id: int, at: datetime, until: datetime | None,
    lines: Mapping[str, int], reason: str,
) -> int:  # fmt: skip
    version = db.execute(
        text(
            "INSERT INTO price_version (model_id, tier_id, valid, reason, created_by) VALUES (:model, :tier,"
            " tstzrange(cast(:at AS timestamptz), cast(:until AS timestamptz)), :reason, :by) RETURNING id"
        ),
        {"model": model_id, "tier": tier_id, "at": at, "until": until, "reason": reason.strip(), "by": by.user_id},
    ).scalar_one()
    db.execute(
        text("INSERT INTO price_line (version_id, usage_type, nano_per_mtoken) VALUES (:version, :kind, :nano)"),
        [{"version": version, "kind": str(kind), "nano": nano} for kind, nano in lines.items()],
    )
    return int(version)
