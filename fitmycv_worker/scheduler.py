"""`python -m fitmycv_worker.scheduler`: recurring work, done by whichever scheduler holds the lock."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin.core import db, log
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.tasks import cron
from fitmycv_worker import process
from fitmycv_worker.jobs import housekeeping

_LOCK = 7_301
_TICK_S = 0.2
_LOCK_TICK_S = 1.0

_log = log.get("scheduler")


class Scheduler:
    """One scheduler; of several, the one with the lock works and the others wait for it."""

    def __init__(self, entries: tuple[housekeeping.Entry, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._running: dict[str, Future[None]] = {}
        self._pulse = process.Pulse("scheduler")
        self._asked = threading.Event()

    def run(self, asked: threading.Event) -> None:
        """Work until the event is set. A database that went away is waited for."""
        self._asked = asked
        with ThreadPoolExecutor(len(self._entries), thread_name_prefix="cron") as pool:
            while not asked.is_set():
                try:
                    self._hold_lock_and_work(pool)
                except (psycopg.Error, SQLAlchemyError) as error:
                    _log.warning("waiting for the database", error=type(error).__name__)
                    asked.wait(0.3)
        self._pulse.end()

    def _hold_lock_and_work(self, pool: ThreadPoolExecutor) -> None:
        url = settings().database_url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            while not self._asked.is_set() and not _has_lock(connection):
                self._pulse.beat()
                self._asked.wait(_LOCK_TICK_S)
            if self._asked.is_set():
                return
            with db.transaction() as session:
                cron.declare(session, {entry.name: entry.schedule for entry in self._entries.values()})
            while not self._asked.wait(_TICK_S):
                connection.execute("SELECT 1")  # the lock lives as long as this connection
                self._pulse.beat()
                self._start_due(pool)

    def _start_due(self, pool: ThreadPoolExecutor) -> None:
        with db.transaction() as session:
            due = cron.take_due(session, [name for name in self._entries if not self._busy(name)])
        for name in due:
            self._running[name] = pool.submit(self._do, self._entries[name])

    def _busy(self, name: str) -> bool:
        return name in self._running and not self._running[name].done()

    def _do(self, entry: housekeeping.Entry) -> None:
        problem = ""
        try:
            with db.transaction() as session:
                entry.act(session)
        except Exception as error:  # noqa: BLE001 - the edge: one entry's trouble must not stop the others
            problem = f"{type(error).__name__}: {log.scrub(str(error))}"[:300]
            _log.error("recurring work failed", entry=entry.name, error=problem)
        try:
            with db.transaction() as session:
                cron.ended(session, entry.name, problem)
        except SQLAlchemyError:
            _log.warning("could not note the end of recurring work", entry=entry.name)


def _has_lock(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    return bool(row and row[0])


def main() -> None:
    """Start."""
    process.prepare()
    Scheduler(housekeeping.entries()).run(process.stop_signal())


if __name__ == "__main__":
    main()
