"""Background tasks: the row is the truth, the queue only wakes a worker."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    datetime,
    document,
    entity_id,
    instant,
    line_id,
    one_of,
    ref,
    words,
)
from fitmycv_admin.vocabulary import TaskOutcome, TaskState

STARTED_MICROS = "CAST(date_part('microseconds', started_at AT TIME ZONE 'UTC') AS bigint)"
"""The microseconds of a task's start, as good as dice; an index holds those that eight divides."""


class BackgroundTask(Table, table=True):
    """One piece of slow work. Its status changes only by compare-and-set in the database."""

    __tablename__ = "background_task"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key"),
        CheckConstraint(one_of("status", TaskState), name="status"),
        CheckConstraint(one_of("outcome", TaskOutcome), name="outcome"),
        CheckConstraint("attempt >= 0 AND attempt <= max_attempts", name="attempt"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="lease"),
        Index("ix_background_task_device_id", "device_id"),
        Index("ix_background_task_cv_file_status", "cv_file", "status"),
        Index("ix_background_task_user_id_created_at", "user_id", "created_at"),
        Index("ix_background_task_created_at_id", "created_at", "id"),
        Index(
            "ix_background_task_dispatch", "dispatch_after",
            postgresql_where=text("status = 'queued' AND dispatch_after IS NOT NULL"),
        ),
        Index(
            "ix_background_task_quarantine", "quarantined_at", postgresql_where=text("quarantined_at IS NOT NULL")
        ),
        Index("ix_background_task_type_created_at_id", "type", "created_at", "id"),
        Index("ix_background_task_status_created_at_id", "status", "created_at", "id"),
        Index("ix_background_task_lease", "lease_until", postgresql_where=text("status = 'running'")),
        Index("ix_background_task_payload", "payload", postgresql_using="gin",
              postgresql_ops={"payload": "jsonb_path_ops"}),
        Index("ix_background_task_pace", "type", "finished_at", postgresql_include=["started_at", "queued_at"],
              postgresql_where=text("status = 'completed'")),
        Index("ix_background_task_finished_at", "finished_at",
              postgresql_include=["status", "type", "user_id", "queued_at", "started_at", "error_fingerprint"],
              postgresql_where=text("finished_at IS NOT NULL")),
        # Every eighth ended task, by the dice of its start: enough for the times of very many.
        Index("ix_background_task_sampled", "finished_at",
              postgresql_include=["status", "type", "queued_at", "started_at"],
              postgresql_where=text(f"finished_at IS NOT NULL AND {STARTED_MICROS} % 8 = 0")),
        Index("ix_background_task_failures", "error_fingerprint", "finished_at", postgresql_include=["type"],
              postgresql_where=text("status = 'failed' AND finished_at IS NOT NULL")),
    )  # fmt: skip

    id: UUID = entity_id()
    title: str = words()
    type: str = words()
    status: str = words(TaskState.QUEUED)
    user_id: UUID | None = ref("app_user.id", nullable=True, index=False)
    device_id: str = words("")
    cv_file: str | None = words(nullable=True)
    cv_file_id: UUID | None = ref("cv_file.id", ondelete="SET NULL", nullable=True)
    job_offer_id: UUID | None = ref("job_offer.id", ondelete="SET NULL", nullable=True)
    feature_name: str | None = words(nullable=True)
    plan_name: str | None = words(nullable=True)
    payload: dict[str, Any] | None = document()
    result: dict[str, Any] | None = document()
    error: str | None = words(nullable=True)
    error_key: str | None = words(nullable=True)
    error_params: dict[str, Any] | None = document()
    error_fingerprint: str | None = words(nullable=True, index=True)
    outcome: str | None = words(nullable=True)
    credit_used: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": "false"})
    credit_transaction_id: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    feature_counter_period_start: datetime | None = instant(nullable=True)
    idempotency_key: str | None = words(nullable=True)
    queue: str = words("tasks")
    attempt: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    max_attempts: int = Field(default=3, nullable=False, sa_column_kwargs={"server_default": "3"})
    dispatch_seq: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    dispatch_after: datetime | None = instant(nullable=True)
    dispatched_at: datetime | None = instant(nullable=True)
    lease_owner: str | None = words(nullable=True)
    lease_until: datetime | None = instant(nullable=True)
    cancel_requested_at: datetime | None = instant(nullable=True)
    quarantined_at: datetime | None = instant(nullable=True)
    discarded_at: datetime | None = instant(nullable=True)
    progressed_at: datetime | None = instant(nullable=True)
    progress: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    progress_step: str = words("")
    created_at: datetime = instant()
    queued_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    finished_at: datetime | None = instant(nullable=True)


class TaskAttempt(Table, table=True):
    """One start of a task by one worker; the row outlives the attempt's own transaction."""

    __tablename__ = "task_attempt"
    __table_args__ = (
        UniqueConstraint("task_id", "attempt"),
        CheckConstraint("outcome IN ('completed', 'failed', 'cancelled', 'lost', 'retried')", name="outcome"),
    )

    id: int | None = line_id()
    task_id: UUID = ref("background_task.id", ondelete="CASCADE", index=False)
    attempt: int = Field(nullable=False)
    worker: str = words()
    started_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    outcome: str | None = words(nullable=True)
    error: str | None = words(nullable=True)


class TaskStep(Table, table=True):
    """A step whose result is kept: a retry repeats nothing that was paid. The once-key of its model calls."""

    __tablename__ = "task_step"
    __table_args__ = (UniqueConstraint("task_id", "step"),)

    id: int | None = line_id()
    task_id: UUID = ref("background_task.id", ondelete="CASCADE", index=False)
    step: str = words()
    attempt: int = Field(nullable=False)
    result: dict[str, Any] | None = document()
    created_at: datetime = instant()


class ProcessHeartbeat(Table, table=True):
    """A process that runs now: worker, dispatcher, scheduler or web."""

    __tablename__ = "process_heartbeat"

    name: str = Field(primary_key=True, sa_type=Text)
    kind: str = words()
    version: str = words("")
    host: str = words("")
    pid: int = Field(nullable=False)
    task_id: UUID | None = Field(default=None)
    started_at: datetime = instant()
    seen_at: datetime = instant(index=True)


class CronEntry(Table, table=True):
    """Recurring work: when it runs next; one row per name, moved under an advisory lock."""

    __tablename__ = "cron_entry"

    name: str = Field(primary_key=True, sa_type=Text)
    schedule: str = words()
    next_run_at: datetime = instant()
    last_run_at: datetime | None = instant(nullable=True)
    last_error: str | None = words(nullable=True)


class TaskTypeControl(Table, table=True):
    """What ops decided about a type of task: no row means that it simply runs.

    Paused: waiting tasks stay. Draining: new ones are refused, waiting ones are still done. `at_once` is how many
    may run together. The row of the type `*` is about all of them.
    """

    __tablename__ = "task_type_control"
    __table_args__ = (
        CheckConstraint("at_once > 0", name="at_once"),
        CheckConstraint("at_once_per_person > 0", name="at_once_per_person"),
    )

    type: str = Field(primary_key=True, sa_type=Text)
    is_paused: bool = Field(default=False, nullable=False)
    is_draining: bool = Field(default=False, nullable=False)
    at_once: int | None = Field(default=None)
    at_once_per_person: int | None = Field(default=None)
    reason: str = words("")
    version: int = Field(default=1, nullable=False)
    changed_by: UUID | None = ref("app_user.id", ondelete="SET NULL", nullable=True)
    changed_at: datetime = instant()


class TaskSweep(Table, table=True):
    """One act on many tasks: those that a filter selected when it was asked for, done in chunks."""

    __tablename__ = "task_sweep"
    __table_args__ = (
        CheckConstraint("act IN ('cancel', 'retry', 'requeue')", name="act"),
        Index("ix_task_sweep_created_at_id", "created_at", "id"),
        Index("ix_task_sweep_open", "created_at", postgresql_where=text("finished_at IS NULL")),
    )

    id: UUID = entity_id()
    act: str = words()
    filters: dict[str, Any] = document(nullable=False)
    reason: str = words()
    tasks: int = Field(nullable=False)
    created_by: UUID = ref("app_user.id")
    created_at: datetime = instant()
    finished_at: datetime | None = instant(nullable=True)


class TaskSweepRow(Table, table=True):
    """One task of an act on many, and what came of it."""

    __tablename__ = "task_sweep_row"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state"),
        Index("ix_task_sweep_row_waiting", "sweep_id", postgresql_where=text("state = 'waiting'")),
    )

    sweep_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("task_sweep.id", ondelete="CASCADE")])
    task_id: UUID = Field(
        primary_key=True, sa_column_args=[ForeignKey("background_task.id", ondelete="CASCADE")], index=True
    )
    state: str = words("waiting")
    error_key: str | None = words(nullable=True)


class QueueDelay(Table, table=True):
    """A time during which work waited longer than allowed; those who may act are told once."""

    __tablename__ = "queue_delay"
    __table_args__ = (
        Index("uq_queue_delay_open", "queue", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_queue_delay_started_at", "started_at"),
    )

    id: UUID = entity_id()
    queue: str = words()
    limit_s: int = Field(nullable=False)
    worst_s: int = Field(nullable=False)
    told: int = Field(default=0, nullable=False)
    started_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
