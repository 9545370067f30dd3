"""The Python programs that a supervisor runs: how each is started, watched, restarted and stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fitmycv_admin.local import process
from fitmycv_admin.local.home import PROJECT, project_environment
from fitmycv_admin.local.process import LocalError

HEALTHY_AFTER = 20.0  # seconds a program must live for its earlier failures to be forgotten
LONGEST_PAUSE = 10.0


@dataclass(slots=True)
class Program:
    """One child. `grace` is the seconds it gets after each of two SIGTERMs before it is killed."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    grace: float = 1.0
    ready: Callable[[], bool] | None = None
    child: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    not_before: float = 0.0

    @property
    def pid(self) -> int:
        """The child's process number; 0 before the first start."""
        return self.child.pid if self.child else 0

    def start(self) -> None:
        """Start the child in the project's directory."""
        self.child = process.spawn(self.command, self.log, env=project_environment(self.environment), cwd=PROJECT)
        self.started = time.monotonic()

    def ended(self) -> bool:
        """True when the child was started and has ended."""
        return self.child is not None and self.child.poll() is not None

    def is_ready(self) -> bool:
        """True when it runs and, if it can be asked, answers."""
        return self.child is not None and not self.ended() and (self.ready is None or self.ready())

    def restart_when_due(self) -> bool:
        """Start an ended child again, after a pause that doubles with each quick failure; True when it did."""
        now = time.monotonic()
        if not self.ended():
            return False
        if self.not_before == 0.0:
            self.failures = 1 if now - self.started > HEALTHY_AFTER else self.failures + 1
            self.not_before = now + min(LONGEST_PAUSE, 0.1 * 2**self.failures)
        if now < self.not_before:
            return False
        kill_group(self.pid)
        self.not_before = 0.0
        self.start()
        return True

    def record(self) -> dict[str, object]:
        """What the next supervisor needs to recognise this child."""
        return {"pid": self.pid, "started_at": process.started_at(self.pid), "name": self.name}

    def why(self) -> str:
        """The last lines of its log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        except OSError:
            lines = []
        return "\n".join(lines)


def stop_together(programs: Sequence[Program]) -> None:
    """Stop several programs at once: SIGTERM, again after their grace, then SIGKILL to their groups."""
    running = [program for program in programs if program.child and program.child.poll() is None]
    for _ in range(2):
        for program in running:
            _signal(program.pid, signal.SIGTERM)
        end = time.monotonic() + max((program.grace for program in running), default=0.0)
        while running and time.monotonic() < end:
            running = [program for program in running if not program.ended()]
            time.sleep(0.02)
    for program in programs:
        if program.child:
            kill_group(program.pid)
            program.child.wait()


def run_to_end(programs: Sequence[Program], stopped: Callable[[], bool]) -> None:
    """Wait for one-shot programs that were started; LocalError with its log when one fails."""
    while not all(program.ended() for program in programs):
        for program in programs:
            if program.ended() and program.child and program.child.returncode:
                break
        else:
            if stopped():
                return
            time.sleep(0.02)
            continue
        break
    for program in programs:
        if program.ended() and program.child and program.child.returncode:
            raise LocalError(f"{program.name} failed; all of it is in {program.log}.\n{program.why()}")


def stop_orphan(record: dict[str, object]) -> bool:
    """Stop a child of a supervisor that was killed, if it still runs; True when there was one."""
    pid = int(str(record.get("pid") or 0))
    if not pid or not process.alive(pid) or process.started_at(pid) != record.get("started_at"):
        return False
    _signal(pid, signal.SIGTERM)
    if not process.wait_gone(pid, 3):
        _signal(pid, signal.SIGTERM)
        process.wait_gone(pid, 3)
    kill_group(pid)
    if not process.wait_gone(pid, 3):
        raise LocalError(f"process {pid} ({record.get('name')}) of an earlier run does not stop")
    return True


def kill_group(pid: int) -> None:
    """Kill what is left of a child's group: its work horses and server processes."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
