"""A browser without a screen: the websocket of a tab, its cookie, and the server it talks to."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import socketio
from reflex_base.registry import RegistrationContext

from fitmycv_admin.core.config import reload_settings
from tests.cluster import ROOT

HYDRATE = "reflex___state____state.hydrate"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(*, workers: int = 1, mounted: bool = False, port: int = 0, **environment: str) -> Iterator[str]:
    """The real application in its own processes, without the built pages unless `mounted`; yields its address.

    A server on the `port` of one that has ended stands for a restart.
    """
    port = port or free_port()
    env = {
        **os.environ, "PORT": str(port), "PUBLIC_URL": f"http://localhost:{port}",
        "__REFLEX_SKIP_COMPILE": "true", "REFLEX_ENV_MODE": "prod", "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_REDIS_URL": reload_settings().redis_on(1), **environment,
    }  # fmt: skip
    if mounted:
        env["__REFLEX_MOUNT_FRONTEND_COMPILED_APP"] = "true"
    log = open(os.path.join(os.environ["FITMYCV_TEST_HOME"], f"web-{port}.log"), "w+")  # noqa: SIM115
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--workers", str(workers),
         "--host", "127.0.0.1", "--port", str(port), "fitmycv_admin.fitmycv_admin:app"],
        cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(port, server, log.name)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()
        server.wait()
        log.close()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    with open(log) as said:
        raise AssertionError(f"the server did not come up:\n{said.read()[-3000:]}")


@dataclass
class Tab:
    """One open tab: `send` an event, then read what came back."""

    socket: socketio.AsyncClient
    token: str
    updates: list[dict[str, Any]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def emit(self, name: str, payload: Any = None, *, path: str = "/") -> None:
        """Send an event without waiting for an answer."""
        event = {
            "name": name,
            "payload": {} if payload is None else payload,
            "router_data": {"pathname": path, "asPath": path, "query": {}},
            "token": self.token,
        }
        await self.socket.emit("event", event, namespace="/_event")

    async def send(
        self, name: str, payload: Any = None, *, path: str = "/", settle: float = 0.15, patience: float = 10.0
    ) -> list[dict[str, Any]]:
        """Send an event and give what the server answered until it was quiet for `settle` seconds."""
        before = len(self.updates)
        await self.emit(name, payload, path=path)
        with contextlib.suppress(asyncio.TimeoutError):
            while True:
                self.arrived.clear()
                await asyncio.wait_for(self.arrived.wait(), settle if len(self.updates) > before else patience)
        return self.updates[before:]

    async def hydrate(self) -> list[dict[str, Any]]:
        """What a browser sends first: it binds the tab to its session."""
        return await self.send(HYDRATE)

    def shown(self, var: str) -> list[Any]:
        """Every value the server sent for a var, by the end of its name."""
        return [
            value
            for update in self.updates
            for state in (update.get("delta") or {}).values()
            for name, value in state.items()
            if name.removesuffix("_rx_state_") == var
        ]


@contextlib.asynccontextmanager
async def tab(address: str, *, cookie: str = "", token: str = "", origin: str | None = "") -> AsyncIterator[Tab]:
    """Open a tab. `cookie` is the session token; `origin` None sends none, "" the right one."""
    http = aiohttp.ClientSession()  # our own, so that it is closed after a refused handshake too
    client = socketio.AsyncClient(reconnection=False, http_session=http)
    mine = Tab(client, token or str(uuid.uuid4()))

    async def on_event(update: dict[str, Any]) -> None:
        mine.updates.append(update)
        mine.arrived.set()

    client.on("event", on_event, namespace="/_event")
    headers = {} if origin is None else {"Origin": origin or address}
    if cookie:
        headers["Cookie"] = f"__Host-sid={cookie}"
    try:
        await client.connect(
            f"{address}?token={mine.token}", headers=headers, transports=["websocket"], socketio_path="/_event",
            namespaces=["/_event"], wait_timeout=5,
        )  # fmt: skip
        yield mine
    finally:
        await client.disconnect()
        await http.close()


def handlers() -> dict[str, Any]:
    """Every event handler of the application by its full name."""
    return dict(RegistrationContext.get().event_handlers)


def said(updates: list[dict[str, Any]]) -> str:
    """All events of some updates as one text, to look for a toast or a redirect in."""
    return " ".join(str(event) for update in updates for event in update.get("events") or [])
