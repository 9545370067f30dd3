"""A worker whose no-op, and whose score that costs a credit, leave an effect when their task completes."""

import time

from sqlalchemy import text

from fitmycv_admin.vocabulary import TaskType
from fitmycv_worker import worker
from fitmycv_worker.context import TaskContext
from fitmycv_worker.job import Finish, job
from fitmycv_worker.jobs import load

load()


@job(TaskType.MATCH_SCORE)
@job(TaskType.NOOP)
def work(task: TaskContext) -> Finish:
    """Two paid steps, some time, one effect."""
    for step in ("first", "second"):
        if task.done(step) is None:
            time.sleep(task.payload["ms"] / 2000)
            task.checkpoint(step, {"ok": 1})
    task.progress(90)
    effect = text("INSERT INTO effect (task_id, attempt) VALUES (:id, :attempt)")
    values = {"id": task.task_id, "attempt": task.claim.attempt}
    return lambda session: {"rows": session.execute(effect, values).rowcount}


if __name__ == "__main__":
    worker.main()
