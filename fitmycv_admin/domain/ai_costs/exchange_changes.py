"""Changes of exchange rates: by hand, from a file that was looked at first, or fetched from a configured address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import Invalid, NotFound
from fitmycv_admin.domain import audit
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import exchange, exchange_reading
from fitmycv_admin.domain.ai_costs.exchange import BASE, CSV, DEMO, FETCHED, HAND, QUOTE
from fitmycv_admin.vocabulary import Permission

MOST_SHOWN = 200
FAR = Decimal("0.2")
_LOCK = 7_311


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One line of a file: new, changed, same or bad (`problem` says why); `before` is the stored rate.

    `is_far` says that it is more than a fifth away from the rate before it.
    """

    line: int
    day: date | None
    rate: Decimal | None
    before: Decimal | None
    state: str
    problem: str
    is_far: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do; at most 200 lines are shown, the bad ones first."""

    lines: tuple[PreviewLine, ...]
    new: int
    changed: int
    same: int
    bad: int
    far: int
    first: date | None
    last: date | None


def set_rate(db: Session, by: Actor, day: str, rate: str, *, reason: str, confirmed: bool = False) -> None:
    """Store the rate of a day by hand. Needs prices.write. Raises Invalid with the field.

    A rate more than a fifth away from the one before it must be `confirmed`.
    """
    by.must(Permission.PRICES_WRITE)
    wanted, value = exchange_reading.day_of(day), exchange_reading.number(rate)
    if wanted is None or _is_far(wanted):
        raise Invalid("cost_books.error.day" if wanted is None else "cost_books.error.future", field="day")
    if value is None:
        raise Invalid("cost_books.error.rate", field="rate")
    if not confirmed and _far(db, {wanted: value}):
        raise Invalid("cost_books.error.far", field="confirmed")
    before = _locked(db, [wanted]).get(wanted)
    _store(db, by, {wanted: value}, HAND)
    audit.record(
        db, by, "exchange.set", "exchange_rate", f"{wanted} {BASE}/{QUOTE}",
        before=before and {"rate": before[0], "source": before[1]}, after={"rate": value, "source": HAND},
        reason=_reason(reason),
    )  # fmt: skip


def remove(db: Session, by: Actor, day: str, *, reason: str) -> None:
    """Take the rate of a day away: the one before it holds. Needs prices.write. Raises NotFound."""
    by.must(Permission.PRICES_WRITE)
    wanted = exchange_reading.day_of(day)
    before = _locked(db, [wanted]).get(wanted) if wanted else None
    if wanted is None or before is None:
        raise NotFound
    db.execute(
        text("DELETE FROM exchange_rate WHERE day = :day AND base = :base AND quote = :quote"),
        {"day": wanted, "base": BASE, "quote": QUOTE},
    )
    audit.record(
        db, by, "exchange.removed", "exchange_rate", f"{wanted} {BASE}/{QUOTE}",
        before={"rate": before[0], "source": before[1]}, reason=_reason(reason),
    )  # fmt: skip


def preview(db: Session, by: Actor, content: str) -> Preview:
    """What a file would change, nothing being stored. Needs prices.write. Raises Invalid for a file nobody can read."""
    by.must(Permission.PRICES_WRITE)
    read = exchange_reading.read(content, base=BASE, quote=QUOTE)
    stored = _stored(db, [line.day for line in read if line.day])
    seen: dict[date, Decimal] = {}
    lines = [_previewed(line, stored, seen) for line in read]
    far = _far(db, seen)
    lines = [replace(line, is_far=line.state != "bad" and line.day in far) for line in lines]
    counts = {state: sum(line.state == state for line in lines) for state in ("new", "changed", "same", "bad")}
    order = {"bad": 0, "changed": 1, "new": 2, "same": 3}
    shown = sorted(lines, key=lambda line: (not line.is_far, order[line.state], line.line))[:MOST_SHOWN]
    return Preview(tuple(shown), **counts, far=len(far), first=min(seen, default=None), last=max(seen, default=None))


def load(db: Session, by: Actor, content: str, *, name: str, confirmed: bool = False) -> int:
    """Store the good lines of a file; how many rates are new or other than before. Needs prices.write.

    Raises Invalid for a file nobody can read, without a single good line, or with rates more than a fifth away from
    the one before them that were not `confirmed`.
    """
    by.must(Permission.PRICES_WRITE)
    good = _good(content)
    if not confirmed and _far(db, good):
        raise Invalid("cost_books.error.far", field="confirmed")
    return _take(db, by, good, CSV, name)


def take(db: Session, by: Actor, published: str, *, name: str) -> int:
    """As `load`, for what an address published: a rate set by hand or from a file stays, one far away is left out."""
    by.must(Permission.PRICES_WRITE)
    good = _good(published)
    far = _far(db, good)
    return _take(db, by, {day: rate for day, rate in good.items() if day not in far}, FETCHED, name)


def _good(content: str) -> dict[date, Decimal]:
    good: dict[date, Decimal] = {}
    for line in exchange_reading.read(content, base=BASE, quote=QUOTE):
        if line.day is not None and line.rate is not None and not _problem(line, good):
            good[line.day] = line.rate
    if not good:
        raise Invalid("cost_books.error.no_good_line", field="content")
    return good


def _far(db: Session, wanted: Mapping[date, Decimal]) -> set[date]:
    """The days whose rate is more than a fifth away from the one before it, in the file or stored."""
    found: set[date] = set()
    if not wanted:
        return found
    known = exchange.rate_on(db, min(wanted) - timedelta(days=1))
    before = known.rate if known else None
    for day, rate in sorted(wanted.items()):
        if before is not None and abs(rate - before) > FAR * before:
            found.add(day)
        else:
            before = rate
    return found


def _take(db: Session, by: Actor, good: Mapping[date, Decimal], source: str, name: str) -> int:
    stored = _locked(db, list(good))
    kept = (CSV, HAND) if source == FETCHED else ()
    moved = {
        day: rate
        for day, rate in good.items()
        if day not in stored or (stored[day][1] not in kept and (stored[day][0] != rate or stored[day][1] == DEMO))
    }
    if moved:
        _store(db, by, moved, source)
        shown = sorted(day for day in moved if day in stored)[:20]
        audit.record(
            db, by, f"exchange.{'loaded' if source == CSV else 'fetched'}", "exchange_rate", f"{BASE}/{QUOTE}",
            before={str(day): stored[day][0] for day in shown},
            after={"name": name[:120], "rates": len(moved), "first": min(moved), "last": max(moved)}
            | {str(day): moved[day] for day in shown},
        )  # fmt: skip
    return len(moved)


def _previewed(
    line: exchange_reading.ReadRate, stored: Mapping[date, tuple[Decimal, str]], seen: dict[date, Decimal]
) -> PreviewLine:
    before = stored[line.day][0] if line.day and line.day in stored else None
    problem = _problem(line, seen)
    if problem or line.day is None or line.rate is None:
        return PreviewLine(line.line, line.day, line.rate, before, "bad", problem)
    seen[line.day] = line.rate
    state = "new" if before is None else "same" if before == line.rate else "changed"
    return PreviewLine(line.line, line.day, line.rate, before, state, "")


def _problem(line: exchange_reading.ReadRate, seen: Mapping[date, Decimal]) -> str:
    if line.problem or line.day is None:
        return line.problem
    if _is_far(line.day):
        return "cost_books.error.future"
    return "cost_books.error.twice" if line.day in seen else ""


def _is_far(day: date) -> bool:
    return day > clock.now().date() + timedelta(days=1)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("cost_books.error.reason", field="reason")
    return reason


def _locked(db: Session, days: list[date]) -> dict[date, tuple[Decimal, str]]:
    """As stored, with nobody else storing rates until this transaction ends."""
    db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    return _stored(db, days)


def _stored(db: Session, days: list[date]) -> dict[date, tuple[Decimal, str]]:
    rows = db.execute(
        text("SELECT day, rate, source FROM exchange_rate WHERE base = :base AND quote = :quote AND day = ANY(:days)"),
        {"base": BASE, "quote": QUOTE, "days": days},
    )
    return {row.day: (row.rate, row.source) for row in rows}


def _store(db: Session, by: Actor, wanted: Mapping[date, Decimal], source: str) -> None:
    values: list[dict[str, Any]] = [
        {"day": day, "base": BASE, "quote": QUOTE, "rate": rate, "source": source, "by": by.user_id}
        for day, rate in wanted.items()
    ]
    db.execute(text(_UPSERT), values)


_UPSERT = """
INSERT INTO exchange_rate (day, base, quote, rate, source, set_by) VALUES (:day, :base, :quote, :rate, :source, :by)
ON CONFLICT (day, base, quote) DO UPDATE
SET rate = excluded.rate, source = excluded.source, set_by = excluded.set_by, set_at = clock_timestamp()"""
