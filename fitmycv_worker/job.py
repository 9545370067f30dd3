"""From a message to the end of a task: claim, do the work, settle it once, whatever goes wrong in between."""

import hashlib
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import structlog
from rq import get_current_job
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session

from fitmycv_admin import wiring
from fitmycv_admin.core import db, log
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.ids import short_code
from fitmycv_admin.domain.tasks import attempts, registry
from fitmycv_admin.domain.tasks.attempts import Claim, Failure, LostLease, NothingUsable
from fitmycv_admin.vocabulary import TaskType
from fitmycv_worker import child
from fitmycv_worker.context import TaskContext
from fitmycv_worker.guardian import Guardian, Interrupted, Why

Finish = Callable[[Session], Mapping[str, Any] | NothingUsable | None]
"""What a job hands back: it stores the work in the transaction that completes the task, and gives its result."""
Work = Callable[[TaskContext], Finish]

TIMED_OUT = "tasks.error.timed_out"
UNEXPECTED = "tasks.error.unexpected"
_DATABASE_AWAY = (OperationalError, InterfaceError)
_PATIENCE_S = (0.1, 0.3, 0.6, 1.0, 2.0, 3.0)
_FIRST_RETRY_S = 2.0

_works: dict[TaskType, Work] = {}
_log = log.get("worker")


def job(type_: TaskType) -> Callable[[Work], Work]:
    """Register the function that does the work of a type of task."""

    def register(work: Work) -> Work:
        _works[type_] = work
        return work

    return register


def run(task_id: str, attempt: int) -> None:
    """The function that messages name. A message that is not needed any more does nothing."""
    current = get_current_job()
    worker = (current.worker_name if current else None) or "worker"
    with structlog.contextvars.bound_contextvars(task_id=task_id, attempt=attempt + 1):
        held = _claim(UUID(task_id), attempt, worker)
        if held is not None:
            _tell(held)
            _work_on(held)
            _tell(held)


def _claim(task_id: UUID, attempt: int, worker: str) -> Claim | None:
    with db.transaction() as session:
        return attempts.claim(session, task_id, attempt, worker)


def _work_on(held: Claim) -> None:
    """The work, then one transaction that ends the attempt."""
    limit_s = registry.kind_of(held.type).time_limit_s
    guardian = Guardian(held, limit_s, lambda why: _settle(held, _stopped(held, why)))
    with guardian.watching():
        try:
            with guardian.interruptible():
                finish = _works[held.type](TaskContext(held))
            _settle(held, lambda session: attempts.complete(session, held, finish(session)))
        except Interrupted as stopped:
            child.wear_out()  # it may have been interrupted anywhere
            _settle(held, _stopped(held, stopped.why))
        except LostLease:
            child.wear_out()
            _log.warning("somebody else has the task")
        except FitMyCvError as error:
            _settle(held, _expected(held, error))
        except _DATABASE_AWAY as error:
            passing = _unexpected(error)
            _settle(held, lambda session: _again(session, held, passing))
        except Exception as error:  # noqa: BLE001 - the edge of the worker: whatever it is, the task ends
            child.wear_out()
            why = _unexpected(error)
            _log.error("the work failed", error=why.detail, fingerprint=why.fingerprint, **why.params)
            _settle(held, lambda session: attempts.fail(session, held, why))


def _settle(held: Claim, end: Callable[[Session], object]) -> None:
    """Run the ending transaction; a database that went away is waited for a few seconds.

    It is one compare-and-set, so that trying again after a lost answer changes nothing.
    """
    for pause in (*_PATIENCE_S, None):
        try:
            with db.transaction() as session:
                end(session)
            return
        except LostLease:
            _log.warning("the attempt had ended before", task=str(held.task_id))
            return
        except _DATABASE_AWAY:
            if pause is None:
                raise
            time.sleep(pause)


def _stopped(held: Claim, why: Why) -> Callable[[Session], object]:
    if why is Why.CANCELLED:
        return lambda session: attempts.cancelled(session, held)
    late = Failure(TIMED_OUT, detail="TimedOut", fingerprint="timed_out")
    return lambda session: attempts.fail(session, held, late, timed_out=True)


def _expected(held: Claim, error: FitMyCvError) -> Callable[[Session], object]:
    """A sentence for the person; a passing trouble is tried again first."""
    detail = type(error).__name__
    why = Failure(error.key, error.params, detail=detail, fingerprint=detail)
    if error.is_passing:
        return lambda session: _again(session, held, why)
    return lambda session: attempts.fail(session, held, why)


def _again(session: Session, held: Claim, why: Failure) -> None:
    attempts.try_again(session, held, why, after_s=_FIRST_RETRY_S * 2 ** (held.attempt - 1))


def _unexpected(error: Exception) -> Failure:
    """A bug, in words without anybody's data: where it happened, and a number that the person can give us."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "fitmycv_" in frame.filename]
    where = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.name}" for frame in reversed(frames[-3:])
    )  # fmt: skip
    name = type(error).__name__
    fingerprint = hashlib.sha256(f"{name} {where}".encode()).hexdigest()[:12]
    line = frames[-1].lineno if frames else 0
    detail = f"{name} in {where} (line {line})" if frames else name
    return Failure(UNEXPECTED, {"error_id": short_code()}, detail=detail, fingerprint=fingerprint)


def _tell(held: Claim) -> None:
    if held.user_id is not None:
        wiring.progress().publish(held.user_id, held.task_id)
