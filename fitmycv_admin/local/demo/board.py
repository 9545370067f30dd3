"""The rows of the demo's tasks: with attempts, steps and, for scores, results."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from fitmycv_admin.local.demo.office import MODEL, Desk, Work
from fitmycv_admin.local.demo.stage import Stage
from fitmycv_admin.models import BackgroundTask, MatchResult, TaskAttempt, TaskStep
from fitmycv_admin.vocabulary import TaskOutcome, TaskState, TaskType

WORKERS = ("demo-worker-1", "demo-worker-2")
# Long enough to be seen running; then the reaper hands the task to a worker that exists.
_LEASE = timedelta(minutes=3)


def post(stage: Stage, desks: list[Desk], paid: Mapping[UUID, int]) -> None:
    """Insert every task; `paid` says which line of the ledger paid for one."""
    works = sorted((work for desk in desks for work in desk.works), key=lambda work: work.at)
    results = {work.id: stage.id(work.finished) for work in works if work.score is not None}
    stage.insert(BackgroundTask, [_task(stage, work, paid.get(work.id), results.get(work.id)) for work in works])
    stage.insert(TaskAttempt, [row for work in works for row in _attempts(stage, work)])
    stage.insert(TaskStep, [_step(work) for work in works if work.state == TaskState.COMPLETED])
    stage.insert(MatchResult, [_result(work, results[work.id]) for work in works if work.score is not None])


_OUTCOMES = {
    TaskState.COMPLETED: TaskOutcome.USABLE,
    TaskState.FAILED: TaskOutcome.FAILED,
    TaskState.CANCELLED: TaskOutcome.CANCELLED_BEFORE_OUTPUT,
}


def _task(stage: Stage, work: Work, line: int | None, result_id: UUID | None) -> dict[str, Any]:
    running, queued = work.state == TaskState.RUNNING, work.state == TaskState.QUEUED
    return {
        "id": work.id,
        "title": work.title,
        "type": work.type,
        "status": work.state,
        "user_id": work.person.id,
        "device_id": f"demo-{work.person.seq}",
        "cv_file": work.cv.name if work.cv else None,
        "cv_file_id": work.cv.id if work.cv else None,
        "job_offer_id": work.offer.id if work.offer else None,
        "feature_name": work.feature,
        "payload": work.payload,
        "result": _outcome(work, result_id),
        "outcome": _OUTCOMES.get(work.state),
        "error_key": work.error_key,
        "error_fingerprint": work.error_key,
        "credit_used": line is not None,
        "credit_transaction_id": line,
        "attempt": 0 if queued else work.attempts,
        "dispatch_seq": 1,
        "dispatch_after": work.at if queued else None,
        "dispatched_at": None if queued else work.at + timedelta(milliseconds=60),
        "lease_owner": WORKERS[0] if running else None,
        "lease_until": stage.now + _LEASE if running else None,
        "cancel_requested_at": work.finished if work.state == TaskState.CANCELLED else None,
        "progress": 100 if work.state == TaskState.COMPLETED else 40 if running else 0,
        "progressed_at": work.started if running else None,
        "created_at": work.at,
        "queued_at": work.at,
        "started_at": None if queued else work.started,
        "finished_at": work.finished if work.ended else None,
    }


def _outcome(work: Work, result_id: UUID | None) -> dict[str, Any] | None:
    if work.state != TaskState.COMPLETED:
        return None
    if work.score is not None:
        return {"match_id": str(result_id), "score": work.score.score, "model": MODEL}
    if work.type == TaskType.IMPORT_PDF and work.cv:
        return {"cv_id": str(work.cv.id), "model": MODEL}
    return {"offer_id": str(work.offer.id), "model": MODEL} if work.offer else {"model": MODEL}


_LAST = {TaskState.COMPLETED: "completed", TaskState.FAILED: "failed", TaskState.CANCELLED: "cancelled"}


def _attempts(stage: Stage, work: Work) -> list[dict[str, Any]]:
    """All but the last were lost with their worker."""
    if work.state == TaskState.QUEUED:
        return []
    length = (work.finished - work.started) / work.attempts
    rows = []
    for number in range(1, work.attempts + 1):
        last = number == work.attempts
        started = work.started + length * (number - 1)
        rows.append(
            {
                "task_id": work.id,
                "attempt": number,
                "worker": WORKERS[0] if work.state == TaskState.RUNNING else stage.one(WORKERS),
                "started_at": started,
                "ended_at": None if work.state == TaskState.RUNNING else started + length,
                "outcome": _LAST.get(work.state) if last else "lost",
                "error": work.error_key if last else None,
            }
        )
    return rows


def _step(work: Work) -> dict[str, Any]:
    return {
        "task_id": work.id,
        "step": work.type.value,
        "attempt": work.attempts,
        "result": None,
        "created_at": work.finished,
    }


def _result(work: Work, result_id: UUID) -> dict[str, Any]:
    assert work.cv is not None
    assert work.offer is not None
    assert work.score is not None
    return {
        "id": result_id,
        "task_id": work.id,
        "cv_file_id": work.cv.id,
        "cv_version": work.cv.version,
        "job_offer_id": work.offer.id,
        "score": work.score.score,
        "breakdown": work.score.model_dump(mode="json"),
        "engine": MODEL,
        "created_at": work.finished,
    }
