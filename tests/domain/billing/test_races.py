"""Many at once on one balance: what was there is spent once, what was taken comes back once."""

import itertools
import threading
import time
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.billing import expiry, ledger, reservations, reversals
from fitmycv_admin.domain.billing.credits import Entry, NotEnough
from fitmycv_admin.domain.billing.reservations import Quote
from fitmycv_admin.vocabulary import CreditKind, Payer, PlanFeature, TaskOutcome
from tests.domain.billing import purses
from tests.domain.billing.purses import ask, buy, give, hold, kinds, person, rich, spend, together, wallet

pytestmark = pytest.mark.usefixtures("sound_money", "many_connections")

THREADS, ROUNDS = 16, 50


def refused(answers: list[object]) -> int:
    """How many were told that credits are missing; every other answer must be one."""
    return sum(isinstance(answer, NotEnough) for answer in answers)


def test_what_pays_for_one_debit_pays_for_one() -> None:
    for _ in range(ROUNDS):
        ada = rich(10)
        answers = together(THREADS, lambda _, ada=ada: spend(ada, 10))
        assert refused(answers) == THREADS - 1
        assert wallet(ada).balance == 0


def test_what_pays_for_one_hold_is_held_once() -> None:
    for _ in range(ROUNDS):
        ada = rich(10)
        answers = together(THREADS, lambda _, ada=ada: hold(ada, 6))
        assert refused(answers) == THREADS - 1
        held = next(answer for answer in answers if isinstance(answer, list))
        with transaction() as db:
            ledger.unhold(db, ada, held)


def test_holds_and_debits_together_take_no_more_than_there_is() -> None:
    for _ in range(ROUNDS):
        ada = rich(5)

        def act(number: int, ada: UUID = ada) -> object:
            return hold(ada, 2) if number % 2 else spend(ada, 1)

        answers = together(THREADS, act)
        kept = [answer for answer in answers if isinstance(answer, list)]
        spent = [answer for answer in answers if isinstance(answer, int)]
        assert 2 * len(kept) + len(spent) in (4, 5)
        for taken in kept:
            purses.capture(ada, taken)
        assert wallet(ada).balance == 5 - 2 * len(kept) - len(spent)


def test_a_debit_is_returned_once_for_a_cause() -> None:
    for _ in range(ROUNDS):
        ada = rich(10)
        line = spend(ada, 7)

        def back(_: int, line: int = line) -> int | None:
            with transaction() as db:
                return ledger.give_back(db, line, 3, cause="task_failed", source="test")

        answers = together(THREADS, back)
        assert sum(answer is not None for answer in answers) == 1
        assert wallet(ada).balance == 6


def test_returns_for_many_causes_give_no_more_than_was_taken() -> None:
    for _ in range(ROUNDS):
        ada = rich(10)
        line = spend(ada, 7)

        def back(number: int, line: int = line) -> int | None:
            with transaction() as db:
                return ledger.give_back(db, line, 2, cause=f"cause-{number}", source="test")

        answers = together(THREADS, back)
        assert sum(answer is not None for answer in answers) == 4
        assert sorted(amount for kind, amount in kinds(ada) if kind == "return") == [1, 2, 2, 2]


def _charged_task(user_id: UUID) -> tuple[UUID, int]:
    """A task that took three credits; its id and the line."""
    task = new_id()
    with transaction() as db:
        made = text("""INSERT INTO background_task (id, user_id, type, title, status, outcome, finished_at)
                       VALUES (:id, :user, 'match_score', '', 'failed', 'failed', now())""")
        db.execute(made, {"id": task, "user": user_id})
        quote = Quote(PlanFeature.MATCH_SCORE, Payer.CREDITS, 3, 1)
        reservations.reserve(db, task, user_id, quote)
        line = reservations.settle(db, task, TaskOutcome.USABLE).line_id
    assert line is not None
    return task, line


def test_worker_admin_and_webhook_give_back_one_debit_together_and_it_comes_back_once() -> None:
    system = actors.system("test")
    for _ in range(ROUNDS):
        ada = rich(10)
        task, line = _charged_task(ada)

        def back(number: int, task: UUID = task, line: int = line) -> object:
            with transaction() as db:
                if number % 3 == 0:
                    return reservations.settle(db, task, TaskOutcome.FAILED)
                if number % 3 == 1:
                    return reservations.return_task(db, system, task, cause=f"staff-{number}", reason="")
                return ledger.give_back(db, line, cause=f"webhook-{number}", source="webhook")

        answers = together(THREADS, back)
        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        assert [amount for kind, amount in kinds(ada) if kind == "return"] == [3]
        assert wallet(ada).balance == 10
        with transaction() as db:  # the webhook's return does not know of the task
            reservations.settle(db, task, TaskOutcome.FAILED)


def test_one_request_sent_many_times_is_one_grant() -> None:
    for number in range(ROUNDS):
        ada = person()
        answers = together(THREADS, lambda _, ada=ada, number=number: give(ada, 5, request_key=f"many-{number}"))
        assert len(set(answers)) == 1
        assert kinds(ada) == [("gift", 5)]


def test_one_payment_told_many_times_is_one_purchase() -> None:
    for number in range(ROUNDS):
        ada = person()
        answers = together(THREADS, lambda _, ada=ada, number=number: buy(ada, 5, f"pi_many_{number}"))
        assert len(set(answers)) == 1
        assert wallet(ada).balance == 5


def test_one_dispute_told_many_times_takes_once_and_gives_back_once() -> None:
    for number in range(ROUNDS):
        ada, payment = person(), f"pi_dispute_{number}"
        buy(ada, 10, payment)
        spend(ada, 4)

        def dispute(_: int, payment: str = payment) -> int | None:
            with transaction() as db:
                return reversals.charge_back(db, payment)

        def win(_: int, payment: str = payment) -> int | None:
            with transaction() as db:
                return reversals.reinstate(db, payment)

        assert sum(answer is not None for answer in together(THREADS, dispute)) == 1
        assert (wallet(ada).balance, wallet(ada).debt) == (-4, 4)
        assert sum(answer is not None for answer in together(THREADS, win)) == 1
        assert (wallet(ada).balance, wallet(ada).debt) == (6, 0)


def test_one_refund_told_many_times_takes_once() -> None:
    for number in range(ROUNDS):
        ada, payment = person(), f"pi_refund_{number}"
        buy(ada, 10, payment)

        def refund(_: int, payment: str = payment) -> int:
            with transaction() as db:
                return reversals.reverse_purchase(db, payment, paid_cents=1000, refunded_cents=300).amount

        assert sum(together(THREADS, refund)) == 3
        assert wallet(ada).balance == 7


def test_credits_run_out_beside_holds_and_debits() -> None:
    for _ in range(ROUNDS):
        ada = person()
        with transaction() as db:
            soon = Entry(CreditKind.GIFT, 10, "test")
            ledger.grant(db, ada, soon, expires_at=clock.now())

        def act(number: int, ada: UUID = ada) -> object:
            if number % 4 == 0:
                with transaction() as db:
                    return expiry.expire(db, now=clock.now())
            return hold(ada, 2) if number % 4 == 1 else spend(ada, 1)

        answers = together(THREADS, act)
        assert sum(isinstance(answer, Exception) for answer in answers) == refused(answers)
        for taken in (answer for answer in answers if isinstance(answer, list)):
            purses.capture(ada, taken)
        with transaction() as db:
            expiry.expire(db, now=clock.now())
        assert wallet(ada).balance == 0


def test_two_hundred_debits_of_one_on_a_hundred_credits_are_a_hundred() -> None:
    ada = rich(100)
    answers = together(200, lambda _: spend(ada, 1))
    assert refused(answers) == 100
    assert sum(isinstance(answer, int) for answer in answers) == 100


def _storm(debits: int, credits_: int, connections: int) -> dict[str, float]:
    """So many debits of one credit by so many threads; what came of them."""
    ada = rich(credits_)
    left = itertools.count()
    done = [0] * connections
    gate = threading.Barrier(connections + 1)

    def work(number: int) -> None:
        gate.wait()
        while next(left) < debits:
            try:
                spend(ada, 1)
                done[number] += 1
            except NotEnough:
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - started
    lowest = ask("SELECT min(balance_after) FROM credit_transaction WHERE user_id = :u", u=ada)[0][0]
    return {
        "paid": sum(done), "balance": wallet(ada).balance, "lowest": lowest, "per_second": round(debits / seconds, 1),
    }  # fmt: skip


def test_a_storm_of_debits_takes_what_is_there_and_no_more() -> None:
    told = _storm(1_000, 500, 32)
    assert (told["paid"], told["balance"], told["lowest"]) == (500, 0, 0)


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_ten_thousand_debits_on_five_thousand_credits() -> None:
    told = _storm(10_000, 5_000, 32)
    print(f"\n10,000 debits of 1 on 5,000 credits by 32 connections: {told}")
    assert (told["paid"], told["balance"], told["lowest"]) == (5_000, 0, 0)
