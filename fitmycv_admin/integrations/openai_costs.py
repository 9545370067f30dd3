"""The vendor's bill from its organization costs endpoint, with the key of its administration."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from fitmycv_admin.core.money import NANO
from fitmycv_admin.domain.ports import BilledLine, BooksUnavailable
from fitmycv_admin.integrations import plain_get

PAGE_DAYS = 180
MOST_PAGES = 200
TRIES = 4
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 20.0
_FAR = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class OpenAICosts:
    """`url` is the address of the API; `wait_s` is the pause before a second try, doubled at each further one."""

    key: str
    url: str
    wait_s: float = 1.0

    def lines(self, first: date, last: date) -> tuple[BilledLine, ...]:
        """Every line of the days `first` to `last` (UTC), projects added up, in order of day and name."""
        found: dict[tuple[date, str], int] = {}
        page = ""
        for _ in range(MOST_PAGES):
            answer = self._page(first, last, page)
            for bucket in _list(answer, "data"):
                _add(found, bucket, first, last)
            if not answer.get("has_more"):
                return tuple(BilledLine(day, item, nano) for (day, item), nano in sorted(found.items()))
            page = str(answer.get("next_page") or "")
            if not page:
                raise BooksUnavailable("more pages were announced than named")
        raise BooksUnavailable(f"more than {MOST_PAGES} pages")

    def _page(self, first: date, last: date, page: str) -> dict[str, Any]:
        asked = {
            "start_time": _seconds(first), "end_time": _seconds(last + timedelta(days=1)), "bucket_width": "1d",
            "group_by": "line_item", "limit": min((last - first).days + 1, PAGE_DAYS),
        }  # fmt: skip
        address = f"{self.url}/organization/costs?{urlencode(asked | ({'page': page} if page else {}))}"
        body = self._get(address)
        try:
            # Amounts as they are written: a float would invent nano-dollars.
            answer = json.loads(body, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise BooksUnavailable("the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise BooksUnavailable("the answer is not a page of buckets")
        return answer

    def _get(self, address: str) -> str:
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        for turn in range(TRIES):
            try:
                return plain_get.get(address, headers)
            except plain_get.Refused as refused:
                if refused.status not in _AGAIN or turn == TRIES - 1:
                    raise BooksUnavailable(str(refused).replace(self.key, "…")) from None
                pause = refused.wait_s if refused.wait_s is not None else self.wait_s * 2**turn
            time.sleep(min(pause, _LONGEST_WAIT_S))
        raise AssertionError("every turn returns or raises")


def _add(found: dict[tuple[date, str], int], bucket: Any, first: date, last: date) -> None:
    try:
        day = datetime.fromtimestamp(int(bucket["start_time"]), UTC).date()
        results = bucket.get("results", bucket.get("result"))
    except (KeyError, TypeError, ValueError, OverflowError, OSError, AttributeError):
        raise BooksUnavailable("a bucket does not say when it starts") from None
    if not isinstance(results, list):
        raise BooksUnavailable(f"the bucket of {day} has no results")
    if not first <= day <= last:
        return
    for result in results:
        item = str(result.get("line_item") or "") if isinstance(result, dict) else ""
        found[day, item] = found.get((day, item), 0) + _nano(result, day)


def _nano(result: Any, day: date) -> int:
    try:
        amount, currency = result["amount"]["value"], str(result["amount"].get("currency", "usd")).lower()
        value = Decimal(str(amount))
    except (KeyError, TypeError, AttributeError, InvalidOperation):
        raise BooksUnavailable(f"an amount of {day} cannot be read") from None
    if currency != "usd":
        raise BooksUnavailable(f"an amount of {day} is in {currency[:8]}, not in usd")
    if not value.is_finite() or abs(value) > _FAR:
        raise BooksUnavailable(f"an amount of {day} cannot be read")
    return round(value * NANO)


def _list(answer: dict[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise BooksUnavailable("the answer is not a page of buckets")
    return found


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
