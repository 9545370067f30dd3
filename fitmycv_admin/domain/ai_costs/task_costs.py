"""What each task cost: its calls by its id, phase by phase, and the credits it took."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import effective, names, queries
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import Payer, Permission, ReservationState, TaskState, TaskType


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """Which tasks: those asked for in the period, of a type, in a state, of a person, paid in a way."""

    period: Period
    type: TaskType | None = None
    state: TaskState | None = None
    user_seq: int | None = None
    payer: Payer | None = None


@dataclass(frozen=True, slots=True)
class TaskCost:
    """One task. `credits` were taken for good, `held` are not settled yet; `payer` "" means that nothing was asked.

    `cost_nano` leaves out the `unpriced` calls.
    """

    id: UUID
    at: datetime
    type: str
    state: str
    user_id: UUID | None
    email: str
    calls: int
    unpriced: int
    tokens: int
    cost_nano: int
    payer: str
    credits: int
    held: int
    run_ms: int | None


@dataclass(frozen=True, slots=True)
class Phase:
    """The calls that a task made for one thing, in one step and with one model."""

    feature: Name
    call_name: str
    step: str
    model: str
    calls: int
    failed: int
    unpriced: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost_nano: int
    duration_ms: int
    first_at: datetime


def tasks(db: Session, by: Actor, filters: TaskFilters, request: PageRequest) -> Page[TaskCost]:
    """The tasks of a period, newest first, each with what its calls cost."""
    by.must(Permission.COSTS_READ)
    key = _position(request.before or request.after)
    backwards = bool(request.before) and key is not None
    where, values = _where(filters)
    if key:
        where.append(f"(t.created_at, t.id) {'>' if backwards else '<'} (:key_at, :key_id)")
        values |= {"key_at": key[0], "key_id": key[1]}
    way = "ASC" if backwards else "DESC"
    sql = _TASKS.format(where=" AND ".join(where), way=way, limit=f"LIMIT {request.limit}")
    found = [_task(row, by) for row in db.execute(text(sql), values)]
    shown = found[::-1] if backwards else found
    return paging.page_of(shown, request, lambda row: (row.at.isoformat(), str(row.id)))


def every(db: Session, by: Actor, filters: TaskFilters) -> Iterator[TaskCost]:
    """Every task that matches, newest first, without keeping them in memory: for an export."""
    by.must(Permission.COSTS_READ)
    where, values = _where(filters)
    sql = text(_TASKS.format(where=" AND ".join(where), way="DESC", limit=""))
    for row in db.execute(sql, values, execution_options={"stream_results": True, "yield_per": 1000}):
        yield _task(row, by)


def task(db: Session, by: Actor, task_id: UUID) -> tuple[TaskCost, tuple[Phase, ...]]:
    """One task and its phases in the order they began; together they are the task. Raises NotFound."""
    by.must(Permission.COSTS_READ)
    sql = text(_TASKS.format(where="t.id = :id", way="DESC", limit=""))
    row = db.execute(sql, {"id": task_id}).one_or_none()
    if row is None:
        raise NotFound
    known = names.read(db)
    found = db.execute(text(_PHASES), {"id": task_id}).mappings()
    return _task(row, by), tuple(_phase(dict(phase), known) for phase in found)


def _where(filters: TaskFilters) -> tuple[list[str], dict[str, Any]]:
    period = filters.period
    where = ["t.created_at >= :from", "t.created_at < :until"]
    values: dict[str, Any] = {"from": period.starts_at, "until": period.ends_at}
    for column, value in (("type", filters.type), ("status", filters.state)):
        if value is not None:
            where.append(f"t.{column} = :{column}")
            values[column] = str(value)
    if filters.user_seq is not None:
        nobody = filters.user_seq == queries.SYSTEM
        where.append("t.user_id IS NULL" if nobody else "t.user_id = (SELECT id FROM app_user WHERE seq = :user)")
        values["user"] = filters.user_seq
    if filters.payer is not None:
        where.append("EXISTS (SELECT FROM reservation r WHERE r.task_id = t.id AND r.payer = :payer)")
        values["payer"] = str(filters.payer)
    return where, values


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError, AttributeError):
        return None


def _task(row: Any, by: Actor) -> TaskCost:
    email = row.email or ""
    return TaskCost(
        id=row.id, at=row.created_at, type=row.type, state=row.status, user_id=row.user_id,
        email=email if by.may(Permission.PEOPLE_REVEAL) else queries.masked(email), calls=row.calls,
        unpriced=row.unpriced, tokens=row.tokens, cost_nano=row.cost_nano, payer=row.payer or "",
        credits=row.credits, held=row.held, run_ms=None if row.run_ms is None else int(row.run_ms),
    )  # fmt: skip


def _phase(row: Mapping[str, Any], known: names.Names) -> Phase:
    given = {name: value for name, value in row.items() if name != "feature_id"}
    return Phase(feature=known.of(Dimension.FEATURE, row["feature_id"]), **given)


_TASKS = f"""
WITH t AS MATERIALIZED (
    SELECT t.id, t.created_at, t.type, t.status, t.user_id, t.started_at, t.finished_at FROM background_task t
    WHERE {{where}} ORDER BY t.created_at {{way}}, t.id {{way}} {{limit}}
)
SELECT t.id, t.created_at, t.type, t.status, t.user_id, u.email, spent.*, taken.*,
    extract(epoch FROM t.finished_at - t.started_at) * 1000 AS run_ms
FROM t LEFT JOIN app_user u ON u.id = t.user_id
CROSS JOIN LATERAL (
    SELECT count(*) AS calls, count(*) FILTER (WHERE {effective.UNPRICED}) AS unpriced,
        coalesce(sum(c.total_tokens), 0)::bigint AS tokens, coalesce(sum({effective.COST}), 0)::bigint AS cost_nano
    FROM openai_call c {effective.JOIN} WHERE c.task_id = t.id
) spent
CROSS JOIN LATERAL (
    SELECT max(r.payer) AS payer,
        coalesce(sum(r.amount) FILTER (WHERE r.state = '{ReservationState.CAPTURED}'), 0)::bigint AS credits,
        coalesce(sum(r.amount) FILTER (WHERE r.state = '{ReservationState.HELD}'), 0)::bigint AS held
    FROM reservation r WHERE r.task_id = t.id
) taken
ORDER BY t.created_at {{way}}, t.id {{way}}
"""
_PHASES = f"""
SELECT c.feature_id, c.call_name, c.step, c.model_served AS model, count(*) AS calls,
    count(*) FILTER (WHERE c.status <> 'ok') AS failed, count(*) FILTER (WHERE {effective.UNPRICED}) AS unpriced,
    coalesce(sum(c.prompt_tokens), 0)::bigint AS prompt_tokens,
    coalesce(sum(c.cached_tokens), 0)::bigint AS cached_tokens,
    coalesce(sum(c.completion_tokens), 0)::bigint AS completion_tokens,
    coalesce(sum(c.reasoning_tokens), 0)::bigint AS reasoning_tokens,
    coalesce(sum({effective.COST}), 0)::bigint AS cost_nano,
    coalesce(sum(c.duration_ms), 0)::bigint AS duration_ms, min(c.created_at) AS first_at
FROM openai_call c {effective.JOIN} WHERE c.task_id = :id
GROUP BY 1, 2, 3, 4 ORDER BY min(c.created_at), c.call_name, model
"""
