"""Bringing the vendor's bill in: read every night from its endpoint, or from a file that was looked at first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain import audit
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import bill_reading
from fitmycv_admin.domain.ports import BilledLine, BillSource, BooksUnavailable
from fitmycv_admin.vocabulary import Permission

ENDPOINT, CSV, DEMO = "endpoint", "csv", "demo"
BACK = timedelta(days=35)
"""How far back the bill is read again: the vendor corrects past days."""
EVERY = timedelta(hours=20)
MOST_DAYS = 400
MOST_SHOWN = 200
_LOCK = 7_312


@dataclass(frozen=True, slots=True)
class Reading:
    """A bill as it was read: every day from `first` to `last`, or why it was not."""

    source: str
    first: date
    last: date
    lines: tuple[BilledLine, ...] = ()
    problem: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One reading of the bill; `problem` says why it failed."""

    id: int
    source: str
    file_name: str
    first: date | None
    last: date | None
    lines: int
    total_nano: int
    problem: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """One day of a file: what it says, and what is stored now (None: nothing)."""

    day: date
    lines: int
    amount_nano: int
    before_nano: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be used, and why (a catalogue key)."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would replace: its days with what they are now, and the lines that are left out."""

    days: tuple[PreviewDay, ...]
    problems: tuple[Problem, ...]
    bad: int
    total_nano: int


@dataclass(frozen=True, slots=True)
class Reader:
    """How the endpoint stands: when it was last read well, and what went wrong at the last try."""

    read_at: datetime | None
    problem: str
    tried_at: datetime | None


def read(source: BillSource, first: date, last: date) -> Reading:
    """Ask the endpoint; what went wrong is part of the answer. Takes seconds: never inside a transaction."""
    try:
        return Reading(ENDPOINT, first, last, source.lines(first, last))
    except BooksUnavailable as error:
        return Reading(ENDPOINT, first, last, problem=str(error)[:500] or "no answer")


def store(db: Session, by: Actor, reading: Reading) -> int:
    """Keep a reading and return its number: its days are replaced, one that failed only says so. Needs prices.write."""
    by.must(Permission.PRICES_WRITE)
    db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    number = int(
        db.execute(
            text(_IMPORT),
            {
                "source": reading.source, "file": reading.file_name[:120], "first": reading.first,
                "last": reading.last, "lines": len(reading.lines), "problem": reading.problem, "by": by.user_id,
                "total": sum(line.amount_nano for line in reading.lines),
            },
        ).scalar_one()
    )  # fmt: skip
    if not reading.problem:
        before = _replace(db, reading, number)
        audit.record(
            db, by, "bill.imported", "bill_import", number, before={"total_nano": before},
            after={"source": reading.source, "file": reading.file_name, "first": reading.first, "last": reading.last,
                   "lines": len(reading.lines), "total_nano": sum(line.amount_nano for line in reading.lines)},
        )  # fmt: skip
    return number


def preview(db: Session, by: Actor, content: str) -> Preview:
    """What a file says and would replace, nothing being stored. Needs prices.write. Raises Invalid."""
    by.must(Permission.PRICES_WRITE)
    read_lines = bill_reading.read(content)
    days: dict[date, Counter[str]] = {}
    for line in read_lines:
        if not line.problem and line.day is not None:
            days.setdefault(line.day, Counter()).update({"lines": 1, "nano": line.amount_nano or 0})
    stored = _stored(db, list(days))
    problems = [Problem(line.line, line.problem) for line in read_lines if line.problem]
    return Preview(
        days=tuple(PreviewDay(day, days[day]["lines"], days[day]["nano"], stored.get(day)) for day in sorted(days)),
        problems=tuple(problems[:MOST_SHOWN]), bad=len(problems),
        total_nano=sum(one["nano"] for one in days.values()),
    )  # fmt: skip


def load(db: Session, by: Actor, content: str, *, name: str) -> int:
    """Store the good lines of a file; the days it names are replaced, others stay. Needs prices.write. Raises Invalid.

    A file that leaves a day out says nothing about that day.
    """
    by.must(Permission.PRICES_WRITE)
    good = [line for line in bill_reading.read(content) if not line.problem]
    sums: Counter[tuple[date, str]] = Counter()
    for line in good:
        if line.day is not None:
            sums[line.day, line.line_item] += line.amount_nano or 0
    if not sums:
        raise Invalid("cost_books.error.no_good_line", field="content")
    lines = tuple(BilledLine(day, item, nano) for (day, item), nano in sorted(sums.items()))
    return store(db, by, Reading(CSV, lines[0].day, lines[-1].day, lines, file_name=name))


def imports(db: Session, by: Actor, request: PageRequest) -> Page[ImportRow]:
    """A page of the readings, newest first. Needs costs.read."""
    by.must(Permission.COSTS_READ)
    after, before = paging.decode(request.after, 1), paging.decode(request.before, 1)
    position = (after or before or [None])[0]
    sign, way = ("<", "DESC") if before is None else (">", "ASC")
    where = f"WHERE i.id {sign} :id" if isinstance(position, int) else ""
    rows = db.execute(text(_LIST.format(where=where, way=way)), {"id": position, "limit": request.limit}).all()
    found = [
        ImportRow(
            row.id, row.source, row.file_name, row.first_day, row.last_day, row.lines, row.total_nano, row.problem,
            row.staff, row.imported_at,
        )
        for row in rows
    ]  # fmt: skip
    return paging.page_of(found[::-1] if way == "ASC" else found, request, lambda row: (row.id,))


def reader(db: Session, by: Actor) -> Reader:
    """How the endpoint stands. Needs costs.read."""
    by.must(Permission.COSTS_READ)
    row = db.execute(text(_READER), {"source": ENDPOINT}).one()
    return Reader(row.read_at, row.problem or "", row.tried_at)


def due(db: Session, *, now: datetime | None = None) -> tuple[date, date] | None:
    """The days to ask the endpoint for, or None when it was read well within the last 20 hours."""
    at = now or clock.now()
    read_at = db.execute(text(_READER), {"source": ENDPOINT}).one().read_at
    return None if read_at is not None and at - read_at < EVERY else span(at)


def span(now: datetime) -> tuple[date, date]:
    """The days that a reading asks for: those that may still change, up to today (UTC)."""
    return (now - BACK).date(), now.date()


def _replace(db: Session, reading: Reading, number: int) -> int:
    """The lines of the reading in place of those of its days; returns what was billed for these before."""
    days = _days(reading)
    stored = _stored(db, days)
    db.execute(text("DELETE FROM billed_day WHERE day = ANY(:days)"), {"days": days})
    named = {line.day for line in reading.lines}
    # The endpoint tells every day it was asked for: one that it leaves out cost nothing.
    empty = [BilledLine(day, "", 0) for day in days if day not in named]
    rows = [
        {"day": line.day, "item": line.line_item, "nano": line.amount_nano, "import": number}
        for line in (*reading.lines, *empty)
    ]
    if rows:
        db.execute(
            text(
                "INSERT INTO billed_day (day, line_item, amount_nano, import_id) VALUES (:day, :item, :nano, :import)"
            ),
            rows,
        )
    return sum(stored.values())


def _days(reading: Reading) -> list[date]:
    if reading.source != ENDPOINT:
        return sorted({line.day for line in reading.lines})
    return [reading.first + timedelta(days=number) for number in range((reading.last - reading.first).days + 1)]


def _stored(db: Session, days: Sequence[date]) -> dict[date, int]:
    rows = db.execute(
        text("SELECT day, sum(amount_nano)::bigint AS nano FROM billed_day WHERE day = ANY(:days) GROUP BY day"),
        {"days": list(days)},
    )
    return {row.day: row.nano for row in rows}


_IMPORT = """
INSERT INTO bill_import (source, file_name, first_day, last_day, lines, total_nano, problem, imported_by)
VALUES (:source, :file, :first, :last, :lines, :total, :problem, :by) RETURNING id"""

_LIST = """
SELECT i.*, coalesce(u.name, u.email, '') AS staff FROM bill_import i LEFT JOIN app_user u ON u.id = i.imported_by
{where} ORDER BY i.id {way} LIMIT :limit"""

_READER = """
SELECT max(imported_at) FILTER (WHERE problem = '') AS read_at, max(imported_at) AS tried_at,
    (SELECT problem FROM bill_import WHERE source = :source ORDER BY id DESC LIMIT 1) AS problem
FROM bill_import WHERE source = :source"""
