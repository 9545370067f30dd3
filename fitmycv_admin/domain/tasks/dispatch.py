"""From the row to the queue and back: what is due, what got lost, whose lease ended. Safe to run twice at once."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.tasks import board, flow, registry, settlement
from fitmycv_admin.vocabulary import TaskState

WORKER_LOST = "tasks.error.worker_lost"
QUARANTINED = "tasks.error.quarantined"
NEVER_STARTED = "tasks.error.never_started"
_LONGEST_WAIT = "interval '24 hours'"


@dataclass(frozen=True, slots=True)
class Due:
    """A row to be sent to the queue: `seq` names the message, `attempt` is what the worker must still find."""

    task_id: UUID
    attempt: int
    seq: int
    user_id: UUID | None


# When the person of a row was served last, asked once for each person: at the row that would be their next.
_SERVED = """CASE WHEN turn = 1 THEN (
        SELECT before.dispatched_at FROM background_task before
        WHERE before.user_id = {row}.user_id AND before.created_at <= {row}.created_at
        AND before.dispatched_at IS NOT NULL ORDER BY before.created_at DESC LIMIT 1) END"""

# One task of each person in turn; between persons the one who was served longest ago comes first.
_TAKE = text(f"""
WITH due AS (
    SELECT id, user_id, created_at, dispatch_after,
           row_number() OVER (PARTITION BY COALESCE(user_id, id) ORDER BY dispatch_after, id) AS turn
    FROM background_task
    WHERE status = 'queued' AND dispatch_after <= clock_timestamp() AND queue = :queue
), headed AS (
    SELECT due.*, {_SERVED.format(row="due")} AS served FROM due WHERE turn <= :slots
), chosen AS (
    SELECT id FROM (SELECT *, max(served) OVER (PARTITION BY user_id) AS last FROM headed) placed
    ORDER BY turn, last NULLS FIRST, dispatch_after, id LIMIT :slots
), locked AS (
    SELECT id FROM background_task WHERE id IN (SELECT id FROM chosen)
    AND status = 'queued' AND dispatch_after IS NOT NULL FOR UPDATE SKIP LOCKED
)
UPDATE background_task task SET dispatch_after = NULL, dispatched_at = clock_timestamp()
FROM locked WHERE task.id = locked.id
RETURNING task.id, task.attempt, task.dispatch_seq, task.user_id""")


# The same order with rules: what is paused is left out, and a type and a person get what their rule leaves them.
_TAKE_RULED = text(f"""
WITH flying AS MATERIALIZED (
    SELECT type, user_id, count(*) AS count FROM background_task WHERE queue = :queue AND user_id IS NOT NULL
    AND (status = 'running' OR (status = 'queued' AND dispatch_after IS NULL)) GROUP BY type, user_id
), due AS (
    SELECT task.id, task.user_id, task.type, task.created_at, task.dispatch_after,
        row_number() OVER (PARTITION BY task.user_id, task.type ORDER BY dispatch_after, id) + COALESCE((SELECT
            sum(count) FROM flying WHERE flying.user_id = task.user_id AND flying.type = task.type), 0) AS of_type,
        row_number() OVER (PARTITION BY task.user_id ORDER BY dispatch_after, id) + COALESCE((SELECT
            sum(count) FROM flying WHERE flying.user_id = task.user_id), 0) AS of_all
    FROM background_task task
    WHERE status = 'queued' AND dispatch_after <= clock_timestamp() AND queue = :queue AND type <> ALL(:closed)
), open AS (
    SELECT *, row_number() OVER (PARTITION BY COALESCE(user_id, id) ORDER BY dispatch_after, id) AS turn FROM due
    WHERE user_id IS NULL OR (of_type <= COALESCE(CAST(CAST(:person_most AS jsonb) ->> type AS int), of_type)
        AND of_all <= COALESCE(CAST(:person_total AS int), of_all))
), headed AS (
    SELECT open.*, {_SERVED.format(row="open")} AS served FROM open
), ordered AS (
    SELECT *, max(served) OVER (PARTITION BY user_id) AS last FROM headed
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY type ORDER BY turn, last NULLS FIRST, dispatch_after, id) AS place
    FROM ordered
), chosen AS (
    SELECT id FROM placed WHERE place <= COALESCE(CAST(CAST(:left AS jsonb) ->> type AS int), place)
    ORDER BY turn, last NULLS FIRST, dispatch_after, id LIMIT :slots
), locked AS (
    SELECT id FROM background_task WHERE id IN (SELECT id FROM chosen)
    AND status = 'queued' AND dispatch_after IS NOT NULL FOR UPDATE SKIP LOCKED
)
UPDATE background_task task SET dispatch_after = NULL, dispatched_at = clock_timestamp()
FROM locked WHERE task.id = locked.id
RETURNING task.id, task.attempt, task.dispatch_seq, task.user_id""")


def take(db: Session, queue: str, slots: int) -> list[Due]:
    """Lock and mark as sent up to `slots` due rows, fairly between people and within the rules of their types.

    The caller sends each one before it commits: a crash in between sends it again under the same name.
    """
    if slots <= 0:
        return []
    room = flow.room(db, queue)
    rows = db.execute(_TAKE, {"queue": queue, "slots": slots}) if room is None else _within(db, queue, slots, room)
    return [Due(row.id, row.attempt, row.dispatch_seq, row.user_id) for row in rows]


def _within(db: Session, queue: str, slots: int, room: flow.Room) -> Collection[Any]:
    slots = min(slots, slots if room.total is None else room.total)
    if room.is_closed or slots <= 0:
        return ()
    values = {
        "queue": queue, "slots": slots, "closed": list(room.closed), "left": json.dumps(dict(room.left)),
        "person_most": json.dumps(dict(room.person_most)), "person_total": room.person_total,
    }  # fmt: skip
    return db.execute(_TAKE_RULED, values).all()


def sent(db: Session, queue: str) -> list[Due]:
    """The rows that were sent and that no worker has claimed yet."""
    rows = db.execute(
        text("""SELECT id, attempt, dispatch_seq, user_id FROM background_task
                WHERE status = 'queued' AND dispatch_after IS NULL AND queue = :queue"""),
        {"queue": queue},
    )
    return [Due(row.id, row.attempt, row.dispatch_seq, row.user_id) for row in rows]


def resend(db: Session, lost: Collection[Due]) -> int:
    """Put rows whose message is gone back in line, under a new name; how many there were.

    A row that was claimed, or sent again by somebody else, in the meantime stays as it is.
    """
    again = text("""UPDATE background_task SET dispatch_seq = dispatch_seq + 1, dispatch_after = clock_timestamp()
                    WHERE id = :id AND status = 'queued' AND dispatch_after IS NULL AND dispatch_seq = :seq""")
    changed = 0
    for due in lost:
        changed += db.execute(again, {"id": due.task_id, "seq": due.seq}).rowcount  # type: ignore[attr-defined]
    return changed


_REAP = """
WITH over AS (
    SELECT id, attempt, CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled'
        WHEN (SELECT count(*) + 1 FROM task_attempt WHERE task_attempt.task_id = held.id AND outcome = 'lost')
            >= CAST(CAST(:poison AS jsonb) ->> held.type AS int) THEN 'quarantined'
        WHEN attempt >= max_attempts THEN 'failed' ELSE 'queued' END AS next
    FROM background_task held WHERE {whose} FOR UPDATE SKIP LOCKED LIMIT 500
), closed AS (
    UPDATE task_attempt SET ended_at = clock_timestamp(), outcome = 'lost' FROM over
    WHERE task_attempt.task_id = over.id AND task_attempt.attempt = over.attempt
)
UPDATE background_task task SET status = CASE over.next WHEN 'quarantined' THEN 'failed' ELSE over.next END,
    lease_owner = NULL, lease_until = NULL,
    dispatch_seq = CASE over.next WHEN 'queued' THEN dispatch_seq + 1 ELSE dispatch_seq END,
    dispatch_after = CASE over.next WHEN 'queued' THEN clock_timestamp() END,
    queued_at = CASE over.next WHEN 'queued' THEN clock_timestamp() ELSE queued_at END,
    finished_at = CASE WHEN over.next <> 'queued' THEN clock_timestamp() END,
    quarantined_at = CASE over.next WHEN 'quarantined' THEN clock_timestamp() END,
    error_key = CASE over.next WHEN 'failed' THEN :lost WHEN 'quarantined' THEN :poisoned END,
    error_fingerprint = CASE over.next WHEN 'failed' THEN 'worker_lost' WHEN 'quarantined' THEN 'quarantined' END
FROM over WHERE task.id = over.id RETURNING task.id, task.user_id, task.queue, task.type, task.status"""

_REAP_EXPIRED = text(_REAP.format(whose="status = 'running' AND lease_until < clock_timestamp()"))
_REAP_WORKER = text(_REAP.format(whose="status = 'running' AND lease_owner = :worker"))
_EXPIRE = text(f"""
UPDATE background_task SET status = 'failed', finished_at = clock_timestamp(), dispatch_after = NULL,
    error_key = :key, error_fingerprint = 'never_started'
WHERE status = 'queued' AND COALESCE(dispatch_after, dispatched_at) < clock_timestamp() - {_LONGEST_WAIT}
RETURNING id, user_id, type""")


def reap(db: Session) -> int:
    """Take tasks from workers whose lease ended: queued again, failed when no start is left, cancelled on request, in
    quarantine when they cost too many workers their life. Tasks that nobody started for a day fail. How many."""
    changed = _handed_back(db, db.execute(_REAP_EXPIRED, _why_lost()).all())
    expired = db.execute(_EXPIRE, {"key": NEVER_STARTED}).all()
    for row in settlement.in_order(expired):
        settlement.failed(db, row.id, row.type)
    return changed + len(expired)


def free(db: Session, worker: str) -> int:
    """Take tasks from one worker at once, because the process that held them was killed. How many changed."""
    return _handed_back(db, db.execute(_REAP_WORKER, {**_why_lost(), "worker": worker}).all())


def _why_lost() -> dict[str, str]:
    poison = {str(kind.type): kind.poison_after for kind in registry.KINDS.values()}
    return {"lost": WORKER_LOST, "poisoned": QUARANTINED, "poison": json.dumps(poison)}


_REQUEUE = text("""
WITH held AS (
    SELECT id, attempt FROM background_task
    WHERE id = :id AND (status = 'queued' OR (status = 'running' AND cancel_requested_at IS NULL)) FOR UPDATE
), closed AS (
    UPDATE task_attempt SET ended_at = clock_timestamp(), outcome = 'retried' FROM held
    WHERE task_attempt.task_id = held.id AND task_attempt.attempt = held.attempt AND ended_at IS NULL
)
UPDATE background_task task SET status = 'queued', lease_owner = NULL, lease_until = NULL,
    dispatch_seq = dispatch_seq + 1, dispatch_after = clock_timestamp(), queued_at = clock_timestamp(),
    max_attempts = GREATEST(max_attempts, task.attempt + 1)
FROM held WHERE task.id = held.id RETURNING task.queue""")


def requeue(db: Session, task_id: UUID) -> bool:
    """Put a task back in line under a new name: one whose message was lost, or one that a worker holds and does not
    move; that attempt can write nothing any more. False when it ended or is being cancelled."""
    queue = db.execute(_REQUEUE, {"id": task_id}).scalar_one_or_none()
    if queue is None:
        return False
    board.ring(db, queue)
    return True


def _handed_back(db: Session, rows: Collection) -> int:
    for queue in {row.queue for row in rows}:
        board.ring(db, queue)
    for row in settlement.in_order(rows):
        if row.status == TaskState.FAILED:
            settlement.failed(db, row.id, row.type)
        elif row.status == TaskState.CANCELLED:
            settlement.cancelled(db, row.id, row.type)
    return len(rows)
