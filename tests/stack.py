"""The whole product on real processes: `fitmycv up` in a directory of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from fitmycv_admin.local import process
from fitmycv_admin.local.home import Home, Run
from tests import cluster

UP_WITHIN = 240.0  # the first start of a clone builds the front end


class Stack:
    """One supervisor and its children."""

    def __init__(self, place: Path, **environment: str) -> None:
        self.home = Home(place)
        self.environment = {**os.environ, "FITMYCV_HOME": str(place), "FITMYCV_WORKERS": "1", **environment}
        self.output = place.with_name(f"{place.name}.out")
        self.pid = 0

    def start(self) -> Run:
        """Start it and wait until it has printed its address."""
        self.output.unlink(missing_ok=True)
        child = process.spawn(self.command("up"), self.output, env=self.environment, cwd=cluster.ROOT)
        child.returncode = 0  # it may outlive this worker
        self.pid = child.pid
        end = time.monotonic() + UP_WITHIN
        while "runs at" not in self.said():
            if not process.alive(self.pid) or time.monotonic() > end:
                raise AssertionError(f"fitmycv up did not come up:\n{self.said()}")
            time.sleep(0.05)
        return self.run()

    def run(self) -> Run:
        """What the supervisor has written down."""
        run = self.home.read_run()
        assert run is not None
        return run

    def said(self) -> str:
        """What the supervisor has printed."""
        return self.output.read_text() if self.output.exists() else ""

    def interrupt(self) -> float:
        """Ctrl-C: wait for the end and return how many seconds it took."""
        begun = time.monotonic()
        os.kill(self.pid, signal.SIGINT)
        assert process.wait_gone(self.pid, 40), f"Ctrl-C did not end it:\n{self.said()}"
        return time.monotonic() - begun

    def kill(self) -> None:
        """Kill the supervisor alone, without warning."""
        os.kill(self.pid, signal.SIGKILL)
        assert process.wait_gone(self.pid, 10)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the same clone beside it."""
        return subprocess.run(
            self.command(*arguments),
            cwd=cluster.ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The command line of one verb."""
        return [sys.executable, "-m", "fitmycv_admin.cli", *arguments]

    def processes(self) -> dict[int, str]:
        """Every living process that was started for this directory: pid and command line."""
        mark = f"FITMYCV_HOME={self.home.path}\0".encode()
        found: dict[int, str] = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                mine = mark in (place / "environ").read_bytes() + b"\0"
            except OSError:
                continue
            if mine:
                found[int(place.name)] = process.command_line(int(place.name))
        return found

    def close(self) -> None:
        """End it, however it stands now."""
        if self.pid and process.alive(self.pid):
            self.interrupt()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


def shared() -> Stack:
    """The stack of the whole test run; the first worker that asks starts it, the run's end stops it."""
    with cluster.locked("product"):
        stack = Stack(cluster.home() / "product")
        if stack.home.locked_by_other():
            stack.pid = stack.run().pid
        else:
            stack.start()
        return stack
