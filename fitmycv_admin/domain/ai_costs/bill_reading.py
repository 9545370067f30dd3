"""Reads the vendor's bill from a CSV: the export of its cost page, or lines of day, name and dollars."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.core.money import NANO

MOST_LETTERS = 500_000
MOST_LINES = 20_000
_FAR = Decimal(1_000_000)
_DAY = ("day", "date", "start_time_iso", "start_time", "bucket_start")
_ITEM = ("line_item", "line item", "item", "name", "model")
_AMOUNT = ("amount_value", "amount_usd", "amount", "cost_usd", "cost", "value")
_CURRENCY = ("amount_currency", "currency")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of a bill; `problem` is a catalogue key when it cannot be used."""

    line: int
    day: date | None
    line_item: str
    amount_nano: int | None
    problem: str = ""


def read(content: str) -> tuple[ReadLine, ...]:
    """Every line of the file, also those that cannot be used. Raises Invalid when the whole cannot be read."""
    if len(content) > MOST_LETTERS:
        raise Invalid("cost_books.error.too_big", field="content")
    text = content.removeprefix("\ufeff").strip()
    if not text:
        raise Invalid("cost_books.error.nothing", field="content")
    separator = max(("\t", ";", ","), key=text[:1000].count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise Invalid("cost_books.error.no_csv", field="content") from error
    if len(rows) > MOST_LINES:
        raise Invalid("cost_books.error.too_many", field="content", most=MOST_LINES)
    if _day(rows[0][0]) is not None:
        return tuple(_own(line, row) for line, row in enumerate(rows, 1) if any(row))
    named = _columns([cell.strip().lower() for cell in rows[0]])
    return tuple(named(line, row) for line, row in enumerate(rows[1:], 2) if any(row))


def _own(line: int, row: list[str]) -> ReadLine:
    """day, name, dollars; the name may be missing."""
    if len(row) > 2:
        return _line(line, row[0], row[1], row[2], row[3] if len(row) > 3 else "")
    return _line(line, row[0], "", row[1] if len(row) > 1 else "", "")


def _columns(head: list[str]) -> Callable[[int, list[str]], ReadLine]:
    def place(words: tuple[str, ...]) -> int | None:
        return next((head.index(word) for word in words if word in head), None)

    day, item, amount, currency = place(_DAY), place(_ITEM), place(_AMOUNT), place(_CURRENCY)
    if day is None or amount is None:
        raise Invalid("cost_books.error.no_bill_head", field="content")

    def cell(row: list[str], at: int | None) -> str:
        return row[at] if at is not None and at < len(row) else ""

    return lambda line, row: _line(line, cell(row, day), cell(row, item), cell(row, amount), cell(row, currency))


def _line(line: int, written_day: str, item: str, written_amount: str, currency: str) -> ReadLine:
    day, amount = _day(written_day), _nano(written_amount)
    name = " ".join(item.split())[:200]
    problem = ""
    if day is None:
        problem = "cost_books.error.day"
    elif amount is None:
        problem = "cost_books.error.amount"
    elif currency.strip().lower() not in ("", "usd"):
        problem = "cost_books.error.currency"
    return ReadLine(line, day, name, amount, problem)


def _day(written: str) -> date | None:
    """A day (2026-11-23), an instant, or the seconds of one; days of a bill are UTC."""
    text = written.strip()
    try:
        if text.isdecimal() and len(text) == 10:
            return datetime.fromtimestamp(int(text), UTC).date()
        at = datetime.fromisoformat(text)
        return (at.astimezone(UTC) if at.tzinfo else at).date()
    except ValueError:
        return None


def _nano(written: str) -> int | None:
    """Dollars to nano-USD; a bill may hold credits, which are below zero."""
    text = written.strip().replace("$", "").replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    try:
        value = Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text.replace(",", ""))
    except InvalidOperation:
        return None
    return round(value * NANO) if value.is_finite() and abs(value) <= _FAR else None
