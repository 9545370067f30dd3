"""One attempt at a task by one worker: claimed, kept alive, fenced, ended. All by the database's clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.tasks import board, flow, settlement
from fitmycv_admin.vocabulary import TaskType


class LostLease(Exception):
    """This attempt is no longer the task's: whatever it was about to write must be rolled back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a task, until its lease ends; `attempt` is the fence of every later write."""

    task_id: UUID
    attempt: int
    worker: str
    type: TaskType
    title: str
    user_id: UUID | None
    cv_file_id: UUID | None
    job_offer_id: UUID | None
    payload: Mapping[str, Any] = field(default_factory=dict)


_CLAIM = text("""
UPDATE background_task SET status = 'running', attempt = attempt + 1, lease_owner = :worker,
    lease_until = clock_timestamp() + make_interval(secs => :lease), dispatch_after = NULL,
    started_at = COALESCE(started_at, clock_timestamp()), progressed_at = clock_timestamp(), progress = 0,
    progress_step = ''
WHERE id = :id AND attempt = :attempt AND status = 'queued' AND attempt < max_attempts
RETURNING id, attempt, type, title, user_id, cv_file_id, job_offer_id, payload, queue""")


def claim(db: Session, task_id: UUID, attempt: int, worker: str) -> Claim | None:
    """Start a queued task. `attempt` is the number of starts when it was sent to the queue.

    None when the message is stale (somebody else has the task, or it ended), or when it may not start now: then it
    is back in line.
    """
    if not flow.admit(db, task_id):
        return None
    values = {"id": task_id, "attempt": attempt, "worker": worker, "lease": settings().lease_seconds}
    row = db.execute(_CLAIM, values).one_or_none()
    if row is None:
        return None
    started = "INSERT INTO task_attempt (task_id, attempt, worker, started_at) VALUES (:id, :n, :w, clock_timestamp())"
    db.execute(text(started), {"id": task_id, "n": row.attempt, "w": worker})
    board.ring(db, row.queue)
    return Claim(
        task_id=row.id, attempt=row.attempt, worker=worker, type=TaskType(row.type), title=row.title,
        user_id=row.user_id, cv_file_id=row.cv_file_id, job_offer_id=row.job_offer_id, payload=row.payload or {},
    )  # fmt: skip


_MINE = "WHERE id = :id AND attempt = :attempt AND status = 'running'"


def _fenced(db: Session, held: Claim, change: str, **values: Any) -> Any:
    """Run `UPDATE background_task SET …` only while this attempt runs; raises LostLease otherwise."""
    told = "RETURNING cancel_requested_at, attempt < max_attempts AS may_retry"
    statement = f"UPDATE background_task SET {change} {_MINE} {told}"
    row = db.execute(text(statement), {**values, "id": held.task_id, "attempt": held.attempt}).one_or_none()
    if row is None:
        raise LostLease(f"attempt {held.attempt} of task {held.task_id}")
    return row


def renew(db: Session, held: Claim) -> bool:
    """Keep the task for another lease; True when somebody asked to cancel it. Raises LostLease."""
    change = "lease_until = clock_timestamp() + make_interval(secs => :lease)"
    return _fenced(db, held, change, lease=settings().lease_seconds).cancel_requested_at is not None


def cancel_requested(db: Session, held: Claim) -> bool:
    """Whether somebody asked to cancel this attempt. Raises LostLease when it is no longer the task's."""
    row = db.execute(
        text(f"SELECT cancel_requested_at FROM background_task {_MINE}"),
        {"id": held.task_id, "attempt": held.attempt},
    ).one_or_none()
    if row is None:
        raise LostLease(f"attempt {held.attempt} of task {held.task_id}")
    return row.cancel_requested_at is not None


def progress(db: Session, held: Claim, percent: int, step_key: str = "") -> None:
    """Tell how far the work is (0 to 100, never backwards) and what is being done. Raises LostLease."""
    change = """progress = GREATEST(progress, :percent), progress_step = :step, progressed_at = CASE
        WHEN :percent > progress OR progress_step <> :step THEN clock_timestamp() ELSE progressed_at END"""
    _fenced(db, held, change, percent=min(max(percent, 0), 100), step=step_key)


def checkpoint(db: Session, held: Claim, step: str, result: Mapping[str, Any]) -> None:
    """Keep the result of a finished step, so that a later attempt does not repeat it. Raises LostLease.

    The first result stays: it is what was paid for.
    """
    _fenced(db, held, "progressed_at = clock_timestamp()")
    kept = """INSERT INTO task_step (task_id, step, attempt, result, created_at)
              VALUES (:id, :step, :attempt, CAST(:result AS jsonb), clock_timestamp())
              ON CONFLICT (task_id, step) DO NOTHING"""
    values = {"id": held.task_id, "step": step, "attempt": held.attempt, "result": json.dumps(dict(result))}
    db.execute(text(kept), values)


def steps(db: Session, task_id: UUID) -> dict[str, dict[str, Any]]:
    """The results of the steps that are done, by name; the rows of model calls have none and are left out."""
    found = text("SELECT step, result FROM task_step WHERE task_id = :id AND result IS NOT NULL ORDER BY id")
    rows = db.execute(found, {"id": task_id})
    return {row.step: row.result for row in rows}


_END = "finished_at = clock_timestamp(), lease_owner = NULL, lease_until = NULL"


@dataclass(frozen=True, slots=True)
class NothingUsable:
    """A result that holds nothing to be reviewed or kept: the task is completed, and free."""

    result: Mapping[str, Any] = field(default_factory=dict)


def complete(db: Session, held: Claim, result: Mapping[str, Any] | NothingUsable | None = None) -> None:
    """End the task with its result, in the transaction that stores what it made, and settle what it takes.

    Raises LostLease when this attempt is no longer the task's: that whole transaction must roll back.
    """
    usable = not isinstance(result, NothingUsable)
    kept = result.result if isinstance(result, NothingUsable) else result
    change = f"status = 'completed', progress = 100, result = CAST(:result AS jsonb), {_END}"
    _fenced(db, held, change, result=json.dumps(dict(kept)) if kept is not None else None)
    _close_attempt(db, held.task_id, held.attempt, "completed")
    settlement.completed(db, held.task_id, usable=usable)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed: a sentence for the person, and for ops a trace without anybody's data."""

    error_key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    detail: str = ""
    fingerprint: str = ""


_FAIL = """status = 'failed', error = :detail, error_key = :key, error_params = CAST(:params AS jsonb),
    error_fingerprint = :fingerprint"""


def fail(db: Session, held: Claim, why: Failure, *, timed_out: bool = False) -> None:
    """End the task as failed; what it held is let go. Raises LostLease."""
    _fenced(db, held, f"{_FAIL}, {_END}", **_words(why))
    _close_attempt(db, held.task_id, held.attempt, "failed", why.detail)
    settlement.failed(db, held.task_id, held.type, timed_out=timed_out)


def try_again(db: Session, held: Claim, why: Failure, *, after_s: float) -> bool:
    """Give the task back to the queue, to be started again in `after_s` seconds. Raises LostLease.

    Returns False when it ended instead: cancelled on request, or failed because it has no start left.
    """
    row = _fenced(db, held, "attempt = attempt")
    if row.cancel_requested_at is not None:
        cancelled(db, held)
        return False
    if not row.may_retry:
        fail(db, held, why)
        return False
    _fenced(
        db, held, "status = 'queued', lease_owner = NULL, lease_until = NULL, dispatch_seq = dispatch_seq + 1, "
        "dispatch_after = clock_timestamp() + make_interval(secs => :wait), "
        "queued_at = clock_timestamp() + make_interval(secs => :wait)", wait=after_s,
    )  # fmt: skip
    _close_attempt(db, held.task_id, held.attempt, "retried", why.detail)
    return True


def cancelled(db: Session, held: Claim) -> None:
    """End the task as cancelled, from the worker that was told to stop. Raises LostLease."""
    _fenced(db, held, f"status = 'cancelled', {_END}")
    _close_attempt(db, held.task_id, held.attempt, "cancelled")
    settlement.cancelled(db, held.task_id, held.type)


def _words(why: Failure) -> dict[str, Any]:
    return {
        "detail": why.detail or None, "key": why.error_key, "params": json.dumps(dict(why.params)),
        "fingerprint": why.fingerprint or None,
    }  # fmt: skip


def _close_attempt(db: Session, task_id: UUID, attempt: int, outcome: str, error: str = "") -> None:
    done = """UPDATE task_attempt SET ended_at = clock_timestamp(), outcome = :outcome, error = :error
              WHERE task_id = :id AND attempt = :attempt"""
    db.execute(text(done), {"id": task_id, "attempt": attempt, "outcome": outcome, "error": error or None})
