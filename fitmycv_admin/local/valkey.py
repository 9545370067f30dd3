"""An embedded Valkey: the queue's transport, the screens' state and the rate limits, on this machine only."""

import contextlib
import os
import secrets
import signal
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from fitmycv_admin.local import binaries, process
from fitmycv_admin.local.process import LocalError

STOP = ((signal.SIGTERM, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
READY_WITHIN = 60.0


@dataclass(slots=True)
class Valkey:
    """A running server; `url` names its database 0."""

    data_dir: Path
    port: int
    pid: int
    password: str = field(repr=False)
    adopted: bool = False

    @property
    def url(self) -> str:
        """Database 0, the queue's."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Forget everything, in every database."""
        if _ask(self.port, self.password, "FLUSHALL") != "+OK":
            raise LocalError(f"Valkey on port {self.port} could not be emptied")

    def running(self) -> bool:
        """True while the server lives."""
        return process.alive(self.pid)

    def stop(self) -> None:
        """Orderly shutdown: the append-only file is complete."""
        process.stop(self.pid, STOP)

    def kill(self) -> None:
        """Kill without warning; at most the last second of writes is lost."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        process.wait_gone(self.pid, 10)


def start(data_dir: Path, port: int = 0, fast: bool = False) -> Valkey:
    """Start the server that keeps its data in `data_dir`; adopt it when it already runs.

    `port` 0 picks a free one. `fast` writes nothing to disk, for tests. Raises LocalError.
    """
    data_dir = data_dir.resolve()
    process.own_directory(data_dir)
    config = data_dir / "valkey.conf"
    adopted = running(data_dir)
    if adopted is not None:
        return adopted
    password = _password(config) or secrets.token_hex(16)
    log = data_dir.with_name(f"{data_dir.name}.log")
    program = binaries.valkey_server()
    for _ in range(5):
        chosen = port or process.free_port()
        process.write_private(config, _config(data_dir, chosen, password, fast), for_server=True)
        pid = process.spawn_server([program, config], log, data_dir)
        if _wait_ready(pid, chosen, password):
            return Valkey(data_dir, chosen, pid, password)
        if port:
            break
    raise LocalError(f"Valkey did not start; its own words are in {log}")


def _config(data_dir: Path, port: int, password: str, fast: bool) -> str:
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {data_dir}",
        f"pidfile {data_dir / 'valkey.pid'}",
        f"requirepass {password}",
        f"appendonly {'no' if fast else 'yes'}",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "notify-keyspace-events K$sgxe",
        "set-proc-title no",
    ]
    return "\n".join(lines) + "\n"


def _config_value(config: Path, key: str) -> str:
    with contextlib.suppress(OSError):
        for line in config.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{key} "):
                return line.split(" ", 1)[1]
    return ""


def _password(config: Path) -> str:
    return _config_value(config, "requirepass")


def running(data_dir: Path) -> Valkey | None:
    """The server that runs on this directory, whoever started it; None when there is none."""
    data_dir = data_dir.resolve()
    config = data_dir / "valkey.conf"
    try:
        pid = int((data_dir / "valkey.pid").read_text())
    except (OSError, ValueError):
        return None
    if not process.runs(pid, "valkey", config):
        return None
    port, password = int(_config_value(config, "port")), _password(config)
    return Valkey(data_dir, port, pid, password, adopted=True) if _wait_ready(pid, port, password) else None


def _wait_ready(pid: int, port: int, password: str) -> bool:
    """Wait until the server answers PING; False when it ended instead."""
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if not process.alive(pid):
            return False
        with contextlib.suppress(OSError):
            if _ask(port, password, "PING") == "+PONG" and process.alive(pid):
                return True
        time.sleep(0.005)
    raise LocalError(f"Valkey on port {port} is not ready after {READY_WITHIN:.0f} s")


def _ask(port: int, password: str, command: str) -> str:
    """One inline command over a raw socket: a client's own retries would hide the start-up time."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(f"AUTH {password}\r\n{command}\r\n".encode())
        received = b""
        while received.count(b"\r\n") < 2:
            chunk = link.recv(4096)
            if not chunk:
                break
            received += chunk
    return received.decode(errors="replace").strip().rpartition("\r\n")[2]
