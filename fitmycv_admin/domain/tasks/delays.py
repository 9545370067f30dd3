"""Work that waits too long: noticed by itself, told once to who may act, closed when the line moves again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.config import settings
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import AccountState, Language, Permission, Role, Trigger

LIMIT = "queue_delay_minutes"
"""The setting: how many minutes a task may wait before somebody is told; 0 tells nobody."""
_OVER = 0.5
"""A delay is over when the oldest waits less than this share of the limit: one that goes up and down is one."""


@dataclass(frozen=True, slots=True)
class DelayRow:
    """A time during which work waited too long; seconds. `told` is how many people got a message."""

    id: UUID
    queue: str
    limit_s: int
    worst_s: int
    told: int
    started_at: datetime
    ended_at: datetime | None


_OLDEST = text("""
SELECT queue, extract(epoch FROM clock_timestamp() - min(queued_at)) AS age FROM background_task
WHERE status = 'queued' AND queued_at <= clock_timestamp() AND NOT EXISTS (
    SELECT 1 FROM task_type_control rule WHERE rule.type IN (background_task.type, '*') AND rule.is_paused)
GROUP BY queue""")
_OPEN = text("""
INSERT INTO queue_delay (id, queue, limit_s, worst_s, told, started_at)
VALUES (:id, :queue, :limit, :age, 0, clock_timestamp())
ON CONFLICT (queue) WHERE ended_at IS NULL DO UPDATE SET worst_s = GREATEST(queue_delay.worst_s, excluded.worst_s)
RETURNING id, xmax = 0 AS is_new""")
_CLOSE = text("""UPDATE queue_delay SET ended_at = clock_timestamp()
                 WHERE ended_at IS NULL AND queue <> ALL(:late) RETURNING id""")


def watch(db: Session) -> int:
    """Open, follow and close delays; returns how many messages were written. Paused types wait on purpose."""
    limit_s = lookups.whole(db, LIMIT) * 60
    ages = {row.queue: int(row.age) for row in db.execute(_OLDEST)}
    written = 0
    for queue, age in ages.items():
        if 0 < limit_s <= age:
            row = db.execute(_OPEN, {"id": new_id(), "queue": queue, "limit": limit_s, "age": age}).one()
            written += _tell(db, row.id, age, limit_s) if row.is_new else 0
    late = [queue for queue, age in ages.items() if limit_s and age >= limit_s * _OVER]
    db.execute(_CLOSE, {"late": late})
    return written


_STAFF = text("""SELECT id, email, name, language FROM app_user
                 WHERE role = ANY(:roles) AND state = :active AND email IS NOT NULL ORDER BY id""")


def _tell(db: Session, delay_id: UUID, age: int, limit_s: int) -> int:
    roles = [str(role) for role in Role if Permission.TASKS_WRITE in matrix.permissions_of(role)]
    told = 0
    for person in db.execute(_STAFF, {"roles": roles, "active": str(AccountState.ACTIVE)}).all():
        words = {
            "userName": person.name or person.email, "waitMinutes": str(age // 60),
            "limitMinutes": str(limit_s // 60), "consoleUrl": f"{settings().public_url}/ops/tasks?state=queued",
        }  # fmt: skip
        key = f"queue_delay:{delay_id}:{person.id}"
        sent = outbox.send(
            db, Trigger.QUEUE_DELAY, person.email, words, Language(person.language), key, user_id=person.id
        )
        told += sent is not None
    db.execute(text("UPDATE queue_delay SET told = :told WHERE id = :id"), {"told": told, "id": delay_id})
    return told


_SHOWN = """SELECT id, queue, limit_s, worst_s, told, started_at, ended_at FROM queue_delay {where}
            ORDER BY started_at DESC LIMIT :most"""


def now(db: Session, by: Actor) -> tuple[DelayRow, ...]:
    """The delays that last. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    return _rows(db, "WHERE ended_at IS NULL")


def lately(db: Session, by: Actor) -> tuple[DelayRow, ...]:
    """The newest delays, those that lasted too. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    return _rows(db, "")


def _rows(db: Session, where: str) -> tuple[DelayRow, ...]:
    rows = db.execute(text(_SHOWN.format(where=where)), {"most": 20})
    return tuple(
        DelayRow(row.id, row.queue, row.limit_s, row.worst_s, row.told, row.started_at, row.ended_at) for row in rows
    )
