"""What a task cost is what its own calls cost, whatever else happened at that time, beside what it really took."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Forbidden, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import (
    adjustments,
    asked,
    call_detail,
    call_list,
    catalogue,
    fold,
    meter,
    plan_costs,
    queries,
    task_costs,
    top_users,
)
from fitmycv_admin.domain.ai_costs.call_list import CallFilters
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.domain.ai_costs.task_costs import TaskCost, TaskFilters
from fitmycv_admin.domain.tasks import detail as tasks_detail
from fitmycv_admin.models import BackgroundTask, Reservation
from fitmycv_admin.vocabulary import AdjustmentKind, CallStatus, Payer, ReservationState, Role, TaskState, TaskType
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
AUTUMN = Period(date(2026, 9, 1), date(2026, 11, 9), "Europe/Paris")
START = datetime(2026, 10, 1, 9, tzinfo=UTC)
PHASES = (("extract_job_offer", "gpt-a", 2), ("match_score", "gpt-b", 1), ("import_pdf", "gpt-unknown", 1))


@pytest.fixture(scope="module")
def people(database: object) -> list[UUID]:
    """Forty tasks of two people, all asked for in the same hours, with calls of nobody's task between them."""
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        people = [ledger.person(db, f"t{number}@example.org") for number in range(2)]
        for number in range(40):
            at = START + timedelta(minutes=number // 2)
            task = BackgroundTask(
                id=new_id(), title="x", user_id=people[number % 2], created_at=at, queued_at=at, started_at=at,
                type=(TaskType.MATCH_SCORE, TaskType.IMPORT_PDF)[number % 3 == 0],
                status=(TaskState.COMPLETED, TaskState.FAILED)[number % 5 == 0],
                finished_at=at + timedelta(seconds=number),
            )  # fmt: skip
            db.add(task)
            db.flush()
            payer = (Payer.CREDITS, Payer.NONE)[number % 2]
            state = (ReservationState.CAPTURED, ReservationState.HELD, ReservationState.RETURNED)[number % 3]
            db.add(Reservation(task_id=task.id, user_id=people[number % 2], payer=payer, state=state,
                               amount=3 + number if payer is Payer.CREDITS else 0,
                               settled_at=None if state is ReservationState.HELD else at))  # fmt: skip
            for step, (call, model, times) in enumerate(PHASES):
                for attempt in range(times):
                    one = usage(at + timedelta(seconds=step), call=call, model=model, prompt=100 + number,
                                status=CallStatus.FAILED if attempt and number % 4 == 0 else CallStatus.OK)  # fmt: skip
                    meter.record(db, one, user_id=people[number % 2], task_id=task.id, step=call, attempt=attempt)
            meter.record(db, usage(at, prompt=7_777), user_id=people[number % 2])
    with transaction() as db:
        fold.fold(db)
    return people


def walk(filters: TaskFilters, size: int = 7) -> list[TaskCost]:
    """Every task by walking the pages."""
    seen: list[TaskCost] = []
    token = ""
    with snapshot() as db:
        while True:
            page = task_costs.tasks(db, OPS, filters, PageRequest(after=token, size=size))
            seen += page.rows
            token = page.next
            if not token:
                return seen


def test_each_task_once_in_order_with_exactly_its_own_calls(people):
    seen = walk(TaskFilters(AUTUMN))
    assert len(seen) == len({row.id for row in seen}) == 40
    assert [(row.at, row.id) for row in seen] == sorted(((row.at, row.id) for row in seen), reverse=True)
    with snapshot() as db:
        for row in seen:
            calls = list(call_list.rows(db, OPS, CallFilters(AUTUMN, task_id=row.id)))
            assert len(calls) == row.calls == 4
            assert sum(call.cost_nano or 0 for call in calls) == row.cost_nano > 0
            assert sum(call.prompt_tokens + call.completion_tokens for call in calls) == row.tokens
            assert row.unpriced == 1


def test_the_phases_of_a_task_are_the_task(people):
    with snapshot() as db:
        for row in walk(TaskFilters(AUTUMN))[:8]:
            task, phases = task_costs.task(db, OPS, row.id)
            assert task == row
            assert [(phase.call_name, phase.model, phase.calls) for phase in phases] == list(PHASES)
            assert sum(phase.cost_nano for phase in phases) == task.cost_nano
            assert sum(phase.prompt_tokens + phase.completion_tokens for phase in phases) == task.tokens
            assert sum(phase.unpriced for phase in phases) == task.unpriced


def test_a_task_took_what_was_captured_and_holds_what_is_held(people):
    with snapshot() as db:
        rows = db.execute(text("SELECT task_id, state, amount, payer FROM reservation")).all()
    by_id = {row.task_id: row for row in rows}
    seen = walk(TaskFilters(AUTUMN))
    for row in seen:
        stored = by_id[row.id]
        assert row.payer == stored.payer
        assert row.credits == (stored.amount if stored.state == "captured" else 0)
        assert row.held == (stored.amount if stored.state == "held" else 0)
    assert {bool(row.credits) for row in seen} == {True, False}


@pytest.mark.parametrize(
    ("words", "count"),
    [({"type": "import_pdf"}, 14), ({"state": "failed"}, 8), ({"payer": "credits"}, 20), ({"type": "nonsense"}, 40),
     ({"user": "system"}, 0)],
)  # fmt: skip
def test_an_address_narrows_the_list(people, words, count):
    given = {"period": "custom", "from": "2026-10-01", "to": "2026-10-01", **words}
    with snapshot() as db:
        filters = asked.tasks(db, OPS, given)
        assert len(list(task_costs.every(db, OPS, filters))) == count
    assert len(walk(filters)) == count


def test_the_tasks_of_a_person_are_theirs(people):
    with snapshot() as db:
        filters = asked.tasks(db, OPS, {"period": "custom", "from": "2026-10-01", "to": "2026-10-02",
                                        "user": str(people[1])})  # fmt: skip
    assert {row.user_id for row in walk(filters)} == {people[1]}
    assert len(walk(filters)) == 20


def test_the_way_back_shows_the_page_that_was_left(people):
    with snapshot() as db:
        first = task_costs.tasks(db, OPS, TaskFilters(AUTUMN), PageRequest(size=9))
        second = task_costs.tasks(db, OPS, TaskFilters(AUTUMN), PageRequest(after=first.next, size=9))
        back = task_costs.tasks(db, OPS, TaskFilters(AUTUMN), PageRequest(before=second.previous, size=9))
    assert back.rows == first.rows


def test_costs_of_tasks_are_for_staff_with_masked_people_and_unknown_ones_are_not_found(people):
    viewer = Actor(user_id=people[0], role=Role.VIEWER, permissions=permissions_of(Role.VIEWER))
    with snapshot() as db:
        seen = task_costs.tasks(db, viewer, TaskFilters(AUTUMN), PageRequest())
        assert {row.email for row in seen.rows} == {"t•••@e•••.org"}
        with pytest.raises(Forbidden):
            task_costs.tasks(db, actors.VISITOR, TaskFilters(AUTUMN), PageRequest())
        with pytest.raises(NotFound):
            task_costs.task(db, OPS, new_id())


DEARER = {"input": 7_000_000_001, "cached_input": 1_000_000_000, "output": 9_000_000_007}


def test_a_correction_of_prices_reaches_every_figure_of_tasks_people_plans_and_the_call(people):
    """The last test of this module: it moves costs."""
    with snapshot() as db:
        before = {row.id: row for row in task_costs.every(db, OPS, TaskFilters(AUTUMN))}
        priced = {row.id: row for row in call_list.rows(db, OPS, CallFilters(AUTUMN))}
    with transaction() as db:
        wanted = adjustments.Asked(AdjustmentKind.REPRICE, catalogue.model_of(db, "gpt-a").id, None, AUTUMN.starts_at,
                                   AUTUMN.ends_at, DEARER)  # fmt: skip
        batch = adjustments.start(db, OPS, wanted, reason="the vendor corrected its list")
    moved = 1
    while moved:
        with transaction() as db:
            moved = adjustments.work(db)
    with snapshot() as db:
        after = {row.id: row for row in task_costs.every(db, OPS, TaskFilters(AUTUMN))}
        calls = list(call_list.rows(db, OPS, CallFilters(AUTUMN)))
        whole = queries.totals(db, OPS, AUTUMN, Filters())
        people_of = top_users.top(db, OPS, AUTUMN, Filters(), limit=100)
        plans = plan_costs.plans(db, OPS, AUTUMN, None, Filters())
        one = next(row for row in calls if row.model_served == "gpt-a" and row.task_id)
        detail = call_detail.detail(db, OPS, CallFilters(AUTUMN), one.id, calls)
        seen_in_task = {row.id: row for row in tasks_detail.task(db, OPS, one.task_id or new_id()).calls}
    assert sum(row.cost_nano or 0 for row in calls) == whole.cost_nano
    assert whole.cost_nano > sum(row.cost_nano or 0 for row in priced.values())
    assert queries.total(row.person.sums for row in people_of.rows) == people_of.whole == whole
    assert plans.whole.now == whole
    assert plans.whole.dearest == max(row.person.sums.cost_nano for row in people_of.rows)
    for number, row in after.items():
        mine = [call for call in calls if call.task_id == number]
        assert row.cost_nano == sum(call.cost_nano or 0 for call in mine) > before[number].cost_nano
    assert detail is not None
    assert [(c.batch_id, c.kind) for c in detail.corrections] == [(batch, AdjustmentKind.REPRICE)]
    assert (one.own_nano or 0) + sum(c.delta_nano for c in detail.corrections) == one.cost_nano
    assert one.own_nano == priced[one.id].cost_nano
    assert seen_in_task[one.id].cost_nano == one.cost_nano
