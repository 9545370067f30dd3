"""What a task costs besides its work: from the insert to the start and to the end, and how many a second.

RQ's own rate stands beside it: in turn with ours, on the same machine, for jobs that do nothing.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from tests.bench import ground
from tests.bench.run import Figure, figure, load, percentile
from tests.worker.stack import eventually

ONE_BY_ONE = 100
AT_ONCE = 200
ROUNDS = 3
WORKERS = 2
_WARM_UP = 10
_PATIENCE_S = 60
_RQ_WORKER = (
    "import sys; from redis import Redis; from rq import Worker; "
    "w = Worker(['alone'], connection=Redis.from_url(sys.argv[1]), serializer='json', log_job_description=False); "
    "w.work(logging_level='ERROR')"
)


def run() -> dict[str, Figure]:
    """Latency of tasks that come one by one, and throughput of many that come at once; durable servers."""
    with ground.processes(workers=WORKERS) as (_, queue_url), _rq_alone(queue_url) as queue:
        return {**_latency(queue), **_throughput(queue), "tasks_machine_load": load()}


def _latency(queue: Queue) -> dict[str, Figure]:
    for _ in range(_WARM_UP):
        _one()
        _one_of_rq(queue)
    pairs = [(_one(), _one_of_rq(queue)) for _ in range(ONE_BY_ONE)]
    waits, whole, of_rq = [one[0] for one, _ in pairs], [one[1] for one, _ in pairs], [other for _, other in pairs]
    return {
        "task_insert_to_running_p50": figure(percentile(waits, 0.5), "ms"),
        "task_insert_to_running_p95": figure(percentile(waits, 0.95), "ms", most=150),
        "task_insert_to_running_max": figure(max(waits), "ms"),
        "task_insert_to_end_p50": figure(percentile(whole, 0.5), "ms"),
        "rq_noop_enqueue_to_end_p50": figure(percentile(of_rq, 0.5), "ms"),
        "task_added_to_rq_p95": figure(percentile(whole, 0.95) - percentile(of_rq, 0.5), "ms", most=40),
    }


def _one() -> tuple[float, float]:
    """Milliseconds from the insert of a task to its start and to its end, by the database's clock."""
    (task_id,) = ground.submit(actors.system("bench"), 1)
    if not eventually(lambda: ground.completed([task_id]), _PATIENCE_S, every=0.01):
        raise RuntimeError("a task did not end")
    with transaction() as db:
        whole = "SELECT extract(epoch FROM finished_at - created_at) * 1000 FROM background_task WHERE id = :id"
        return ground.waits([task_id])[0], float(db.execute(text(whole), {"id": task_id}).scalar_one())


def _one_of_rq(queue: Queue) -> float:
    """Milliseconds from the moment a job is put in line to its end, by RQ's own stamps."""
    job = queue.enqueue("time.time")
    if not eventually(lambda: job.is_finished, _PATIENCE_S, every=0.01):
        raise RuntimeError("a job did not end")
    job.refresh()
    assert job.ended_at
    assert job.enqueued_at
    return (job.ended_at - job.enqueued_at).total_seconds() * 1000


def _throughput(queue: Queue) -> dict[str, Figure]:
    rates = [(_rate(), _rate_of_rq(queue)) for _ in range(ROUNDS)]
    ours, of_rq = (percentile(list(one), 0.5) for one in zip(*rates, strict=True))
    return {
        "tasks_per_second_with_2_workers": figure(ours, "/s", least=30),
        "rq_noops_per_second_with_2_workers": figure(of_rq, "/s"),
    }


def _rate() -> float:
    started = time.monotonic()
    tasks: list[UUID] = ground.submit(actors.system("bench"), AT_ONCE)
    if not eventually(lambda: ground.completed(tasks) == AT_ONCE, _PATIENCE_S):
        raise RuntimeError("tasks did not end")
    return AT_ONCE / (time.monotonic() - started)


def _rate_of_rq(queue: Queue) -> float:
    started = time.monotonic()
    jobs = [queue.enqueue("time.time") for _ in range(AT_ONCE)]
    ids, ended = {job.id for job in jobs}, queue.finished_job_registry
    if not eventually(lambda: ids <= set(ended.get_job_ids(cleanup=False)), _PATIENCE_S):
        raise RuntimeError("jobs did not end")
    return AT_ONCE / (time.monotonic() - started)


@contextlib.contextmanager
def _rq_alone(url: str) -> Iterator[Queue]:
    """As many workers as ours, as RQ makes them, on a queue of their own."""
    connection = Redis.from_url(url)
    queue = Queue("alone", connection=connection, serializer="json", job_class=Job)
    children = [subprocess.Popen([sys.executable, "-c", _RQ_WORKER, url]) for _ in range(WORKERS)]
    try:
        if not eventually(lambda: Worker.count(queue=queue) == WORKERS, _PATIENCE_S):
            raise RuntimeError("RQ's workers did not come up")
        yield queue
    finally:
        for child in children:
            child.kill()
            child.wait()
