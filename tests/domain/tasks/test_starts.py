"""Many things at once about one purse: one start each, one end each, one return each, at the price that was shown."""

import itertools
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.billing.credits import Wallet
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.tasks import attempts, board, dispatch
from fitmycv_admin.domain.tasks.attempts import LostLease
from fitmycv_admin.domain.tasks.decision import Refused
from fitmycv_admin.vocabulary import Payer, TaskType
from tests.domain.tasks import paying
from tests.domain.tasks.conftest import at_once, make_person
from tests.domain.tasks.test_board import set_row

pytestmark = pytest.mark.usefixtures("database", "wide_pool", "sound_money")
CROWD = 16


def started(answers: list[Any]) -> list[UUID]:
    """The tasks that were made; the others were refused with a reason."""
    assert all(isinstance(answer, UUID | Refused) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, UUID)]


def start_at_once_on_one_tasks_worth(rounds: int) -> Counter[str]:
    """In each round one person has enough for one import and asks for sixteen."""
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        someone = make_person(2)
        answers = at_once(CROWD, lambda _, someone=someone: paying.start(someone))
        assert len(started(answers)) == 1
        assert (paying.wallet(someone).balance, paying.wallet(someone).held) == (2, 2)
        seen.update(answer.key for answer in answers if isinstance(answer, Refused))
        seen["started"] += 1
    return seen


def test_of_sixteen_starts_on_one_tasks_worth_one_is_made() -> None:
    seen = start_at_once_on_one_tasks_worth(50)
    assert seen == {"started": 50, "entitlement.refused.not_enough": 50 * 15}


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_two_hundred_rounds_of_sixteen_starts() -> None:
    print("\n200 rounds of 16 starts on one task's worth:", dict(start_at_once_on_one_tasks_worth(200)))


def test_of_sixteen_starts_on_one_unit_of_the_quota_one_is_made() -> None:
    for _ in range(50):
        someone = make_person(0)
        paying.allow(someone, 1)
        assert len(started(at_once(CROWD, lambda _, someone=someone: paying.start(someone)))) == 1
        assert paying.counted(someone) == (1, 1)


def test_quota_and_credits_together_give_as_many_starts_as_both_hold() -> None:
    for _ in range(10):
        someone = make_person(6)
        paying.allow(someone, 4)
        made = started(at_once(CROWD, lambda _, someone=someone: paying.start(someone)))
        assert Counter(paying.held(task_id).payer for task_id in made) == {"quota": 4, "credits": 3}


def cancel_against_completion(rounds: int) -> Counter[str]:
    """A person cancels while the worker completes; every third one's worker is told to stop, or dies."""
    seen: Counter[str] = Counter()
    for number in range(rounds):
        someone = make_person(2)
        task_id = paying.start(someone)
        held = paying.claim(task_id)
        stops = ("completes", "stops", "dies")[number % 3]

        def act(n: int, task_id: UUID = task_id, held: Any = held, someone: Any = someone, stops: str = stops) -> None:
            with transaction() as db:
                if n == 0:
                    board.cancel(db, someone, task_id)
                elif n == 1:
                    attempts.complete(db, held, {"by": 1})
                elif stops == "stops" and attempts.cancel_requested(db, held):
                    attempts.cancelled(db, held)
                elif stops == "dies":
                    dispatch.free(db, "w1")

        answers = at_once(3, act)
        assert all(answer is None or isinstance(answer, LostLease) for answer in answers), answers
        row = paying.task(task_id)
        if row.status in ("queued", "running"):
            set_row(task_id, "attempt = max_attempts, status = 'running', lease_owner = 'w1',"
                    " lease_until = clock_timestamp() - interval '1 s', dispatch_after = NULL")  # fmt: skip
            with transaction() as db:
                dispatch.reap(db)
        row, reservation = paying.task(task_id), paying.held(task_id)
        assert row.finished_at is not None
        end = (row.status, reservation.state, paying.wallet(someone).balance)
        assert end in (("completed", "captured", 0), ("cancelled", "released", 2), ("failed", "released", 2)), end
        assert paying.lines(someone) == ([("usage", -2)] if row.status == "completed" else [])
        seen[f"{row.status} + {reservation.state}"] += 1
    return seen


def test_a_task_that_is_cancelled_while_it_completes_is_one_or_the_other() -> None:
    seen = cancel_against_completion(50)
    assert seen["completed + captured"] > 0
    assert sum(seen.values()) == 50


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_cancelling_races_five_hundred_completions() -> None:
    print("\n500 cancellations against completion:", dict(cancel_against_completion(500)))


def cancel_waiting_against_claim(rounds: int) -> Counter[str]:
    """A person cancels what waits while a worker takes it and does it."""
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        someone = make_person(2)
        task_id = paying.start(someone)

        def act(n: int, task_id: UUID = task_id, someone: Any = someone) -> None:
            if n == 0:
                paying.cancel(someone, task_id)
                return
            with transaction() as db:
                held = attempts.claim(db, task_id, 0, "w1")
            if held is not None:
                paying.complete(held)

        at_once(2, act)
        row, state = paying.task(task_id), paying.held(task_id).state
        assert (row.status, state) in (("completed", "captured"), ("cancelled", "released"))
        seen[f"{row.status} + {state}"] += 1
    return seen


def test_a_task_cancelled_while_it_is_taken_is_done_and_paid_or_neither() -> None:
    assert sum(cancel_waiting_against_claim(50).values()) == 50


def test_a_price_that_changes_during_a_hundred_starts_is_paid_as_shown() -> None:
    """Half of the people saw the old price and half the new one; the change happens in the middle."""
    people = [make_person(10) for _ in range(100)]
    old = paying.may(people[0]).quote
    assert old is not None
    made: dict[int, tuple[UUID, int]] = {}
    numbers = itertools.count()

    def act(n: int) -> None:
        if n == 0:
            paying.set_to(credits_import_pdf="3")
            return
        while (number := next(numbers)) < len(people):
            seen = paying.may(people[number]).quote if number % 2 else old
            assert seen is not None
            made[number] = (paying.start(people[number], shown=seen.shown), seen.cost)

    try:
        assert at_once(CROWD, act) == [None] * CROWD
    finally:
        paying.set_to(credits_import_pdf="2")
    assert len(made) == len(people)
    paid = Counter()
    for number, (task_id, shown_cost) in made.items():
        paying.complete(paying.claim(task_id))
        reservation = paying.held(task_id)
        assert (reservation.amount, paying.lines(people[number])) == (shown_cost, [("usage", -shown_cost)])
        paid[(reservation.cost_version, reservation.amount)] += 1
    assert {amount for _, amount in paid} == {2, 3}
    assert len(paid) == 2, paid


def test_a_workers_release_and_the_return_of_staff_together_move_the_credits_once() -> None:
    for number in range(50):
        someone = make_person(2)
        task_id = paying.start(someone)
        held = paying.claim(task_id)
        if number % 2:
            paying.keep_output(held)
            paying.cancel(someone, task_id)
            with transaction() as db:
                attempts.cancelled(db, held)
            paying.retry(someone, task_id)
            held = paying.claim(task_id, 1)

        def act(n: int, task_id: UUID = task_id, held: Any = held) -> object:
            return paying.fail(held) if n == 0 else paying.give_back(task_id, f"cause {n % 3}")

        at_once(CROWD, act)
        assert paying.wallet(someone) == Wallet(balance=2, held=0, available=2, debt=0)
        assert [kind for kind, _ in paying.lines(someone)] == (["usage", "return"] if number % 2 else [])


def test_twenty_returns_of_one_debit_at_once_give_back_once() -> None:
    for _ in range(20):
        someone = make_person(2)
        task_id = paying.start(someone)
        paying.complete(paying.claim(task_id))
        given = at_once(20, lambda n, task_id=task_id: paying.give_back(task_id, f"cause {n % 4}"))
        assert sorted(given) == [False] * 19 + [True]
        assert paying.wallet(someone).balance == 2


def test_twenty_returns_of_one_unit_of_the_quota_free_one_unit() -> None:
    for _ in range(20):
        someone = make_person(0)
        paying.allow(someone, 9)
        for task_id in [paying.start(someone) for _ in range(3)]:
            paying.complete(paying.claim(task_id))
        given = at_once(20, lambda n, task_id=task_id: paying.give_back(task_id, f"cause {n % 4}"))
        assert sorted(given) == [False] * 19 + [True]
        assert paying.counted(someone) == (2, 0)


def test_the_same_key_sixteen_times_is_one_task_and_one_hold() -> None:
    for number in range(20):
        someone = make_person(4)

        def act(_: int, someone: Any = someone, number: int = number) -> UUID:
            with transaction() as db:
                return board.submit(db, someone, TaskType.IMPORT_PDF, title="", idempotency_key=f"k{number}")

        assert len(set(at_once(CROWD, act))) == 1
        assert paying.wallet(someone).held == 2


def test_a_screen_that_said_the_plan_pays_never_costs_credits() -> None:
    someone = make_person(9)
    paying.allow(someone, 1)
    seen = paying.may(someone).quote
    assert seen is not None
    assert seen.payer is Payer.QUOTA
    paying.start(someone, shown=seen.shown)
    with pytest.raises(Refused) as refused:
        paying.start(someone, shown=seen.shown)
    assert (refused.value.key, refused.value.params) == ("entitlement.refused.price_changed", {"cost": 2})
    assert paying.held(paying.start(someone, shown=Shown(Payer.CREDITS))).payer == "credits"
