"""How far the tasks are that a person started about CVs and offers, read from the rows themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import line
from fitmycv_admin.models.billing import CreditTransaction
from fitmycv_admin.models.credits import Reservation
from fitmycv_admin.models.tasks import BackgroundTask
from fitmycv_admin.vocabulary import Payer, Permission, TaskState, TaskType

_MOST = 50
_PLACES = 5
_OPEN = (TaskState.QUEUED, TaskState.RUNNING)
_AGAIN = (TaskState.FAILED, TaskState.CANCELLED)
TYPES = (TaskType.IMPORT_PDF, TaskType.EXTRACT_OFFER, TaskType.MATCH_SCORE)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tasks a page follows: their types, and one CV or offer when it shows one."""

    types: tuple[TaskType, ...] = TYPES
    cv_id: UUID | None = None
    offer_id: UUID | None = None


@dataclass(frozen=True)
class TaskRow:
    """A task: `percent` 0 to 100, `step` and `error_key` are catalogue keys ("" when there is none)."""

    id: UUID
    type: str
    title: str
    state: str
    percent: int
    step: str
    error_key: str
    error_params: dict[str, Any] = field(hash=False)
    cv_id: UUID | None
    offer_id: UUID | None
    created_at: datetime
    finished_at: datetime | None
    is_cancelling: bool = False
    place: int = 0
    """Its place in the line while it waits, 1 being next; 0 when it does not wait."""
    expected_s: int = -1
    """In how many seconds one that waits may be done; -1 when nobody knows."""
    can_retry: bool = False
    has_receipt: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in _OPEN


def followed(db: Session, by: Actor, scope: Scope, known: Sequence[UUID] = ()) -> tuple[TaskRow, ...]:
    """The actor's unfinished tasks of a scope, and those of `known` whatever their state; newest first.

    When the last reading of an offer failed before anybody looked, it is among them: it says why.
    """
    by.must(Permission.OWN_DATA)
    shown = or_(col(BackgroundTask.status).in_(_OPEN), col(BackgroundTask.id).in_(list(known)[:_MOST]))
    if scope.offer_id is not None and scope.types == (TaskType.EXTRACT_OFFER,):
        shown = or_(shown, col(BackgroundTask.id).in_(_failed_last(by, scope.offer_id)))
    query = select(BackgroundTask).where(
        BackgroundTask.user_id == by.owner_id, col(BackgroundTask.type).in_(scope.types), shown
    )
    if scope.cv_id is not None:
        query = query.where(BackgroundTask.cv_file_id == scope.cv_id)
    if scope.offer_id is not None:
        query = query.where(BackgroundTask.job_offer_id == scope.offer_id)
    return _rows(db, by, query)


def _failed_last(by: Actor, offer_id: UUID) -> Any:
    """The id of the newest reading of an offer, when it failed."""
    readings = (
        select(col(BackgroundTask.id), col(BackgroundTask.status))
        .where(
            BackgroundTask.user_id == by.owner_id,
            BackgroundTask.type == TaskType.EXTRACT_OFFER,
            BackgroundTask.job_offer_id == offer_id,
        )
        .order_by(col(BackgroundTask.created_at).desc(), col(BackgroundTask.id).desc())
        .limit(1)
        .subquery()
    )
    return select(readings.c.id).where(readings.c.status == TaskState.FAILED)


def recent(db: Session, by: Actor) -> tuple[TaskRow, ...]:
    """The actor's last 50 tasks, newest first."""
    by.must(Permission.OWN_DATA)
    query = select(BackgroundTask).where(BackgroundTask.user_id == by.owner_id, col(BackgroundTask.type).in_(TYPES))
    return _rows(db, by, query)


def _rows(db: Session, by: Actor, query: Any) -> tuple[TaskRow, ...]:
    ordered = query.order_by(col(BackgroundTask.created_at).desc(), col(BackgroundTask.id).desc()).limit(_MOST)
    tasks = db.exec(ordered).all()
    noted = _noted(db, [task.id for task in tasks if task.status not in _OPEN])
    places = _places(db, by, [task.id for task in tasks if task.status == TaskState.QUEUED])
    return tuple(_row(task, has_receipt=task.id in noted, place=places.get(task.id, (0, None))) for task in tasks)


def _places(db: Session, by: Actor, waiting: list[UUID]) -> dict[UUID, tuple[int, int | None]]:
    """Where those who wait stand in the line, the oldest few of them."""
    return {task_id: line.ahead_of(db, by, task_id) for task_id in waiting[-_PLACES:]}


def _noted(db: Session, task_ids: list[UUID]) -> set[UUID]:
    """Those tasks that took something, or set it aside: of the person's credits or of their plan."""
    if not task_ids:
        return set()
    lines = select(col(CreditTransaction.task_id)).where(col(CreditTransaction.task_id).in_(task_ids))
    paid = select(col(Reservation.task_id)).where(
        col(Reservation.task_id).in_(task_ids), col(Reservation.payer) != Payer.NONE
    )
    return {task_id for task_id in (*db.exec(lines), *db.exec(paid)) if task_id is not None}


def _row(task: BackgroundTask, *, has_receipt: bool, place: tuple[int, int | None]) -> TaskRow:
    return TaskRow(
        id=task.id,
        type=task.type,
        title=task.title,
        state=task.status,
        percent=task.progress,
        step=task.progress_step,
        error_key=task.error_key or "",
        error_params=task.error_params or {},
        cv_id=task.cv_file_id,
        offer_id=task.job_offer_id,
        created_at=task.created_at,
        finished_at=task.finished_at,
        is_cancelling=task.status == TaskState.RUNNING and task.cancel_requested_at is not None,
        place=place[0],
        expected_s=-1 if place[1] is None else place[1],
        can_retry=task.status in _AGAIN and _has_sources(task),
        has_receipt=has_receipt,
    )


def _has_sources(task: BackgroundTask) -> bool:
    """Whether what the task works on is still there; the file of an import goes when the import ends."""
    if task.type == TaskType.MATCH_SCORE:
        return task.cv_file_id is not None and task.job_offer_id is not None
    return task.type == TaskType.EXTRACT_OFFER and task.job_offer_id is not None
