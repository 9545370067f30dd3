"""A local server that speaks the wire of the vendor's costs endpoint, answer by answer as a test wants it."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Service(ThreadingHTTPServer):
    """`answers` are (status, body, headers); `seen` are (headers, path, query) of each request."""

    answers: list[tuple[int, Any, dict[str, str]]]
    seen: list[tuple[dict[str, str], str, dict[str, list[str]]]]


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.seen.append((dict(self.headers), parts.path, parse_qs(parts.query)))
        status, answer, headers = self.server.answers.pop(0)
        raw = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving() -> Iterator[Service]:
    """A server that answers from its list, in order."""
    server = Service(("127.0.0.1", 0), Handler)
    server.answers, server.seen = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def address(service: Service) -> str:
    """Where it listens."""
    return f"http://127.0.0.1:{service.server_address[1]}"


def bucket(day: date, *results: tuple[str | None, Any], currency: str = "usd") -> dict[str, Any]:
    """A day with its (line item, amount) pairs."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    lines = [
        {"object": "organization.costs.result", "amount": {"value": value, "currency": currency}, "line_item": item}
        for item, value in results
    ]
    return {"object": "bucket", "start_time": start, "end_time": start + 86_400, "results": lines}


def page(*buckets: dict[str, Any], following: str = "") -> dict[str, Any]:
    """A page of days; `following` names the next one."""
    return {"object": "page", "data": list(buckets), "has_more": bool(following), "next_page": following or None}
