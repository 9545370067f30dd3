"""How long a task stands still when the power of its worker goes: from kill -9 to its next start."""

import random
import time
from uuid import UUID

from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from tests.bench import ground
from tests.bench.run import Figure, figure, load, percentile
from tests.worker.stack import eventually

WORKERS = 8
TASK_MS = 30_000
WITHIN_S = 10.0
"""Workers are killed one by one in this time, so that each lease is at another point of its life."""
_PATIENCE_S = 60


def run() -> dict[str, Figure]:
    """Every worker with a task in hand is killed with its child and started again, as a supervisor does it."""
    with ground.processes(workers=WORKERS) as (stack, _):
        tasks = ground.submit(actors.system("bench"), WORKERS, ms=TASK_MS)
        if not eventually(lambda: ground.starts(tasks) == WORKERS, _PATIENCE_S):
            raise RuntimeError("the tasks did not start")
        killed: dict[UUID, float] = {}
        for number in random.sample(range(WORKERS), WORKERS):
            time.sleep(random.random() * 2 * WITHIN_S / WORKERS)
            task_id = _in_hand(f"-{stack.children[f'worker-{number}'].pid}-")
            stack.kill_with_children(f"worker-{number}")
            killed[task_id] = _now()
            stack.start(f"worker-{number}")
        if not eventually(lambda: ground.starts(tasks, attempt=2) == WORKERS, _PATIENCE_S):
            raise RuntimeError("a task was not started again")
        stood_still = [_started_again(task_id) - moment for task_id, moment in killed.items()]
    return {
        "recovery_after_kill_p50": figure(percentile(stood_still, 0.5), "s"),
        "recovery_after_kill_p95": figure(percentile(stood_still, 0.95), "s", most=30),
        "recovery_machine_load": load(),
    }


def _in_hand(worker: str) -> UUID:
    """The task of a worker, whose name holds its pid."""
    found = "SELECT id FROM background_task WHERE status = 'running' AND lease_owner LIKE '%' || :worker || '%'"
    with transaction() as db:
        return db.execute(text(found), {"worker": worker}).scalar_one()


def _now() -> float:
    with transaction() as db:
        return float(db.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def _started_again(task_id: UUID) -> float:
    found = "SELECT extract(epoch FROM started_at) FROM task_attempt WHERE task_id = :id AND attempt = 2"
    with transaction() as db:
        return float(db.execute(text(found), {"id": task_id}).scalar_one())
