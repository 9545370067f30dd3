"""How a task ends decides what it takes: row by row, for whoever pays, and once."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.credits import NotEnough
from fitmycv_admin.domain.tasks import attempts, board, dispatch
from fitmycv_admin.domain.tasks.attempts import Failure, NothingUsable
from fitmycv_admin.domain.tasks.decision import Refused
from fitmycv_admin.vocabulary import TaskOutcome, TaskState, TaskType
from tests.domain.tasks import paying
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.test_board import set_row

pytestmark = pytest.mark.usefixtures("database", "sound_money")
WHY = Failure("tasks.error.unexpected")


def usable(_by: Actor, task_id: UUID) -> None:
    paying.complete(paying.claim(task_id))


def nothing_usable(_by: Actor, task_id: UUID) -> None:
    paying.complete(paying.claim(task_id), NothingUsable({"changes": 0}))


def failed(_by: Actor, task_id: UUID) -> None:
    paying.fail(paying.claim(task_id))


def failed_after_output(_by: Actor, task_id: UUID) -> None:
    held = paying.claim(task_id)
    paying.keep_output(held)
    paying.fail(held)


def timed_out(_by: Actor, task_id: UUID) -> None:
    held = paying.claim(task_id)
    with transaction() as db:
        attempts.fail(db, held, WHY, timed_out=True)


def out_of_starts(_by: Actor, task_id: UUID) -> None:
    for start in range(3):
        held = paying.claim(task_id, start)
        with transaction() as db:
            attempts.try_again(db, held, WHY, after_s=0)


def worker_lost(_by: Actor, task_id: UUID) -> None:
    paying.claim(task_id)
    set_row(task_id, "attempt = max_attempts, lease_until = clock_timestamp() - interval '1 s'")
    with transaction() as db:
        assert dispatch.reap(db) == 1


def never_started(_by: Actor, task_id: UUID) -> None:
    set_row(task_id, "dispatch_after = clock_timestamp() - interval '25 hours'")
    with transaction() as db:
        assert dispatch.reap(db) == 1


def cancelled_waiting(by: Actor, task_id: UUID) -> None:
    paying.cancel(by, task_id)


def cancelled_at_work(by: Actor, task_id: UUID) -> None:
    held = paying.claim(task_id)
    paying.cancel(by, task_id)
    with transaction() as db:
        attempts.cancelled(db, held)


def cancelled_and_lost(by: Actor, task_id: UUID) -> None:
    paying.claim(task_id)
    paying.cancel(by, task_id)
    with transaction() as db:
        assert dispatch.free(db, "w1") == 1


def cancelled_after_output(by: Actor, task_id: UUID) -> None:
    held = paying.claim(task_id)
    paying.keep_output(held)
    paying.cancel(by, task_id)
    with transaction() as db:
        attempts.cancelled(db, held)


def cancelled_waiting_after_output(by: Actor, task_id: UUID) -> None:
    held = paying.claim(task_id)
    paying.keep_output(held)
    with transaction() as db:
        attempts.try_again(db, held, WHY, after_s=60)
    paying.cancel(by, task_id)


TABLE: list[tuple[Callable[[Actor, UUID], None], TaskOutcome]] = [
    (usable, TaskOutcome.USABLE),
    (nothing_usable, TaskOutcome.NOTHING_USABLE),
    (failed, TaskOutcome.FAILED),
    (failed_after_output, TaskOutcome.FAILED),
    (timed_out, TaskOutcome.TIMED_OUT),
    (out_of_starts, TaskOutcome.FAILED),
    (worker_lost, TaskOutcome.FAILED),
    (never_started, TaskOutcome.FAILED),
    (cancelled_waiting, TaskOutcome.CANCELLED_BEFORE_OUTPUT),
    (cancelled_at_work, TaskOutcome.CANCELLED_BEFORE_OUTPUT),
    (cancelled_and_lost, TaskOutcome.CANCELLED_BEFORE_OUTPUT),
    (cancelled_after_output, TaskOutcome.CANCELLED_AFTER_OUTPUT),
    (cancelled_waiting_after_output, TaskOutcome.CANCELLED_AFTER_OUTPUT),
]
rows = pytest.mark.parametrize(("end", "outcome"), TABLE, ids=[end.__name__ for end, _ in TABLE])


@rows
def test_credits_are_taken_or_let_go_as_the_outcome_says(end: Callable, outcome: TaskOutcome) -> None:
    someone = make_person(5)
    task_id = paying.start(someone)
    assert (paying.wallet(someone).held, paying.wallet(someone).available) == (2, 3)
    end(someone, task_id)
    held, row, charged = paying.held(task_id), paying.task(task_id), outcome in paying.CHARGED
    assert (row.outcome, held.state) == (outcome, "captured" if charged else "released")
    assert paying.lines(someone) == ([("usage", -2)] if charged else [])
    assert (paying.wallet(someone).balance, paying.wallet(someone).held) == (3 if charged else 5, 0)
    assert (row.credit_used, row.credit_transaction_id) == (charged, held.line_id)
    assert (held.line_id is not None) is charged


@rows
def test_a_unit_of_the_quota_is_kept_or_freed_as_the_outcome_says(end: Callable, outcome: TaskOutcome) -> None:
    someone = make_person(5)
    paying.allow(someone, 3)
    task_id = paying.start(someone)
    assert paying.counted(someone) == (1, 1)
    assert paying.task(task_id).feature_counter_period_start is not None
    end(someone, task_id)
    charged = outcome in paying.CHARGED
    assert (paying.task(task_id).outcome, paying.held(task_id).state) == (
        outcome, "captured" if charged else "released",
    )  # fmt: skip
    assert paying.counted(someone) == (1 if charged else 0, 0)
    assert (paying.wallet(someone).balance, paying.lines(someone)) == (5, [])


@rows
def test_work_that_nothing_is_taken_for_is_settled_too(end: Callable, outcome: TaskOutcome) -> None:
    someone = make_person(5)
    task_id = paying.start(someone, TaskType.EXTRACT_OFFER)
    end(someone, task_id)
    assert paying.held(task_id).payer == "none"
    assert paying.held(task_id).settled_at is not None
    assert (paying.task(task_id).outcome, paying.wallet(someone).balance) == (outcome, 5)


def test_a_retry_after_a_failure_is_paid_once_and_only_when_it_succeeds() -> None:
    someone = make_person(2)
    task_id = paying.start(someone)
    for start in range(3):
        paying.fail(paying.claim(task_id, start))
        assert paying.wallet(someone).available == 2
        paying.retry(someone, task_id)
        assert paying.wallet(someone).available == 0
    paying.complete(paying.claim(task_id, 3))
    assert paying.lines(someone) == [("usage", -2)]
    assert paying.wallet(someone).balance == 0


def test_a_retry_pays_the_price_of_the_first_start() -> None:
    someone = make_person(9)
    task_id = paying.start(someone)
    paying.fail(paying.claim(task_id))
    paying.set_to(credits_import_pdf="7")
    try:
        paying.retry(someone, task_id)
        paying.complete(paying.claim(task_id, 1))
    finally:
        paying.set_to(credits_import_pdf="2")
    assert paying.lines(someone) == [("usage", -2)]


def test_a_retry_without_the_credits_is_refused_and_changes_nothing() -> None:
    someone = make_person(2)
    first = paying.start(someone)
    paying.fail(paying.claim(first))
    paying.start(someone)
    with pytest.raises(NotEnough):
        paying.retry(someone, first)
    assert (paying.task(first).status, paying.held(first).state) == (TaskState.FAILED, "released")


def test_a_retry_during_maintenance_is_refused_with_the_reason() -> None:
    someone = make_person(2)
    task_id = paying.start(someone)
    paying.fail(paying.claim(task_id))
    paying.set_to(maintenance_enabled="1")
    try:
        with pytest.raises(Refused) as refused:
            paying.retry(someone, task_id)
    finally:
        paying.set_to(maintenance_enabled="0")
    assert refused.value.key == "entitlement.refused.maintenance"
    assert paying.task(task_id).status == TaskState.FAILED


def test_what_was_charged_is_not_charged_again_by_a_retry_and_given_back_when_it_fails() -> None:
    someone = make_person(2)
    task_id = paying.start(someone)
    cancelled_after_output(someone, task_id)
    assert paying.wallet(someone).balance == 0
    paying.retry(someone, task_id)
    held = paying.claim(task_id, 1)
    paying.fail(held)
    assert paying.lines(someone) == [("usage", -2), ("return", 2)]
    assert (paying.held(task_id).state, paying.task(task_id).outcome) == ("returned", "failed")
    paying.retry(someone, task_id)
    paying.complete(paying.claim(task_id, 2))
    assert paying.lines(someone) == [("usage", -2), ("return", 2), ("usage", -2)]
    assert paying.wallet(someone).balance == 0


def test_a_freed_unit_of_a_past_period_goes_back_to_that_period() -> None:
    someone = make_person(0)
    paying.allow(someone, 3)
    task_id = paying.start(someone)
    with transaction() as db:
        moved = """UPDATE feature_usage_counter SET period_start = period_start - interval '1 month',
                   period_end = period_start WHERE user_id = :user"""
        db.execute(text(moved), {"user": someone.user_id})
    paying.start(someone)
    assert paying.counted(someone) == (2, 2)
    paying.fail(paying.claim(task_id))
    with transaction() as db:
        counts = db.execute(
            text("SELECT count, reserved FROM feature_usage_counter WHERE user_id = :user ORDER BY period_start"),
            {"user": someone.user_id},
        ).all()
    assert [tuple(row) for row in counts] == [(0, 0), (1, 1)]


def test_staff_gives_back_once_whatever_the_cause_and_only_what_was_taken() -> None:
    someone = make_person(2)
    task_id = paying.start(someone)
    assert paying.give_back(task_id) is False
    paying.complete(paying.claim(task_id))
    assert paying.give_back(task_id) is True
    assert paying.give_back(task_id) is False
    assert paying.give_back(task_id, "another cause") is False
    assert paying.lines(someone) == [("usage", -2), ("return", 2)]
    assert paying.held(task_id).state == "returned"


def test_a_task_of_ours_is_settled_without_a_person() -> None:
    with transaction() as db:
        task_id = board.submit(db, paying.SYSTEM, TaskType.NOOP, title="")
    paying.complete(paying.claim(task_id))
    assert paying.task(task_id).outcome == "usable"


def test_the_settling_of_a_task_tells_of_few_credits_left_in_its_own_transaction() -> None:
    someone = make_person(4)
    set_person = text("UPDATE app_user SET email_verified = now(), language = 'en' WHERE id = :id")
    with transaction() as db:
        db.execute(set_person, {"id": someone.user_id})
    told = "SELECT count(*) AS n FROM email_log WHERE recipient_user_id = :id AND trigger_name = 'credits_low'"
    held = paying.claim(paying.start(someone))
    with transaction() as db:
        attempts.complete(db, held, {"by": 1})
        db.rollback()  # the worker died before its commit
    assert paying.one(told, id=someone.user_id).n == 0
    paying.complete(held)
    assert paying.one(told, id=someone.user_id).n == 1
    paying.fail(paying.claim(paying.start(someone)))
    assert paying.one(told, id=someone.user_id).n == 1
