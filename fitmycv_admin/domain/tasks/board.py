"""What people do with tasks: ask for one, cancel it, start it again. Each is one compare-and-set on its row."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import Conflict, FitMyCvError, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain import audit
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import reservations
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.tasks import decision, flow, registry, settlement
from fitmycv_admin.vocabulary import Payer, Permission, TaskState, TaskType

CHANNEL = "fitmycv_task"
"""Where the dispatcher listens: a row became due, or a slot became free."""


_INSERT = text("""
INSERT INTO background_task (id, title, type, status, user_id, cv_file_id, job_offer_id, feature_name, payload,
    idempotency_key, queue, max_attempts, dispatch_seq, dispatch_after, queued_at, created_at)
VALUES (:id, :title, :type, 'queued', :user_id, :cv_file_id, :job_offer_id, :feature, CAST(:payload AS jsonb),
    :key, :queue, :max_attempts, 1, clock_timestamp(), clock_timestamp(), clock_timestamp())
ON CONFLICT (user_id, idempotency_key) DO NOTHING RETURNING id""")


class ModelsOff(FitMyCvError):
    """No key for a model is configured, so this work cannot be done here."""

    key = "tasks.error.models_off"


def submit(
    db: Session,
    by: Actor,
    type_: TaskType,
    *,
    title: str,
    payload: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    cv_file_id: UUID | None = None,
    job_offer_id: UUID | None = None,
    shown: Shown | None = None,
) -> UUID:
    """Put a task on the board and hold what it takes; the dispatcher hears of it when this transaction commits.

    `shown` is the price that the person saw. The same person with the same key gets the same task, whose id is
    returned, and is charged once. Raises `decision.Refused` when the person may not, Conflict when that key was used
    for another type of task, Draining while nothing new of this type is taken, ModelsOff when nothing answers model
    calls, ValueError for a key without a person (it would not be unique).
    """
    if idempotency_key is not None and by.user_id is None:
        raise ValueError("an idempotency key belongs to a person")
    kind = registry.KINDS[type_]
    flow.must_accept(db, type_)
    if kind.needs_model and settings().is_ai_off:
        raise ModelsOff
    values = {
        "id": new_id(), "title": title, "type": type_, "user_id": by.user_id, "cv_file_id": cv_file_id,
        "job_offer_id": job_offer_id, "feature": kind.feature, "payload": json.dumps(dict(payload or {})),
        "key": idempotency_key, "queue": kind.queue, "max_attempts": kind.max_attempts,
    }  # fmt: skip
    made = db.execute(_INSERT, values).scalar_one_or_none()
    if made is not None:
        if by.user_id is not None:
            _reserve(db, by, made, kind, shown)
        ring(db, kind.queue)
        return made
    known = "SELECT id, type FROM background_task WHERE user_id = :user_id AND idempotency_key = :key"
    row = db.execute(text(known), {"user_id": by.user_id, "key": idempotency_key}).one()
    if row.type != type_:
        raise Conflict
    return row.id


_PAYER = text("""
UPDATE background_task SET plan_name = :plan, feature_counter_period_start = :period WHERE id = :id""")


def _reserve(db: Session, by: Actor, task_id: UUID, kind: registry.Kind, shown: Shown | None) -> None:
    quote = decision.reserve_use(db, by, kind.feature, task_id, shown=shown, needs_model=kind.needs_model)
    period = quote.period_start if quote.payer is Payer.QUOTA else None
    db.execute(_PAYER, {"id": task_id, "plan": quote.plan_name or None, "period": period})


def ring(db: Session, queue: str) -> None:
    """Wake the dispatcher when this transaction commits."""
    db.execute(text("SELECT pg_notify(:channel, :queue)"), {"channel": CHANNEL, "queue": queue})


_CANCEL = text("""
UPDATE background_task SET cancel_requested_at = COALESCE(cancel_requested_at, clock_timestamp()),
    status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
    finished_at = CASE status WHEN 'queued' THEN clock_timestamp() END,
    dispatch_after = NULL
WHERE id = :id AND status IN ('queued', 'running') RETURNING status, type""")


def cancel(db: Session, by: Actor, task_id: UUID) -> TaskState:
    """Cancel one's own task: at once when it waits, within two seconds when it runs.

    Returns its state now; a task that ended stays as it is. Raises NotFound for somebody else's.
    """
    _own(db, by, task_id)
    return _cancel(db, task_id)


def _cancel(db: Session, task_id: UUID) -> TaskState:
    changed = db.execute(_CANCEL, {"id": task_id}).one_or_none()
    if changed is None:
        known = db.execute(text("SELECT status FROM background_task WHERE id = :id"), {"id": task_id})
        return TaskState(known.scalar_one())
    if changed.status == TaskState.CANCELLED:
        settlement.cancelled(db, task_id, changed.type)
    return TaskState(changed.status)


_RETRY = text("""
UPDATE background_task SET status = 'queued', dispatch_seq = dispatch_seq + 1, dispatch_after = clock_timestamp(),
    max_attempts = attempt + :more, error = NULL, error_key = NULL, error_params = NULL, error_fingerprint = NULL,
    cancel_requested_at = NULL, outcome = NULL, queued_at = clock_timestamp(), started_at = NULL, finished_at = NULL,
    progress = 0, progress_step = ''
WHERE id = :id AND status IN ('failed', 'cancelled') AND quarantined_at IS NULL RETURNING queue""")


def retry(db: Session, by: Actor, task_id: UUID) -> None:
    """Start one's own failed or cancelled task again; steps that are done are not repeated, and nothing is paid twice.

    Raises NotFound for somebody else's, Conflict when it did not fail and was not cancelled, `decision.Refused` or
    what `reservations.reopen` raises when it cannot be held again.
    """
    type_ = _own(db, by, task_id)
    verdict = decision.may_retry(db, by.owner_id, TaskType(type_))
    if not verdict.allowed:
        raise decision.Refused(verdict)
    _retry(db, task_id, type_)


def cancel_for(db: Session, by: Actor, task_id: UUID, *, reason: str) -> TaskState:
    """Cancel anybody's task, for a reason that is kept.

    Needs tasks.write; raises NotFound, or Conflict when it ended.
    """
    by.must(Permission.TASKS_WRITE)
    before = _anybodys(db, task_id)
    if before.status not in (TaskState.QUEUED, TaskState.RUNNING):
        raise Conflict
    state = _cancel(db, task_id)
    after = {"status": state, "cancel_requested": True}
    audit.record(db, by, "task.cancelled", "task", task_id, {"status": before.status}, after, reason)
    return state


def retry_for(db: Session, by: Actor, task_id: UUID, *, reason: str) -> None:
    """Start anybody's failed or cancelled task again, for a reason that is kept.

    Needs tasks.write; raises NotFound, or Conflict when it did not fail and was not cancelled.
    """
    by.must(Permission.TASKS_WRITE)
    before = _anybodys(db, task_id)
    _retry(db, task_id, before.type)
    kept = {"status": before.status, "error_key": before.error_key}
    audit.record(db, by, "task.retried", "task", task_id, kept, {"status": TaskState.QUEUED}, reason)


def _anybodys(db: Session, task_id: UUID) -> Any:
    found = text("SELECT type, status, error_key FROM background_task WHERE id = :id FOR UPDATE")
    row = db.execute(found, {"id": task_id}).one_or_none()
    if row is None:
        raise NotFound
    return row


def _retry(db: Session, task_id: UUID, type_: str) -> None:
    more = registry.kind_of(type_).max_attempts
    queue = db.execute(_RETRY, {"id": task_id, "more": more}).scalar_one_or_none()
    if queue is None:
        raise Conflict
    reservations.reopen(db, task_id)
    ring(db, queue)


def _own(db: Session, by: Actor, task_id: UUID) -> str:
    mine = text("SELECT type FROM background_task WHERE id = :id AND user_id = :user")
    type_ = db.execute(mine, {"id": task_id, "user": by.owner_id}).scalar_one_or_none()
    if type_ is None:
        raise NotFound
    return type_
