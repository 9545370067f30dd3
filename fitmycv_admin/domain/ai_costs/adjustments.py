"""Corrections of what past calls cost: previewed, worked off in chunks, each call once, and undone exactly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import adjusting, fold, names, pricing
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.vocabulary import AdjustmentKind, AdjustmentState, Permission

_LOCK = 7_303


@dataclass(frozen=True, slots=True)
class Asked:
    """Which past calls get which price. None for model or tier means all, None for lines the version valid at each
    call; lines are nano-USD per million tokens by usage type. A late price touches only calls without a price."""

    kind: AdjustmentKind
    model_id: int | None
    tier_id: int | None
    starts_at: datetime
    ends_at: datetime
    lines: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """What a correction does to one feature: calls whose cost moves, those that get a price, and the cost around it."""

    feature: Name
    calls: int
    newly_priced: int
    before_nano: int
    after_nano: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction would do. The costs are those of every call it looks at, in nano-USD; `is_exact` is false when
    there are too many to look at each: then a sample of hours speaks for them."""

    calls: int
    newly_priced: int
    before_nano: int
    after_nano: int
    parts: tuple[FeatureChange, ...]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One correction. `model` and `tier` empty: all. `calls` were changed so far, by `delta_nano` together; `done` is
    how much of its time was worked off, 0 to 1. `may_revert` is false once it was undone or while another
    stands on it."""

    id: int
    kind: AdjustmentKind
    state: AdjustmentState
    reason: str
    model: str
    tier: str
    starts_at: datetime
    ends_at: datetime
    lines: Mapping[str, int] | None
    reverts_id: int | None
    reverted_by: int | None
    done: float
    calls: int
    delta_nano: int
    by: str
    created_at: datetime
    finished_at: datetime | None
    may_revert: bool


def preview(db: Session, by: Actor, asked: Asked) -> Preview:
    """What `start` would do now; writes nothing. Raises Invalid with the field."""
    by.must(Permission.PRICES_READ)
    asked = _checked(asked)
    known = names.read(db)
    found = adjusting.effects(db, _scope(asked, db))
    merged: dict[str, FeatureChange] = {}
    for row in found.rows:
        name = known.of(Dimension.FEATURE, row.feature_id)
        old = merged.get(name.key) or FeatureChange(name, 0, 0, 0, 0)
        merged[name.key] = FeatureChange(
            name, old.calls + row.calls, old.newly_priced + row.newly_priced,
            old.before_nano + row.before_nano, old.after_nano + row.after_nano,
        )  # fmt: skip
    parts = tuple(sorted(merged.values(), key=lambda one: (-abs(one.after_nano - one.before_nano), one.feature.key)))
    return Preview(
        sum(part.calls for part in parts), sum(part.newly_priced for part in parts),
        sum(part.before_nano for part in parts), sum(part.after_nano for part in parts), parts, found.is_exact,
    )  # fmt: skip


def start(db: Session, by: Actor, asked: Asked, *, reason: str) -> int:
    """Open a batch, which `work` carries out; returns its id. Raises Invalid with the field."""
    by.must(Permission.PRICES_WRITE)
    asked = _checked(asked)
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    _alone(db)
    return _open(db, by, asked, reason, None)


def revert(db: Session, by: Actor, batch_id: int, *, reason: str) -> int:
    """Open the batch that undoes another one (stopped where it is, when it still runs); returns its id.

    Raises NotFound, and Conflict when it was undone already, is itself an undoing, a later one stands on it, or calls
    of it were forgotten.
    """
    by.must(Permission.PRICES_WRITE)
    if not reason.strip():
        raise Invalid("ai_costs.error.reason_missing", field="reason")
    _alone(db)
    old = db.execute(text("SELECT * FROM adjustment_batch WHERE id = :id FOR UPDATE"), {"id": batch_id}).one_or_none()
    if old is None:
        raise NotFound
    if old.kind == AdjustmentKind.REVERT:
        raise Conflict("ai_costs.error.batch_undoing")
    if db.execute(text("SELECT 1 FROM adjustment_batch WHERE reverts_id = :id"), {"id": batch_id}).one_or_none():
        raise Conflict("ai_costs.error.batch_undone")
    covered = text(f"SELECT 1 FROM adjustment_batch b WHERE b.id = :id AND {_COVERED}")
    if db.execute(covered, {"id": batch_id}).one_or_none():
        raise Conflict("ai_costs.error.batch_covered")
    kept_from = fold.mark(db).kept_from
    if kept_from and old.starts_at < kept_from:
        raise Conflict("ai_costs.error.batch_forgotten")
    if old.state == AdjustmentState.RUNNING:
        db.execute(
            text("UPDATE adjustment_batch SET state = 'stopped', finished_at = clock_timestamp() WHERE id = :id"),
            {"id": batch_id},
        )
    asked = Asked(AdjustmentKind.REVERT, old.model_id, old.tier_id, old.starts_at, old.ends_at)
    return _open(db, by, asked, reason, batch_id)


def work(db: Session) -> int:
    """Do one chunk of the oldest open batch, in a transaction of its own; returns how many calls it changed.

    Under the lock of the fold, which runs first: only folded calls are corrected, and the rollups with them. What
    happens before the end of the transaction is undone by a crash, so the next chunk begins where this one did.
    """
    if db.execute(text("SELECT 1 FROM adjustment_batch WHERE state = 'running' LIMIT 1")).one_or_none() is None:
        return 0
    fold.fold(db)
    row = db.execute(text(_OLDEST)).one_or_none()
    if row is None:
        return 0
    scope = adjusting.Scope(
        row.kind, row.model_id, row.tier_id, row.done_to or row.starts_at, row.ends_at,
        None if row.lines is None else json.dumps(row.lines), row.reverts_id,
    )  # fmt: skip
    done = adjusting.chunk(db, row.id, scope)
    db.execute(text(_PROGRESS), {"id": row.id, "calls": done.calls, "delta": done.delta_nano, "to": done.to})
    if done.to >= row.ends_at:
        db.execute(
            text("UPDATE adjustment_batch SET state = 'done', finished_at = clock_timestamp() WHERE id = :id"),
            {"id": row.id},
        )
        db.execute(text("UPDATE adjustment_batch SET state = 'reverted' WHERE id = :id"), {"id": row.reverts_id or 0})
    return done.calls


def batches(db: Session, by: Actor, request: PageRequest) -> Page[BatchRow]:
    """All corrections, newest first."""
    by.must(Permission.PRICES_READ)
    token = request.before or request.after
    key = paging.decode(token, 1) if token else None
    is_back = bool(request.before) and key is not None
    at = "" if key is None else f"WHERE b.id {'>' if is_back else '<'} :key"
    rows = db.execute(
        text(f"{_ROW} {at} ORDER BY b.id {'ASC' if is_back else 'DESC'} LIMIT :limit"),
        {"key": int(key[0]) if key else 0, "limit": request.limit},
    ).all()
    shown = [_row(row) for row in (reversed(rows) if is_back else rows)]
    return paging.page_of(shown, request, lambda one: (one.id,))


def batch(db: Session, by: Actor, batch_id: int) -> BatchRow:
    """One correction. Raises NotFound."""
    by.must(Permission.PRICES_READ)
    row = db.execute(text(f"{_ROW} WHERE b.id = :id"), {"id": batch_id}).one_or_none()
    if row is None:
        raise NotFound
    return _row(row)


def _checked(asked: Asked) -> Asked:
    """The same for calls of the past only."""
    now = clock.now()
    if asked.kind == AdjustmentKind.REVERT:
        raise Invalid("ai_costs.error.adjust_kind", field="kind")
    if asked.starts_at >= now or asked.ends_at <= asked.starts_at:
        raise Invalid("ai_costs.error.adjust_span", field="starts_at")
    if asked.lines is not None:
        pricing.check(asked.lines)
    return replace(asked, ends_at=min(asked.ends_at, now))


def _scope(asked: Asked, db: Session) -> adjusting.Scope:
    lines = None if asked.lines is None else json.dumps(dict(asked.lines))
    scope = adjusting.Scope(asked.kind, asked.model_id, asked.tier_id, asked.starts_at, asked.ends_at, lines, None)
    return scope.kept(fold.mark(db).kept_from)


def _alone(db: Session) -> None:
    # A batch stands on those before it: which ones those are must not change while one is opened.
    db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _open(db: Session, by: Actor, asked: Asked, reason: str, reverts_id: int | None) -> int:
    lines = None if asked.lines is None else json.dumps({str(kind): nano for kind, nano in asked.lines.items()})
    made = db.execute(
        text(
            """INSERT INTO adjustment_batch (kind, state, reason, model_id, tier_id, starts_at, ends_at, lines,
                 reverts_id, requested_by)
               VALUES (:kind, 'running', :reason, :model, :tier, :start, :end, cast(:lines AS jsonb), :reverts, :by)
               RETURNING id"""
        ),
        {
            "kind": str(asked.kind), "reason": reason.strip(), "model": asked.model_id, "tier": asked.tier_id,
            "start": asked.starts_at, "end": asked.ends_at, "lines": lines, "reverts": reverts_id, "by": by.user_id,
        },
    ).scalar_one()  # fmt: skip
    after = {
        "kind": str(asked.kind), "model_id": asked.model_id, "tier_id": asked.tier_id, "reverts": reverts_id,
        "from": asked.starts_at, "until": asked.ends_at, "nano_usd_per_million": dict(asked.lines or {}),
    }  # fmt: skip
    action = "cost.correction_undone" if reverts_id else "cost.correction"
    trail.record(db, by, action, "adjustment_batch", made, reason=reason, after=after)
    return int(made)


def _row(row: Any) -> BatchRow:
    span = (row.ends_at - row.starts_at).total_seconds()
    done = ((row.done_to or row.starts_at) - row.starts_at).total_seconds() / span
    return BatchRow(
        id=row.id, kind=AdjustmentKind(row.kind), state=AdjustmentState(row.state), reason=row.reason,
        model=row.model or "", tier=row.tier or "", starts_at=row.starts_at, ends_at=row.ends_at, lines=row.lines,
        reverts_id=row.reverts_id, reverted_by=row.reverted_by, done=min(1.0, done), calls=row.calls,
        delta_nano=row.delta_nano, by=row.name or row.email or "", created_at=row.created_at,
        finished_at=row.finished_at,
        may_revert=row.kind != AdjustmentKind.REVERT and row.reverted_by is None and not row.is_covered,
    )  # fmt: skip


# A later one that is not undone and concerns calls of the same model, tier and time.
_COVERED = """EXISTS (
    SELECT 1 FROM adjustment_batch o WHERE o.id > b.id AND o.kind <> 'revert'
        AND coalesce(o.model_id = b.model_id, true) AND coalesce(o.tier_id = b.tier_id, true)
        AND o.starts_at < b.ends_at AND o.ends_at > b.starts_at
        AND NOT EXISTS (SELECT 1 FROM adjustment_batch r WHERE r.reverts_id = o.id))"""
_OLDEST = "SELECT * FROM adjustment_batch WHERE state = 'running' ORDER BY id LIMIT 1 FOR UPDATE"
_PROGRESS = """
UPDATE adjustment_batch SET done_to = cast(:to AS timestamptz), calls = calls + :calls,
    delta_nano = delta_nano + :delta WHERE id = :id
"""
_ROW = f"""
SELECT b.*, m.model_name AS model, t.key AS tier, u.name, u.email, {_COVERED} AS is_covered,
    (SELECT r.id FROM adjustment_batch r WHERE r.reverts_id = b.id) AS reverted_by
FROM adjustment_batch b LEFT JOIN openai_pricing m ON m.id = b.model_id LEFT JOIN ai_tier t ON t.id = b.tier_id
LEFT JOIN app_user u ON u.id = b.requested_by"""
