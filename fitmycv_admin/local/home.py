"""Where one clone keeps its state on this machine, and who runs there now."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from fitmycv_admin.local import process
from fitmycv_admin.local.process import LocalError

PROJECT = Path(__file__).parents[2]
LOG_LIMIT = 10 * 1024 * 1024


@dataclass(slots=True)
class Run:
    """What a supervisor has started; kept in a 0600 file, since the addresses hold passwords."""

    pid: int
    address: str = ""
    port: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    programs: dict[str, dict[str, Any]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)


class Home:
    """The directory of one clone's state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.postgres = path / "postgres"
        self.valkey = path / "valkey"
        self.logs = path / "logs"
        self.build = PROJECT / "build"
        self._run_file = path / "run.json"
        self._lock: TextIOWrapper | None = None

    def prepare(self) -> None:
        """Make the directory; closed to others, but root's servers must be able to walk through it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if process.is_root() else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except PermissionError:
            raise LocalError(f"{self.path} cannot be written. Set FITMYCV_HOME to a directory of yours.") from None
        if process.is_root():
            process.must_be_reachable(self.path)
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LOG_LIMIT:
                log.replace(log.with_suffix(".log.1"))

    def lock(self) -> None:
        """Be the only supervisor here until the process ends; LocalError when another one runs."""
        file = (self.path / "supervisor.lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            run = self.read_run()
            where = f" at {run.address}" if run and run.address else ""
            who = f" (process {run.pid})" if run else ""
            raise LocalError(
                f"FitMyCV is already running{where}{who}. Stop it there with Ctrl-C, "
                "or set FITMYCV_HOME to another directory to run a second one."
            ) from None
        self._lock = file

    def unlock(self) -> None:
        """Let another supervisor start here."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def locked_by_other(self) -> bool:
        """True while a supervisor runs here."""
        path = self.path / "supervisor.lock"
        if not path.exists():
            return False
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def read_run(self) -> Run | None:
        """What the last supervisor wrote, whether it still runs or not."""
        try:
            return Run(**json.loads(self._run_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_run(self, run: Run) -> None:
        """Remember what runs, for the next supervisor and for single commands."""
        process.write_private(self._run_file, json.dumps(asdict(run), indent=1))

    def write_demo_accounts(self, accounts: list[Any]) -> None:
        """Remember the demo accounts that were loaded, for `fitmycv up` to print."""
        lines = [f"{account.email:<34} {account.password:<22} {account.role}" for account in accounts]
        (self.path / "demo-accounts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def demo_accounts(self) -> list[str]:
        """The lines of the demo accounts; empty where no demo data was loaded."""
        try:
            return (self.path / "demo-accounts.txt").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def log(self, name: str) -> Path:
        """The log of one program."""
        return self.logs / f"{name}.log"


def project_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child of ours: this one's, what differs, unbuffered output and bytecode that is kept."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONUNBUFFERED": "1", "REFLEX_TELEMETRY_ENABLED": "false", **extra}
