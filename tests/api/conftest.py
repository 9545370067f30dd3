"""The plain routes behind a real socket, with a real database and a real Valkey, and a small browser."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
import uvicorn
from starlette.applications import Starlette

from fitmycv_admin.core import ask
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.local.valkey import Valkey
from tests import cluster


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    @property
    def to(self) -> str:
        return self.header("location")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    def cookie(self, name: str) -> str:
        """The whole Set-Cookie line of a cookie."""
        return next(
            (value for key, value in self.headers if key.lower() == "set-cookie" and value.startswith(name)), ""
        )


@dataclass
class Browser:
    """Posts forms, keeps cookies, says where it comes from."""

    port: int
    ip: str = "10.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str | None) -> Answer:
        given: dict[str, str | None] = {
            "origin": self.origin,
            "content-type": "application/x-www-form-urlencoded",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.request("POST", path, urlencode(fields or {}), given)

    def get(self, path: str) -> Answer:
        return self.request("GET", path, None, {})

    def request(self, method: str, path: str, body: str | None, headers: dict[str, str | None]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name: value for name, value in headers.items() if value is not None}
        sent["x-forwarded-for"] = self.ip
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read().decode())
        connection.close()
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self.cookies[key] = morsel.value
                    if morsel["max-age"] == "0" or not morsel.value:
                        del self.cookies[key]
        return answer


@pytest.fixture(scope="module")
def port(database: cluster.Database, valkey_server: Valkey) -> Iterator[int]:
    """The application's plain routes, served on loopback."""
    from fitmycv_admin.api.routes import ROUTES

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    there = f"http://127.0.0.1:{number}"
    with cluster.environment(REDIS_URL=valkey_server.url, PUBLIC_URL=there, TRUSTED_PROXY_HOPS="1"):
        ask.confirm_with(sessions.confirm)
        config = uvicorn.Config(Starlette(routes=list(ROUTES)), "127.0.0.1", number, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield number
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def browser(port: int, valkey_server: Valkey) -> Browser:
    """A browser that was never here, before a Valkey that counted nothing yet."""
    valkey_server.flush()
    return Browser(port)
