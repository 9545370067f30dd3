"""What a task costs besides its work: from the insert to the start, and how many a second."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis import Redis
from rq import Queue
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.local import postgres, valkey
from fitmycv_admin.vocabulary import TaskType
from tests import cluster
from tests.bench.run import Figure, figure, percentile
from tests.worker.stack import eventually, running

ONE_BY_ONE = 100
AT_ONCE = 200
WORKERS = 2
_WARM_UP = 10


def run() -> dict[str, Figure]:
    """Latency of tasks that come one by one, and throughput of many that come at once; durable servers."""
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=cluster.home()))
    place.chmod(0o711)
    server, cache = postgres.start(place / "postgres"), valkey.start(place / "valkey")
    cluster.migrate(server.owner_url)
    environment = {"DATABASE_URL": server.url, "DATABASE_MIGRATE_URL": server.owner_url, "REDIS_URL": cache.url}
    try:
        with cluster.environment(**environment), running(place, environment, workers=WORKERS):
            figures = {**_latency(), **_throughput()}
        return {**figures, **_of_rq_alone(cache.url)}
    finally:
        cache.kill()
        server.kill()


def _latency() -> dict[str, Figure]:
    for _ in range(_WARM_UP):
        _one()
    waits = [_one() for _ in range(ONE_BY_ONE)]
    return {
        "task_insert_to_running_p50": figure(percentile(waits, 0.5), "ms"),
        "task_insert_to_running_p95": figure(percentile(waits, 0.95), "ms", most=150),
        "task_insert_to_running_max": figure(max(waits), "ms"),
    }


def _one() -> float:
    """Milliseconds from the insert of a task to the start of its first attempt, by the database's clock."""
    with transaction() as db:
        task_id = board.submit(db, actors.system("bench"), TaskType.NOOP, title="")
    if not eventually(lambda: _finished([task_id]) == 1, 30, every=0.01):
        raise RuntimeError("a task did not end")
    with transaction() as db:
        wait = text("""SELECT extract(epoch FROM a.started_at - t.created_at) * 1000 FROM background_task t
                       JOIN task_attempt a ON a.task_id = t.id AND a.attempt = 1 WHERE t.id = :id""")
        return float(db.execute(wait, {"id": task_id}).scalar_one())


def _throughput() -> dict[str, Figure]:
    started = time.monotonic()
    with transaction() as db:
        tasks = [board.submit(db, actors.system("bench"), TaskType.NOOP, title="") for _ in range(AT_ONCE)]
    if not eventually(lambda: _finished(tasks) == AT_ONCE, 120):
        raise RuntimeError("tasks did not end")
    rate = AT_ONCE / (time.monotonic() - started)
    return {"tasks_per_second_with_2_workers": figure(rate, "/s", least=30)}


def _of_rq_alone(url: str) -> dict[str, Figure]:
    """RQ's own rate for jobs that do nothing, at the same moment on the same machine: what we can be compared to."""
    queue = Queue("alone", connection=Redis.from_url(url), serializer="json")
    script = (
        "import sys; from redis import Redis; from rq import Worker; "
        "w = Worker(['alone'], connection=Redis.from_url(sys.argv[1]), serializer='json', log_job_description=False); "
        "w.work(burst=True, logging_level='ERROR')"
    )
    for _ in range(AT_ONCE):
        queue.enqueue("time.time")
    started = time.monotonic()
    workers = [subprocess.Popen([sys.executable, "-c", script, url]) for _ in range(WORKERS)]
    for worker in workers:
        worker.wait(120)
    return {"rq_noops_per_second_with_2_workers": figure(AT_ONCE / (time.monotonic() - started), "/s")}


def _finished(tasks: list) -> int:
    done = "SELECT count(*) FROM background_task WHERE id = ANY(:ids) AND status = 'completed'"
    with transaction() as db:
        return db.execute(text(done), {"ids": tasks}).scalar_one()
