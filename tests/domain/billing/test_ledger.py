"""The ledger: every way in and out, from which lot and back into which."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.billing import ledger, lots
from fitmycv_admin.domain.billing.credits import Entry, NotEnough, Wallet
from fitmycv_admin.vocabulary import CreditKind
from tests.domain.billing import purses
from tests.domain.billing.purses import ask, buy, capture, give, hold, kinds, person, rich, spend, wallet

pytestmark = pytest.mark.usefixtures("sound_money")


def back(line: int, amount: int | None = None, cause: str = "task_failed") -> int | None:
    with transaction() as db:
        return ledger.give_back(db, line, amount, cause=cause, source="test")


def let_go(user_id: UUID, taken: list[tuple[int, int]]) -> None:
    with transaction() as db:
        ledger.unhold(db, user_id, taken)


def test_somebody_without_a_line_has_nothing() -> None:
    ada = person()
    assert wallet(ada) == Wallet(0, 0, 0, 0)
    with pytest.raises(NotEnough) as refused:
        spend(ada, 1)
    assert refused.value.params == {"available": 0, "needed": 1}


def test_a_debit_takes_from_the_balance_and_says_what_was_left() -> None:
    ada = rich(10)
    line = spend(ada, 3, feature="import_pdf", reason="because")
    with transaction() as db:
        told = ledger.line(db, line)
        used = ledger.uses(db, line)
    assert (told.amount, told.balance_after, told.kind, told.feature) == (-3, 7, CreditKind.USAGE, "import_pdf")
    assert [(use.amount, use.returned) for use in used] == [(3, 0)]
    assert wallet(ada) == Wallet(7, 0, 7, 0)


def test_a_debit_of_more_than_there_is_moves_nothing() -> None:
    ada = rich(10)
    with pytest.raises(NotEnough) as refused:
        spend(ada, 11)
    assert refused.value.params == {"available": 10, "needed": 11}
    assert wallet(ada).balance == 10


def test_credits_that_are_held_cannot_be_spent() -> None:
    ada = rich(10)
    taken = hold(ada, 8)
    with pytest.raises(NotEnough):
        spend(ada, 3)
    assert wallet(ada) == Wallet(10, 8, 2, 0)
    let_go(ada, taken)
    assert wallet(ada) == Wallet(10, 0, 10, 0)
    assert kinds(ada) == [("gift", 10)]


def test_given_credits_burn_before_bought_ones_and_the_soonest_to_run_out_first() -> None:
    ada = person()
    buy(ada, 5, "pi_burn")
    give(ada, 5)
    with transaction() as db:
        soon = clock.now() + timedelta(days=3)
        ledger.grant(db, ada, Entry(CreditKind.PROMO, 5, "test"), expires_at=soon)
    spend(ada, 7)
    assert purses.lots(ada) == [("purchase", 5, 0), ("gift", 3, 0), ("promo", 0, 0)]
    spend(ada, 4)
    assert purses.lots(ada) == [("purchase", 4, 0), ("gift", 0, 0), ("promo", 0, 0)]


def test_given_credits_run_out_after_twelve_months_and_bought_ones_never() -> None:
    ada = person()
    give(ada, 1, at=datetime(2024, 2, 29, 12, tzinfo=UTC))
    buy(ada, 1, "pi_never")
    ends = [row[0] for row in ask("SELECT expires_at FROM credit_lot WHERE user_id = :u ORDER BY id", u=ada)]
    assert ends == [datetime(2025, 2, 28, 12, tzinfo=UTC), None]


def test_a_hold_keeps_the_lots_it_chose() -> None:
    ada = person()
    buy(ada, 5, "pi_keeps")
    taken = hold(ada, 4)
    give(ada, 5)
    capture(ada, taken)
    assert purses.lots(ada) == [("purchase", 1, 0), ("gift", 5, 0)]
    assert wallet(ada) == Wallet(6, 0, 6, 0)


def test_what_is_not_held_cannot_be_captured_nor_let_go() -> None:
    ada = rich(5)
    taken = hold(ada, 2)
    capture(ada, taken)
    with pytest.raises(lots.Missing):
        capture(ada, taken)
    with pytest.raises(lots.Missing):
        let_go(ada, taken)


def test_a_return_goes_back_to_its_lots_once() -> None:
    ada = person()
    give(ada, 2)
    buy(ada, 5, "pi_return")
    line = spend(ada, 4)
    made = back(line)
    assert made is not None
    assert purses.lots(ada) == [("gift", 2, 0), ("purchase", 5, 0)]
    assert back(line) is None
    assert back(line, cause="complaint") is None
    assert kinds(ada)[-1] == ("return", 4)


def test_parts_of_a_debit_come_back_up_to_what_was_taken_once_for_each_cause() -> None:
    ada = person()
    give(ada, 2)
    buy(ada, 5, "pi_parts")
    line = spend(ada, 4)
    assert back(line, 1, "first") is not None
    assert back(line, 1, "first") is None
    assert purses.lots(ada) == [("gift", 0, 0), ("purchase", 4, 0)]
    assert back(line, 99, "second") is not None
    assert kinds(ada)[-2:] == [("return", 1), ("return", 3)]
    assert purses.lots(ada) == [("gift", 2, 0), ("purchase", 5, 0)]


def test_what_burnt_last_comes_back_first_among_lots_that_look_alike() -> None:
    ada, now = person(), clock.now()
    for _ in range(2):
        give(ada, 5, at=now)
    line = spend(ada, 10)
    assert back(line, 6) is not None
    assert purses.lots(ada) == [("gift", 1, 0), ("gift", 5, 0)]


def test_only_a_debit_can_be_returned() -> None:
    ada = person()
    line = give(ada, 2)
    with pytest.raises(NotFound):
        back(line)
    with pytest.raises(NotFound):
        back(-1)


def test_what_returns_to_a_lot_that_ran_out_can_be_spent_for_thirty_days() -> None:
    ada = person()
    long_ago = clock.now() - timedelta(days=400)
    give(ada, 5, at=long_ago)
    line = spend(ada, 3)
    taken = hold(ada, 1)
    now = clock.now()
    with transaction() as db:
        ledger.give_back(db, line, cause="task_failed", source="test", at=now)
        ledger.unhold(db, ada, taken, at=now)
    found = ask(
        "SELECT remaining, expires_at, origin_lot_id IS NOT NULL FROM credit_lot WHERE user_id = :u ORDER BY id", u=ada
    )
    end = now + timedelta(days=30)
    assert [tuple(row) for row in found[1:]] == [(3, end, True), (1, end, True)]
    assert found[0].remaining == 1
    assert wallet(ada) == Wallet(5, 0, 5, 0)


def test_the_same_request_twice_is_one_line() -> None:
    ada = person()
    first = give(ada, 5, request_key="grant-1")
    assert give(ada, 5, request_key="grant-1") == first
    paid = buy(ada, 10, "pi_twice")
    assert buy(ada, 10, "pi_twice") == paid
    out = spend(ada, 2, request_key="debit-1")
    assert spend(ada, 2, request_key="debit-1") == out
    assert kinds(ada) == [("gift", 5), ("purchase", 10), ("usage", -2)]


def test_a_task_is_charged_once_for_a_unit() -> None:
    from sqlalchemy.exc import IntegrityError

    ada, task = rich(5), new_id()
    spend(ada, 1, task_id=task)
    with pytest.raises(IntegrityError):
        spend(ada, 1, task_id=task)
    spend(ada, 1, task_id=task, unit="2")
    assert wallet(ada).balance == 3


def test_only_what_is_left_of_a_grant_can_be_taken_back() -> None:
    ada = person()
    line = give(ada, 10)
    buy(ada, 5, "pi_kept")
    spend(ada, 7)
    with transaction() as db:
        made, amount = ledger.take_back(db, line, Entry(CreditKind.CLAWBACK, 10, "test"))
    assert (made is not None, amount) == (True, 3)
    assert purses.lots(ada) == [("gift", 0, 0), ("purchase", 5, 0)]


def test_amounts_are_positive_and_kinds_fit_the_act() -> None:
    with pytest.raises(ValueError, match="a line of 0"):
        Entry(CreditKind.GIFT, 0, "test")
    with pytest.raises(ValueError, match="no grant"):
        give(person(), 1, CreditKind.USAGE)
    with pytest.raises(ValueError, match="a hold of 0"):
        hold(rich(1), 0)
