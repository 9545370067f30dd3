"""The servers that tests run against: real ones, shared by the whole run, gone when it ends."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fitmycv_admin.local import postgres, process, valkey
from fitmycv_admin.local.home import Home

ROOT = Path(__file__).parents[1]
HOME_VARIABLE = "FITMYCV_TEST_HOME"
PREFIX = "fitmycv-test-"
TEMPLATE = "fitmycv_template"
CONFIGURED_BY = (
    "DATABASE_URL",
    "DATABASE_MIGRATE_URL",
    "REDIS_URL",
    "SMTP_URL",
    "RESEND_API_KEY",
    "RESEND_API_URL",
    "MAIL_FROM",
    "PUBLIC_URL",
    "PORT",
)


@dataclass(frozen=True, slots=True)
class Database:
    """A database of its own, at the newest migration and empty of rows."""

    name: str
    url: str
    owner_url: str


def open_home() -> None:
    """Choose the directory of this run and clear the environment, before anything reads it."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o711)
    (home / "owner").write_text(str(os.getpid()))
    for name in list(os.environ):
        if name in CONFIGURED_BY or name.startswith(("FITMYCV_", "REFLEX_", "OPENAI_", "STRIPE_", "TASK_")):
            del os.environ[name]
    os.environ[HOME_VARIABLE] = str(home)
    os.environ["FITMYCV_HOME"] = str(home / "home")
    (home / "home").mkdir(mode=0o711)


def home() -> Path:
    """The directory of this run, the same in every worker."""
    return Path(os.environ[HOME_VARIABLE])


def close_home(place: Path) -> None:
    """Stop every server that lives in the directory and remove it."""
    for written in place.glob("**/run.json"):
        run = Home(written.parent).read_run()
        if run and process.runs(run.pid, "fitmycv_admin.cli", "up"):
            process.stop(run.pid, ((signal.SIGINT, 30.0), (signal.SIGKILL, 5.0)))
    for config in place.glob("**/valkey.conf"):
        cache = valkey.running(config.parent)
        if cache is not None:
            cache.kill()
    for version in place.glob("**/postmaster.pid"):
        server = postgres.running(version.parent)
        if server is not None:
            server.stop()
    shutil.rmtree(place, ignore_errors=True)


def sweep() -> None:
    """Clear what a run that was killed left behind."""
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            if not process.alive(int((place / "owner").read_text())):
                close_home(place)


def shared_postgres() -> postgres.Postgres:
    """The run's cluster, with a migrated template; the first worker that asks starts it."""
    with locked("postgres"):
        return _with_template(postgres.start(home() / "postgres", fast=True))


def quiet_postgres() -> postgres.Postgres:
    """A cluster of this worker alone, with a migrated template: nobody else's transactions run in it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return _with_template(postgres.start(home() / f"postgres-{worker}", fast=True))


def _with_template(server: postgres.Postgres) -> postgres.Postgres:
    if not server.has_database(TEMPLATE):
        draft = f"{TEMPLATE}_draft"
        server.drop_database(draft)
        server.create_database(draft)
        migrate(server.owner_url_of(draft))
        with server.connect() as connection:
            connection.execute(f"ALTER DATABASE {draft} RENAME TO {TEMPLATE}")
    return server


def clone(server: postgres.Postgres) -> Database:
    """A copy of the template, in about 40 ms."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    server.create_database(name, template=TEMPLATE)
    return Database(name, server.url_of(name), server.owner_url_of(name))


def migrate(owner_url: str) -> None:
    """Bring an empty database to the newest schema."""
    if any((ROOT / "alembic" / "versions").glob("*.py")):
        environment = {**os.environ, "DATABASE_URL": owner_url, "DATABASE_MIGRATE_URL": owner_url}
        command = [sys.executable, "-m", "alembic", "upgrade", "head"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"alembic upgrade head failed:\n{done.stdout}{done.stderr}")
        return
    from sqlmodel import SQLModel, create_engine

    import fitmycv_admin.models  # noqa: F401

    engine = create_engine(owner_url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One worker at a time."""
    with (home() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables, read the settings again and drop the engine; put everything back after."""
    from fitmycv_admin.core import config, db

    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    db.dispose()
    config.reload_settings()
    try:
        yield
    finally:
        db.dispose()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        config.reload_settings()
