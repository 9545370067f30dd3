"""Grants to many as staff read them: the list, one batch with its progress, and what came of each row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.statements import shown
from fitmycv_admin.vocabulary import BatchState, Permission

ROW_STATES = ("waiting", "granted", "refused", "reversed", "partly_reversed")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch: `people` and `total` credits as it was started; the counts are of its rows now, by their state."""

    id: UUID
    created_at: datetime
    finished_at: datetime | None
    by: str
    created_by: UUID
    state: str
    source: dict[str, Any]
    reason_code: str
    note: str
    expires_at: datetime | None
    people: int
    total: int
    waiting: int
    granted: int
    refused: int
    reversed: int
    partly_reversed: int
    given_credits: int
    taken_credits: int


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One person of a batch. `balance` is what they hold now, `taken` what a reversal took back."""

    user_id: UUID
    user: str
    amount: int
    balance: int
    state: str
    line_id: int | None
    taken: int
    error_key: str


_BATCH = """
SELECT batch.*, coalesce(staff.name, staff.email, '') AS staff, counted.* FROM (
    SELECT * FROM credit_batch batch WHERE {where}
    ORDER BY batch.created_at {way}, batch.id {way} LIMIT :limit) batch
JOIN app_user staff ON staff.id = batch.created_by
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE row.state = 'waiting') AS waiting, count(*) FILTER (WHERE row.state = 'granted')
        AS granted, count(*) FILTER (WHERE row.state = 'refused') AS refused,
        count(*) FILTER (WHERE row.state = 'reversed') AS reversed,
        count(*) FILTER (WHERE row.state = 'partly_reversed') AS partly,
        coalesce(sum(row.amount) FILTER (WHERE row.line_id IS NOT NULL), 0) AS given,
        coalesce(sum(-taken.amount), 0) AS taken
    FROM credit_batch_row row LEFT JOIN credit_transaction taken ON taken.id = row.reversal_line_id
    WHERE row.batch_id = batch.id) counted
ORDER BY batch.created_at {way}, batch.id {way}"""


def batches(db: Session, by: Actor, request: PageRequest, *, state: str = "") -> Page[BatchRow]:
    """A page of batches, newest first. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    where, values = ["true"], dict[str, Any]()
    if state in tuple(BatchState):
        where, values = ["batch.state = :state"], {"state": state}
    before = _position(request.before)
    at = before or _position(request.after)
    if at is not None:
        where.append(f"(batch.created_at, batch.id) {'>' if before else '<'} (:at, :at_id)")
        values |= {"at": at[0], "at_id": at[1]}
    statement = _BATCH.format(where=" AND ".join(where), way="ASC" if before else "DESC")
    found = db.execute(text(statement), {**values, "limit": request.limit}).all()
    rows = [_batch(row) for row in (reversed(found) if before else found)]
    asked = request if at is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.created_at.isoformat(), str(row.id)))


def batch(db: Session, by: Actor, batch_id: UUID) -> BatchRow:
    """One batch. Needs credits.read. Raises NotFound."""
    by.must(Permission.CREDITS_READ)
    statement = _BATCH.format(where="batch.id = :id", way="DESC")
    row = db.execute(text(statement), {"id": batch_id, "limit": 1}).one_or_none()
    if row is None:
        raise NotFound
    return _batch(row)


def results(db: Session, by: Actor, batch_id: UUID, request: PageRequest, *, state: str = "") -> Page[ResultRow]:
    """What came of the rows of a batch, in the order of their ids. Needs credits.read; masked without people.reveal."""
    by.must(Permission.CREDITS_READ)
    values: dict[str, Any] = {"batch": batch_id, "limit": request.limit}
    where = "row.batch_id = :batch"
    if state in ROW_STATES:
        where, values = f"{where} AND row.state = :state", {**values, "state": state}
    before = paging.decode(request.before, 1) if request.before else None
    after = paging.decode(request.after, 1) if request.after and before is None else None
    if (at := _uuid((before or after or [""])[0])) is not None:
        where, values = f"{where} AND row.user_id {'<' if before else '>'} :at", {**values, "at": at}
    way = "DESC" if before else "ASC"
    query = f"""SELECT row.*, person.email, coalesce(b.balance, 0) AS balance, coalesce(-taken.amount, 0) AS taken
                FROM credit_batch_row row JOIN app_user person ON person.id = row.user_id
                LEFT JOIN credit_balance b ON b.user_id = row.user_id
                LEFT JOIN credit_transaction taken ON taken.id = row.reversal_line_id
                WHERE {where} ORDER BY row.user_id {way} LIMIT :limit"""
    found = db.execute(text(query), values).all()
    rows = [_result(row, by) for row in (reversed(found) if before else found)]
    return paging.page_of(rows, request, lambda row: (str(row.user_id),))


def every(db: Session, by: Actor, batch_id: UUID, *, state: str = "") -> Iterator[ResultRow]:
    """What came of every row, for a file. Needs credits.read."""
    token = ""
    while True:
        page = results(db, by, batch_id, PageRequest(after=token, size=paging.MAX_SIZE), state=state)
        yield from page.rows
        token = page.next
        if not token:
            return


def _batch(row: Any) -> BatchRow:
    return BatchRow(
        id=row.id, created_at=row.created_at, finished_at=row.finished_at, by=row.staff, created_by=row.created_by,
        state=row.state, source=row.source, reason_code=row.reason_code, note=row.note, expires_at=row.expires_at,
        people=row.people, total=row.total, waiting=row.waiting, granted=row.granted, refused=row.refused,
        reversed=row.reversed, partly_reversed=row.partly, given_credits=int(row.given), taken_credits=int(row.taken),
    )  # fmt: skip


def _result(row: Any, by: Actor) -> ResultRow:
    return ResultRow(
        user_id=row.user_id, user=shown(by, row.email), amount=row.amount, balance=row.balance, state=row.state,
        line_id=row.line_id, taken=row.taken, error_key=row.error_key or "",
    )  # fmt: skip


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def _uuid(word: Any) -> UUID | None:
    try:
        return UUID(str(word))
    except ValueError:
        return None
