"""The process in which a worker's messages are done: forked ahead, warm, used again and again, replaced when worn.

A fork, its first connections and its first use of the heavy libraries cost more than a short task does. The child
keeps them; it still dies alone, and whatever was interrupted in its middle ends with it.
"""

import contextlib
import os
import random
import resource
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable

MOST_MESSAGES = 200
MOST_MEMORY = 512 * 1024 * 1024
"""In bytes; beyond it the child's memory is given back by its end."""
IDLE_S = 0.2
_DONE, _LEAVING = b"d", b"l"
_LINE = 4096
_LAST_WAIT_S = 2.0

_is_worn = False


def wear_out() -> None:
    """Called in the work: this process is to do nothing after the message in hand."""
    global _is_worn
    _is_worn = True


class Child:
    """The parent's side: a line on which one message after the other is handed over."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            os.setpgrp()
            random.seed()
            try:
                serve(theirs)
            except BaseException:  # noqa: BLE001 - the edge of the process: nothing of the parent may run here
                traceback.print_exc()
            os._exit(1)
        theirs.close()
        self._line = ours

    def take(self, message: str) -> bool:
        """Hand a message over; False when this child takes no more."""
        if not self.is_ready():
            return False
        with contextlib.suppress(OSError):
            self._line.sendall(message.encode() + b"\n")
            return True
        return False

    def is_ready(self) -> bool:
        """Whether it waits for a message, as far as one can know; what it said of the last one is heard here."""
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    said = self._line.recv(16, socket.MSG_DONTWAIT)
                except ConnectionResetError:
                    return False
                if not said or _LEAVING in said:
                    return False
        return True

    def wait(self) -> bool:
        """Until the message is done (True) or the child is gone (False). May be interrupted and asked again."""
        try:
            return bool(self._line.recv(1, socket.MSG_PEEK))
        except ConnectionResetError:
            return False

    def dismiss(self) -> None:
        """Let it go, and see it gone."""
        self._line.close()
        end = time.monotonic() + _LAST_WAIT_S
        with contextlib.suppress(ChildProcessError, ProcessLookupError):
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > end:
                    os.kill(self.pid, 9)
                time.sleep(0.005)


def serve(line: socket.socket, do: Callable[[str], None], warm: Callable[[], None]) -> None:
    """In the child: do each message that comes, warm up in the first quiet moment, leave when worn or let go."""
    is_warm, count = False, 0
    while True:
        if not is_warm and not select.select([line], [], [], IDLE_S)[0]:
            is_warm = True
            warm()
        message = line.recv(_LINE)
        if not message:
            os._exit(0)
        do(message.decode().strip())
        count += 1
        if _is_worn or count >= MOST_MESSAGES or _memory() > MOST_MEMORY:
            line.sendall(_LEAVING)
            os._exit(0)
        line.sendall(_DONE)


def _memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
