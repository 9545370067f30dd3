"""What operators decide is obeyed by a dispatcher and workers that run, without a restart."""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import board, console, control, heartbeats, quarantine
from fitmycv_admin.domain.tasks.control import Rule
from fitmycv_admin.domain.tasks.filters import Filters
from fitmycv_admin.vocabulary import Role, TaskType
from tests import cluster
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.test_queries import staff
from tests.worker.stack import SHORT_LEASE, Stack, eventually, running
from tests.worker.test_processes import row, state, wait_for

pytestmark = pytest.mark.slow
NOOP = str(TaskType.NOOP)


@pytest.fixture(scope="module")
def stack(
    database: cluster.Database, valkey_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Two workers, one of whose kinds of task may kill them."""
    valkey_server.flush()
    environment = {"REDIS_URL": valkey_server.url, **SHORT_LEASE, "TASK_LEASE_SECONDS": "6"}
    place = tmp_path_factory.mktemp("logs")
    with (
        cluster.environment(**environment),
        running(place, environment, workers=2, work="tests.worker.poison") as stack,
    ):
        assert eventually(lambda: wait_for(submit(1), "completed", seconds=60), 60)
        yield stack


@pytest.fixture(autouse=True)
def no_rules(stack: Stack) -> Iterator[None]:
    yield
    with transaction() as db:
        db.execute(text("DELETE FROM task_type_control"))
        db.execute(text(f"NOTIFY {board.CHANNEL}"))


def submit(ms: int, by: Actor | None = None) -> UUID:
    with transaction() as db:
        return board.submit(db, by or actors.system("test"), TaskType.NOOP, title="", payload={"ms": ms})


def decide(rule: Rule, type_: str = NOOP) -> None:
    with transaction() as db:
        version = db.execute(text("SELECT version FROM task_type_control WHERE type = :t"), {"t": type_}).scalar()
        control.change(db, staff(Role.OPS), type_, rule, expected_version=version or 0, reason="test")


def most_at_once(tasks: list[UUID], seconds: float = 60) -> int:
    """How many of them ran together at most, until all have ended."""
    most, end = 0, time.monotonic() + seconds
    with transaction() as db:
        asked = text("SELECT status FROM background_task WHERE id = ANY(:ids)")
        while time.monotonic() < end:
            states = list(db.execute(asked, {"ids": tasks}).scalars())
            most = max(most, states.count("running"))
            if not {"queued", "running"} & set(states):
                return most
            time.sleep(0.03)
    raise AssertionError(f"not all ended: {states}")


def test_a_pause_holds_back_what_waits_and_its_end_lets_it_go_within_two_seconds(stack: Stack) -> None:
    decide(Rule(is_paused=True))
    tasks = [submit(10) for _ in range(6)]
    time.sleep(2)
    assert {state(task) for task in tasks} == {"queued"}
    assert {row(task).attempt for task in tasks} == {0}
    decide(Rule())
    assert eventually(lambda: state(tasks[0]) != "queued", 2)
    for task in tasks:
        wait_for(task, "completed")


def test_a_pause_stops_also_what_was_sent_to_the_queue_already(stack: Stack) -> None:
    first = [submit(1_200) for _ in range(2)]
    assert eventually(lambda: [state(task) for task in first] == ["running"] * 2, 20)
    sent = [submit(10) for _ in range(3)]
    assert eventually(lambda: all(row(task).dispatched_at for task in sent[:2]), 5)
    decide(Rule(is_paused=True))
    for task in first:
        wait_for(task, "completed")
    time.sleep(1)
    assert {state(task) for task in sent} == {"queued"}
    decide(Rule())
    for task in sent:
        wait_for(task, "completed")


def test_a_limit_holds_while_it_lasts_and_more_run_when_it_is_raised(stack: Stack) -> None:
    decide(Rule(at_once=1))
    assert most_at_once([submit(150) for _ in range(6)]) == 1
    decide(Rule())
    assert most_at_once([submit(400) for _ in range(8)]) == 2


def test_one_person_runs_one_at_a_time_while_another_goes_on(stack: Stack) -> None:
    decide(Rule(at_once_per_person=1), "*")
    greedy, modest = make_person(), make_person()
    tasks = [submit(300, greedy) for _ in range(4)]
    other = submit(100, modest)
    assert wait_for(other, "completed") == "completed"
    assert {state(task) for task in tasks} & {"queued", "running"}
    assert most_at_once(tasks) == 1


def test_draining_ends_with_nothing_left(stack: Stack) -> None:
    tasks = [submit(100) for _ in range(4)]
    decide(Rule(is_draining=True))
    with pytest.raises(Exception, match=r"tasks\.error\.draining"):
        submit(1)
    for task in tasks:
        wait_for(task, "completed")


def test_a_task_that_kills_its_worker_is_set_aside_and_others_go_on(stack: Stack) -> None:
    with transaction() as db:
        poison = board.submit(db, actors.system("test"), TaskType.MATCH_SCORE, title="", payload={"is_poison": 1})
    assert wait_for(poison, "failed", seconds=60) == "failed"
    assert (row(poison).attempt, row(poison).error_key) == (3, "tasks.error.quarantined")
    assert row(poison).quarantined_at is not None
    assert wait_for(submit(10), "completed") == "completed"
    with transaction() as db:
        db.execute(text("UPDATE background_task SET payload = '{}' WHERE id = :id"), {"id": poison})
        quarantine.release(db, staff(Role.OPS), poison, reason="the document was repaired")
    assert wait_for(poison, "completed") == "completed"


def test_many_running_and_waiting_tasks_are_cancelled_within_two_seconds(stack: Stack) -> None:
    tasks = [submit(30_000) for _ in range(6)]
    assert eventually(lambda: [state(task) for task in tasks].count("running") == 2, 20)
    with transaction() as db:
        sweep_id = console.start(db, staff(Role.OPS), "cancel", Filters(type=NOOP, state="open"), reason="test",
                                 expected=6)  # fmt: skip
    with transaction() as db:
        assert console.go_on(db, sweep_id) in (0, 6)  # the scheduler may have been faster
    for task in tasks:
        wait_for(task, "cancelled")
    asked = [row(task) for task in tasks if row(task).cancel_requested_at and row(task).started_at]
    assert asked
    assert all(one.finished_at - one.cancel_requested_at < timedelta(seconds=2) for one in asked)


def test_the_scheduler_goes_on_with_an_act_that_nobody_drives(stack: Stack) -> None:
    decide(Rule(is_paused=True))
    tasks = [submit(10) for _ in range(5)]
    with transaction() as db:
        sweep_id = console.start(db, staff(Role.OPS), "cancel", Filters(type=NOOP, state="queued"), reason="test",
                                 expected=5)  # fmt: skip
    assert eventually(lambda: {state(task) for task in tasks} == {"cancelled"}, 10)
    with transaction() as db:
        done = console.sweeps(db, staff(Role.VIEWER), sweep_id=sweep_id)[0]
    assert (done.done, done.refused) == (5, 0)


def test_a_worker_is_listed_with_what_it_does_and_which_code_it_runs(stack: Stack) -> None:
    task_id = submit(3_000)
    wait_for(task_id, "running")

    def busy() -> list[heartbeats.ProcessRow]:
        with transaction() as db:
            return [one for one in heartbeats.processes(db, staff(Role.VIEWER)) if one.task_id == task_id]

    assert eventually(lambda: len(busy()) == 1, 10)
    assert len(busy()[0].version) == 8
    assert busy()[0].pid in {child.pid for child in stack.children.values()}
