"""Exchange rates by day: the one of a day or the last one before it, amounts at their day's rate, and the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.money import NANO, round_half_up
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import exchange_reading
from fitmycv_admin.vocabulary import Permission

BASE, QUOTE = "USD", "EUR"
RATE_UNIT = 100_000_000
"""Rates have eight decimals."""
CSV, HAND, FETCHED, DEMO = "csv", "hand", "fetched", "demo"
SOURCES = (CSV, HAND, FETCHED, DEMO)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of the base was worth on `day`, which is earlier than the day asked when that one has none.

    `source` is csv, hand, fetched or demo.
    """

    rate: Decimal
    day: date
    source: str

    @property
    def units(self) -> int:
        """The rate as an integer, in hundred-millionths."""
        return int(self.rate * RATE_UNIT)

    def cents(self, nano: int) -> int:
        """Nano-units of the base in cents of the quote, rounded once, half up."""
        return round_half_up(nano * self.units, NANO * RATE_UNIT // 100)


@dataclass(frozen=True, slots=True)
class Converted:
    """Amounts of several days in cents of the quote, rounded once; days with an earlier rate and days with none.

    What the `missing` days cost is not in `cents`. `is_demo` says that an invented rate was used.
    """

    cents: int
    carried: int
    missing: int
    is_demo: bool


@dataclass(frozen=True, slots=True)
class RateRow:
    """A stored rate and who stored it."""

    day: date
    rate: Decimal
    source: str
    by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rates stand: the one of today, how many of the last 30 days have none of their own, the last 90 days.

    The series holds hundred-millionths, None before the first rate; `fetched_at` is the last rate that was fetched.
    """

    today: date
    rate: Rate | None
    missing: int
    series: tuple[int | None, ...]
    fetched_at: datetime | None


def rate_on(db: Session, day: date, base: str = BASE, quote: str = QUOTE) -> Rate | None:
    """The rate of a day: its own, or the last one before it; None when there is none at all.

    Whoever shows an amount compares `Rate.day` with the day asked and says so when they differ.
    """
    row = db.execute(text(_ON), {"day": day, "base": base, "quote": quote}).one_or_none()
    return Rate(row.rate, row.day, row.source) if row else None


def between(db: Session, first: date, last: date, base: str = BASE, quote: str = QUOTE) -> dict[date, Rate]:
    """The rate of each day from `first` to `last`, as `rate_on` gives it; days before the first rate are left out."""
    known = rate_on(db, first, base, quote)
    own = {
        row.day: Rate(row.rate, row.day, row.source)
        for row in db.execute(text(_SPAN), {"first": first, "last": last, "base": base, "quote": quote})
    }
    found: dict[date, Rate] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        known = own.get(day, known)
        if known is not None:
            found[day] = known
    return found


def convert(db: Session, amounts: Mapping[date, int], base: str = BASE, quote: str = QUOTE) -> Converted:
    """Nano-units of the base by day, each at the rate of its day, together in cents of the quote."""
    days = [day for day, nano in amounts.items() if nano]
    if not days:
        return Converted(0, 0, 0, is_demo=False)
    rates = between(db, min(days), max(days), base, quote)
    used = {day: rates[day] for day in days if day in rates}
    whole = sum(amounts[day] * rate.units for day, rate in used.items())
    return Converted(
        cents=round_half_up(whole, NANO * RATE_UNIT // 100),
        carried=sum(rate.day != day for day, rate in used.items()),
        missing=len(days) - len(used),
        is_demo=any(rate.source == DEMO for rate in used.values()),
    )


def rates(db: Session, by: Actor, request: PageRequest, *, source: str = "") -> Page[RateRow]:
    """A page of the stored rates, newest day first. Needs costs.read."""
    by.must(Permission.COSTS_READ)
    after, before = paging.decode(request.after, 1), paging.decode(request.before, 1)
    sign, way = ("", "DESC") if before is None else (">", "ASC")
    position = exchange_reading.day_of((after or before or [""])[0])
    if after is not None:
        sign = "<"
    where = f" AND r.day {sign} :day" if sign and position else ""
    rows = db.execute(
        text(_LIST.format(where=where + (" AND r.source = :source" if source else ""), way=way)),
        {"base": BASE, "quote": QUOTE, "day": position, "source": source, "limit": request.limit},
    ).all()
    found = [RateRow(row.day, row.rate, row.source, row.staff, row.set_at) for row in rows]
    return paging.page_of(found[::-1] if way == "ASC" else found, request, lambda row: (row.day.isoformat(),))


def standing(db: Session, by: Actor) -> Standing:
    """How the rates stand today (UTC, as the days of a bill). Needs costs.read."""
    by.must(Permission.COSTS_READ)
    today = clock.now().date()
    known = between(db, today - timedelta(days=89), today)
    days = [today - timedelta(days=back) for back in range(89, -1, -1)]
    own = sum(1 for day in days[-30:] if day in known and known[day].day == day)
    at = db.execute(text("SELECT max(set_at) FROM exchange_rate WHERE source = 'fetched'")).scalar_one()
    return Standing(today, known.get(today), 30 - own, tuple(known[d].units if d in known else None for d in days), at)


_ON = """
SELECT rate, day, source FROM exchange_rate WHERE base = :base AND quote = :quote AND day <= :day
ORDER BY day DESC LIMIT 1"""

_SPAN = """
SELECT rate, day, source FROM exchange_rate WHERE base = :base AND quote = :quote AND day BETWEEN :first AND :last"""

_LIST = """
SELECT r.day, r.rate, r.source, r.set_at, coalesce(u.name, u.email, '') AS staff
FROM exchange_rate r LEFT JOIN app_user u ON u.id = r.set_by
WHERE r.base = :base AND r.quote = :quote{where} ORDER BY r.day {way} LIMIT :limit"""
