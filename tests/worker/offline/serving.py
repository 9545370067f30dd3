"""The offline engine over a real socket: as its own process, or in a thread of the test."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx2
from granian.constants import Interfaces
from granian.server.embed import Server

from fitmycv_worker.offline.server import application

MODEL = "offline-rules-1"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def engine(fault: str = "") -> Iterator[str]:
    """The address of an engine that runs as it does in production; it is stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", "fitmycv_worker.offline", "--port", str(port)]
    process = subprocess.Popen([*command, "--fault", fault] if fault else command)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def in_a_thread(fault: str = "") -> Iterator[str]:
    """The address of an engine in this process, with a fault that every request meets."""
    port = free_port()
    server = Server(application(fault), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(server.serve())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(10)
        loop.close()


def wait_for(port: int, process: subprocess.Popen | None = None, seconds: float = 20) -> None:
    """Return once the engine on `port` answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=1).status_code == 200:
                return
        time.sleep(0.03)
    raise AssertionError(f"nothing answers on port {port}")
