"""Money goes back: refunds take their share of a purchase, disputes may leave a debt, and a dispute won gives back."""

from uuid import UUID

import pytest

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.billing import ledger, reversals
from fitmycv_admin.domain.billing.credits import NotEnough, Wallet
from tests.domain.billing import purses
from tests.domain.billing.purses import buy, give, hold, kinds, person, spend, wallet

pytestmark = pytest.mark.usefixtures("sound_money")


def refund(payment: str, refunded: int, paid: int = 1000) -> reversals.Reversal:
    with transaction() as db:
        return reversals.reverse_purchase(db, payment, paid_cents=paid, refunded_cents=refunded)


def dispute(payment: str, amount: int | None = None, name: str = "") -> int | None:
    with transaction() as db:
        return reversals.charge_back(db, payment, amount, dispute=name)


def win(payment: str, name: str = "") -> int | None:
    with transaction() as db:
        return reversals.reinstate(db, payment, dispute=name)


def buyer(amount: int, payment: str) -> UUID:
    someone = person()
    buy(someone, amount, payment)
    return someone


def test_refunds_take_their_share_rounded_down_and_a_late_repeat_takes_nothing() -> None:
    ada = buyer(15, "pi_share")
    assert refund("pi_share", 300).amount == 4  # 4.5
    assert refund("pi_share", 1000).amount == 11
    assert refund("pi_share", 300) == reversals.Reversal(None, 0, 15, 0)
    assert refund("pi_share", 1000) == reversals.Reversal(None, 0, 15, 0)
    assert wallet(ada) == Wallet(0, 0, 0, 0)
    assert kinds(ada) == [("purchase", 15), ("purchase_reversal", -4), ("purchase_reversal", -11)]


@pytest.mark.parametrize(("paid", "steps"), [(499, (1, 166, 333, 498, 499)), (999, (333, 334, 998, 999)), (7, (1, 5))])
def test_what_was_taken_is_the_floor_at_every_step(paid: int, steps: tuple[int, ...]) -> None:
    payment = f"pi_floor_{paid}"
    ada = buyer(50, payment)
    for cents in steps:
        assert refund(payment, cents, paid).taken == 50 * cents // paid
        assert wallet(ada).balance == 50 - 50 * cents // paid


def test_a_refund_takes_what_is_left_of_that_purchase_and_records_the_rest() -> None:
    ada = buyer(10, "pi_left")
    spend(ada, 7)
    buy(ada, 20, "pi_other")
    give(ada, 5)
    told = refund("pi_left", 1000)
    assert (told.amount, told.unrecovered) == (3, 7)
    assert purses.lots(ada) == [("purchase", 0, 0), ("purchase", 20, 0), ("gift", 5, 0)]
    assert wallet(ada).balance == 25


def test_a_refund_leaves_what_is_held_and_takes_it_when_it_was_let_go() -> None:
    ada = buyer(10, "pi_held")
    taken = hold(ada, 6)
    told = refund("pi_held", 1000)
    assert (told.amount, told.taken, told.unrecovered) == (4, 4, 6)
    with transaction() as db:
        ledger.unhold(db, ada, taken)
    assert refund("pi_held", 1000).amount == 6
    assert wallet(ada) == Wallet(0, 0, 0, 0)


def test_a_dispute_takes_all_of_a_purchase_even_below_zero() -> None:
    ada = buyer(10, "pi_below")
    spend(ada, 8)
    line = dispute("pi_below")
    assert wallet(ada) == Wallet(-8, 0, -8, 8)
    with pytest.raises(NotEnough) as refused:
        spend(ada, 1)
    assert refused.value.params == {"available": 0, "needed": 1}
    assert dispute("pi_below") is None
    assert kinds(ada)[-1] == ("chargeback", -10)
    with transaction() as db:
        assert [use.amount for use in ledger.uses(db, line or 0)] == [2]


def test_a_dispute_takes_from_its_purchase_first_then_from_the_other_lots() -> None:
    ada = buyer(10, "pi_first")
    give(ada, 3)
    spend(ada, 5)  # three given, two bought
    buy(ada, 6, "pi_second")
    dispute("pi_first")
    assert purses.lots(ada) == [("purchase", 0, 0), ("gift", 0, 0), ("purchase", 4, 0)]
    assert wallet(ada) == Wallet(4, 0, 4, 0)


def test_a_dispute_leaves_what_is_held() -> None:
    ada = buyer(10, "pi_hold")
    taken = hold(ada, 4)
    dispute("pi_hold")
    assert wallet(ada) == Wallet(0, 4, -4, 4)
    purses.capture(ada, taken)
    assert wallet(ada) == Wallet(-4, 0, -4, 4)


def test_the_next_purchase_pays_the_debt_first() -> None:
    ada = buyer(10, "pi_debt")
    spend(ada, 10)
    dispute("pi_debt")
    give(ada, 2)
    assert wallet(ada) == Wallet(-8, 0, -8, 10)
    buy(ada, 4, "pi_small")
    assert wallet(ada) == Wallet(-4, 0, -4, 6)
    buy(ada, 20, "pi_large")
    assert wallet(ada) == Wallet(16, 0, 16, 0)
    assert purses.lots(ada) == [("purchase", 0, 0), ("gift", 2, 0), ("purchase", 14, 0)]


def test_a_dispute_won_gives_back_what_it_took() -> None:
    ada = buyer(10, "pi_won")
    spend(ada, 4)
    dispute("pi_won")
    assert win("pi_won") is not None
    assert win("pi_won") is None
    assert wallet(ada) == Wallet(6, 0, 6, 0)
    assert kinds(ada)[-2:] == [("chargeback", -10), ("chargeback_reversal", 10)]
    assert dispute("pi_won") is None


def test_a_dispute_won_after_the_debt_was_paid_opens_a_lot() -> None:
    ada = buyer(10, "pi_paid")
    spend(ada, 10)
    dispute("pi_paid")
    buy(ada, 15, "pi_pays")
    assert wallet(ada) == Wallet(5, 0, 5, 0)
    win("pi_paid")
    assert wallet(ada) == Wallet(15, 0, 15, 0)
    assert purses.lots(ada)[-1] == ("chargeback_reversal", 10, 0)


def test_a_part_of_a_purchase_can_be_disputed_and_another_part_again() -> None:
    ada = buyer(10, "pi_twice")
    assert dispute("pi_twice", 4, "dp_1") is not None
    assert dispute("pi_twice", 4, "dp_1") is None
    assert dispute("pi_twice", 99, "dp_2") is not None
    assert wallet(ada).balance == 0
    win("pi_twice", "dp_1")
    assert wallet(ada).balance == 4


def test_refund_and_dispute_together_take_a_purchase_once() -> None:
    ada = buyer(10, "pi_both")
    refund("pi_both", 300)
    dispute("pi_both")
    assert refund("pi_both", 1000).amount == 0
    assert wallet(ada) == Wallet(0, 0, 0, 0)
    assert kinds(ada) == [("purchase", 10), ("purchase_reversal", -3), ("chargeback", -7)]


def test_an_unknown_payment_moves_nothing() -> None:
    for act in (lambda: refund("pi_none", 1), lambda: dispute("pi_none"), lambda: win("pi_none")):
        with pytest.raises(NotFound):
            act()
    buyer(10, "pi_never_disputed")
    assert win("pi_never_disputed") is None


@pytest.mark.parametrize(("refunded", "paid"), [(-1, 100), (101, 100), (0, 0)])
def test_amounts_that_make_no_sense_are_refused(refunded: int, paid: int) -> None:
    with pytest.raises(ValueError, match="refunded"):
        refund("pi_sense", refunded, paid)
