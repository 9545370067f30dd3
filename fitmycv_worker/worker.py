"""`python -m fitmycv_worker.worker`: takes messages from one queue and has them done by a child process."""

import argparse
import contextlib
import gc
import os
import platform
import socket
import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SpawnWorker, Worker
from rq.exceptions import NoSuchJobError
from rq.executions import Execution
from rq.job import Job as Message
from rq.worker.base import StopRequested
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import configure_mappers

from fitmycv_admin.core import db, log
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.ids import short_code
from fitmycv_admin.domain.tasks import dispatch, registry
from fitmycv_admin.integrations.rq_queue import SERIALIZER
from fitmycv_worker import child, jobs, process

_LOOK_S = 5
_TTL_S = 20
_PATIENCE_S = 10.0

_log = log.get("worker")


class _Watched:
    """What a worker of ours does besides RQ's: it gives its heartbeat, and frees the task of a killed child."""

    log_result_lifespan = False
    exponential_backoff_factor = 1.0  # a queue that went away is asked again every second
    pulse: process.Pulse | None = None
    _exit_status: int | None = 0

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        """RQ calls this every few seconds, idle or busy."""
        if self.pulse is not None and not self.is_horse:  # type: ignore[attr-defined]
            self.pulse.beat()
        super().heartbeat(*args, **kwargs)  # type: ignore[misc]

    def _shutdown(self) -> None:
        """Told to stop: remembered before RQ raises, since a library may swallow what a signal raised inside it."""
        self._stop_requested = True
        super()._shutdown()  # type: ignore[misc]

    def subscribe(self) -> None:
        """No thread for RQ's commands: a task is cancelled by its row, and a fork needs a single thread."""

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Remember how the child ended."""
        pid, status, usage = super().wait_for_horse()  # type: ignore[misc]
        self._exit_status = status
        return pid, status, usage

    def execute_job(self, job: Message, queue: Queue) -> None:
        """Do one message; whatever becomes of the queue's own bookkeeping, a killed child's task is given back."""
        try:
            super().execute_job(job, queue)  # type: ignore[misc]
        finally:
            if self._exit_status != 0:
                free(self.name)  # type: ignore[attr-defined]


class ForkingWorker(_Watched, Worker):
    """The usual one: a forked child does the messages, and another takes its place when it is worn or killed."""

    _child: child.Child | None = None

    def fork_work_horse(self, job: Message, queue: Queue) -> None:
        """Hand the message to the child; when it takes no more, to a new one."""
        message = f"{job.id} {self.execution.id}" if self.execution else job.id
        if not self.ready().take(message):
            self.dismiss()
            self.ready().take(message)
        self._horse_pid = self.ready().pid

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Until the child has done the message, or is gone: then how it ended. RQ interrupts this and asks again."""
        if self._child is not None and self._child.wait():
            self._exit_status = os.EX_OK
            return self._child.pid, os.EX_OK, None
        return super().wait_for_horse()

    def execute_job(self, job: Message, queue: Queue) -> None:
        """Do one message, then have a child that can take the next."""
        super().execute_job(job, queue)
        if self._child is not None and not self._child.is_ready():
            self.dismiss()
            self.ready()

    def ready(self) -> child.Child:
        """The child, forked when there is none."""
        if self._child is None:
            self._child = child.Child(self._serve)
        return self._child

    def dismiss(self) -> None:
        """Let the child go."""
        if self._child is not None:
            self._child.dismiss()
            self._child = None

    def _serve(self, line: socket.socket) -> None:
        self.setup_work_horse_signals()
        self._is_horse = True
        db.dispose(close=False)  # the connections are the parent's
        child.serve(line, self._do, lambda: jobs.warm(self.queues[0].name))

    def _do(self, message: str) -> None:
        job_id, _, execution_id = message.partition(" ")
        try:
            job = Message.fetch(job_id, connection=self.connection, serializer=SERIALIZER)
            execution = Execution.fetch(execution_id, job_id, connection=self.connection)
        except (NoSuchJobError, ValueError):
            return  # the queue forgot it; the task's row did not, and is sent again
        self.executions = {execution.id: execution}
        self.perform_job(job, self.queues[0], execution)


class SpawningWorker(_Watched, SpawnWorker):
    """For macOS, where a fork after threads is not safe."""


def free(worker: str) -> None:
    """Give back at once what a worker held; when the database is away the lease does it a little later."""
    with contextlib.suppress(SQLAlchemyError), db.transaction() as session:
        freed = dispatch.free(session, worker)
        if freed:
            _log.warning("gave back the task of a killed process", worker=worker, tasks=freed)


def make(queue: str, pulse: process.Pulse) -> ForkingWorker | SpawningWorker:
    """A worker on one queue: with several, a message could be lost between two lists."""
    connection = Redis.from_url(settings().redis_url, socket_timeout=_PATIENCE_S, socket_connect_timeout=2)
    kind = SpawningWorker if platform.system() == "Darwin" else ForkingWorker
    worker = kind(
        [queue], name=f"{pulse.host}-{pulse.pid}-{short_code(4)}", connection=connection, serializer=SERIALIZER,
        log_job_description=False, worker_ttl=_TTL_S, job_monitoring_interval=_LOOK_S, maintenance_interval=60,
    )  # fmt: skip
    worker.pulse = pulse
    return worker


def work(queue: str) -> None:
    """Work until SIGTERM: the message in hand is finished first. A queue that went away is waited for."""
    pulse = process.Pulse(f"worker.{queue}")
    while True:
        worker: ForkingWorker | SpawningWorker | None = None
        try:
            worker = make(queue, pulse)
            if isinstance(worker, ForkingWorker):
                worker.ready()
            worker.work(logging_level="WARNING")
            if worker._shutdown_requested_date is not None:
                break
        except StopRequested:
            break
        except RedisError as error:
            _log.warning("waiting for the queue", error=type(error).__name__)
        finally:
            if isinstance(worker, ForkingWorker):
                worker.dismiss()
            if worker is not None:
                free(worker.name)
        pulse.beat()
        time.sleep(0.3)
    pulse.end()


def main() -> None:
    """Start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queue", choices=registry.QUEUES, default=registry.TASKS)
    chosen = parser.parse_args()
    process.prepare()
    jobs.load()
    configure_mappers()  # once here, not in every child
    gc.collect()
    gc.freeze()  # else each child's collector copies every page it looks at: 130 ms of work for nothing
    work(chosen.queue)


if __name__ == "__main__":
    main()
