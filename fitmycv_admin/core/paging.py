"""Keyset paging: a list is always a page, and no list is ever counted exactly."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
MAX_SIZE = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: the keyset token it starts after (or before), and how many rows (1 to 100)."""

    after: str = ""
    before: str = ""
    size: int = 50

    @property
    def limit(self) -> int:
        """One row more than shown, to know whether there is a next page."""
        return min(max(self.size, 1), MAX_SIZE) + 1


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows with the tokens of the neighbouring pages; an empty token means there is none."""

    rows: tuple[Row, ...]
    next: str = ""
    previous: str = ""


def encode(*key: Any) -> str:
    """A keyset position as an opaque URL-safe token."""
    raw = json.dumps(key, default=str, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(token: str, length: int) -> list[Any] | None:
    """The position in a token, or None when it is not one of ours: a bad token starts at the top."""
    try:
        key = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error):
        return None
    return key if isinstance(key, list) and len(key) == length else None


def page_of(rows: Sequence[Row], request: PageRequest, key: Any) -> Page[Row]:
    """The page from `limit` fetched rows, in display order; `key(row)` gives the keyset position.

    When `request.before` is set the rows must have been fetched backwards and already reversed.
    """
    size = request.limit - 1
    more = len(rows) > size
    if request.before and decode(request.before, len(key(rows[0])) if rows else 0) is not None:
        shown = tuple(rows[-size:])
        return Page(shown, next=_token(shown[-1:], key), previous=_token(shown[:1], key) if more else "")
    shown = tuple(rows[:size])
    return Page(
        shown,
        next=_token(shown[-1:], key) if more else "",
        previous=_token(shown[:1], key) if request.after else "",
    )


def _token(rows: Sequence[Row], key: Any) -> str:
    return encode(*key(rows[0])) if rows else ""
