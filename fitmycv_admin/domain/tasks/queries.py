"""What screens show of tasks: a person's own, the operators' list, one task with everything that happened to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import effective
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.domain.tasks import filters as matching
from fitmycv_admin.domain.tasks import health, heartbeats, usual
from fitmycv_admin.domain.tasks.filters import Filters
from fitmycv_admin.domain.tasks.usual import Usual
from fitmycv_admin.vocabulary import Permission, TaskState


@dataclass(frozen=True, slots=True)
class ProgressCard:
    """How far one's own task is: `percent` 0 to 100; keys are of the catalogue, "" when there is none."""

    task_id: UUID
    type: str
    title: str
    state: str
    percent: int
    step_key: str
    error_key: str
    error_params: dict[str, Any]
    result: dict[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in (TaskState.QUEUED, TaskState.RUNNING)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of the operators' list. Durations in milliseconds; `cost_nano` None: a cost is not known."""

    id: UUID
    type: str
    state: str
    is_cancelling: bool
    is_quarantined: bool
    stuck: str
    """Why it is stuck: lease_over, no_progress, long_run, long_wait, or nothing."""
    user_id: UUID | None
    user: str
    attempt: int
    max_attempts: int
    percent: int
    step_key: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    wait_ms: int
    run_ms: int | None
    error_key: str
    fingerprint: str
    calls: int
    cost_nano: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """How the work goes now; waits in milliseconds, of tasks that started in the last hour."""

    queued: int
    running: int
    oldest_wait_ms: int
    failed_24h: int
    ended_24h: int
    quarantined: int
    stuck: int
    wait_p95_ms: int | None
    workers: int
    dispatchers: int
    schedulers: int


@dataclass(frozen=True, slots=True)
class BoardScreen:
    """The operators' list with its figures, from one snapshot."""

    board: Board
    page: Page[TaskRow]


def progress_of(db: Session, by: Actor, task_id: UUID) -> ProgressCard:
    """How far one's own task is. Raises NotFound for a missing one and for somebody else's alike."""
    by.must(Permission.OWN_DATA)
    found = text("""SELECT id, type, title, status, progress, progress_step, error_key, error_params, result
                    FROM background_task WHERE id = :id AND user_id = :user""")
    row = db.execute(found, {"id": task_id, "user": by.owner_id}).one_or_none()
    if row is None:
        raise NotFound
    return ProgressCard(
        row.id, row.type, row.title, row.status, row.progress, row.progress_step,
        row.error_key or "", row.error_params or {}, row.result or {},
    )  # fmt: skip


def board(db: Session, by: Actor, filters: Filters, request: PageRequest) -> BoardScreen:
    """Everything the operators' list shows. Needs tasks.read; people are masked without people.reveal."""
    by.must(Permission.TASKS_READ)
    known = usual.usual(db)
    return BoardScreen(_figures(db, by, known), _page(db, by, filters, request, known))


def page(db: Session, by: Actor, filters: Filters, request: PageRequest) -> Page[TaskRow]:
    """A page of the operators' list without its figures. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    return _page(db, by, filters, request, usual.usual(db))


def rows(db: Session, by: Actor, filters: Filters) -> Iterator[TaskRow]:
    """Every row of the operators' list, newest first, for a file. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    known, token = usual.usual(db), ""
    while True:
        found = _page(db, by, filters, PageRequest(after=token, size=paging.MAX_SIZE), known)
        yield from found.rows
        token = found.next
        if not token:
            return


_FIGURES = text("""
SELECT count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status = 'running') AS running,
    extract(epoch FROM clock_timestamp() - min(queued_at) FILTER (WHERE status = 'queued')) * 1000 AS oldest,
    (SELECT count(*) FROM background_task WHERE finished_at > statement_timestamp() - interval '24 hours'
        AND status = 'failed') AS failed,
    (SELECT count(*) FROM background_task WHERE finished_at > statement_timestamp() - interval '24 hours'
        AND status IN ('failed', 'completed')) AS ended,
    (SELECT count(*) FROM background_task WHERE quarantined_at IS NOT NULL AND discarded_at IS NULL) AS quarantined,
    (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - queued_at) * 1000)
        FROM background_task WHERE created_at > statement_timestamp() - interval '1 hour'
        AND started_at >= queued_at) AS wait
FROM background_task WHERE status IN ('queued', 'running')""")


def _figures(db: Session, by: Actor, known: Usual) -> Board:
    row = db.execute(_FIGURES).one()
    return Board(
        queued=row.queued, running=row.running, oldest_wait_ms=max(0, int(row.oldest or 0)), failed_24h=row.failed,
        ended_24h=row.ended, quarantined=row.quarantined,
        stuck=sum(one.count for one in health.stuck(db, by, known)),
        wait_p95_ms=None if row.wait is None else int(row.wait),
        workers=heartbeats.alive(db, "worker.tasks"), dispatchers=heartbeats.alive(db, "dispatcher"),
        schedulers=heartbeats.alive(db, "scheduler"),
    )  # fmt: skip


_ROWS = f"""
SELECT task.id, task.type, task.status, task.cancel_requested_at, task.user_id, person.email, task.attempt,
    task.max_attempts, task.progress, task.progress_step, task.created_at, task.started_at, task.finished_at,
    task.error_key, task.error_fingerprint, task.quarantined_at IS NOT NULL AND task.discarded_at IS NULL AS aside,
    {{stuck}} AS stuck, called.calls, called.known, called.cost,
    GREATEST(0, extract(epoch FROM COALESCE(task.started_at, task.finished_at, clock_timestamp())
        - LEAST(task.queued_at, COALESCE(task.started_at, task.queued_at)))) * 1000 AS wait,
    extract(epoch FROM COALESCE(task.finished_at, clock_timestamp()) - task.started_at) * 1000 AS run
FROM (
    SELECT * FROM background_task task WHERE {{where}} ORDER BY task.created_at {{way}}, task.id {{way}} LIMIT :limit
) task
LEFT JOIN app_user person ON person.id = task.user_id
LEFT JOIN LATERAL (
    SELECT count(*) AS calls, count(cost) AS known, sum(cost) AS cost
    FROM (SELECT {effective.COST_ALONE} AS cost FROM openai_call c WHERE c.task_id = task.id) one
) called ON true
ORDER BY task.created_at {{way}}, task.id {{way}}"""


def _page(db: Session, by: Actor, filters: Filters, request: PageRequest, known: Usual) -> Page[TaskRow]:
    where, values = matching.where(by, filters, known)
    values |= known.values()
    before = _position(request.before)
    after = _position(request.after) if before is None else None
    at = before or after
    if at is not None:
        where.append(f"(task.created_at, task.id) {'>' if before else '<'} (:at, :at_id)")
        values |= {"at": at[0], "at_id": at[1]}
    way = "ASC" if before else "DESC"
    statement = text(_ROWS.format(where=" AND ".join(where) or "true", way=way, stuck=usual.STUCK))
    found = db.execute(statement, {**values, "limit": request.limit}).all()
    rows = [_row(row, by) for row in (reversed(found) if before else found)]
    asked = request if at is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.created_at.isoformat(), str(row.id)))


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def _row(row: Any, by: Actor) -> TaskRow:
    email = row.email or ""
    is_known = row.calls == 0 or row.known == row.calls
    return TaskRow(
        id=row.id, type=row.type, state=row.status,
        is_cancelling=row.status == TaskState.RUNNING and row.cancel_requested_at is not None,
        is_quarantined=row.aside, stuck=row.stuck,
        user_id=row.user_id, user=shown_person(by, email), attempt=row.attempt, max_attempts=row.max_attempts,
        percent=row.progress, step_key=row.progress_step, created_at=row.created_at, started_at=row.started_at,
        finished_at=row.finished_at, wait_ms=int(row.wait), run_ms=None if row.run is None else int(row.run),
        error_key=row.error_key or "", fingerprint=row.error_fingerprint or "", calls=row.calls,
        cost_nano=int(row.cost or 0) if is_known else None,
    )  # fmt: skip


def shown_person(by: Actor, email: str) -> str:
    """An address as this actor may read it; "" stays "" (a task of the system)."""
    return email if not email or by.may(Permission.PEOPLE_REVEAL) else addresses.masked(email)
