"""What every background process does: say that it lives, and stop when it is told to."""

import contextlib
import faulthandler
import os
import signal
import socket
import threading
import time
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin import wiring  # noqa: F401 - says what subjects do when a task ends without a result
from fitmycv_admin.core import config, db, log, release
from fitmycv_admin.domain.tasks import heartbeats


class Pulse:
    """A process's heartbeat, given from its own loop: no thread that a fork could copy in the middle of a lock."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.host = socket.gethostname()
        self.pid = os.getpid()
        self.name = f"{kind}-{self.host}-{self.pid}"
        self.version = release.version()
        self._last = -heartbeats.EVERY_S

    def beat(self) -> None:
        """Say that we live, at most every five seconds; a database that is away is no reason to die."""
        if time.monotonic() - self._last < heartbeats.EVERY_S:
            return
        self._last = time.monotonic()
        with contextlib.suppress(SQLAlchemyError), db.transaction() as session:
            heartbeats.beat(session, self.name, self.kind, host=self.host, pid=self.pid, version=self.version)

    def end(self) -> None:
        """Say that we end in order."""
        with contextlib.suppress(SQLAlchemyError), db.transaction() as session:
            heartbeats.leave(session, self.name)


def prepare() -> None:
    """Logs of a background process; SIGUSR2 makes it write where each of its threads stands."""
    log.configure(json=not config.settings().is_demo)
    faulthandler.register(signal.SIGUSR2)


def stop_signal() -> threading.Event:
    """An event that is set by the first SIGTERM or SIGINT."""
    asked = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return asked
