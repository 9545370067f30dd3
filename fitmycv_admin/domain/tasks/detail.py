"""One task with everything that happened to it, for operators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import effective
from fitmycv_admin.domain.tasks import queries, timeline
from fitmycv_admin.domain.tasks.timeline import Moment
from fitmycv_admin.vocabulary import Permission, TaskState


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One start: by which worker, when, and how it ended ("" while it runs)."""

    attempt: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    run_ms: int
    outcome: str
    error: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step whose result is kept."""

    step: str
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """One model call of the task; `cost_nano` None: not known."""

    id: int
    at: datetime
    call_name: str
    model: str
    attempt: int
    status: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    duration_ms: int | None
    cost_nano: int | None


@dataclass(frozen=True, slots=True)
class TaskCard:
    """The whole of one task. `title` is the person's own words and empty for who may not read people's data."""

    id: UUID
    type: str
    title: str
    state: str
    is_cancelling: bool
    user_id: UUID | None
    user: str
    feature: str
    attempt: int
    max_attempts: int
    percent: int
    step_key: str
    worker: str
    created_at: datetime
    dispatched_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    dispatch_seq: int
    error_key: str
    error_params: dict[str, Any]
    error: str
    fingerprint: str
    same_error_24h: int
    cost_nano: int
    unpriced: int
    attempts: tuple[AttemptRow, ...]
    steps: tuple[StepRow, ...]
    calls: tuple[CallRow, ...]
    moments: tuple[Moment, ...]
    is_quarantined: bool
    is_discarded: bool
    may_write: bool

    @property
    def may_cancel(self) -> bool:
        """Whether this actor may cancel it now."""
        return self.may_write and self.state in (TaskState.QUEUED, TaskState.RUNNING) and not self.is_cancelling

    @property
    def may_retry(self) -> bool:
        """Whether this actor may start it again now."""
        is_over = self.state in (TaskState.FAILED, TaskState.CANCELLED)
        return self.may_write and is_over and not self.is_quarantined and not self.is_discarded

    @property
    def may_requeue(self) -> bool:
        """Whether this actor may put it back in line now."""
        return self.may_cancel

    @property
    def may_release(self) -> bool:
        """Whether this actor may start it again, or give it up, although it is set aside."""
        return self.may_write and self.is_quarantined


def task(db: Session, by: Actor, task_id: UUID) -> TaskCard:
    """One task with its attempts, steps and calls. Needs tasks.read; raises NotFound."""
    by.must(Permission.TASKS_READ)
    found = text("""SELECT task.*, person.email FROM background_task task
                    LEFT JOIN app_user person ON person.id = task.user_id WHERE task.id = :id""")
    row = db.execute(found, {"id": task_id}).one_or_none()
    if row is None:
        raise NotFound
    calls = _calls(db, task_id)
    return TaskCard(
        id=row.id, type=row.type, title=row.title if by.may(Permission.PEOPLE_REVEAL) else "", state=row.status,
        is_cancelling=row.status == TaskState.RUNNING and row.cancel_requested_at is not None,
        user_id=row.user_id, user=queries.shown_person(by, row.email or ""), feature=row.feature_name or "",
        attempt=row.attempt, max_attempts=row.max_attempts, percent=row.progress, step_key=row.progress_step,
        worker=row.lease_owner or "", created_at=row.created_at, dispatched_at=row.dispatched_at,
        started_at=row.started_at, finished_at=row.finished_at, dispatch_seq=row.dispatch_seq,
        error_key=row.error_key or "", error_params=row.error_params or {}, error=row.error or "",
        fingerprint=row.error_fingerprint or "", same_error_24h=_same_error(db, row.error_fingerprint),
        cost_nano=sum(call.cost_nano or 0 for call in calls), unpriced=sum(call.cost_nano is None for call in calls),
        attempts=_attempts(db, task_id), steps=_steps(db, task_id), calls=calls,
        moments=timeline.of_task(db, by, task_id),
        is_quarantined=row.quarantined_at is not None and row.discarded_at is None,
        is_discarded=row.discarded_at is not None, may_write=by.may(Permission.TASKS_WRITE),
    )  # fmt: skip


def _attempts(db: Session, task_id: UUID) -> tuple[AttemptRow, ...]:
    rows = db.execute(
        text("""SELECT attempt, worker, started_at, ended_at, outcome, error,
                extract(epoch FROM COALESCE(ended_at, clock_timestamp()) - started_at) * 1000 AS run
                FROM task_attempt WHERE task_id = :id ORDER BY attempt"""),
        {"id": task_id},
    )
    return tuple(
        AttemptRow(
            row.attempt, row.worker, row.started_at, row.ended_at, int(row.run), row.outcome or "", row.error or ""
        )
        for row in rows
    )


def _steps(db: Session, task_id: UUID) -> tuple[StepRow, ...]:
    found = "SELECT step, attempt, created_at FROM task_step WHERE task_id = :id AND result IS NOT NULL ORDER BY id"
    return tuple(StepRow(row.step, row.attempt, row.created_at) for row in db.execute(text(found), {"id": task_id}))


def _calls(db: Session, task_id: UUID) -> tuple[CallRow, ...]:
    rows = db.execute(
        text(f"""SELECT id, created_at, call_name, model_served, attempt, status, prompt_tokens, cached_tokens,
                completion_tokens, duration_ms, {effective.COST_ALONE} AS cost_nano
                FROM openai_call c WHERE task_id = :id ORDER BY created_at, id LIMIT 200"""),
        {"id": task_id},
    )
    return tuple(
        CallRow(
            row.id, row.created_at, row.call_name, row.model_served, row.attempt, row.status, row.prompt_tokens,
            row.cached_tokens, row.completion_tokens, row.duration_ms, row.cost_nano,
        )
        for row in rows
    )  # fmt: skip


def _same_error(db: Session, fingerprint: str | None) -> int:
    if not fingerprint:
        return 0
    found = text("""SELECT count(*) FROM background_task WHERE error_fingerprint = :fingerprint
                    AND finished_at > clock_timestamp() - interval '24 hours'""")
    return db.execute(found, {"fingerprint": fingerprint}).scalar_one()
