"""What ops decide about types of task: pause, drain, how many at once. The next claim and the next message obey."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.domain import audit
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import board, flow, heartbeats, queries, registry
from fitmycv_admin.domain.tasks.heartbeats import ProcessRow
from fitmycv_admin.vocabulary import Permission

MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a type; None: as many as come."""

    is_paused: bool = False
    is_draining: bool = False
    at_once: int | None = None
    at_once_per_person: int | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One type (`*` is all of them) with its rule and what waits and runs. `version` 0: nobody decided anything."""

    type: str
    rule: Rule
    reason: str
    version: int
    changed_by: str
    changed_at: datetime | None
    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class ControlScreen:
    """Everything the page shows, from one snapshot."""

    rules: tuple[RuleRow, ...]
    processes: tuple[ProcessRow, ...]


_RULES = text("""
WITH now AS (
    SELECT type, count(*) FILTER (WHERE status = 'queued') AS waiting,
        count(*) FILTER (WHERE status = 'running') AS running
    FROM background_task WHERE status IN ('queued', 'running') GROUP BY type
)
SELECT kind.type, rule.is_paused, rule.is_draining, rule.at_once, rule.at_once_per_person, rule.reason, rule.version,
    rule.changed_at, person.email,
    CASE kind.type WHEN '*' THEN (SELECT sum(waiting) FROM now) ELSE now.waiting END AS waiting,
    CASE kind.type WHEN '*' THEN (SELECT sum(running) FROM now) ELSE now.running END AS running
FROM unnest(CAST(:types AS text[])) WITH ORDINALITY AS kind (type, place)
LEFT JOIN task_type_control rule ON rule.type = kind.type
LEFT JOIN app_user person ON person.id = rule.changed_by
LEFT JOIN now ON now.type = kind.type ORDER BY kind.place""")


def screen(db: Session, by: Actor) -> ControlScreen:
    """Every type with its rule, and every process that reported lately. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    rows = db.execute(_RULES, {"types": list(flow.types())})
    return ControlScreen(tuple(_row(by, row) for row in rows), heartbeats.processes(db, by))


def _row(by: Actor, row: Any) -> RuleRow:
    rule = Rule(bool(row.is_paused), bool(row.is_draining), row.at_once, row.at_once_per_person)
    return RuleRow(
        row.type, rule, row.reason or "", row.version or 0, queries.shown_person(by, row.email or ""), row.changed_at,
        int(row.waiting or 0), int(row.running or 0),
    )  # fmt: skip


_LOCKED = text("""SELECT is_paused, is_draining, at_once, at_once_per_person, version FROM task_type_control
                  WHERE type = :type FOR UPDATE""")
_WRITE = text("""
INSERT INTO task_type_control (type, is_paused, is_draining, at_once, at_once_per_person, reason, version, changed_by,
    changed_at)
VALUES (:type, :is_paused, :is_draining, :at_once, :at_once_per_person, :reason, 1, :by, clock_timestamp())
ON CONFLICT (type) DO UPDATE SET is_paused = excluded.is_paused, is_draining = excluded.is_draining,
    at_once = excluded.at_once, at_once_per_person = excluded.at_once_per_person, reason = excluded.reason,
    version = task_type_control.version + 1, changed_by = excluded.changed_by, changed_at = excluded.changed_at
WHERE task_type_control.version = :expected RETURNING version""")


def change(db: Session, by: Actor, type_: str, rule: Rule, *, expected_version: int, reason: str) -> int:
    """Set the rule of a type, or of `*`; returns its new version. Running attempts go on, the rest obeys at once.

    Needs tasks.write. Raises NotFound for a type nobody declared, Invalid for a number out of 1 to 1000 or without
    a reason, Conflict when somebody else was faster.
    """
    by.must(Permission.TASKS_WRITE)
    if type_ not in flow.types():
        raise NotFound
    if not reason.strip():
        raise Invalid("tasks.error.reason_missing", field="reason")
    for name in ("at_once", "at_once_per_person"):
        number = getattr(rule, name)
        if number is not None and not 1 <= number <= MOST_AT_ONCE:
            raise Invalid("tasks.error.at_once", field=name, most=MOST_AT_ONCE)
    held = db.execute(_LOCKED, {"type": type_}).one_or_none()
    before = Rule(held.is_paused, held.is_draining, held.at_once, held.at_once_per_person) if held else Rule()
    if (held.version if held else 0) != expected_version:
        raise Conflict
    values = {"type": type_, "reason": reason.strip(), "by": by.user_id, "expected": expected_version}
    version = db.execute(_WRITE, {**asdict(rule), **values}).scalar_one_or_none()
    if version is None:
        raise Conflict
    audit.record(db, by, "task_type.changed", "task_type", type_, asdict(before), asdict(rule), reason)
    for queue in registry.QUEUES:
        board.ring(db, queue)
    return version
