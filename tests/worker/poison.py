"""A worker whose scores kill the process that makes them, and whose no-op only takes time."""

import os
import signal

from fitmycv_admin.vocabulary import TaskType
from fitmycv_worker import worker
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job
from fitmycv_worker.jobs import load

load()


@job(TaskType.MATCH_SCORE)
def work(task: TaskContext) -> Finish:
    """What a document that fills the memory does: the kernel ends the process, no handler runs."""
    if task.payload.get("is_poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    return lambda _session: None


if __name__ == "__main__":
    worker.main()
