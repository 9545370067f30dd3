"""A web server on this machine that answers what it is told to, with or without TLS, and keeps what it was sent."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAME = "hooks.fitmycv.example"
_TLS = Path(__file__).parent / "tls"


@dataclass
class Answers:
    """What the server says to each request, and what it got."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    trickle: bool = False
    cut: bool = False
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@dataclass
class Receiver:
    """A running one."""

    port: int
    answers: Answers

    @property
    def place(self) -> str:
        """As `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def got(self) -> list[tuple[str, dict[str, str], bytes]]:
        """Path, headers and body of each request."""
        return self.answers.got


@contextmanager
def receiving(*, tls: ssl.SSLContext | None = None, **said: Any) -> Iterator[Receiver]:
    """Serve until the end of the block."""
    answers = Answers(**said)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answers.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(answers.delay_s)
            if answers.cut:
                self.close_connection = True
                return
            self.send_response(answers.status)
            for name, value in answers.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            for byte in answers.body:
                self.wfile.write(bytes([byte]))
                if answers.trickle:
                    time.sleep(0.1)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: Any) -> None:
            """A client that went away is part of the tests."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Receiver(server.server_address[1], answers)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def certified() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for `NAME`, with a key that is public and for tests only; the client's that trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(_TLS / "cert.pem", _TLS / "key.pem")
    return server, ssl.create_default_context(cafile=str(_TLS / "cert.pem"))
