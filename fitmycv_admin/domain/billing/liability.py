"""Credits that people still hold: how many, since when, until when, what they paid for them, and what ran out.

A credit that was bought is worth what its pack costs a credit today, packs being known by their size. Given credits
were not paid for and count for nothing in euros; so do bought ones of a size that no pack has, which are counted apart.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.money import round_half_up
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import Permission

BOUGHT, GIVEN, UNPRICED = "bought", "given", "unpriced"
SPANS = ("30", "90", "180", "365", "later")
"""Days, up to and with that one; `later` is beyond a year."""
NEVER = "never"
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Slice:
    """Credits of one span: bought at a known price, given, bought at a price nobody knows; `cents` of the bought."""

    span: str
    bought: int
    given: int
    unpriced: int
    cents: int

    @property
    def credits(self) -> int:
        """All of them."""
        return self.bought + self.given + self.unpriced


@dataclass(frozen=True, slots=True)
class MonthRow:
    """What came in and what ran out in one month of the workspace's zone, in credits; `cents` of what ran out."""

    month: date
    bought: int
    given: int
    expired: int
    cents: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What is owed now. `total` sums the slices; `debt` is what people owe us after disputes, in credits."""

    total: Slice
    people: int
    debt: int
    by_expiry: tuple[Slice, ...]
    by_age: tuple[Slice, ...]
    months: tuple[MonthRow, ...]
    at: datetime


_PRICED = """
    LEFT JOIN credit_lot first ON first.id = lot.origin_lot_id
    LEFT JOIN credit_transaction bought ON bought.id = coalesce(first.line_id, lot.line_id) AND bought.type = 'purchase'
    LEFT JOIN credit_pack pack ON pack.credit_amount = bought.amount AND pack.price_currency = 'EUR'"""

_SPAN = """CASE WHEN {days} <= interval '30 days' THEN '30' WHEN {days} <= interval '90 days' THEN '90'
    WHEN {days} <= interval '180 days' THEN '180' WHEN {days} <= interval '365 days' THEN '365' ELSE 'later' END"""

_OUTSTANDING = text(f"""
SELECT lot.kind = 'purchase' AS is_bought, pack.price, pack.credit_amount AS size,
    CASE WHEN lot.expires_at IS NULL THEN '{NEVER}' ELSE {_SPAN.format(days="lot.expires_at - :now")} END AS expiry,
    {_SPAN.format(days=":now - lot.created_at")} AS age, sum(lot.remaining) AS units
FROM credit_lot lot {_PRICED} WHERE lot.remaining > 0 GROUP BY 1, 2, 3, 4, 5""")

_MONTHLY = text("""
SELECT date_trunc('month', created_at AT TIME ZONE :zone)::date AS month, type = 'purchase' AS is_bought,
    sum(amount) AS units FROM credit_transaction
WHERE type IN ('purchase', 'gift', 'welcome', 'promo', 'referral') AND created_at >= :since GROUP BY 1, 2""")

_EXPIRED = text(f"""
SELECT date_trunc('month', line.created_at AT TIME ZONE :zone)::date AS month, lot.kind = 'purchase' AS is_bought,
    pack.price, pack.credit_amount AS size, sum(used.amount) AS units
FROM credit_transaction line JOIN lot_use used ON used.line_id = line.id JOIN credit_lot lot ON lot.id = used.lot_id
{_PRICED} WHERE line.type = 'expiry' AND line.created_at >= :since GROUP BY 1, 2, 3, 4""")


def liability(db: Session, by: Actor) -> Liability:
    """What is owed now, and what ran out in the last twelve months. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    now = clock.now()
    rows = db.execute(_OUTSTANDING, {"now": now}).all()
    holders = db.execute(text("SELECT count(*) FROM credit_balance WHERE balance > 0")).scalar_one()
    debt = db.execute(text("SELECT coalesce(sum(amount), 0) FROM credit_debt")).scalar_one()
    return Liability(
        total=_slice("all", rows), people=int(holders), debt=int(debt),
        by_expiry=tuple(_slice(span, [row for row in rows if row.expiry == span]) for span in (*SPANS, NEVER)),
        by_age=tuple(_slice(span, [row for row in rows if row.age == span]) for span in SPANS),
        months=_months(db, now), at=now,
    )  # fmt: skip


def _slice(span: str, rows: Sequence[Any]) -> Slice:
    units: Counter[str] = Counter()
    # Priced by pack and rounded once for each, so that a slice is not the sum of a thousand roundings.
    packs: Counter[Any] = Counter()
    for row in rows:
        kind = GIVEN if not row.is_bought else UNPRICED if row.price is None else BOUGHT
        units[kind] += int(row.units)
        if kind == BOUGHT:
            packs[row.price, row.size] += int(row.units)
    cents = sum(round_half_up(count * price, size) for (price, size), count in packs.items())
    return Slice(span, units[BOUGHT], units[GIVEN], units[UNPRICED], cents)


def _months(db: Session, now: datetime) -> tuple[MonthRow, ...]:
    zone = lookups.zone(db)
    month = now.astimezone(zone).date().replace(day=1)
    wanted = [month]
    while len(wanted) < MONTHS:
        wanted.append((wanted[-1] - timedelta(days=1)).replace(day=1))
    values = {"zone": zone.key, "since": datetime.combine(wanted[-1], datetime.min.time(), zone)}
    units: dict[date, Counter[str]] = defaultdict(Counter)
    for row in db.execute(_MONTHLY, values):
        units[row.month][BOUGHT if row.is_bought else GIVEN] += int(row.units)
    expired: dict[date, list[Any]] = defaultdict(list)
    for row in db.execute(_EXPIRED, values):
        expired[row.month].append(row)
    return tuple(
        MonthRow(one, units[one][BOUGHT], units[one][GIVEN], gone.credits, gone.cents)
        for one in reversed(wanted)
        for gone in (_slice("expired", expired[one]),)
    )
