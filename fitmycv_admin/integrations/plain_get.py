"""One GET over HTTP: bounded in time and size, no redirect followed, and nothing secret in what it says went wrong."""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from fitmycv_admin.domain.ports import BooksUnavailable

MOST_BYTES = 8_000_000
TIMEOUT_S = 20.0
_CHUNK = 65_536


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key must not follow an answer to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Refused(BooksUnavailable):
    """The server answered with a status that is no success; `wait_s` is what it asked to wait, if it did."""

    def __init__(self, status: int, text: str, wait_s: float | None) -> None:
        self.status, self.wait_s = status, wait_s
        super().__init__(f"HTTP {status}: {text}" if text else f"HTTP {status}")


def get(url: str, headers: Mapping[str, str] | None = None, *, timeout_s: float = TIMEOUT_S) -> str:
    """The body as text. Raises Refused for a status above 299, BooksUnavailable when nothing usable came."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise BooksUnavailable("the address must begin with http:// or https://")
    request = urllib.request.Request(url, headers=dict(headers or {}))
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as answer:
            return _body(answer, timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(error.code, _said(error), _wait(error)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise BooksUnavailable(str(getattr(error, "reason", "") or error)[:300] or type(error).__name__) from None


def _body(answer: Any, timeout_s: float) -> str:
    body, until = bytearray(), time.monotonic() + timeout_s
    while chunk := answer.read1(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise BooksUnavailable(f"the answer is larger than {MOST_BYTES // 1_000_000} MB")
        if time.monotonic() > until:
            raise BooksUnavailable("the answer took too long")
    return body.decode("utf-8-sig", "replace")


def _said(error: urllib.error.HTTPError) -> str:
    """The first words of a refusal, on one line."""
    try:
        raw = error.read(2_000)
    except (OSError, HTTPException):
        return ""
    return " ".join(raw.decode("utf-8", "replace").split())[:200]


def _wait(error: urllib.error.HTTPError) -> float | None:
    try:
        return max(0.0, float(error.headers.get("Retry-After", "")))
    except ValueError:
        return None
