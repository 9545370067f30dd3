"""What screens may see of tasks, and what a mask hides."""

from datetime import timedelta
from uuid import UUID

import pytest

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.audit import queries as trail
from fitmycv_admin.domain.tasks import attempts, board, calls, detail, filters, queries
from fitmycv_admin.domain.tasks.attempts import Failure
from fitmycv_admin.domain.tasks.filters import Filters
from fitmycv_admin.domain.tasks.queries import BoardScreen
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import CallStatus, Permission, Role
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.test_board import claim, row_of, set_row, submit


def staff(role: Role) -> Actor:
    """A member of staff with an account."""
    number = new_id()
    with transaction() as db:
        db.add(User(id=number, email=f"{number}@staff.example", name="Staff", role=role))
    return Actor(number, role, matrix.MATRIX[role], email=f"{number}@staff.example", name="Staff")


def listed(by: Actor, filters: Filters | None = None, **page: object) -> BoardScreen:
    with snapshot() as db:
        return queries.board(db, by, filters or Filters(), PageRequest(**page))


def fail(task_id: UUID, fingerprint: str) -> None:
    held = claim(task_id)
    with transaction() as db:
        attempts.fail(db, held, Failure("tasks.error.unexpected", {"error_id": "X1"}, "KeyError in a.py", fingerprint))


def usage(model: str = "m1") -> CallUsage:
    return CallUsage(
        call_name="match_score", feature_key="match_score", model_requested=model, model_served=model, tier="standard",
        prompt_tokens=100, cached_tokens=0, cache_write_tokens=0, completion_tokens=10, reasoning_tokens=0,
        started_at=clock.now(), duration_ms=120, status=CallStatus.OK, request_id="r1",
    )  # fmt: skip


def test_a_persons_progress_is_theirs_alone(person: Actor) -> None:
    task_id = submit(person)
    held = claim(task_id)
    with transaction() as db:
        attempts.progress(db, held, 40, "tasks.step.reading")
    with snapshot() as db:
        card = queries.progress_of(db, person, task_id)
    assert (card.state, card.percent, card.step_key, card.is_over) == ("running", 40, "tasks.step.reading", False)
    for stranger, wanted in ((make_person(), task_id), (person, new_id())):
        with pytest.raises(NotFound), snapshot() as db:
            queries.progress_of(db, stranger, wanted)


def test_pages_of_the_list_show_every_task_once(person: Actor) -> None:
    tasks = [submit(person) for _ in range(25)]
    ops, seen, after = staff(Role.OPS), [], ""
    for _ in range(5):
        page = listed(ops, after=after, size=10).page
        seen += [row.id for row in page.rows]
        after = page.next
        if not after:
            break
    assert seen == list(reversed(tasks))
    second = listed(ops, after=listed(ops, size=10).page.next, size=10).page
    back = listed(ops, before=second.previous, size=10).page
    assert [row.id for row in back.rows] == seen[:10]
    assert back.previous == ""
    assert [row.id for row in listed(ops, after="nonsense", size=10).page.rows] == seen[:10]


def test_filters_narrow_the_list(person: Actor) -> None:
    failed, other, old = submit(person), submit(make_person()), submit(person)
    fail(failed, "f1")
    set_row(old, "created_at = created_at - interval '2 h', queued_at = queued_at - interval '2 h', payload = '{}'")
    ops = staff(Role.OPS)
    wanted = {
        Filters(state="failed"): [failed],
        Filters(fingerprint="f1"): [failed],
        Filters(type="match_score", state="queued"): [other, old],
        Filters(type="noop"): [],
        Filters(user_id=person.user_id): [failed, old],
        Filters(older_s=3600): [old],
        Filters(search=str(other)): [other],
        Filters(search=str(person.user_id)): [failed, old],
        Filters(payload="n = 1"): [failed, other],
        Filters(payload="n = 2"): [],
        Filters(payload="a.n = 1"): [],
        Filters(payload="file_name = cv.pdf"): [],
        Filters(state="open"): [other, old],
        Filters(state="stuck"): [old],
        Filters(state="quarantined"): [],
        Filters(since=clock.now() - timedelta(minutes=5)): [failed],
        Filters(until=clock.now() - timedelta(minutes=5)): [],
    }
    for given, ids in wanted.items():
        assert [row.id for row in listed(ops, given).page.rows] == sorted(
            ids, key=lambda task: row_of(task).created_at, reverse=True
        ), given
    figures = listed(ops).board
    assert (figures.queued, figures.running, figures.failed_24h, figures.ended_24h) == (2, 0, 1, 1)
    assert figures.oldest_wait_ms > timedelta(hours=2).total_seconds() * 999


def test_people_are_masked_for_who_may_not_read_them(person: Actor) -> None:
    task_id = submit(person)
    shown = {role: listed(staff(role)).page.rows[0].user for role in (Role.VIEWER, Role.OPS, Role.SUPPORT)}
    assert shown[Role.SUPPORT] == person.email
    assert shown[Role.VIEWER] == shown[Role.OPS] != person.email
    for role, title in ((Role.OPS, ""), (Role.SUPPORT, "Match")):
        with snapshot() as db:
            assert detail.task(db, staff(role), task_id).title == title
    part = Filters(search=person.email[:12])
    assert listed(staff(Role.SUPPORT), part).page.rows[0].id == task_id
    assert listed(staff(Role.OPS), part).page.rows == ()


def test_the_list_and_a_task_are_for_staff(person: Actor) -> None:
    task_id = submit(person)
    with pytest.raises(Forbidden):
        listed(person)
    with pytest.raises(Forbidden), snapshot() as db:
        detail.task(db, person, task_id)


def test_a_task_shows_what_its_calls_cost_and_stores_each_once(person: Actor) -> None:
    task_id = submit(person)
    held = claim(task_id)
    for number in (1, 1, 2):
        with transaction() as db:
            calls.record(db, held, usage(), number=number)
    with transaction() as db:
        attempts.checkpoint(db, held, "extract", {"ok": True})
    with snapshot() as db:
        card = detail.task(db, staff(Role.OPS), task_id)
    assert [call.prompt_tokens for call in card.calls] == [100, 100]
    assert (card.unpriced, card.cost_nano) == (2, 0)
    assert [step.step for step in card.steps] == ["extract"]
    assert [(row.attempt, row.outcome) for row in card.attempts] == [(1, "")]
    assert listed(staff(Role.OPS)).page.rows[0].cost_nano is None


def test_staff_acts_need_a_right_and_leave_a_trace(person: Actor) -> None:
    task_id, viewer, ops, admin = submit(person), staff(Role.VIEWER), staff(Role.OPS), staff(Role.ADMIN)
    for act in (board.cancel_for, board.retry_for):
        with pytest.raises(Forbidden), transaction() as db:
            act(db, viewer, task_id, reason="no right")
    with pytest.raises(Conflict), transaction() as db:
        board.retry_for(db, ops, task_id, reason="too early")
    with transaction() as db:
        board.cancel_for(db, ops, task_id, reason="stuck")
    with pytest.raises(Conflict), transaction() as db:
        board.cancel_for(db, ops, task_id, reason="twice")
    with transaction() as db:
        board.retry_for(db, ops, task_id, reason="again")
    assert row_of(task_id).status == "queued"
    with snapshot() as db:
        events = trail.events(db, admin, trail.Filters(target_type="task", target_id=str(task_id)), PageRequest()).rows
    assert [(event.action, event.reason) for event in events] == [
        ("task.retried", "again"),
        ("task.cancelled", "stuck"),
    ]
    assert admin.may(Permission.AUDIT_READ)


def test_a_file_of_the_list_holds_every_row_that_the_address_asks_for(person: Actor) -> None:
    tasks = [submit(person) for _ in range(105)]
    fail(tasks[0], "f1")
    ops = staff(Role.OPS)
    with snapshot() as db:
        every = [row.id for row in queries.rows(db, ops, filters.asked({"user": str(person.user_id)}))]
        some = [row.id for row in queries.rows(db, ops, filters.asked({"error": "f1", "age": "x", "user": "nobody"}))]
    assert every == list(reversed(tasks))
    assert some == [tasks[0]]
    with pytest.raises(Forbidden), snapshot() as db:
        list(queries.rows(db, person, Filters()))
