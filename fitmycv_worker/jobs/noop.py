"""Work that only takes time: it measures what a task costs besides its work."""

import time

from fitmycv_admin.vocabulary import TaskType
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job


@job(TaskType.NOOP)
def wait(task: TaskContext) -> Finish:
    """Sleep for `ms` milliseconds of the payload."""
    time.sleep(task.payload.get("ms", 0) / 1000)
    return lambda _session: None
