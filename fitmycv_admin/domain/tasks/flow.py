"""What may run now: types that are paused or draining, and how many may run together, in all and for one person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.vocabulary import TaskType

EVERYTHING = "*"
"""The rule that is about every type together."""


class Draining(FitMyCvError):
    """Ops let this kind of work come to its end: nothing new is taken."""

    key = "tasks.error.draining"


@dataclass(frozen=True, slots=True)
class Room:
    """What may be sent now. `left` and `person_most` are by type; None and a missing type mean: as many as come."""

    closed: tuple[str, ...] = ()
    is_closed: bool = False
    total: int | None = None
    left: Mapping[str, int] = field(default_factory=dict)
    person_total: int | None = None
    person_most: Mapping[str, int] = field(default_factory=dict)


def must_accept(db: Session, type_: str) -> None:
    """Raises Draining while no new task of this type is taken."""
    asked = "SELECT true FROM task_type_control WHERE type IN (:type, '*') AND is_draining LIMIT 1"
    if db.execute(text(asked), {"type": type_}).scalar_one_or_none():
        raise Draining


_RULES = text("SELECT type, is_paused, at_once, at_once_per_person FROM task_type_control")
_FLYING = text("""
SELECT type, count(*) AS tasks FROM background_task
WHERE queue = :queue AND (status = 'running' OR (status = 'queued' AND dispatch_after IS NULL)) GROUP BY type""")


def room(db: Session, queue: str) -> Room | None:
    """How much may be sent to a queue now, counting what was sent and what runs; None when nobody set a limit."""
    rules = {row.type: row for row in db.execute(_RULES)}
    if not any(row.is_paused or row.at_once or row.at_once_per_person for row in rules.values()):
        return None
    flying = {row.type: row.tasks for row in db.execute(_FLYING, {"queue": queue})}
    every = rules.pop(EVERYTHING, None)
    return Room(
        closed=tuple(type_ for type_, rule in rules.items() if rule.is_paused),
        is_closed=every is not None and every.is_paused,
        total=max(0, every.at_once - sum(flying.values())) if every and every.at_once else None,
        left={type_: max(0, rule.at_once - flying.get(type_, 0)) for type_, rule in rules.items() if rule.at_once},
        person_total=every.at_once_per_person if every else None,
        person_most={type_: rule.at_once_per_person for type_, rule in rules.items() if rule.at_once_per_person},
    )


_TASK = text("SELECT type, user_id, queue FROM background_task WHERE id = :id")
# Claims of a limited type go one by one through its rule; where there is none nobody waits.
_LOCKED = text("""
SELECT type, is_paused, at_once, at_once_per_person FROM task_type_control
WHERE type IN (:type, '*') AND (is_paused OR at_once IS NOT NULL OR at_once_per_person IS NOT NULL)
ORDER BY type FOR NO KEY UPDATE""")
_RUNNING = text("""
SELECT count(*) AS every, count(*) FILTER (WHERE user_id = :user) AS mine FROM background_task
WHERE status = 'running' AND queue = :queue AND (:type = '*' OR type = :type)""")


def admit(db: Session, task_id: UUID) -> bool:
    """Whether a task that a worker took from the queue may start now; if not it is back in line, where it was."""
    task = db.execute(_TASK, {"id": task_id}).one_or_none()
    if task is None:
        return False
    for rule in db.execute(_LOCKED, {"type": task.type}).all():
        if not _fits(db, rule, task):
            _put_back(db, task_id)
            return False
    return True


def _fits(db: Session, rule: Any, task: Any) -> bool:
    if rule.is_paused:
        return False
    now = db.execute(_RUNNING, {"type": rule.type, "user": task.user_id, "queue": task.queue}).one()
    is_full = rule.at_once is not None and now.every >= rule.at_once
    is_mine = task.user_id is not None and rule.at_once_per_person is not None and now.mine >= rule.at_once_per_person
    return not (is_full or is_mine)


def _put_back(db: Session, task_id: UUID) -> None:
    back = """UPDATE background_task SET dispatch_seq = dispatch_seq + 1,
              dispatch_after = LEAST(queued_at, clock_timestamp())
              WHERE id = :id AND status = 'queued' AND dispatch_after IS NULL"""
    db.execute(text(back), {"id": task_id})


def types() -> tuple[str, ...]:
    """What a rule may be about."""
    return (EVERYTHING, *(str(word) for word in TaskType))
