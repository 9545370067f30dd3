"""Where a person's own task stands in line, and how long it will take, from how long such tasks took lately."""

import math
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import heartbeats, usual
from fitmycv_admin.domain.tasks.usual import Pace, Usual
from fitmycv_admin.vocabulary import Permission, TaskState

_OWN = text("""
SELECT id, type, status, queue, extract(epoch FROM clock_timestamp() - COALESCE((SELECT start.started_at
    FROM task_attempt start WHERE start.task_id = task.id AND start.attempt = task.attempt), clock_timestamp())) AS ran
FROM background_task task WHERE id = :id AND user_id = :user""")

# The order in which the dispatcher sends them: what it has sent already stands first.
_AHEAD = text("""
WITH line AS (
    SELECT id, user_id, type, created_at, dispatch_after, dispatch_after IS NULL AS is_sent,
        row_number() OVER (
            PARTITION BY COALESCE(user_id, id), dispatch_after IS NULL ORDER BY dispatch_after, id) AS turn
    FROM background_task WHERE status = 'queued' AND queue = :queue AND type <> ALL(:closed)
), served AS (
    SELECT head.user_id, (
        SELECT before.dispatched_at FROM background_task before
        WHERE before.user_id = head.user_id AND before.created_at <= head.created_at
        AND before.dispatched_at IS NOT NULL ORDER BY before.created_at DESC LIMIT 1) AS last
    FROM line head WHERE head.turn = 1 AND NOT head.is_sent AND head.user_id IS NOT NULL
), placed AS (
    SELECT line.id, line.type, row_number() OVER (
        ORDER BY is_sent DESC, turn, served.last NULLS FIRST, dispatch_after, line.id) AS place
    FROM line LEFT JOIN served USING (user_id)
)
SELECT placed.type, count(*) AS count FROM placed, placed mine
WHERE mine.id = :id AND placed.place < mine.place GROUP BY placed.type""")
_RUNNING = text("""SELECT type, count(*) AS count FROM background_task
                   WHERE status = 'running' AND queue = :queue GROUP BY type""")


def ahead_of(db: Session, by: Actor, task_id: UUID) -> tuple[int, int | None]:
    """The position of one's own task (1 is the next to start, 0 runs or has ended) and the seconds until its end.

    None seconds: nobody knows, as nothing of the kind ended in seven days, no worker lives or the type is paused.
    Raises NotFound for a missing task and for somebody else's alike.
    """
    by.must(Permission.OWN_DATA)
    own = db.execute(_OWN, {"id": task_id, "user": by.owner_id}).one_or_none()
    if own is None:
        raise NotFound
    if own.status not in (TaskState.QUEUED, TaskState.RUNNING):
        return 0, None
    known = usual.usual(db)
    mean = _mean(known, own.type)
    if own.status == TaskState.RUNNING:
        return 0, None if mean is None else max(1, math.ceil(mean - float(own.ran)))
    is_paused = own.type in known.closed
    ahead = {} if is_paused else _counts(db, _AHEAD, {"id": own.id, "queue": own.queue, "closed": list(known.closed)})
    workers = heartbeats.alive(db, f"worker.{own.queue}")
    position = sum(ahead.values()) + 1
    if mean is None or is_paused or workers == 0:
        return position, None
    running = _counts(db, _RUNNING, {"queue": own.queue})
    # A running one is on average half done.
    work = _seconds(known, ahead) + _seconds(known, running) / 2
    is_free = position + sum(running.values()) <= workers
    return position, max(1, math.ceil(mean + (0 if is_free else work / workers)))


def _counts(db: Session, statement: object, values: dict[str, object]) -> dict[str, int]:
    return {row.type: row.count for row in db.execute(statement, values)}  # type: ignore[call-overload]


def _mean(known: Usual, type_: str) -> float | None:
    return known.paces.get(type_, Pace(None, None, None)).run_mean


def _seconds(known: Usual, counts: dict[str, int]) -> float:
    return sum((_mean(known, type_) or 0.0) * count for type_, count in counts.items())
