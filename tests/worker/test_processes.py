"""What the worker's processes promise a person, seen on real processes."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.vocabulary import TaskType
from fitmycv_worker.jobs import housekeeping
from tests import cluster
from tests.domain.tasks.conftest import make_person
from tests.worker.stack import SHORT_LEASE, Stack, descendants, eventually, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack(
    database: cluster.Database, valkey_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One worker that may be killed, with what feeds it."""
    valkey_server.flush()
    environment = {"REDIS_URL": valkey_server.url, **SHORT_LEASE, "TASK_LEASE_SECONDS": "6"}
    with cluster.environment(**environment), running(tmp_path_factory.mktemp("logs"), environment, workers=1) as stack:
        yield stack


def wait_for(task_id: UUID, *states: str, seconds: float = 40) -> str:
    """The state of a task, when it is one of these."""
    assert eventually(lambda: state(task_id) in states, seconds), row(task_id)
    return state(task_id)


def row(task_id: UUID):
    with transaction() as db:
        return db.execute(text("SELECT * FROM background_task WHERE id = :id"), {"id": task_id}).one()


def state(task_id: UUID) -> str:
    return row(task_id).status


def submit(ms: int, by=None) -> UUID:
    with transaction() as db:
        return board.submit(db, by or actors.system("test"), TaskType.NOOP, title="", payload={"ms": ms})


def test_a_task_is_done_without_being_asked_for_again(stack: Stack) -> None:
    task_id = submit(10)
    assert wait_for(task_id, "completed") == "completed"
    assert (row(task_id).attempt, row(task_id).progress) == (1, 100)


def test_a_running_task_stops_within_two_seconds_of_the_wish(stack: Stack) -> None:
    person = make_person()
    task_id = submit(30_000, person)
    wait_for(task_id, "running")
    with transaction() as db:
        board.cancel(db, person, task_id)
    assert wait_for(task_id, "cancelled") == "cancelled"
    assert row(task_id).finished_at - row(task_id).cancel_requested_at < timedelta(seconds=2)
    assert wait_for(submit(10), "completed") == "completed"


def test_a_killed_attempt_is_started_again_at_once(stack: Stack) -> None:
    task_id = submit(2_000)
    wait_for(task_id, "running")
    assert eventually(lambda: stack.kill_horse("worker-0"), 2)
    assert eventually(lambda: row(task_id).attempt == 2, 5), row(task_id)
    assert wait_for(task_id, "completed") == "completed"


def test_a_killed_worker_loses_its_task_to_another(stack: Stack) -> None:
    task_id = submit(1_500)
    wait_for(task_id, "running")
    stack.kill_with_children("worker-0")
    stack.start("worker-0")
    assert wait_for(task_id, "completed") == "completed"
    assert row(task_id).attempt == 2


def test_a_frozen_attempt_that_wakes_up_late_writes_nothing(stack: Stack) -> None:
    task_id = submit(2_500)
    wait_for(task_id, "running")
    (horse,) = descendants(stack.children["worker-0"].pid)
    os.kill(horse, signal.SIGSTOP)
    stack.start("worker-1", "fitmycv_worker.worker")
    assert eventually(lambda: row(task_id).attempt == 2, 30), row(task_id)
    os.kill(horse, signal.SIGCONT)
    assert wait_for(task_id, "completed") == "completed"
    stack.kill_with_children("worker-1")
    del stack.children["worker-1"]
    with transaction() as db:
        outcomes = "SELECT outcome FROM task_attempt WHERE task_id = :id ORDER BY attempt"
        assert list(db.execute(text(outcomes), {"id": task_id}).scalars()) == ["lost", "completed"]


def test_sigterm_lets_the_message_in_hand_finish(stack: Stack) -> None:
    task_id = submit(1_500)
    wait_for(task_id, "running")
    stack.signal("worker-0", signal.SIGTERM)
    stack.children["worker-0"].wait(30)
    assert (state(task_id), row(task_id).attempt) == ("completed", 1)
    stack.start("worker-0")
    assert wait_for(submit(10), "completed") == "completed"


def test_processes_say_that_they_live(stack: Stack) -> None:
    def kinds() -> set[str]:
        with transaction() as db:
            return set(db.execute(text("SELECT kind FROM process_heartbeat")).scalars())

    assert eventually(lambda: {"worker.tasks", "dispatcher", "scheduler"} <= kinds(), 40), kinds()


def test_recurring_work_runs_without_errors(stack: Stack) -> None:
    def ran() -> dict[str, str | None]:
        with transaction() as db:
            rows = db.execute(text("SELECT name, last_error FROM cron_entry WHERE last_run_at IS NOT NULL"))
            return {entry.name: entry.last_error for entry in rows}

    names = {entry.name for entry in housekeeping.entries()}
    assert eventually(lambda: set(ran()) == names, 40), ran()
    assert set(ran().values()) == {None}


def test_a_lost_queue_loses_no_task(stack: Stack, valkey_server: object, tmp_path: Path) -> None:
    stack.kill_with_children("worker-0")
    tasks = [submit(5) for _ in range(20)]
    eventually(lambda: row(tasks[0]).dispatched_at is not None, 5)
    valkey_server.flush()
    stack.start("worker-0")
    for task_id in tasks:
        assert wait_for(task_id, "completed") == "completed"
        assert row(task_id).attempt == 1
