"""Who was hit between two instants by work that failed, was cancelled or took too long; and one act to make up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import paging
from fitmycv_admin.core.errors import Conflict, Invalid, NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import batches
from fitmycv_admin.domain.billing.batches import Started
from fitmycv_admin.domain.tasks import queries
from fitmycv_admin.vocabulary import Permission

KINDS = ("failed", "cancelled", "slow")
"""What may have hit somebody."""
MOST_PEOPLE = 10_000
SLOW_S = (30, 60, 300, 900)
"""From how many seconds between the asking and the end a completed task may count as slow."""
SLOW_STANDARD_S = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """Between which instants, which kinds of harm, and of which tasks; empty fields do not filter."""

    since: datetime
    until: datetime
    kinds: tuple[str, ...] = KINDS
    slow_s: int = SLOW_STANDARD_S
    type: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """What happened in all; a task counts once."""

    people: int
    failed: int
    cancelled: int
    slow: int


@dataclass(frozen=True, slots=True)
class HitRow:
    """One person and how their tasks were hit."""

    user_id: UUID
    user: str
    failed: int
    cancelled: int
    slow: int
    first: datetime
    last: datetime

    @property
    def tasks(self) -> int:
        """All of them."""
        return self.failed + self.cancelled + self.slow


@dataclass(frozen=True, slots=True)
class MadeUpRow:
    """Credits that were given, or wait to be given, for an incident whose period meets this one."""

    batch_id: UUID
    state: str
    people: int
    total: int
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentScreen:
    """Everything the page shows, from one snapshot."""

    totals: Totals
    page: Page[HitRow]
    made_up: tuple[MadeUpRow, ...]


_HIT = """
WITH hit AS (
    SELECT user_id, status, finished_at FROM background_task
    WHERE finished_at >= :since AND finished_at < :until AND user_id IS NOT NULL {narrow}
    AND ((status = 'failed' AND 'failed' = ANY(:kinds)) OR (status = 'cancelled' AND 'cancelled' = ANY(:kinds))
        OR (status = 'completed' AND 'slow' = ANY(:kinds)
            AND finished_at - LEAST(queued_at, started_at) > make_interval(secs => :slow)))
), people AS (
    SELECT user_id, count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE status = 'completed') AS slow, count(*) AS tasks,
        min(finished_at) AS first, max(finished_at) AS last
    FROM hit GROUP BY user_id
) """
_TOTALS = """SELECT count(*) AS people, COALESCE(sum(failed), 0) AS failed, COALESCE(sum(cancelled), 0) AS cancelled,
    COALESCE(sum(slow), 0) AS slow FROM people"""
_PAGE = """
SELECT people.*, person.email FROM people JOIN app_user person ON person.id = people.user_id WHERE {at}
ORDER BY people.tasks {way}, people.user_id {way} LIMIT :limit"""


def hit(db: Session, by: Actor, wanted: Wanted, request: PageRequest) -> IncidentScreen:
    """Everyone hit, those with most tasks first. Needs tasks.read; people are masked without people.reveal."""
    by.must(Permission.TASKS_READ)
    with_hit, values = _with(wanted)
    row = db.execute(text(with_hit + _TOTALS), values).one()
    totals = Totals(row.people, int(row.failed), int(row.cancelled), int(row.slow))
    return IncidentScreen(totals, _page(db, by, wanted, request), _made_up(db, wanted))


def _with(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    narrow = "AND type = :type " if wanted.type else ""
    narrow += "AND error_fingerprint = :fingerprint" if wanted.fingerprint else ""
    values = {
        "since": wanted.since, "until": wanted.until, "kinds": list(wanted.kinds), "slow": wanted.slow_s,
        "type": wanted.type, "fingerprint": wanted.fingerprint,
    }  # fmt: skip
    return _HIT.format(narrow=narrow), values


def _page(db: Session, by: Actor, wanted: Wanted, request: PageRequest) -> Page[HitRow]:
    with_hit, values = _with(wanted)
    before, after = _position(request.before), _position(request.after)
    point = before or after
    sign, way = (">", "ASC") if before else ("<", "DESC")
    at = "true"
    if point is not None:
        at = f"(people.tasks, people.user_id) {sign} (:tasks, :user)"
        values |= {"tasks": point[0], "user": point[1]}
    found = db.execute(text(with_hit + _PAGE.format(at=at, way=way)), {**values, "limit": request.limit}).all()
    rows = [
        HitRow(row.user_id, queries.shown_person(by, row.email or ""), row.failed, row.cancelled, row.slow, row.first,
               row.last)
        for row in (reversed(found) if before else found)
    ]  # fmt: skip
    asked = request if point is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.tasks, str(row.user_id)))


_MADE_UP = text("""
SELECT id, state, people, total, note, created_at FROM credit_batch
WHERE source ->> 'kind' = 'incident' AND state <> 'abandoned'
    AND CAST(source ->> 'since' AS timestamptz) < :until AND CAST(source ->> 'until' AS timestamptz) > :since
ORDER BY created_at DESC LIMIT 10""")


def _made_up(db: Session, wanted: Wanted) -> tuple[MadeUpRow, ...]:
    rows = db.execute(_MADE_UP, {"since": wanted.since, "until": wanted.until})
    return tuple(MadeUpRow(row.id, row.state, row.people, row.total, row.note, row.created_at) for row in rows)


def make_up(
    db: Session, by: Actor, wanted: Wanted, each: int, *, per_task: bool, note: str, expected: int
) -> tuple[UUID, Started]:
    """Give credits to everyone hit, as one batch: at once within the limits of who gives, else by a second person.

    `expected` is how many people were shown: Conflict when others were hit meanwhile. Needs tasks.write; raises what
    `amounts` and `batches.preview` raise.
    """
    given = amounts(db, by, wanted, each, per_task=per_task)
    if len(given) != expected:
        raise Conflict
    source = {
        "kind": batches.INCIDENT, "since": wanted.since.isoformat(), "until": wanted.until.isoformat(),
        "kinds": list(wanted.kinds), "slow_s": wanted.slow_s, "type": wanted.type, "fingerprint": wanted.fingerprint,
        "each": each, "per_task": per_task,
    }  # fmt: skip
    batch_id = batches.preview(db, by, source, given, batches.INCIDENT, note)
    return batch_id, batches.start(db, by, batch_id)


def _position(token: str) -> tuple[int, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (int(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def amounts(db: Session, by: Actor, wanted: Wanted, each: int, *, per_task: bool) -> list[tuple[UUID, int]]:
    """What everyone hit would get: `each` credits, or that much for every task of theirs.

    Needs tasks.write. Raises Invalid for an amount below one or for more people than one act may be about, NotFound
    when nobody was hit.
    """
    by.must(Permission.TASKS_WRITE)
    if each < 1:
        raise Invalid("tasks.error.amount", field="amount")
    with_hit, values = _with(wanted)
    people = "SELECT user_id, tasks FROM people ORDER BY user_id LIMIT :most"
    rows = db.execute(text(with_hit + people), {**values, "most": MOST_PEOPLE + 1}).all()
    if not rows:
        raise NotFound
    if len(rows) > MOST_PEOPLE:
        raise Invalid("tasks.error.too_many_people", most=MOST_PEOPLE)
    return [(row.user_id, each * row.tasks if per_task else each) for row in rows]
