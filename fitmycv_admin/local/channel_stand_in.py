"""Stand-in for Telegram and for a receiver of webhooks: keeps the newest messages and shows them; demo only."""

import argparse
import hmac
import html
import json
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fitmycv_admin.core import clock

KEPT = 200
LARGEST = 1_000_000
TOKEN = "stand-in"
"""The one bot it knows."""
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Stand-in for channels</title>
<style>:root{{color-scheme:light dark}}
body{{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8886;border-radius:8px;padding:12px}}</style>
<h1>Messages that went to stand-ins</h1>
<p><strong>Demo: this is neither Telegram nor somebody’s webhook.</strong> What the application sends to
<code>/bot{token}/sendMessage</code> and <code>/hook/…</code> on this machine is kept here, newest first, until it
stops. Nothing leaves this machine.</p>{messages}</html>"""


@dataclass
class Box:
    """What was caught, newest first."""

    messages: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=KEPT))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, to: str, text: str) -> int:
        """Keep one message; returns how many there are."""
        with self.lock:
            self.messages.appendleft((clock.now().isoformat(timespec="seconds"), to, text))
            return len(self.messages)

    def page(self) -> str:
        """All of them for a reader."""
        with self.lock:
            shown = [
                f"<h2>{html.escape(to)}</h2><p>{at}</p><pre>{html.escape(text)}</pre>" for at, to, text in self.messages
            ]
        return _PAGE.format(token=TOKEN, messages="".join(shown) or "<p>Nothing yet.</p>")


def server(port: int, box: Box) -> ThreadingHTTPServer:
    """The server, not serving yet."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            """The page of messages; how ready it is for the supervisor."""
            self._answer(200, box.page().encode(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            """One message."""
            size = int(self.headers.get("Content-Length") or 0)
            if not 0 <= size <= LARGEST:
                self.close_connection = True
                self._say(413, {"ok": False, "error_code": 413, "description": "Request Entity Too Large"})
                return
            body = self.rfile.read(size)
            if self.path.startswith("/bot"):
                self._say(*_telegram(box, self.path, body))
            elif self.path.startswith("/hook"):
                self._say(*_hook(box, self.path, body, {name.lower() for name in self.headers}))
            else:
                self._say(404, {"ok": False, "error_code": 404, "description": "Not Found"})

        def _say(self, status: int, said: dict[str, Any]) -> None:
            self._answer(status, json.dumps(said).encode(), "application/json")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Stand-In", "demo")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Messages are on the page, not in the log."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _telegram(box: Box, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """As the Bot API answers sendMessage."""
    token, _, method = path.removeprefix("/bot").partition("/")
    if not hmac.compare_digest(token.encode(), TOKEN.encode()):
        return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
    if method != "sendMessage":
        return 404, {"ok": False, "error_code": 404, "description": "Not Found"}
    try:
        said = json.loads(body)
        chat, text = str(said["chat_id"]), str(said["text"])
    except (ValueError, KeyError, TypeError):
        return 400, {"ok": False, "error_code": 400, "description": "Bad Request: message text is empty"}
    if not text.strip() or len(text.encode("utf-16-le")) // 2 > 4096:
        problem = "message is too long" if text.strip() else "message text is empty"
        return 400, {"ok": False, "error_code": 400, "description": f"Bad Request: {problem}"}
    number = box.keep(f"Telegram (stand-in), chat {chat}", text)
    return 200, {"ok": True, "result": {"message_id": number, "chat": {"id": chat}, "text": text}}


def _hook(box: Box, path: str, body: bytes, headers: set[str]) -> tuple[int, dict[str, Any]]:
    """Takes a document that carries a signature."""
    if not {"webhook-id", "webhook-timestamp", "webhook-signature"} <= headers:
        return 401, {"ok": False, "description": "not signed"}
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return 400, {"ok": False, "description": "not JSON"}
    box.keep(f"Webhook (stand-in) {path}", text)
    return 200, {"ok": True}


def main(arguments: list[str] | None = None) -> None:
    """`python -m fitmycv_admin.local.channel_stand_in --port P`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args(arguments)
    running = server(chosen.port, Box())

    def stop(*_args: Any) -> None:
        threading.Thread(target=running.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print(f"stand-in for channels on 127.0.0.1:{chosen.port}", flush=True)
    running.serve_forever(poll_interval=0.2)
    running.server_close()


if __name__ == "__main__":
    sys.exit(main())
