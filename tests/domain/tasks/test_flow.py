"""What is paused does not start, and no more run together than was allowed."""

from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import attempts, dispatch, flow, registry
from fitmycv_admin.vocabulary import TaskType
from tests.domain.tasks.conftest import at_once, make_person
from tests.domain.tasks.test_board import claim, row_of, wide_pool
from tests.domain.tasks.test_board import submit as put

__all__ = ["wide_pool"]
NOOP = str(TaskType.NOOP)
ROUNDS = 50


def submit(by: Actor) -> UUID:
    return put(by, type_=TaskType.NOOP)


@pytest.fixture(autouse=True)
def no_rules(database: object) -> None:
    """Nothing is limited but by the test."""
    with transaction() as db:
        db.execute(text("DELETE FROM task_type_control"))


def rule(type_: str, *, paused: bool = False, draining: bool = False, most: int | None = None,
         person: int | None = None) -> None:  # fmt: skip
    with transaction() as db:
        db.execute(
            text("""INSERT INTO task_type_control (type, is_paused, is_draining, at_once, at_once_per_person, version)
                    VALUES (:type, :paused, :draining, :most, :person, 1) ON CONFLICT (type) DO UPDATE SET
                    is_paused = excluded.is_paused, is_draining = excluded.is_draining,
                    at_once = excluded.at_once, at_once_per_person = excluded.at_once_per_person"""),
            {"type": type_, "paused": paused, "draining": draining, "most": most, "person": person},
        )


def take(slots: int = 50) -> list[dispatch.Due]:
    with transaction() as db:
        return dispatch.take(db, registry.TASKS, slots)


@pytest.mark.parametrize("type_", [NOOP, flow.EVERYTHING])
def test_nothing_of_a_paused_type_is_sent_until_it_goes_on(person: Actor, type_: str) -> None:
    rule(type_, paused=True)
    submit(person)
    assert take() == []
    rule(type_)
    assert len(take()) == 1


def test_a_message_that_was_sent_before_the_pause_starts_nothing_and_keeps_its_place(person: Actor) -> None:
    first, _second = submit(person), submit(person)
    (due,) = take(1)
    assert due.task_id == first
    rule(NOOP, paused=True)
    with transaction() as db:
        assert attempts.claim(db, first, due.attempt, "w1") is None
    row = row_of(first)
    assert (row.status, row.attempt) == ("queued", 0)
    assert row.dispatch_after is not None
    rule(NOOP)
    assert [due.task_id for due in take(1)] == [first]


def test_a_type_that_drains_takes_nothing_new_and_does_what_waits(person: Actor) -> None:
    task_id = submit(person)
    rule(NOOP, draining=True)
    with pytest.raises(flow.Draining):
        submit(person)
    assert [due.task_id for due in take()] == [task_id]


def test_no_more_are_sent_than_may_run_together() -> None:
    rule(NOOP, most=3)
    tasks = [submit(make_person()) for _ in range(6)]
    assert len(take()) == 3
    assert take() == []
    claim(tasks[0])
    assert take() == []
    with transaction() as db:
        db.execute(text("UPDATE background_task SET status = 'completed', lease_until = NULL WHERE id = :id"),
                   {"id": tasks[0]})  # fmt: skip
    assert len(take()) == 1


def test_one_person_gets_no_more_than_their_share_while_others_go_on(person: Actor) -> None:
    rule(flow.EVERYTHING, person=2)
    for _ in range(5):
        submit(person)
    other = submit(make_person())
    sent = take()
    assert len(sent) == 3
    assert other in {due.task_id for due in sent}


def test_the_limit_of_everything_counts_every_type(person: Actor) -> None:
    rule(flow.EVERYTHING, most=2)
    for _ in range(4):
        submit(make_person())
    assert len(take()) == 2
    assert take() == []


@pytest.mark.parametrize(("most", "person_most"), [(2, None), (None, 2)])
def test_workers_that_claim_at_once_never_exceed_a_limit(most: int | None, person_most: int | None) -> None:
    for _ in range(ROUNDS):
        person = make_person()
        rule(NOOP)
        tasks = [submit(person) for _ in range(16)]
        take()
        rule(NOOP, most=most, person=person_most)

        def start(number: int, tasks: list[UUID] = tasks) -> object:
            with transaction() as db:
                return attempts.claim(db, tasks[number], 0, f"w{number}")

        started = [claim for claim in at_once(16, start) if claim is not None]
        assert len(started) == 2
        assert sum(row_of(task).status == "running" for task in tasks) == 2
        with transaction() as db:
            db.execute(text("DELETE FROM background_task"))


def test_a_task_that_kept_killing_its_worker_is_set_aside_and_not_started_again(person: Actor) -> None:
    with transaction() as db:
        db.execute(text("UPDATE background_task SET type = 'match_score', max_attempts = 9 WHERE id = :id"),
                   {"id": (task_id := submit(person))})  # fmt: skip
    for start in range(3):
        claim(task_id, start)
        with transaction() as db:
            assert dispatch.free(db, "w1") == 1
    row = row_of(task_id)
    assert (row.status, row.error_key, row.attempt) == ("failed", dispatch.QUARANTINED, 3)
    assert row.quarantined_at is not None
    assert take() == []


def test_a_task_put_back_in_line_leaves_its_worker_without_a_word(person: Actor) -> None:
    task_id = submit(person)
    take()
    held = claim(task_id)
    with transaction() as db:
        assert dispatch.requeue(db, task_id)
    with pytest.raises(attempts.LostLease), transaction() as db:
        attempts.complete(db, held)
    assert [due.attempt for due in take()] == [1]
    claim(task_id, 1)
