"""The child of a worker: used again and again while it is whole, never after something went wrong in it."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.vocabulary import TaskType
from fitmycv_worker import child
from tests import cluster
from tests.domain.tasks.conftest import make_person
from tests.worker.stack import Stack, descendants, eventually, running


@pytest.fixture(scope="module")
def stack(
    database: cluster.Database, valkey_server: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One worker with production timings: what was lost would be missed for many seconds."""
    valkey_server.flush()
    environment = {"REDIS_URL": valkey_server.url}
    with cluster.environment(**environment), running(tmp_path_factory.mktemp("logs"), environment, workers=1) as stack:
        yield stack


_ROW = "SELECT status, attempt, dispatch_seq FROM background_task WHERE id = :id"


def done(ms: int = 0) -> int:
    """Have a task done whose message was not lost; how often it was started."""
    task_id = submit(ms)
    assert eventually(lambda: row(task_id).status == "completed", 15), row(task_id)
    assert row(task_id).dispatch_seq == 1, "its message was lost and sent again"
    return row(task_id).attempt


def submit(ms: int, by=None) -> UUID:
    with transaction() as db:
        return board.submit(db, by or actors.system("test"), TaskType.NOOP, title="", payload={"ms": ms})


def row(task_id: UUID):
    with transaction() as db:
        return db.execute(text(_ROW), {"id": task_id}).one()


def the_child(stack: Stack) -> int:
    assert eventually(lambda: len(descendants(stack.children["worker-0"].pid)) == 1, 20)
    return descendants(stack.children["worker-0"].pid)[0]


def gone(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    return True


@pytest.mark.slow
def test_one_child_does_one_task_after_the_other(stack: Stack) -> None:
    first = the_child(stack)
    assert [done() for _ in range(5)] == [1] * 5
    assert the_child(stack) == first


@pytest.mark.slow
def test_a_child_that_was_interrupted_is_replaced(stack: Stack) -> None:
    person, first = make_person(), the_child(stack)
    task_id = submit(30_000, person)
    assert eventually(lambda: row(task_id).status == "running", 10)
    with transaction() as db:
        board.cancel(db, person, task_id)
    assert eventually(lambda: row(task_id).status == "cancelled", 5)
    assert eventually(lambda: gone(first), 5)
    assert done() == 1


@pytest.mark.slow
def test_a_child_that_dies_between_two_tasks_costs_neither(stack: Stack) -> None:
    assert done() == 1
    left = the_child(stack)
    os.kill(left, signal.SIGKILL)
    assert eventually(lambda: gone(left), 5)
    assert done() == 1


@pytest.mark.slow
def test_a_child_without_work_ends_with_its_worker(stack: Stack) -> None:
    assert done() == 1
    left = the_child(stack)
    stack.children["worker-0"].kill()
    stack.children["worker-0"].wait(10)
    assert eventually(lambda: gone(left), 3)
    stack.start("worker-0")
    assert eventually(lambda: descendants(stack.children["worker-0"].pid), 20)


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_leaves_no_child_behind(stack: Stack) -> None:
    left = the_child(stack)
    stack.signal("worker-0", signal.SIGTERM)
    stack.children["worker-0"].wait(10)
    assert gone(left)
    stack.start("worker-0")


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_while_it_starts_stops(stack: Stack) -> None:
    for moment in range(8):
        stack.signal("worker-0", signal.SIGTERM)
        stack.children["worker-0"].wait(12)
        stack.start("worker-0")
        assert eventually(lambda: descendants(stack.children["worker-0"].pid), 20)
        time.sleep(moment * 0.04)


@pytest.fixture
def forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], child.Child]]:
    """Makes children that write what they were told, warmed up in their first quiet moment."""
    # A fork of this process begins as large as all the tests before it have made it.
    monkeypatch.setattr(child, "MOST_MEMORY", 1 << 40)
    made: list[child.Child] = []

    def do(message: str) -> None:
        if message == "wear":
            child.wear_out()
        with (tmp_path / "told").open("a") as file:
            file.write(f"{message} ")

    def make() -> child.Child:
        made.append(child.Child(lambda line: child.serve(line, do, lambda: do("warm"))))
        return made[-1]

    yield make
    for one in made:
        one.dismiss()


def test_a_child_warms_up_in_a_quiet_moment_and_answers_each_message(
    tmp_path: Path, forked: Callable[[], child.Child]
) -> None:
    told, one = tmp_path / "told", forked()
    assert eventually(told.exists, 5)
    for number in range(3):
        assert one.take(str(number))
        assert one.wait()
    one.dismiss()
    assert told.read_text() == "warm 0 1 2 "
    assert gone(one.pid)


@pytest.mark.parametrize("way", ["worn", "old", "large"])
def test_a_child_that_is_worn_or_old_or_large_takes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: Callable[[], child.Child], way: str
) -> None:
    monkeypatch.setattr(child, "MOST_MESSAGES", 2)
    if way == "large":
        monkeypatch.setattr(child, "MOST_MEMORY", 1)
    one = forked()
    for message in {"worn": ["wear"], "old": ["a", "b"], "large": ["a"]}[way]:
        assert one.take(message)
        assert one.wait()
    assert not one.take("late")
    one.dismiss()
    assert "late" not in (tmp_path / "told").read_text()


def test_a_child_that_is_killed_at_work_is_noticed_at_once(tmp_path: Path) -> None:
    def never(_message: str) -> None:
        time.sleep(60)

    one = child.Child(lambda line: child.serve(line, never, lambda: None))
    assert one.take("message")
    os.kill(one.pid, signal.SIGKILL)
    began = time.monotonic()
    assert not one.wait()
    assert time.monotonic() - began < 2
    one.dismiss()
