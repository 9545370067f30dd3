"""Acts of operators on many tasks that a filter selected: looked at first, done in chunks, each with its result."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import Conflict, FitMyCvError, Forbidden, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain import audit
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import board, dispatch, queries, usual
from fitmycv_admin.domain.tasks import filters as matching
from fitmycv_admin.domain.tasks.filters import Filters
from fitmycv_admin.vocabulary import AccountState, Permission, Role

MOST = 20_000
"""How many tasks one act may be about."""
CHUNK = 100
_SHOWN = 5

FITTING = {
    "cancel": "task.status IN ('queued', 'running') AND task.cancel_requested_at IS NULL",
    "retry": "task.status IN ('failed', 'cancelled') AND task.quarantined_at IS NULL",
    "requeue": "task.status IN ('queued', 'running') AND task.cancel_requested_at IS NULL",
}
"""The acts, and which tasks each can be done with."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the selected tasks one person or one type has."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would be about: `fitting` of `matching` tasks can be done (both at most MOST)."""

    act: str
    matching: int
    fitting: int
    people: int
    whose: tuple[Share, ...]
    types: tuple[Share, ...]

    @property
    def is_cut(self) -> bool:
        """Whether more match than one act may be about: the newest are taken."""
        return self.matching >= MOST


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One act on many tasks and how far it is. `refusals` counts by catalogue key what could not be done."""

    id: UUID
    act: str
    reason: str
    by: str
    tasks: int
    done: int
    refused: int
    created_at: datetime
    finished_at: datetime | None
    refusals: tuple[Share, ...]


_SELECTED = """
WITH selected AS (
    SELECT task.id, task.user_id, task.type, task.created_at, {fits} AS fits FROM background_task task
    WHERE {where} ORDER BY task.created_at DESC, task.id DESC LIMIT :most
) """
_COUNTS = """SELECT count(*) AS matching, count(*) FILTER (WHERE fits) AS fitting,
    count(DISTINCT user_id) FILTER (WHERE fits) AS people FROM selected"""
_WHOSE = """SELECT person.email AS name, count(*) AS tasks FROM selected
    LEFT JOIN app_user person ON person.id = selected.user_id WHERE fits
    GROUP BY person.id, person.email ORDER BY count(*) DESC, person.email LIMIT :shown"""
_TYPES = "SELECT type AS name, count(*) AS tasks FROM selected WHERE fits GROUP BY type ORDER BY count(*) DESC, type"
_FREEZE = """INSERT INTO task_sweep_row (sweep_id, task_id) SELECT CAST(:id AS uuid), id FROM selected WHERE fits"""


def preview(db: Session, by: Actor, act: str, filters: Filters) -> Preview:
    """How many tasks an act (cancel, retry, requeue) would be about, and whose. Needs tasks.write."""
    selected, values = _selection(db, by, act, filters)

    def shares(query: str) -> tuple[Share, ...]:
        return tuple(Share(row.name or "", row.tasks) for row in db.execute(text(selected + query), values))

    counts = db.execute(text(selected + _COUNTS), values).one()
    whose = tuple(Share(queries.shown_person(by, share.name), share.count) for share in shares(_WHOSE))
    return Preview(act, counts.matching, counts.fitting, counts.people, whose, shares(_TYPES))


def start(db: Session, by: Actor, act: str, filters: Filters, *, reason: str, expected: int) -> UUID:
    """Freeze the selection and begin: chunks follow, by whoever asks first for the next. Returns the act's id.

    `expected` is the number that the person saw: Conflict when more than that and a tenth match now. Needs
    tasks.write; raises Invalid without a reason, NotFound when nothing matches.
    """
    selected, values = _selection(db, by, act, filters)
    if not reason.strip():
        raise Invalid("tasks.error.reason_missing", field="reason")
    sweep_id = new_id()
    db.execute(
        text("""INSERT INTO task_sweep (id, act, filters, reason, tasks, created_by, created_at)
                VALUES (:id, :act, CAST(:filters AS jsonb), :reason, 0, :by, clock_timestamp())"""),
        {
            "id": sweep_id, "act": act, "filters": json.dumps(filters.kept()), "reason": reason.strip(),
            "by": by.owner_id,
        },
    )  # fmt: skip
    frozen = db.execute(text(selected + _FREEZE), {**values, "id": sweep_id}).rowcount  # type: ignore[attr-defined]
    if frozen == 0:
        raise NotFound
    if frozen > expected + expected // 10:
        raise Conflict
    db.execute(text("UPDATE task_sweep SET tasks = :count WHERE id = :id"), {"count": frozen, "id": sweep_id})
    after = {"act": act, "tasks": frozen, "filters": filters.kept()}
    audit.record(db, by, "tasks.swept", "task_sweep", sweep_id, None, after, reason)
    return sweep_id


def _selection(db: Session, by: Actor, act: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    by.must(Permission.TASKS_WRITE)
    if act not in FITTING:
        raise Invalid("tasks.error.act", field="act")
    known = usual.usual(db)
    where, values = matching.where(by, filters, known)
    selected = _SELECTED.format(fits=FITTING[act], where=" AND ".join(where) or "true")
    return selected, {**values, "most": MOST, "shown": _SHOWN}


_OLDEST = text("""SELECT id, act, reason, created_by FROM task_sweep WHERE finished_at IS NULL
                  AND (CAST(:id AS uuid) IS NULL OR id = :id)
                  ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED""")
# All rows of a chunk are locked before the first of them touches anybody's credits, and in the order of people: a
# worker that ends one of these tasks takes the same locks in the same order.
_NEXT = text("""
SELECT one.task_id FROM task_sweep_row one JOIN background_task task ON task.id = one.task_id
WHERE one.sweep_id = :id AND one.state = 'waiting' ORDER BY task.user_id, task.id LIMIT :chunk
FOR UPDATE OF task""")
_RESULT = text("""UPDATE task_sweep_row SET state = :state, error_key = :error
                  WHERE sweep_id = :id AND task_id = :task""")
_FINISH = text("""
UPDATE task_sweep SET finished_at = clock_timestamp() WHERE id = :id AND NOT EXISTS (
    SELECT 1 FROM task_sweep_row one WHERE one.sweep_id = :id AND one.state = 'waiting')""")


def go_on(db: Session, sweep_id: UUID | None = None) -> int:
    """Do the next chunk of an act (the oldest that has not ended), each task by itself; how many were tried.

    Two that ask at once never do the same: the second finds nothing. Who lost the permission meanwhile acts no more:
    the rest is refused.
    """
    sweep = db.execute(_OLDEST, {"id": sweep_id}).one_or_none()
    if sweep is None:
        return 0
    act = _ACTS[sweep.act]
    by = _author(db, sweep.created_by)
    tasks = list(db.execute(_NEXT, {"id": sweep.id, "chunk": CHUNK}).scalars())
    for task_id in tasks:
        error = _tried(db, act, by, task_id, sweep.reason)
        state = "refused" if error else "done"
        db.execute(_RESULT, {"state": state, "error": error, "id": sweep.id, "task": task_id})
    db.execute(_FINISH, {"id": sweep.id})
    return len(tasks)


def _tried(db: Session, act: Callable[..., object], by: Actor | None, task_id: UUID, reason: str) -> str | None:
    if by is None:
        return Forbidden.key
    try:
        with db.begin_nested():
            act(db, by, task_id, reason=reason)
    except FitMyCvError as error:
        return error.key
    return None


def _author(db: Session, user_id: UUID) -> Actor | None:
    found = text("SELECT role, name, email FROM app_user WHERE id = :id AND state = :active")
    row = db.execute(found, {"id": user_id, "active": str(AccountState.ACTIVE)}).one_or_none()
    if row is None:
        return None
    permissions = matrix.permissions_of(Role(row.role))
    if Permission.TASKS_WRITE not in permissions:
        return None
    return Actor(user_id, Role(row.role), permissions, name=row.name or "", email=row.email or "")


def requeue_for(db: Session, by: Actor, task_id: UUID, *, reason: str) -> None:
    """Put anybody's waiting or running task back in line, for a reason that is kept; its worker loses it.

    Needs tasks.write; raises NotFound, or Conflict when it ended or is being cancelled.
    """
    by.must(Permission.TASKS_WRITE)
    found = text("SELECT status, attempt, lease_owner FROM background_task WHERE id = :id FOR UPDATE")
    before = db.execute(found, {"id": task_id}).one_or_none()
    if before is None:
        raise NotFound
    if not dispatch.requeue(db, task_id):
        raise Conflict
    kept = {"status": before.status, "attempt": before.attempt, "worker": before.lease_owner or ""}
    audit.record(db, by, "task.requeued", "task", task_id, kept, {"status": "queued"}, reason)


_ACTS: dict[str, Callable[..., object]] = {
    "cancel": board.cancel_for, "retry": board.retry_for, "requeue": requeue_for,
}  # fmt: skip

_SWEEPS = """
SELECT sweep.*, person.email, counted.done, counted.refused FROM task_sweep sweep
JOIN app_user person ON person.id = sweep.created_by
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'done') AS done,
    count(*) FILTER (WHERE state = 'refused') AS refused FROM task_sweep_row WHERE sweep_id = sweep.id) counted
WHERE (CAST(:id AS uuid) IS NULL OR sweep.id = :id) ORDER BY sweep.created_at DESC, sweep.id DESC LIMIT :most"""
_REFUSALS = text("""SELECT error_key AS name, count(*) AS tasks FROM task_sweep_row
                    WHERE sweep_id = :id AND state = 'refused' GROUP BY error_key ORDER BY count(*) DESC""")


def sweeps(db: Session, by: Actor, most: int = 5, *, sweep_id: UUID | None = None) -> tuple[SweepRow, ...]:
    """The newest acts on many tasks, or one of them, with what came of them. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    return tuple(
        SweepRow(
            row.id, row.act, row.reason, queries.shown_person(by, row.email or ""), row.tasks, row.done, row.refused,
            row.created_at, row.finished_at,
            tuple(Share(one.name, one.tasks) for one in db.execute(_REFUSALS, {"id": row.id})) if row.refused else (),
        )
        for row in db.execute(text(_SWEEPS), {"id": sweep_id, "most": most}).all()
    )  # fmt: skip
