"""The list of calls, newest first, page by page; what no index serves is searched a week at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import paging
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import cells, effective, names, queries
from fitmycv_admin.domain.ai_costs.cells import COLUMN, Filters
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import CallStatus, Permission

WEEK = timedelta(days=7)
# How many weeks one request searches before it shows how far it came.
WEEKS = 5


@dataclass(frozen=True, slots=True)
class CallFilters:
    """Which calls are listed. `hour` narrows the period to one hour (its first instant, UTC)."""

    period: Period
    hour: datetime | None = None
    cells: Filters = field(default_factory=Filters)
    status: CallStatus | None = None
    is_unpriced: bool = False
    task_id: UUID | None = None
    version_id: int | None = None
    min_cost_nano: int | None = None
    max_cost_nano: int | None = None
    min_ms: int | None = None
    max_ms: int | None = None
    call_id: int | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The instants from and until which calls are listed."""
        if self.hour is None:
            return self.period.starts_at, self.period.ends_at
        return max(self.hour, self.period.starts_at), min(self.hour + timedelta(hours=1), self.period.ends_at)

    @property
    def is_countable(self) -> bool:
        """Whether the rollups can say how many there are."""
        return self.task_id is None and not self.is_searched

    @property
    def is_searched(self) -> bool:
        """Whether calls must be looked at one by one."""
        bounds = (self.min_cost_nano, self.max_cost_nano, self.min_ms, self.max_ms)
        return self.is_unpriced or any(word is not None for word in (self.status, self.version_id, *bounds))


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call. `cost_nano` None: unknown, since no price was valid or nobody knows what was billed.

    `own_nano` is its cost as it was recorded, before any correction.
    """

    id: int
    at: datetime
    user_id: UUID | None
    email: str
    feature: Name
    call_name: str
    model_served: str
    model_requested: str
    tier: str
    plan: str
    status: str
    task_id: UUID | None
    step: str
    attempt: int
    prompt_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    price_version_id: int | None
    cost_nano: int | None
    duration_ms: int | None
    request_id: str | None
    own_nano: int | None
    image_tokens: int
    audio_tokens: int


@dataclass(frozen=True, slots=True)
class CallPage:
    """A page of calls. `count` when it is known exactly; `searched_to` when the search stopped before the end."""

    page: Page[CallRow]
    count: int | None
    searched_to: datetime | None


def calls(
    db: Session, by: Actor, filters: CallFilters, request: PageRequest, *, counted: bool = True
) -> CallPage:  # fmt: skip
    """The calls that match, newest first; `counted`: with how many there are in all, where the rollups know."""
    by.must(Permission.COSTS_READ)
    known = names.read(db)
    key = _position(request.before or request.after)
    backwards = bool(request.before) and key is not None
    rows, searched_to = _search(db, filters, key, backwards, request.limit)
    shown = [_row(row, known, by.may(Permission.PEOPLE_REVEAL)) for row in (reversed(rows) if backwards else rows)]
    if searched_to is None or backwards:
        page = paging.page_of(shown, request, lambda row: (row.at.isoformat(), row.id))
        searched_to = None
    else:
        previous = paging.encode(shown[0].at.isoformat(), shown[0].id) if shown and request.after else ""
        # Nothing older than this instant was looked at: the next page starts there.
        page = Page(tuple(shown), next=paging.encode(searched_to.isoformat(), 0), previous=previous)
    return CallPage(page, _count(db, by, filters) if counted else None, searched_to)


def rows(db: Session, by: Actor, filters: CallFilters) -> Iterator[CallRow]:
    """Every call that matches, newest first, without keeping them in memory: for an export."""
    by.must(Permission.COSTS_READ)
    known, revealed = names.read(db), by.may(Permission.PEOPLE_REVEAL)
    for row in _every(db, filters):
        yield _row(row, known, revealed)


def cells_of(db: Session, by: Actor, filters: CallFilters) -> Iterator[tuple[Any, ...]]:
    """As `rows`, as plain tuples: id, at, user id, address, feature key, tier, plan, call name, model served and
    requested, status, task id, step, attempt, tokens (prompt, cached, cache write, completion, reasoning), version,
    cost, duration and request id. For files of very many calls."""
    by.must(Permission.COSTS_READ)
    known, revealed = names.read(db), by.may(Permission.PEOPLE_REVEAL)
    features = {number: name.key for number, name in known.by_id[Dimension.FEATURE].items()}
    labels = [{number: name.label for number, name in known.by_id[d].items()} for d in (Dimension.TIER, Dimension.PLAN)]
    shown: dict[str | None, str] = {None: ""}
    for number, at, user_id, email, feature_id, tier_id, plan_id, *rest, _own, _image, _audio in _every(db, filters):
        if email not in shown:
            shown[email] = email if revealed else queries.masked(email)
        yield (
            number, at, user_id, shown[email], features.get(feature_id) or f"#{feature_id}",
            labels[0].get(tier_id, f"#{tier_id}"), labels[1].get(plan_id or 0, f"#{plan_id}"), *rest,
        )  # fmt: skip


def _every(db: Session, filters: CallFilters) -> Iterator[Any]:
    start, end = filters.span
    sql, values = _query(filters, start, end, None, backwards=False)
    found = db.execute(text(sql), values, execution_options={"stream_results": True})
    for some in found.partitions(2000):
        yield from some


def _count(db: Session, by: Actor, filters: CallFilters) -> int | None:
    if not filters.is_countable:
        return None
    if filters.hour is not None:
        return queries.calls_of_hour(db, by, filters.period, filters.hour, filters.cells)
    return queries.totals(db, by, filters.period, filters.cells).calls


def _search(
    db: Session, filters: CallFilters, key: tuple[datetime, int] | None, backwards: bool, limit: int
) -> tuple[list[Any], datetime | None]:
    """Rows in the direction asked, and the instant where a search without an index stopped early."""
    start, end = filters.span
    if backwards and key:
        start = max(start, key[0])
    elif key:
        end = min(end, key[0] + timedelta(microseconds=1))
    if _is_indexed(filters):
        return _fetch(db, filters, start, end, key, backwards, limit), None
    found: list[Any] = []
    for _week in range(WEEKS):
        near = min(start + WEEK, end) if backwards else max(end - WEEK, start)
        window = (start, near) if backwards else (near, end)
        found += _fetch(db, filters, *window, key, backwards, limit - len(found))
        if len(found) >= limit or near == (end if backwards else start):
            return found, None
        start, end = (near, end) if backwards else (start, near)
    return found, end if not backwards else None


def _fetch(
    db: Session, filters: CallFilters, start: datetime, end: datetime, key: tuple[datetime, int] | None,
    backwards: bool, limit: int,
) -> list[Any]:  # fmt: skip
    sql, values = _query(filters, start, end, key, backwards=backwards, limit=limit)
    return list(db.execute(text(sql), values).all())


def _query(
    filters: CallFilters, start: datetime, end: datetime, key: tuple[datetime, int] | None, *, backwards: bool,
    limit: int | None = None,
) -> tuple[str, dict[str, Any]]:  # fmt: skip
    values: dict[str, Any] = {"start": start, "end": end, "user": filters.cells.user_seq}
    where = ["c.created_at >= :start", "c.created_at < :end"]
    for name, column in _EXACT:
        if getattr(filters, name) is not None:
            where.append(f"c.{column} = :{name}")
            values[name] = getattr(filters, name)
    if filters.is_unpriced:
        where.append(effective.UNPRICED_ALONE)
    if filters.min_cost_nano is not None:
        where.append(f"{effective.COST_ALONE} >= :min_cost")
        values["min_cost"] = filters.min_cost_nano
    if filters.max_cost_nano is not None:
        where.append(f"{effective.COST_ALONE} <= :max_cost")
        values["max_cost"] = filters.max_cost_nano
    if filters.min_ms is not None:
        where.append("c.duration_ms >= :min_ms")
        values["min_ms"] = filters.min_ms
    if filters.max_ms is not None:
        where.append("c.duration_ms <= :max_ms")
        values["max_ms"] = filters.max_ms
    if key:
        values |= {"key_at": key[0], "key_id": key[1]}
        where.append(f"(c.created_at, c.id) {'>' if backwards else '<'} (:key_at, :key_id)")
    direction = "ASC" if backwards else "DESC"
    order = f"ORDER BY created_at {direction}, id {direction}"
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    inner = _inner(filters.cells, " AND ".join(where), order, bound, values)
    return (
        f"{_SELECT.format(inner=inner)} {order.replace('created_at', 'c.created_at').replace(' id', ' c.id')}",
        values,
    )


_EXACT = (("status", "status"), ("task_id", "task_id"), ("version_id", "price_version_id"), ("call_id", "id"))


def _inner(filters: Filters, where: str, order: str, bound: str, values: dict[str, Any]) -> str:
    """One index serves the order of one feature or model: several of them are read side by side and merged."""
    values |= {str(dimension): numbers for dimension, numbers in filters.numbers.items()}
    driver = next((d for d in (Dimension.FEATURE, Dimension.MODEL) if d in filters.numbers), None)
    if filters.user_seq is not None or driver is None or not bound:
        return f"SELECT * FROM openai_call c WHERE {where}{cells.where(filters)} {order}{bound}"
    rest = cells.where(Filters({d: n for d, n in filters.numbers.items() if d is not driver}))
    one = f"SELECT * FROM openai_call c WHERE c.{COLUMN[driver]} = number AND {where}{rest} {order}{bound}"
    several = f"unnest(cast(:{driver} AS smallint[])) AS number CROSS JOIN LATERAL ({one}) c"
    return f"SELECT c.* FROM {several} {order.replace('created_at', 'c.created_at').replace(' id', ' c.id')}{bound}"


def _is_indexed(filters: CallFilters) -> bool:
    """Whether each row that the chosen index gives is a row of the list."""
    if filters.task_id is not None or filters.hour is not None:
        return True
    if filters.is_searched:
        return False
    by = len(filters.cells.numbers) + (filters.cells.user_seq is not None)
    return by == 0 or (by == 1 and not {Dimension.TIER, Dimension.PLAN} & set(filters.cells.numbers))


def _position(token: str) -> tuple[datetime, int] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), int(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def _row(row: Any, known: names.Names, revealed: bool) -> CallRow:
    email = row.email or ""
    return CallRow(
        id=row.id, at=row.created_at, user_id=row.user_id,
        email=email if revealed else queries.masked(email),
        feature=known.of(Dimension.FEATURE, row.feature_id), call_name=row.call_name,
        model_served=row.model_served, model_requested=row.model_requested,
        tier=known.of(Dimension.TIER, row.tier_id).label, plan=known.of(Dimension.PLAN, row.plan_id or 0).label,
        status=row.status, task_id=row.task_id, step=row.step, attempt=row.attempt,
        prompt_tokens=row.prompt_tokens, cached_tokens=row.cached_tokens, cache_write_tokens=row.cache_write_tokens,
        completion_tokens=row.completion_tokens, reasoning_tokens=row.reasoning_tokens,
        price_version_id=row.price_version_id, cost_nano=row.cost_nano, duration_ms=row.duration_ms,
        request_id=row.request_id, own_nano=row.own_nano, image_tokens=row.image_tokens, audio_tokens=row.audio_tokens,
    )  # fmt: skip


_SELECT = f"""
SELECT c.id, c.created_at, u.id AS user_id, u.email, c.feature_id, c.tier_id, c.plan_id, c.call_name, c.model_served,
    c.model_requested, c.status, c.task_id, c.step, c.attempt, c.prompt_tokens, c.cached_tokens, c.cache_write_tokens,
    c.completion_tokens, c.reasoning_tokens, c.price_version_id, {effective.COST} AS cost_nano, c.duration_ms,
    c.request_id, c.cost_nano AS own_nano, c.image_tokens, c.audio_tokens
FROM ({{inner}}) c LEFT JOIN app_user u ON u.seq = c.user_seq
{effective.JOIN}
"""
