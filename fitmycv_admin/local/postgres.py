"""An embedded PostgreSQL: one cluster in one directory, reachable from this machine only."""

import contextlib
import os
import secrets
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from fitmycv_admin.local import binaries, process
from fitmycv_admin.local.process import LocalError

OWNER = "fitmycv"
"""Owns the schema; migrations run as this role."""
APPLICATION = "fitmycv_app"
"""Reads and writes rows; cannot change the schema, nor TRUNCATE."""
DATABASE = "fitmycv"
STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
READY_WITHIN = 120.0  # a crash recovery may take long

_ALWAYS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "jit=off",
)
_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)


@dataclass(slots=True)
class Postgres:
    """A running cluster. `url` is the application's, `owner_url` the one for migrations."""

    data_dir: Path
    port: int
    pid: int
    owner_password: str = field(repr=False)
    application_password: str = field(repr=False)
    adopted: bool = False

    @property
    def url(self) -> str:
        """The main database as the application's role."""
        return self.url_of(DATABASE)

    @property
    def owner_url(self) -> str:
        """The main database as the owner of the schema."""
        return self.owner_url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """SQLAlchemy URL of a database as the application's role."""
        return self._url(APPLICATION, self.application_password, database)

    def owner_url_of(self, database: str) -> str:
        """SQLAlchemy URL of a database as the owner of the schema."""
        return self._url(OWNER, self.owner_password, database)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql+psycopg://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A psycopg connection as the owner, committing each statement."""
        return psycopg.connect(self.owner_url_of(database).replace("+psycopg", ""), autocommit=True)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database: empty with the roles' rights set, or a copy of `template` (about 40 ms)."""
        with self.connect() as connection:
            source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + source)
        if template is None:
            _grant(self, name)

    def drop_database(self, name: str) -> None:
        """Drop a database, ending the connections that still use it."""
        with self.connect() as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))

    def has_database(self, name: str) -> bool:
        """True when the cluster holds a database of that name."""
        with self.connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def running(self) -> bool:
        """True while the postmaster lives."""
        return process.alive(self.pid)

    def stop(self) -> None:
        """Fast shutdown: running statements are ended, committed work is on disk."""
        process.stop(self.pid, STOP)

    def kill(self) -> None:
        """Kill the postmaster without warning, as a power cut would; what was committed survives."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        process.wait_gone(self.pid, 10)


def start(data_dir: Path, port: int = 0, fast: bool = False) -> Postgres:
    """Start the cluster in `data_dir`, made if missing; adopt it when it already runs.

    `port` 0 picks a free one. `fast` gives up durability, for tests. Raises LocalError with a sentence that
    says what to do.
    """
    data_dir = data_dir.resolve()
    programs = binaries.postgres_bin()
    passwords = _passwords(data_dir)
    if (data_dir / "PG_VERSION").exists():
        must_match(data_dir, programs)
        adopted = running(data_dir)
        if adopted is not None:
            return adopted
    else:
        _initialise(data_dir, programs, passwords[0], fast)
    server = _launch(data_dir, programs, passwords, port, fast)
    _ensure_roles(server)
    return server


def _passwords(data_dir: Path) -> tuple[str, str]:
    """The passwords of both roles, made once and kept beside the cluster in a 0600 file."""
    path = data_dir.with_name(f"{data_dir.name}.secret")
    if not path.exists():
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        process.write_private(path, f"{secrets.token_hex(16)}\n{secrets.token_hex(16)}\n")
    owner, application = path.read_text(encoding="utf-8").split()
    return owner, application


def must_match(data_dir: Path, programs: Path) -> None:
    """LocalError when the cluster was made by another major version than the one installed."""
    kept = int((data_dir / "PG_VERSION").read_text().strip())
    installed = binaries.postgres_major(programs)
    if kept != installed:
        raise LocalError(
            f"The data in {data_dir} belongs to PostgreSQL {kept}, but PostgreSQL {installed} is installed. "
            f"Nothing was changed. Set FITMYCV_PG_BIN to the programs of PostgreSQL {kept}, or move the "
            "directory away to start with an empty database."
        )


def _initialise(data_dir: Path, programs: Path, password: str, fast: bool) -> None:
    """Make the cluster aside and rename it, so that a crash never leaves half of one."""
    draft = data_dir.with_name(f"{data_dir.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    process.own_directory(draft)
    secret = draft.with_name(f"{data_dir.name}.pw")
    process.write_private(secret, password, for_server=True)
    locale = ["--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST", "--locale=C"]
    if binaries.postgres_major(programs) < 18:
        locale = ["--locale-provider=icu", "--icu-locale=und", "--locale=C"]
    access = ["-U", OWNER, "--pwfile", secret, "-A", "scram-sha-256"]
    command = [programs / "initdb", "-D", draft, *access, "-E", "UTF8", *locale]
    log = data_dir.with_name(f"{data_dir.name}.log")
    try:
        child = process.spawn([*command, *(["--no-sync"] if fast else [])], log, unprivileged=True)
        if child.wait(120) != 0:
            raise LocalError(f"PostgreSQL could not make its data directory; see {log}:\n{_tail(log)}")
    finally:
        secret.unlink(missing_ok=True)
    draft.rename(data_dir)


def running(data_dir: Path) -> Postgres | None:
    """The server that runs on this directory, whoever started it; None when there is none."""
    data_dir = data_dir.resolve()
    lines = _postmaster_pid(data_dir)
    if len(lines) < 4:
        return None
    pid = int(lines[0])
    if process.runs(pid, "postgres", data_dir):
        _wait_ready(data_dir, pid)
        return Postgres(data_dir, int(lines[3]), pid, *_passwords(data_dir), adopted=True)
    # after a reboot the number may belong to another process, which PostgreSQL would take for its own
    (data_dir / "postmaster.pid").unlink(missing_ok=True)
    return None


def _launch(data_dir: Path, programs: Path, passwords: tuple[str, str], port: int, fast: bool) -> Postgres:
    log = data_dir.with_name(f"{data_dir.name}.log")
    settings = [part for item in (*_ALWAYS, *(_FAST if fast else ())) for part in ("-c", item)]
    for _ in range(5):
        chosen = port or process.free_port()
        command = [programs / "postgres", "-D", data_dir, "-p", str(chosen), *settings]
        pid = process.spawn_server(command, log, data_dir)
        if _wait_ready(data_dir, pid):
            return Postgres(data_dir, chosen, pid, *passwords)
        if port or "could not bind" not in _tail(log):
            break
    raise LocalError(f"PostgreSQL did not start. Its own words are in {log}:\n{_tail(log)}")


def _wait_ready(data_dir: Path, pid: int) -> bool:
    """Wait for the postmaster to accept connections; False when it ended instead."""
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if not process.alive(pid):
            return False
        lines = _postmaster_pid(data_dir)
        if len(lines) >= 8 and lines[0] == str(pid) and lines[7] == "ready":
            return True
        time.sleep(0.005)
    raise LocalError(f"PostgreSQL is not ready after {READY_WITHIN:.0f} s; see {data_dir}.log")


def _postmaster_pid(data_dir: Path) -> list[str]:
    try:
        return [line.strip() for line in (data_dir / "postmaster.pid").read_text().splitlines()]
    except OSError:
        return []


def _ensure_roles(server: Postgres) -> None:
    """The application's role and the main database, made when missing."""
    with server.connect() as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone()
        if known is None:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(APPLICATION), sql.Literal(server.application_password)
                )
            )
    if not server.has_database(DATABASE):
        server.create_database(DATABASE)


def _grant(server: Postgres, database: str) -> None:
    role, owner = sql.Identifier(APPLICATION), sql.Identifier(OWNER)
    with server.connect(database) as connection:
        for right in (
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES",
            "GRANT USAGE, SELECT ON SEQUENCES",
            "GRANT EXECUTE ON FUNCTIONS",
        ):
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public {} TO {}").format(
                    owner, sql.SQL(right), role
                )
            )


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
    except OSError:
        return ""
