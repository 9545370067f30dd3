"""Exchange rates and the comparison with the bill as files."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import money, paging
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import bill_screens, exchange
from fitmycv_admin.vocabulary import Permission

_RATES = ("day", "base", "quote", "rate", "source", "by", "set_at")
_BILLS = ("day_utc", "estimated_usd", "calls", "billed_usd", "difference_usd", "difference_share", "untracked_usd",
          "unpriced_usd", "unpriced_calls", "unanswered_usd", "unanswered_calls", "over_midnight_usd",
          "over_midnight_calls", "unexplained_usd", "is_final", "is_different")  # fmt: skip


def _rates(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _RATES
    token = ""
    while True:
        source = words.get("source", "")
        page = exchange.rates(db, by, PageRequest(after=token, size=paging.MAX_SIZE), source=source)
        for row in page.rows:
            yield (row.day, exchange.BASE, exchange.QUOTE, row.rate, row.source, row.by, row.set_at.isoformat())
        token = page.next
        if not token:
            return


def _bills(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _BILLS
    for row in bill_screens.rows(db, by, words):
        yield (
            row.day, _dollars(row.estimated_nano), row.calls, _dollars(row.billed_nano), _dollars(row.difference_nano),
            "" if row.ratio is None else f"{row.ratio:.6f}", _dollars(row.untracked_nano), _dollars(row.unpriced_nano),
            row.unpriced_calls, _dollars(row.aborted_nano), row.aborted_calls, _dollars(row.late_nano), row.late_calls,
            _dollars(row.rest_nano), int(row.is_settled), int(row.is_different),
        )  # fmt: skip


def _dollars(nano: int | None) -> object:
    """Exact dollars as a number, also below zero; empty when unknown."""
    return "" if nano is None else money.nano_to_usd(nano)


EXPORTS = (
    Export("exchange-rates", Permission.COSTS_READ, ("source",), _rates),
    Export("bill-days", Permission.COSTS_READ, bill_screens.WORDS[:4], _bills),
)
