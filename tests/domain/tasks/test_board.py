"""The promises of the board: one task per key, one worker per task, one end."""

import os
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core import config
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import attempts, board, dispatch
from fitmycv_admin.domain.tasks.attempts import Claim, Failure, LostLease
from fitmycv_admin.vocabulary import TaskState, TaskType
from tests import cluster
from tests.domain.tasks.conftest import at_once, make_person

pytestmark = pytest.mark.usefixtures("database")
ROUNDS = 50
CROWD = 16


@pytest.fixture(autouse=True)
def wide_pool(database: object) -> None:
    """As many connections as threads, so that a race is one."""
    os.environ["DB_POOL_SIZE"] = str(CROWD)
    config.reload_settings()
    yield
    del os.environ["DB_POOL_SIZE"]


def submit(by: Actor, key: str | None = None, type_: TaskType = TaskType.MATCH_SCORE) -> UUID:
    """A task on the board."""
    with transaction() as db:
        return board.submit(db, by, type_, title="Match", payload={"n": 1}, idempotency_key=key)


def claim(task_id: UUID, attempt: int = 0, worker: str = "w1") -> Claim:
    """A claim that must succeed."""
    with transaction() as db:
        held = attempts.claim(db, task_id, attempt, worker)
    assert held is not None
    return held


def row_of(task_id: UUID):
    """The task's row."""
    with transaction() as db:
        return db.execute(text("SELECT * FROM background_task WHERE id = :id"), {"id": task_id}).one()


def outcomes(task_id: UUID) -> list[str | None]:
    """How each attempt ended, in order."""
    with transaction() as db:
        rows = db.execute(
            text("SELECT outcome FROM task_attempt WHERE task_id = :id ORDER BY attempt"), {"id": task_id}
        )
        return list(rows.scalars())


def set_row(task_id: UUID, change: str) -> None:
    """Move a row as time would."""
    with transaction() as db:
        db.execute(text(f"UPDATE background_task SET {change} WHERE id = :id"), {"id": task_id})


def finish_with_title(held: Claim, title: str) -> None:
    """Work and the end of the task, in one transaction."""
    with transaction() as db:
        db.execute(text("UPDATE background_task SET title = :t WHERE id = :id"), {"t": title, "id": held.task_id})
        attempts.complete(db, held, {"by": "old"})


def test_a_submitted_task_waits_to_be_dispatched(person: Actor) -> None:
    row = row_of(submit(person))
    assert (row.status, row.attempt, row.user_id, row.payload) == ("queued", 0, person.user_id, {"n": 1})
    assert row.dispatch_after is not None
    assert row.feature_name == "match_score"


def test_a_task_of_a_rolled_back_transaction_does_not_exist(person: Actor) -> None:
    with transaction() as db:
        task_id = board.submit(db, person, TaskType.NOOP, title="")
        db.rollback()
    with transaction() as db:
        assert db.execute(text("SELECT 1 FROM background_task WHERE id = :id"), {"id": task_id}).first() is None


def test_submitting_twice_with_one_key_makes_one_task(person: Actor) -> None:
    for number in range(ROUNDS):
        answers = at_once(CROWD, lambda _, key=f"k{number}": submit(person, key))
        assert len(set(answers)) == 1, answers
        assert isinstance(answers[0], UUID)
    with transaction() as db:
        count = db.execute(text("SELECT count(*) FROM background_task WHERE user_id = :u"), {"u": person.user_id})
        assert count.scalar_one() == ROUNDS


def test_a_key_belongs_to_its_person_and_to_one_type(person: Actor) -> None:
    assert submit(person, "same") != submit(make_person(), "same")
    with pytest.raises(Conflict):
        submit(person, "same", TaskType.NOOP)
    with pytest.raises(ValueError, match="belongs to a person"):
        submit(actors.system("scheduler"), "same")


def test_of_many_workers_one_gets_the_task(person: Actor) -> None:
    for _ in range(ROUNDS):
        task_id = submit(person)

        def take(number: int, task_id: UUID = task_id) -> Claim | None:
            with transaction() as db:
                return attempts.claim(db, task_id, 0, f"w{number}")

        held = [answer for answer in at_once(CROWD, take) if answer is not None]
        assert len(held) == 1, held
        assert row_of(task_id).lease_owner == held[0].worker
        assert len(outcomes(task_id)) == 1


def test_a_stale_message_claims_nothing(person: Actor) -> None:
    task_id = submit(person)
    held = claim(task_id)
    with transaction() as db:
        assert attempts.try_again(db, held, Failure("tasks.error.worker_lost"), after_s=0)
    with transaction() as db:
        assert attempts.claim(db, task_id, 0, "late") is None
    assert claim(task_id, 1).attempt == 2


def test_cancel_and_complete_race_has_one_winner(person: Actor) -> None:
    ends = set()
    for number in range(ROUNDS):
        task_id = submit(person)
        held = claim(task_id)
        with transaction() as db:
            board.cancel(db, person, task_id)

        def act(n: int, held: Claim = held, flip: int = number) -> str:
            with transaction() as db:
                if (n + flip) % 2:
                    attempts.cancelled(db, held)
                    return "cancelled"
                attempts.complete(db, held, {"by": n})
                return "completed"

        answers = at_once(CROWD, act)
        won = [answer for answer in answers if isinstance(answer, str)]
        assert len(won) == 1, answers
        assert all(isinstance(answer, LostLease) for answer in answers if not isinstance(answer, str))
        assert row_of(task_id).status == won[0]
        assert outcomes(task_id) == won
        ends.add(won[0])
    assert ends == {"cancelled", "completed"}


def test_cancelling_a_waiting_task_races_with_its_claim(person: Actor) -> None:
    for _ in range(ROUNDS):
        task_id = submit(person)

        def act(n: int, task_id: UUID = task_id) -> object:
            with transaction() as db:
                return board.cancel(db, person, task_id) if n % 2 else attempts.claim(db, task_id, 0, f"w{n}")

        held = [answer for answer in at_once(CROWD, act) if isinstance(answer, Claim)]
        row = row_of(task_id)
        assert (row.status, len(held)) in (("cancelled", 0), ("running", 1))
        assert row.cancel_requested_at is not None


def test_work_of_a_lost_attempt_rolls_back_whole(person: Actor) -> None:
    task_id = submit(person)
    old = claim(task_id)
    set_row(task_id, "lease_until = clock_timestamp() - interval '1 s'")
    with transaction() as db:
        assert dispatch.reap(db) == 1
    new = claim(task_id, 1, "w2")
    with pytest.raises(LostLease):
        finish_with_title(old, "written by the lost one")
    for late in (
        lambda db: attempts.renew(db, old),
        lambda db: attempts.progress(db, old, 50),
        lambda db: attempts.checkpoint(db, old, "s", {}),
        lambda db: attempts.fail(db, old, Failure("x.y")),
        lambda db: attempts.try_again(db, old, Failure("x.y"), after_s=0),
        lambda db: attempts.cancelled(db, old),
        lambda db: attempts.cancel_requested(db, old),
    ):
        with pytest.raises(LostLease), transaction() as db:
            late(db)
    with transaction() as db:
        attempts.complete(db, new, {"by": "new"})
    row = row_of(task_id)
    assert (row.title, row.result, row.attempt) == ("Match", {"by": "new"}, 2)
    assert outcomes(task_id) == ["lost", "completed"]


def test_a_renewed_lease_is_not_reaped(person: Actor) -> None:
    task_id = submit(person)
    held = claim(task_id)
    set_row(task_id, "lease_until = clock_timestamp() - interval '1 s'")
    with transaction() as db:
        assert attempts.renew(db, held) is False
        assert dispatch.reap(db) == 0
    assert row_of(task_id).status == "running"


def test_a_task_without_starts_left_fails_with_a_sentence(person: Actor) -> None:
    task_id = submit(person)
    with transaction() as db:
        assert attempts.try_again(db, attempts.claim(db, task_id, 0, "w1"), Failure("x"), after_s=0)
    for start in (1, 2):
        claim(task_id, start)
        with transaction() as db:
            assert dispatch.free(db, "w1") == 1
    row = row_of(task_id)
    assert (row.status, row.error_key, row.attempt) == ("failed", dispatch.WORKER_LOST, 3)
    assert row.finished_at is not None
    assert row.quarantined_at is None
    assert outcomes(task_id) == ["retried", "lost", "lost"]


def test_a_lost_attempt_that_was_to_be_cancelled_is_not_started_again(person: Actor) -> None:
    task_id = submit(person)
    claim(task_id)
    with transaction() as db:
        assert board.cancel(db, person, task_id) == TaskState.RUNNING
        dispatch.free(db, "w1")
    assert row_of(task_id).status == "cancelled"


def test_a_failing_attempt_waits_then_fails(person: Actor) -> None:
    task_id = submit(person)
    why = Failure("tasks.error.unexpected", {"error_id": "AB"}, detail="ValueError", fingerprint="f1")
    for start in range(3):
        held = claim(task_id, start)
        with transaction() as db:
            assert attempts.try_again(db, held, why, after_s=60) is (start < 2)
        with transaction() as db:
            assert dispatch.take(db, "tasks", 10) == []
    row = row_of(task_id)
    assert (row.status, row.error_key, row.error_params) == ("failed", why.error_key, {"error_id": "AB"})
    assert (row.error, row.error_fingerprint) == ("ValueError", "f1")
    assert outcomes(task_id) == ["retried", "retried", "failed"]


def test_a_step_is_kept_once_and_survives_the_attempt(person: Actor) -> None:
    task_id = submit(person)
    first = claim(task_id)
    with transaction() as db:
        attempts.checkpoint(db, first, "extract", {"paid": 1})
        attempts.checkpoint(db, first, "extract", {"paid": 2})
    with transaction() as db:
        dispatch.free(db, "w1")
    claim(task_id, 1)
    with transaction() as db:
        assert attempts.steps(db, task_id) == {"extract": {"paid": 1}}


def test_progress_never_goes_backwards(person: Actor) -> None:
    held = claim(submit(person))
    for percent in (40, 20, 140):
        with transaction() as db:
            attempts.progress(db, held, percent, "tasks.step.reading")
        assert row_of(held.task_id).progress == (100 if percent == 140 else 40)


def test_only_its_person_may_cancel_or_retry(person: Actor) -> None:
    task_id = submit(person)
    for act in (board.cancel, board.retry):
        with pytest.raises(NotFound), transaction() as db:
            act(db, make_person(), task_id)
    assert row_of(task_id).status == "queued"


def test_a_retry_is_for_what_failed_or_was_cancelled(person: Actor) -> None:
    task_id = submit(person)
    with pytest.raises(Conflict), transaction() as db:
        board.retry(db, person, task_id)
    with transaction() as db:
        assert board.cancel(db, person, task_id) == TaskState.CANCELLED
        board.retry(db, person, task_id)
    row = row_of(task_id)
    assert (row.status, row.finished_at, row.cancel_requested_at) == ("queued", None, None)
    with transaction() as db:
        attempts.complete(db, claim(task_id))
    with pytest.raises(Conflict), transaction() as db:
        board.retry(db, person, task_id)
    with transaction() as db:
        assert board.cancel(db, person, task_id) == TaskState.COMPLETED


def test_of_many_retries_one_starts_the_task(person: Actor) -> None:
    for _ in range(ROUNDS // 5):
        task_id = submit(person)
        with transaction() as db:
            board.cancel(db, person, task_id)
        before = row_of(task_id).dispatch_seq

        def again(_: int, task_id: UUID = task_id) -> str:
            with transaction() as db:
                board.retry(db, person, task_id)
            return "started"

        answers = at_once(CROWD, again)
        assert [answer for answer in answers if answer == "started"] == ["started"]
        assert row_of(task_id).dispatch_seq == before + 1


def test_a_task_cancelled_while_it_waited_is_never_started(person: Actor) -> None:
    task_id = submit(person)
    with transaction() as db:
        board.cancel(db, person, task_id)
    with transaction() as db:
        assert attempts.claim(db, task_id, 0, "w1") is None
    assert row_of(task_id).status == "cancelled"


def test_without_a_model_nothing_that_needs_one_is_started():
    person = make_person()
    with cluster.environment(FITMYCV_MODE="production"), pytest.raises(board.ModelsOff):
        submit(person)
    with cluster.environment(FITMYCV_MODE="production", OPENAI_API_KEY="sk-test"):
        assert submit(person)
