"""From the row to the queue and back: what is due, what got lost, whose lease ended. Safe to run twice at once."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.tasks import board, endings
from fitmycv_admin.vocabulary import TaskState

WORKER_LOST = "tasks.error.worker_lost"
NEVER_STARTED = "tasks.error.never_started"
_LONGEST_WAIT = "interval '24 hours'"


@dataclass(frozen=True, slots=True)
class Due:
    """A row to be sent to the queue: `seq` names the message, `attempt` is what the worker must still find."""

    task_id: UUID
    attempt: int
    seq: int
    user_id: UUID | None


# One task of each person in turn; between persons the one who was served longest ago comes first.
_TAKE = text("""
WITH due AS (
    SELECT id, user_id, created_at, dispatch_after,
           row_number() OVER (PARTITION BY COALESCE(user_id, id) ORDER BY dispatch_after, id) AS turn
    FROM background_task
    WHERE status = 'queued' AND dispatch_after <= clock_timestamp() AND queue = :queue
), served AS (
    SELECT head.user_id, (
        SELECT before.dispatched_at FROM background_task before
        WHERE before.user_id = head.user_id AND before.created_at <= head.created_at
        AND before.dispatched_at IS NOT NULL ORDER BY before.created_at DESC LIMIT 1) AS last
    FROM due head WHERE head.turn = 1 AND head.user_id IS NOT NULL
), chosen AS (
    SELECT due.id FROM due LEFT JOIN served USING (user_id)
    WHERE due.turn <= :slots
    ORDER BY due.turn, served.last NULLS FIRST, due.dispatch_after, due.id LIMIT :slots
), locked AS (
    SELECT id FROM background_task WHERE id IN (SELECT id FROM chosen)
    AND status = 'queued' AND dispatch_after IS NOT NULL FOR UPDATE SKIP LOCKED
)
UPDATE background_task task SET dispatch_after = NULL, dispatched_at = clock_timestamp()
FROM locked WHERE task.id = locked.id
RETURNING task.id, task.attempt, task.dispatch_seq, task.user_id""")


def take(db: Session, queue: str, slots: int) -> list[Due]:
    """Lock and mark as sent up to `slots` due rows, fairly between people.

    The caller sends each one before it commits: a crash in between sends it again under the same name.
    """
    if slots <= 0:
        return []
    rows = db.execute(_TAKE, {"queue": queue, "slots": slots})
    return [Due(row.id, row.attempt, row.dispatch_seq, row.user_id) for row in rows]


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
                             WHEN attempt >= max_attempts THEN 'failed' ELSE 'queued' END AS next
    FROM background_task WHERE {whose} FOR UPDATE SKIP LOCKED LIMIT 500
), closed AS (
    UPDATE task_attempt SET ended_at = clock_timestamp(), outcome = 'lost' FROM over
    WHERE task_attempt.task_id = over.id AND task_attempt.attempt = over.attempt
)
UPDATE background_task task SET status = over.next, lease_owner = NULL, lease_until = NULL,
    dispatch_seq = CASE over.next WHEN 'queued' THEN dispatch_seq + 1 ELSE dispatch_seq END,
    dispatch_after = CASE over.next WHEN 'queued' THEN clock_timestamp() END,
    finished_at = CASE WHEN over.next <> 'queued' THEN clock_timestamp() END,
    error_key = CASE over.next WHEN 'failed' THEN :lost END
FROM over WHERE task.id = over.id RETURNING task.id, task.queue, task.type, task.status"""

_REAP_EXPIRED = text(_REAP.format(whose="status = 'running' AND lease_until < clock_timestamp()"))
_REAP_WORKER = text(_REAP.format(whose="status = 'running' AND lease_owner = :worker"))
_EXPIRE = text(f"""
UPDATE background_task SET status = 'failed', finished_at = clock_timestamp(), dispatch_after = NULL,
    error_key = :key
WHERE status = 'queued' AND COALESCE(dispatch_after, dispatched_at) < clock_timestamp() - {_LONGEST_WAIT}
RETURNING id, type""")


def reap(db: Session) -> int:
    """Take tasks from workers whose lease ended: queued again, failed when no start is left, or cancelled on
    request. Tasks that nobody started for a day fail. Returns how many changed."""
    changed = _handed_back(db, db.execute(_REAP_EXPIRED, {"lost": WORKER_LOST}).all())
    expired = db.execute(_EXPIRE, {"key": NEVER_STARTED}).all()
    for row in expired:
        endings.abandon(db, row.id, row.type)
    return changed + len(expired)


def free(db: Session, worker: str) -> int:
    """Take tasks from one worker at once, because the process that held them was killed. How many changed."""
    return _handed_back(db, db.execute(_REAP_WORKER, {"lost": WORKER_LOST, "worker": worker}).all())


def _handed_back(db: Session, rows: Collection) -> int:
    for queue in {row.queue for row in rows}:
        board.ring(db, queue)
    for row in rows:
        if row.status != TaskState.QUEUED:
            endings.abandon(db, row.id, row.type)
    return len(rows)
