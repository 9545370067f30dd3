"""The promises of the dispatcher's rules: fair, once, and nothing is forgotten."""

from uuid import UUID

import psycopg
import pytest

from fitmycv_admin.core.config import settings
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import board, dispatch
from fitmycv_admin.vocabulary import TaskType
from tests.domain.tasks.conftest import at_once, make_person
from tests.domain.tasks.test_board import claim, row_of, set_row, submit


def take(slots: int) -> list[dispatch.Due]:
    """Due rows, taken."""
    with transaction() as db:
        return dispatch.take(db, "tasks", slots)


def test_a_row_is_taken_by_one_dispatcher(person: Actor) -> None:
    ids = {submit(person) for _ in range(40)}
    taken: list[UUID] = []
    for _ in range(20):
        for answer in at_once(4, lambda _: take(5)):
            taken += [due.task_id for due in answer]
    assert len(taken) == len(set(taken)) == 40
    assert set(taken) == ids


def test_a_crash_before_the_commit_takes_nothing(person: Actor) -> None:
    task_id = submit(person)
    with transaction() as db:
        before = dispatch.take(db, "tasks", 5)
        db.rollback()
    assert take(5) == before
    assert before[0].task_id == task_id


def test_nobody_waits_behind_the_many_tasks_of_another() -> None:
    greedy = make_person()
    for _ in range(30):
        submit(greedy)
    others = [make_person() for _ in range(5)]
    for other in others:
        submit(other)
        submit(other)
    order = [due.user_id for _ in range(20) for due in take(1)]
    first_round = order[:6]
    assert set(first_round) == {greedy.user_id, *(other.user_id for other in others)}
    assert order[:12].count(greedy.user_id) == 2


def test_every_person_gets_a_slot_before_anybody_gets_two() -> None:
    people = [make_person() for _ in range(4)]
    for person in people:
        for _ in range(3):
            submit(person)
    assert {due.user_id for due in take(4)} == {person.user_id for person in people}


def test_a_lost_message_is_sent_again_under_a_new_name(person: Actor) -> None:
    submit(person)
    (first,) = take(5)
    assert take(5) == []
    with transaction() as db:
        assert dispatch.sent(db, "tasks") == [first]
        assert dispatch.resend(db, [first]) == 1
        assert dispatch.resend(db, [first]) == 0
    (second,) = take(5)
    assert (second.seq, second.attempt) == (first.seq + 1, first.attempt)


def test_a_claimed_task_is_not_sent_again(person: Actor) -> None:
    task_id = submit(person)
    (due,) = take(5)
    claim(task_id)
    with transaction() as db:
        assert dispatch.sent(db, "tasks") == []
        assert dispatch.resend(db, [due]) == 0
    assert row_of(task_id).status == "running"


def test_either_message_of_one_attempt_may_start_it_but_only_one_does(person: Actor) -> None:
    task_id = submit(person)
    (first,) = take(5)
    with transaction() as db:
        dispatch.resend(db, [first])
    (second,) = take(5)
    claim(task_id, second.attempt)
    with pytest.raises(AssertionError):
        claim(task_id, first.attempt)


def test_a_task_that_nobody_started_for_a_day_fails(person: Actor) -> None:
    old, sent, fresh = submit(person), submit(person), submit(person)
    set_row(old, "dispatch_after = clock_timestamp() - interval '25 h'")
    set_row(sent, "dispatch_after = NULL, dispatched_at = clock_timestamp() - interval '25 h'")
    with transaction() as db:
        assert dispatch.reap(db) == 2
    assert [row_of(task).status for task in (old, sent, fresh)] == ["failed", "failed", "queued"]
    assert row_of(old).error_key == dispatch.NEVER_STARTED


def test_reapers_that_run_at_once_free_each_task_once(person: Actor) -> None:
    tasks = [submit(person) for _ in range(20)]
    for task in tasks:
        claim(task)
        set_row(task, "lease_until = clock_timestamp() - interval '1 s'")

    def reap(_: int) -> int:
        with transaction() as db:
            return dispatch.reap(db)

    assert sum(at_once(8, reap)) == 20
    assert {row_of(task).dispatch_seq for task in tasks} == {2}


def test_the_dispatcher_hears_of_a_task_when_it_is_committed(person: Actor) -> None:
    address = settings().database_url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as ear:
        ear.execute(f"LISTEN {board.CHANNEL}")
        with transaction() as db:
            board.submit(db, person, TaskType.NOOP, title="")
            assert list(ear.notifies(timeout=0.2)) == []
        heard = list(ear.notifies(timeout=5, stop_after=1))
    assert [note.payload for note in heard] == ["tasks"]
