"""Which of our processes run now: each says so every few seconds."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

EVERY_S = 5.0
"""How often a process says that it lives."""
GONE_AFTER_S = 20.0
"""A process that said nothing for this long does not count."""

_BEAT = text("""
INSERT INTO process_heartbeat (name, kind, host, pid, task_id, started_at, seen_at)
VALUES (:name, :kind, :host, :pid, :task, clock_timestamp(), clock_timestamp())
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, task_id = excluded.task_id""")


def beat(db: Session, name: str, kind: str, *, host: str, pid: int, task_id: UUID | None = None) -> None:
    """Say that a process lives. `kind` is worker.<queue>, dispatcher, scheduler or web; `task_id` what it does."""
    db.execute(_BEAT, {"name": name, "kind": kind, "host": host, "pid": pid, "task": task_id})


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
