"""A person's own ledger: every line with what it was for, which credits paid it and what came back."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import CreditKind, Permission

WORDS = ("type", "period", "from", "to", "task")
"""What an address may say of the list."""
PERIODS = ("all", "30d", "month", "custom")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list shows; an empty field does not filter. `since` is included, `until` is not."""

    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    task_id: UUID | None = None


@dataclass(frozen=True)
class PartRow:
    """The credits of one origin that paid a line, and how many of them came back."""

    kind: str
    amount: int
    returned: int
    expires_at: datetime | None


@dataclass(frozen=True)
class LineRow:
    """One line: `amount` with its sign, `balance_after` as it was then.

    `task_type`, `title`, `cv_id` and `offer_id` are "" when what they name is not there (any more).
    """

    id: int
    at: datetime
    kind: str
    amount: int
    balance_after: int
    feature: str
    task_id: str
    task_type: str
    title: str
    cv_id: str
    cv_name: str
    offer_id: str
    came_back: int
    paid_by: list[PartRow]


def asked(db: Session, words: Mapping[str, str]) -> Filters:
    """The filters that an address asks for, days in the workspace's zone; what makes no sense does not filter."""
    kind = words.get("type", "")
    since, until = _period(words, lookups.zone(db))
    return Filters(kind if kind in set(CreditKind) else "", since, until, _id(words.get("task", "")))


def lines(db: Session, by: Actor, filters: Filters, request: PageRequest) -> Page[LineRow]:
    """A page of the actor's own lines, newest first. Needs own.data."""
    by.must(Permission.OWN_DATA)
    before = _position(request.before)
    after = _position(request.after) if before is None else None
    where, values = _where(by, filters)
    if before is not None or after is not None:
        where.append("line.id > :at" if before is not None else "line.id < :at")
        values["at"] = before if before is not None else after
    way = "ASC" if before is not None else "DESC"
    found = db.execute(
        text(_LINES.format(where=" AND ".join(where), way=way)), {**values, "limit": request.limit}
    ).all()
    ordered = list(reversed(found)) if before is not None else list(found)
    parts = _parts(db, [row.id for row in ordered])
    is_ours = before is not None or after is not None
    return paging.page_of(
        [_line(row, parts[row.id]) for row in ordered],
        request if is_ours else PageRequest(size=request.size),
        lambda row: (row.id,),
    )


def every(db: Session, by: Actor, filters: Filters) -> Iterator[LineRow]:
    """Every line that the filters ask for, newest first, for a file. Needs own.data."""
    token = ""
    while True:
        page = lines(db, by, filters, PageRequest(after=token, size=paging.MAX_SIZE))
        yield from page.rows
        token = page.next
        if not token:
            return


# Ids of tasks, CVs and offers are those of this person only; a line outlives what it was for.
_LINES = """
SELECT line.id, line.created_at, line.type, line.amount, line.balance_after, line.feature_name, line.task_id,
    task.type AS task_type, task.title, cv.id AS cv_id, cv.filename, offer.id AS offer_id
FROM credit_transaction line
LEFT JOIN background_task task ON task.id = line.task_id AND task.user_id = line.user_id
LEFT JOIN cv_file cv ON cv.id = COALESCE(line.cv_file_id, task.cv_file_id) AND cv.user_id = line.user_id
LEFT JOIN job_offer offer ON offer.id = task.job_offer_id AND offer.user_id = line.user_id
WHERE {where} ORDER BY line.id {way} LIMIT :limit"""

_PARTS = text("""
SELECT lot_use.line_id, lot.kind, lot_use.amount, lot_use.returned, lot.expires_at
FROM lot_use JOIN credit_lot lot ON lot.id = lot_use.lot_id
WHERE lot_use.line_id = ANY(:lines) ORDER BY lot_use.line_id, lot.priority, lot.expires_at NULLS LAST, lot.id""")


def _where(by: Actor, filters: Filters) -> tuple[list[str], dict[str, Any]]:
    given = {
        "kind": ("line.type = :kind", filters.kind or None),
        "since": ("line.created_at >= :since", filters.since),
        "until": ("line.created_at < :until", filters.until),
        "task": ("line.task_id = :task", filters.task_id),
    }
    where = ["line.user_id = :user", *(condition for condition, value in given.values() if value is not None)]
    return where, {"user": by.owner_id} | {name: value for name, (_, value) in given.items() if value is not None}


def _parts(db: Session, line_ids: Sequence[int]) -> dict[int, list[PartRow]]:
    parts: dict[int, list[PartRow]] = defaultdict(list)
    if line_ids:
        for row in db.execute(_PARTS, {"lines": list(line_ids)}):
            parts[row.line_id].append(PartRow(row.kind, row.amount, row.returned, row.expires_at))
    return parts


def _line(row: Any, paid_by: list[PartRow]) -> LineRow:
    return LineRow(
        id=row.id,
        at=row.created_at,
        kind=row.type,
        amount=row.amount,
        balance_after=row.balance_after,
        feature=row.feature_name or "",
        task_id=str(row.task_id or ""),
        task_type=row.task_type or "",
        title=row.title or "",
        cv_id=str(row.cv_id or ""),
        cv_name=row.filename or "",
        offer_id=str(row.offer_id or ""),
        came_back=sum(part.returned for part in paid_by),
        paid_by=paid_by,
    )


def _position(token: str) -> int | None:
    key = paging.decode(token, 1) if token else None
    return key[0] if key and isinstance(key[0], int) else None


def _period(words: Mapping[str, str], zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    today = clock.now().astimezone(zone).date()
    match words.get("period", ""):
        case "30d":
            return _start(today - timedelta(days=29), zone), None
        case "month":
            return _start(today.replace(day=1), zone), None
        case "custom":
            first, last = _day(words.get("from", "")), _day(words.get("to", ""))
            return (
                None if first is None else _start(first, zone),
                None if last is None else _start(last + timedelta(days=1), zone),
            )
    return None, None


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _day(word: str) -> date | None:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
