"""The offline engine as its own process, for tests that speak to it over a real socket."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2

MODEL = "offline-rules-1"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def engine(fault: str = "") -> Iterator[str]:
    """The address of a running engine; it is stopped at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "fitmycv_worker.offline", "--port", str(port), *(["--fault", fault] if fault else [])]
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str, process: subprocess.Popen, seconds: float = 20) -> None:
    """Return once `url` answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(url, timeout=1).status_code < 500:
                return
        time.sleep(0.03)
    raise AssertionError(f"{url} does not answer")
