"""Acts on many tasks do what they showed, task by task; what was set aside is started by people only."""

from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import attempts, board, console, dispatch, quarantine, registry
from fitmycv_admin.domain.tasks.attempts import Failure
from fitmycv_admin.domain.tasks.filters import Filters
from fitmycv_admin.vocabulary import Role, TaskType
from tests.domain.tasks.conftest import at_once, make_person
from tests.domain.tasks.test_board import claim, row_of, wide_pool
from tests.domain.tasks.test_queries import staff

__all__ = ["wide_pool"]


def submit(by: Actor, **payload: object) -> UUID:
    with transaction() as db:
        return board.submit(db, by, TaskType.NOOP, title="", payload=payload)


def fail(task_id: UUID, fingerprint: str = "f1") -> UUID:
    held = claim(task_id)
    with transaction() as db:
        attempts.fail(db, held, Failure("tasks.error.unexpected", {"error_id": "X"}, "KeyError", fingerprint))
    return task_id


def preview(by: Actor, act: str, filters: Filters) -> console.Preview:
    with snapshot() as db:
        return console.preview(db, by, act, filters)


def sweep(by: Actor, act: str, filters: Filters, expected: int = 1000) -> console.SweepRow:
    """Do an act on many to its end."""
    with transaction() as db:
        sweep_id = console.start(db, by, act, filters, reason="the model was away", expected=expected)
    while True:
        with transaction() as db:
            if console.go_on(db, sweep_id) == 0:
                break
    with snapshot() as db:
        return console.sweeps(db, by, sweep_id=sweep_id)[0]


def states(tasks: list[UUID]) -> list[str]:
    return [row_of(task).status for task in tasks]


def audited(action: str, target: object) -> list[str]:
    with transaction() as db:
        found = "SELECT reason FROM audit_event WHERE action = :action AND target_id = :target"
        return list(db.execute(text(found), {"action": action, "target": str(target)}).scalars())


def test_what_is_shown_is_how_many_and_whose(person: Actor) -> None:
    other = make_person()
    tasks = [submit(person, batch=1) for _ in range(3)] + [submit(other, batch=1)]
    submit(other, batch=2)
    claim(tasks[0])
    shown = preview(staff(Role.SUPPORT), "cancel", Filters(payload="batch = 1"))
    assert (shown.matching, shown.fitting, shown.people) == (4, 4, 2)
    assert [(share.name, share.count) for share in shown.whose] == [(person.email, 3), (other.email, 1)]
    assert [(share.name, share.count) for share in shown.types] == [("noop", 4)]
    assert preview(staff(Role.OPS), "cancel", Filters()).whose[0].name != person.email
    assert preview(staff(Role.OPS), "retry", Filters()).fitting == 0


def test_many_tasks_are_cancelled_each_with_its_result_and_its_line_in_the_trail(person: Actor) -> None:
    tasks = [submit(person, n=1) for _ in range(250)]
    kept = submit(person, n=2)
    done = sweep(staff(Role.OPS), "cancel", Filters(payload="n = 1"))
    assert (done.tasks, done.done, done.refused) == (250, 250, 0)
    assert done.finished_at is not None
    assert set(states(tasks)) == {"cancelled"}
    assert states([kept]) == ["queued"]
    assert audited("task.cancelled", tasks[7]) == ["the model was away"]
    assert audited("tasks.swept", done.id) == ["the model was away"]


def test_failed_tasks_of_one_error_start_again_and_what_changed_meanwhile_is_refused(person: Actor) -> None:
    tasks = [fail(submit(person), "f7") for _ in range(3)]
    elsewhere = fail(submit(person), "f8")
    ops = staff(Role.OPS)
    with transaction() as db:
        sweep_id = console.start(db, ops, "retry", Filters(fingerprint="f7"), reason="fixed", expected=3)
    with transaction() as db:
        board.retry(db, person, tasks[0])
    with transaction() as db:
        assert console.go_on(db) == 3
    with snapshot() as db:
        done = console.sweeps(db, ops, sweep_id=sweep_id)[0]
    assert (done.done, done.refused) == (2, 1)
    assert [(one.name, one.count) for one in done.refusals] == [(Conflict.key, 1)]
    assert states([*tasks, elsewhere]) == ["queued", "queued", "queued", "failed"]


def test_a_running_task_is_taken_from_its_worker_and_put_back_in_line(person: Actor) -> None:
    task_id = submit(person)
    held = claim(task_id)
    done = sweep(staff(Role.OPS), "requeue", Filters(state="running"))
    assert (done.tasks, done.done) == (1, 1)
    assert states([task_id]) == ["queued"]
    with pytest.raises(attempts.LostLease), transaction() as db:
        attempts.renew(db, held)
    assert audited("task.requeued", task_id) == ["the model was away"]


def test_more_tasks_than_were_shown_are_not_touched(person: Actor) -> None:
    tasks = [submit(person) for _ in range(5)]
    with pytest.raises(Conflict), transaction() as db:
        console.start(db, staff(Role.OPS), "cancel", Filters(), reason="x", expected=2)
    assert set(states(tasks)) == {"queued"}


@pytest.mark.parametrize(
    ("role", "act", "reason", "error"),
    [(Role.VIEWER, "cancel", "x", Forbidden), (Role.OPS, "cancel", "  ", Invalid), (Role.OPS, "erase", "x", Invalid),
     (Role.OPS, "retry", "x", NotFound)],
)  # fmt: skip
def test_an_act_needs_the_permission_a_reason_and_something_to_do(
    person: Actor, role: Role, act: str, reason: str, error: type[Exception]
) -> None:
    submit(person)
    with pytest.raises(error), transaction() as db:
        console.start(db, staff(role), act, Filters(), reason=reason, expected=9)


def test_an_act_stops_when_its_author_may_not_act_any_more(person: Actor) -> None:
    task_id = submit(person)
    ops = staff(Role.OPS)
    with transaction() as db:
        sweep_id = console.start(db, ops, "cancel", Filters(), reason="x", expected=1)
        db.execute(text("UPDATE app_user SET role = 'viewer' WHERE id = :id"), {"id": ops.user_id})
    with transaction() as db:
        console.go_on(db)
    with snapshot() as db:
        assert console.sweeps(db, ops, sweep_id=sweep_id)[0].refused == 1
    assert states([task_id]) == ["queued"]


def test_chunks_done_at_once_do_each_task_once(person: Actor) -> None:
    tasks = [submit(person) for _ in range(120)]
    ops = staff(Role.OPS)
    with transaction() as db:
        sweep_id = console.start(db, ops, "cancel", Filters(), reason="x", expected=120)

    def chunk(_: int) -> int:
        with transaction() as db:
            return console.go_on(db, sweep_id)

    tried = sum(at_once(8, chunk)) + sum(chunk(0) for _ in range(2))
    assert tried == 120
    assert len(audited("task.cancelled", tasks[3])) == 1


def poisoned(by: Actor) -> UUID:
    """A task that killed three workers."""
    task_id = submit(by)
    with transaction() as db:
        db.execute(text("UPDATE background_task SET type = 'match_score', max_attempts = 3 WHERE id = :id"),
                   {"id": task_id})  # fmt: skip
    for start in range(3):
        claim(task_id, start)
        with transaction() as db:
            assert dispatch.free(db, "w1") == 1
    return task_id


def test_nobody_but_staff_starts_a_quarantined_task_and_the_next_kill_sets_it_aside_again(person: Actor) -> None:
    task_id = poisoned(person)
    with pytest.raises(Conflict), transaction() as db:
        board.retry(db, person, task_id)
    ops = staff(Role.OPS)
    assert preview(ops, "retry", Filters()).fitting == 0
    with transaction() as db:
        quarantine.release(db, ops, task_id, reason="worker has more memory")
    assert audited("task.released", task_id) == ["worker has more memory"]
    with transaction() as db:
        assert [due.attempt for due in dispatch.take(db, registry.TASKS, 9)] == [3]
    claim(task_id, 3)
    with transaction() as db:
        dispatch.free(db, "w1")
    assert row_of(task_id).quarantined_at is not None


def test_a_discarded_task_leaves_the_quarantine_and_starts_never_again(person: Actor) -> None:
    task_id = poisoned(person)
    ops = staff(Role.OPS)
    with transaction() as db:
        quarantine.discard(db, ops, task_id, reason="broken file")
    for act in (quarantine.release, quarantine.discard, board.retry_for):
        with pytest.raises(Conflict), transaction() as db:
            act(db, ops, task_id, reason="x")
    with pytest.raises(Forbidden), transaction() as db:
        quarantine.discard(db, staff(Role.VIEWER), task_id, reason="x")
    assert audited("task.discarded", task_id) == ["broken file"]
