"""Exchange rates by day: set by hand, from a file or from a configured address; a missing day uses the last earlier."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, text

from fitmycv_admin.core.money import NANO, round_half_up

BASE, QUOTE = "USD", "EUR"
RATE_UNIT = 100_000_000
"""Rates have eight decimals."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of the base was worth on `day`, which is earlier than the day asked when that one has none.

    `source` is csv, hand, fetched or demo.
    """

    rate: Decimal
    day: date
    source: str

    def cents(self, nano: int) -> int:
        """Nano-units of the base in cents of the quote, rounded once, half up."""
        return round_half_up(nano * int(self.rate * RATE_UNIT), NANO * RATE_UNIT // 100)


def rate_on(db: Session, day: date, base: str = BASE, quote: str = QUOTE) -> Rate | None:
    """The rate of a day: its own, or the last one before it; None when there is none at all.

    Whoever shows an amount compares `Rate.day` with the day asked and says so when they differ.
    """
    row = db.execute(
        text(
            "SELECT rate, day, source FROM exchange_rate WHERE base = :base AND quote = :quote AND day <= :day"
            " ORDER BY day DESC LIMIT 1"
        ),
        {"day": day, "base": base, "quote": quote},
    ).one_or_none()
    return Rate(row.rate, row.day, row.source) if row else None
