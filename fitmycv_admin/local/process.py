"""Start, recognise and stop the processes of one machine."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

NOBODY = 65534
"""The user and group that servers run as when we are root: they refuse to be root themselves."""


class LocalError(Exception):
    """Something on this machine is in the way; the text says what to do and is shown without a traceback."""


def is_root() -> bool:
    """True when children must be given to an unprivileged user."""
    return os.geteuid() == 0


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    unprivileged: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C in the terminal reaches only the supervisor.

    Its output goes to the end of `log`. `unprivileged` matters to root only.
    """
    user = NOBODY if unprivileged and is_root() else None
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )


def spawn_server(command: Sequence[str | Path], log: Path, cwd: Path) -> int:
    """Start an unprivileged server that may outlive us; its pid is all that `alive` and `stop` need."""
    child = spawn(command, log, unprivileged=True, cwd=cwd)
    child.returncode = 0  # else Python complains, when this object goes, that its child still runs
    return child.pid


def alive(pid: int) -> bool:
    """True while the process runs; a zombie is not alive, and is reaped when it is our child."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return True


def started_at(pid: int) -> str:
    """When a process started, in whatever words the system has: with the pid it names one process for ever."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, check=False)
        return shown.stdout.decode(errors="replace").strip()


def command_line(pid: int) -> str:
    """The command of a running process, words parted by spaces; empty when there is none."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return ""
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
        return shown.stdout.decode(errors="replace").strip()
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def runs(pid: int | None, *words: str | Path) -> bool:
    """True when `pid` lives and its command holds every word: a pid alone may have been given away again."""
    if not pid or not alive(pid):
        return False
    command = command_line(pid)
    return all(str(word) in command for word in words)


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait until the process has ended; False when it still runs after `seconds`."""
    end = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def stop(pid: int, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and wait its seconds, until the process is gone."""
    for number, seconds in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_gone(pid, seconds):
            return
    raise LocalError(f"process {pid} ({command_line(pid)}) does not stop")


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """True when a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def others_can_reach(path: Path) -> bool:
    """True when an unprivileged user may walk to `path` and read it."""
    for place in path.resolve().parents:
        if place.exists() and not place.stat().st_mode & stat.S_IXOTH:
            return False
    return not path.exists() or bool(path.stat().st_mode & stat.S_IROTH)


def own_directory(path: Path) -> None:
    """Make a 0700 directory of the user the servers run as; LocalError when they cannot get there."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if not is_root():
        return
    os.chown(path, NOBODY, NOBODY)
    must_be_reachable(path)


def must_be_reachable(path: Path) -> None:
    """LocalError when the unprivileged user that root's servers run as cannot walk to `path`."""
    for place in path.resolve().parents:
        if not place.stat().st_mode & stat.S_IXOTH:
            raise LocalError(
                f"{place} is closed to other users, and as root the servers run as an unprivileged one. "
                "Set FITMYCV_HOME to a directory outside of it."
            )


def write_private(path: Path, text: str, *, for_server: bool = False) -> None:
    """Write a 0600 file in one step; `for_server` gives it to the user the servers run as."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    if for_server and is_root():
        os.chown(draft, NOBODY, NOBODY)
    draft.replace(path)
