"""Starts the worker's processes as they run in production, and sends them signals."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.cluster import ROOT

SHORT_LEASE = {
    "TASK_LEASE_SECONDS": "3",
    "TASK_LEASE_RENEW_SECONDS": "1",
    "TASK_REAP_SECONDS": "0.5",
    "TASK_REDISPATCH_SECONDS": "1.5",
}


class Stack:
    """Processes by name; each writes to a log beside the others. A name is a module, with a number when many."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self.place = place
        self.environment = {**os.environ, **environment}
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = {}

    def start(self, name: str, *command: str) -> None:
        """Start a process, or start it again."""
        if command:
            self.commands[name] = [sys.executable, "-m", *command]
        with (self.place / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                self.commands[name], env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def restart_ended(self) -> list[str]:
        """Start again what has ended, as a supervisor does; the names."""
        ended = [name for name, child in self.children.items() if child.poll() is not None]
        for name in ended:
            self.start(name)
        return ended

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one process."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.children[name].pid, number)

    def kill_with_children(self, name: str) -> None:
        """Kill a process and those it forked, as a power cut would."""
        for pid in [*descendants(self.children[name].pid), self.children[name].pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.children[name].wait(10)

    def kill_horse(self, name: str) -> bool:
        """Kill only what a worker forked; False when it had nothing to do."""
        horses = descendants(self.children[name].pid)
        for pid in horses:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(horses)

    def say_where_they_stand(self) -> None:
        """Print where every thread of every process is: for a run that got stuck."""
        for name, child in self.children.items():
            for pid in [child.pid, *descendants(child.pid)]:
                mark = (self.place / f"{name}.log").stat().st_size
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGUSR2)
                time.sleep(0.3)
                print(f"--- {name} {pid}\n{self.log(name)[mark:]}")

    def stop(self) -> None:
        """End everything."""
        for name in self.children:
            self.kill_with_children(name)

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.place / f"{name}.log").read_text(errors="replace")


def descendants(pid: int) -> list[int]:
    """The processes that a process started."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@contextlib.contextmanager
def running(place: Path, environment: dict[str, str], *, workers: int, work: str = "fitmycv_worker.worker",
            scheduler: bool = True) -> Iterator[Stack]:  # fmt: skip
    """A dispatcher, a scheduler and workers, ended with the block."""
    stack = Stack(place, environment)
    try:
        stack.start("dispatcher", "fitmycv_worker.dispatcher")
        if scheduler:
            stack.start("scheduler", "fitmycv_worker.scheduler")
        for number in range(workers):
            stack.start(f"worker-{number}", *work.split())
        yield stack
    finally:
        stack.stop()


def eventually(what: Callable[[], object], seconds: float, every: float = 0.05) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(every)
    return bool(what())
