"""Which of our processes run now: each says so every few seconds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import Permission

EVERY_S = 5.0
"""How often a process says that it lives."""
GONE_AFTER_S = 20.0
"""A process that said nothing for this long does not count."""


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """One process. `is_gone`: it said nothing for a while and did not say that it ends."""

    name: str
    kind: str
    version: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    is_gone: bool
    task_id: UUID | None
    task_type: str
    task_since: datetime | None


_BEAT = text("""
INSERT INTO process_heartbeat (name, kind, version, host, pid, task_id, started_at, seen_at)
VALUES (:name, :kind, :version, :host, :pid, :task, clock_timestamp(), clock_timestamp())
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, task_id = excluded.task_id""")


def beat(
    db: Session, name: str, kind: str, *, host: str, pid: int, version: str = "", task_id: UUID | None = None
) -> None:
    """Say that a process lives. `kind` is worker.<queue>, dispatcher, scheduler or web; `task_id` what it does."""
    values = {"name": name, "kind": kind, "version": version, "host": host, "pid": pid, "task": task_id}
    db.execute(_BEAT, values)


# What a worker does is what it holds: its lease names it.
_PROCESSES = text("""
SELECT process.*, process.seen_at < clock_timestamp() - make_interval(secs => :gone) AS is_gone,
    task.id AS held_id, task.type AS held_type, start.started_at AS held_since
FROM process_heartbeat process
LEFT JOIN background_task task ON task.status = 'running' AND process.kind LIKE 'worker.%'
    AND starts_with(task.lease_owner, process.host || '-' || process.pid || '-')
LEFT JOIN task_attempt start ON start.task_id = task.id AND start.attempt = task.attempt
ORDER BY is_gone, process.kind, process.host, process.pid LIMIT 200""")


def processes(db: Session, by: Actor) -> tuple[ProcessRow, ...]:
    """Every process that was heard of within a day, the living first. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    return tuple(
        ProcessRow(
            row.name, row.kind, row.version, row.host, row.pid, row.started_at, row.seen_at, row.is_gone,
            row.held_id, row.held_type or "", row.held_since,
        )
        for row in db.execute(_PROCESSES, {"gone": GONE_AFTER_S})
    )  # fmt: skip


def leave(db: Session, name: str) -> None:
    """Say that a process ended in order."""
    db.execute(text("DELETE FROM process_heartbeat WHERE name = :name"), {"name": name})


def alive(db: Session, kind: str) -> int:
    """How many processes of a kind were heard of lately."""
    heard = text("""SELECT count(*) FROM process_heartbeat
                    WHERE kind = :kind AND seen_at > clock_timestamp() - make_interval(secs => :gone)""")
    return db.execute(heard, {"kind": kind, "gone": GONE_AFTER_S}).scalar_one()


def forget_gone(db: Session) -> int:
    """Delete what was not heard of for a day; how many."""
    gone = "DELETE FROM process_heartbeat WHERE seen_at < clock_timestamp() - interval '1 day' RETURNING name"
    return len(db.execute(text(gone)).all())
