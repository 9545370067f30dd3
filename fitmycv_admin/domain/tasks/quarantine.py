"""Tasks that kept killing their worker: set aside by the reaper, started again or given up by a person only."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import Conflict, NotFound
from fitmycv_admin.domain import audit
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.vocabulary import Permission, TaskState


def release(db: Session, by: Actor, task_id: UUID, *, reason: str) -> None:
    """Start a task that was set aside once more; the next worker that it kills sets it aside again.

    Needs tasks.write; raises NotFound, Conflict when it is not in quarantine, and what a retry raises.
    """
    _held(db, by, task_id)
    db.execute(text("UPDATE background_task SET quarantined_at = NULL WHERE id = :id"), {"id": task_id})
    board.retry_for(db, by, task_id, reason=reason)
    audit.record(db, by, "task.released", "task", task_id, {"quarantined": True}, {"quarantined": False}, reason)


def discard(db: Session, by: Actor, task_id: UUID, *, reason: str) -> None:
    """Give a task that was set aside up for good: nobody can start it again. It has failed already, and was paid back.

    Needs tasks.write; raises NotFound, Conflict when it is not in quarantine.
    """
    before = _held(db, by, task_id)
    db.execute(text("UPDATE background_task SET discarded_at = clock_timestamp() WHERE id = :id"), {"id": task_id})
    kept = {"status": before.status, "quarantined": True}
    audit.record(db, by, "task.discarded", "task", task_id, kept, {"discarded": True}, reason)


def _held(db: Session, by: Actor, task_id: UUID) -> Any:
    by.must(Permission.TASKS_WRITE)
    found = text("SELECT status, quarantined_at, discarded_at FROM background_task WHERE id = :id FOR UPDATE")
    row = db.execute(found, {"id": task_id}).one_or_none()
    if row is None:
        raise NotFound
    if row.quarantined_at is None or row.discarded_at is not None or row.status != TaskState.FAILED:
        raise Conflict
    return row
