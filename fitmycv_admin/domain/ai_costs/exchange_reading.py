"""Reads exchange rates from a file or a publication: our own CSV, the European Central Bank's two CSVs, or JSON."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fitmycv_admin.core.errors import Invalid

MOST_LETTERS = 500_000
MOST_LINES = 20_000
DECIMALS = Decimal("0.00000001")
_LEAST, _MOST = Decimal("0.0001"), Decimal(10000)
_DAY = ("day", "date", "time_period")
_RATE = ("rate", "obs_value", "value")
_BASE = ("base", "currency_denom", "from")
_QUOTE = ("quote", "currency", "to")


@dataclass(frozen=True, slots=True)
class ReadRate:
    """One line: what one unit of `base` was worth in `quote`; `problem` is a catalogue key when it cannot be used."""

    line: int
    day: date | None
    base: str
    quote: str
    rate: Decimal | None
    problem: str = ""


def read(content: str, *, base: str, quote: str) -> tuple[ReadRate, ...]:
    """Every line that says something of this pair, turned the asked way round, and every line that cannot be read.

    A line without currencies is taken for the asked pair. Raises Invalid when the whole cannot be read.
    """
    if len(content) > MOST_LETTERS:
        raise Invalid("cost_books.error.too_big", field="content")
    text = content.removeprefix("\ufeff").strip()
    if not text:
        raise Invalid("cost_books.error.nothing", field="content")
    lines = _json(text) if text[0] in "{[" else _csv(text)
    found = tuple(turned for line in lines if (turned := _turned(line, base, quote)) is not None)
    if not found:
        raise Invalid("cost_books.error.no_pair", field="content", base=base, quote=quote)
    return found


def number(written: Any) -> Decimal | None:
    """A rate as it was written, with eight decimals; None for what is no rate."""
    try:
        value = Decimal(str(written).strip().replace("\u202f", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        return None
    if not value.is_finite() or not _LEAST <= value <= _MOST:
        return None
    return value.quantize(DECIMALS)


def day_of(written: Any) -> date | None:
    """A day written as 2026-11-23."""
    try:
        return date.fromisoformat(str(written).strip()[:10])
    except ValueError:
        return None


def _turned(line: ReadRate, base: str, quote: str) -> ReadRate | None:
    """The line the asked way round; None when it is about other currencies."""
    if (line.base, line.quote) == (base, quote) or not line.base:
        return ReadRate(line.line, line.day, base, quote, line.rate, line.problem)
    if (line.base, line.quote) == (quote, base):
        turned = None if line.rate is None else (1 / line.rate).quantize(DECIMALS)
        return ReadRate(line.line, line.day, base, quote, turned, line.problem)
    return None


def _csv(text: str) -> Iterator[ReadRate]:
    sample = text[:1000]
    separator = max(("\t", ";", ","), key=sample.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise Invalid("cost_books.error.no_csv", field="content") from error
    if len(rows) > MOST_LINES:
        raise Invalid("cost_books.error.too_many", field="content", most=MOST_LINES)
    head = [cell.strip().lower() for cell in rows[0]]
    if day_of(rows[0][0]) is not None:
        return (_own(number, row) for number, row in enumerate(rows, 1) if any(row))
    if any(word in head for word in _RATE):
        return _named(head, rows)
    if head[0] in _DAY and "usd" in head:
        return _wide(head, rows)
    raise Invalid("cost_books.error.no_head", field="content")


def _own(line: int, row: list[str]) -> ReadRate:
    """day, rate; or day, base, quote, rate."""
    pair = (row[1].strip().upper(), row[2].strip().upper()) if len(row) > 3 else ("", "")
    return _line(line, row[0], pair, row[3] if len(row) > 3 else row[1] if len(row) > 1 else "")


def _named(head: list[str], rows: list[list[str]]) -> Iterator[ReadRate]:
    def place(words: tuple[str, ...]) -> int | None:
        return next((head.index(word) for word in words if word in head), None)

    day, rate, base, quote = place(_DAY), place(_RATE), place(_BASE), place(_QUOTE)
    if day is None or rate is None or (base is None) != (quote is None):
        raise Invalid("cost_books.error.no_head", field="content")
    for line, row in enumerate(rows[1:], 2):
        if not any(row):
            continue
        pair = (_cell(row, base).upper(), _cell(row, quote).upper())
        yield _line(line, _cell(row, day), pair, _cell(row, rate))


def _wide(head: list[str], rows: list[list[str]]) -> Iterator[ReadRate]:
    """One column for each currency, each being what one euro was worth; days without a rate say N/A."""
    column = head.index("usd")
    for line, row in enumerate(rows[1:], 2):
        rate = _cell(row, column)
        if any(row) and rate.upper() not in ("", "N/A"):
            yield _line(line, row[0], ("EUR", "USD"), rate)


def _json(text: str) -> Iterator[ReadRate]:
    """{"base", "date", "rates": {"EUR": …}}, the same by day {"rates": {day: {"EUR": …}}}, or a list of lines."""
    try:
        told = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise Invalid("cost_books.error.no_json", field="content") from error
    found: list[tuple[Any, tuple[str, str], Any]] = []
    if isinstance(told, list):
        found = [_entry(one) for one in told[: MOST_LINES + 1]]
    elif isinstance(told.get("rates"), dict):
        base = str(told.get("base") or "").upper()
        for key, value in told["rates"].items():
            if isinstance(value, dict):
                found += [(key, (base, str(quote).upper()), rate) for quote, rate in value.items()]
            else:
                found.append((told.get("date"), (base, str(key).upper()), value))
    else:
        raise Invalid("cost_books.error.no_head", field="content")
    if len(found) > MOST_LINES:
        raise Invalid("cost_books.error.too_many", field="content", most=MOST_LINES)
    return (_line(line, *entry) for line, entry in enumerate(found, 1))


def _entry(one: Any) -> tuple[Any, tuple[str, str], Any]:
    if not isinstance(one, dict):
        return "", ("", ""), ""
    pair = (str(one.get("base") or "").upper(), str(one.get("quote") or "").upper())
    return one.get("day") or one.get("date"), pair, one.get("rate")


def _line(line: int, written_day: Any, pair: tuple[str, str], written_rate: Any) -> ReadRate:
    day, rate = day_of(written_day), number(written_rate)
    problem = "cost_books.error.day" if day is None else "cost_books.error.rate" if rate is None else ""
    return ReadRate(line, day, *pair, rate, problem)


def _cell(row: list[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""
