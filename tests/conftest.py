"""Fixtures of every test: a real database, a real Valkey, and clusters that a test may break."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fitmycv_admin.local import postgres as local_postgres
from fitmycv_admin.local import valkey as local_valkey
from tests import cluster

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from sqlmodel import Session

    from tests.stack import Stack

_skipped_in_browser: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """One directory and one clean environment for the run; workers inherit them."""
    if not hasattr(config, "workerinput"):
        cluster.open_home()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, whichever worker started them."""
    if not hasattr(config, "workerinput") and cluster.HOME_VARIABLE in os.environ:
        cluster.close_home(cluster.home())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Full-length fault tests run only when asked for by `-m torture`."""
    if "torture" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("torture")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember a browser test that did not run."""
    if report.skipped and "e2e" in report.keywords and not hasattr(report, "wasxfail"):
        _skipped_in_browser.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A browser test that could not run fails the run: a green result without it would be a lie."""
    if _skipped_in_browser:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the run failed when every test that ran is green."""
    if _skipped_in_browser:
        terminalreporter.section("browser tests that did not run", red=True)
        for name in _skipped_in_browser:
            terminalreporter.line(name)


@pytest.fixture(scope="module")
def database() -> Iterator[cluster.Database]:
    """A database of the module's own, cloned from the migrated template; settings point at it."""
    server = cluster.shared_postgres()
    mine = cluster.clone(server)
    with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
        yield mine
    server.drop_database(mine.name)


@pytest.fixture(scope="session")
def quiet_cluster() -> Iterator[local_postgres.Postgres]:
    """A cluster in which only this worker's transactions run."""
    server = cluster.quiet_postgres()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def quiet_database(quiet_cluster: local_postgres.Postgres) -> Iterator[cluster.Database]:
    """As `database`, where no other test holds a transaction open: the fold counts only below the oldest one."""
    mine = cluster.clone(quiet_cluster)
    with cluster.environment(DATABASE_URL=mine.url, DATABASE_MIGRATE_URL=mine.owner_url):
        yield mine
    quiet_cluster.drop_database(mine.name)


@pytest.fixture
def db(database: cluster.Database) -> "Iterator[Session]":
    """A session of one real transaction, committed when the test ends."""
    from fitmycv_admin.core.db import transaction

    with transaction() as session:
        yield session


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[local_valkey.Valkey]:
    """The Valkey of this worker; not shared, as the application uses several of its databases."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    server = local_valkey.start(cluster.home() / f"valkey-{worker}", fast=True)
    yield server
    server.kill()


@pytest.fixture
def valkey(valkey_server: local_valkey.Valkey) -> Iterator[str]:
    """The address of an empty Valkey; settings point at it."""
    valkey_server.flush()
    with cluster.environment(REDIS_URL=valkey_server.url):
        yield valkey_server.url


@pytest.fixture
def own_directory() -> Iterator[Path]:
    """A directory where servers can run, also as root (pytest's own is closed to other users)."""
    place = Path(tempfile.mkdtemp(prefix="own-", dir=cluster.home()))
    place.chmod(0o711)
    yield place
    cluster.close_home(place)


@pytest.fixture
def fresh_cluster(own_directory: Path) -> Iterator[local_postgres.Postgres]:
    """A durable cluster of the test's own, migrated and empty, to be killed at will; settings point at it.

    After `kill()` bring it back with `postgres.start(server.data_dir, server.port)`.
    """
    server = local_postgres.start(own_directory / "postgres")
    cluster.migrate(server.owner_url)
    with cluster.environment(DATABASE_URL=server.url, DATABASE_MIGRATE_URL=server.owner_url):
        yield server
    _stop(local_postgres.running(server.data_dir))


@pytest.fixture
def fresh_valkey(own_directory: Path) -> Iterator[local_valkey.Valkey]:
    """A durable Valkey of the test's own, to be killed at will; settings point at it.

    After `kill()` bring it back with `valkey.start(server.data_dir, server.port)`.
    """
    server = local_valkey.start(own_directory / "valkey")
    with cluster.environment(REDIS_URL=server.url):
        yield server
    _stop(local_valkey.running(server.data_dir))


@pytest.fixture(scope="session")
def product() -> "Stack":
    """The whole product with its demo data, as `make run` starts it: one for the whole run, so leave it usable.

    `product.run()` has its address, port and the environment of its programs.
    """
    from tests import stack

    return stack.shared()


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A real Chromium, one for the run; where none can be started the tests fail, they are never skipped.

    Its driver keeps an event loop in this thread, so tests that use it run apart from those that run loops of their
    own: they are marked e2e.
    """
    from playwright.sync_api import expect, sync_playwright

    from tests.browser import launch_options

    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**launch_options())
        yield started
        started.close()


def _stop(server: local_postgres.Postgres | local_valkey.Valkey | None) -> None:
    if server is not None:
        server.kill()
