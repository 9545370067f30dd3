"""Where the benchmarks of slow work run: durable servers of their own, and the product's processes on them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.local import postgres, valkey
from fitmycv_admin.vocabulary import TaskType
from tests import cluster
from tests.worker.stack import Stack, eventually, running


@contextmanager
def processes(*, workers: int, **more: str) -> Iterator[tuple[Stack, str]]:
    """A dispatcher, a scheduler and workers with production timings; yields them and the address of the queue.

    `more` is set in the environment of every process.
    """
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=cluster.home()))
    place.chmod(0o711)
    server, cache = postgres.start(place / "postgres"), valkey.start(place / "valkey")
    cluster.migrate(server.owner_url)
    environment = {
        "DATABASE_URL": server.url, "DATABASE_MIGRATE_URL": server.owner_url, "REDIS_URL": cache.url, **more
    }  # fmt: skip
    try:
        with cluster.environment(**environment), running(place, environment, workers=workers) as stack:
            if not eventually(lambda: _alive() >= workers, 60):
                raise RuntimeError("the workers did not come up")
            yield stack, cache.url
    finally:
        cache.kill()
        server.kill()


def submit(by: Actor, count: int, *, ms: int = 0) -> list[UUID]:
    """Tasks that take `ms` milliseconds, all of one moment."""
    with transaction() as db:
        return [board.submit(db, by, TaskType.NOOP, title="", payload={"ms": ms}) for _ in range(count)]


def starts(tasks: list[UUID], attempt: int = 1) -> int:
    """How many have been started for the `attempt`-th time."""
    found = "SELECT count(*) FROM task_attempt WHERE task_id = ANY(:ids) AND attempt = :attempt"
    with transaction() as db:
        return db.execute(text(found), {"ids": tasks, "attempt": attempt}).scalar_one()


def completed(tasks: list[UUID]) -> int:
    """How many have completed."""
    found = "SELECT count(*) FROM background_task WHERE id = ANY(:ids) AND status = 'completed'"
    with transaction() as db:
        return db.execute(text(found), {"ids": tasks}).scalar_one()


def waits(tasks: list[UUID]) -> list[float]:
    """Milliseconds from the insert of each to its first start, by the database's clock."""
    found = """SELECT extract(epoch FROM a.started_at - t.created_at) * 1000 FROM background_task t
               JOIN task_attempt a ON a.task_id = t.id AND a.attempt = 1 WHERE t.id = ANY(:ids)"""
    with transaction() as db:
        return [float(wait) for wait in db.execute(text(found), {"ids": tasks}).scalars()]


def _alive() -> int:
    found = "SELECT count(*) FROM process_heartbeat WHERE kind = 'worker.tasks' AND seen_at > now() - interval '20 s'"
    with transaction() as db:
        return db.execute(text(found)).scalar_one()
