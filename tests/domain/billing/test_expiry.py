"""Given credits run out: what nobody holds, once, with a line for each lot."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import expiry, ledger
from fitmycv_admin.domain.billing.credits import Entry, Wallet
from fitmycv_admin.vocabulary import CreditKind, Permission, Role
from fitmycv_worker.jobs import housekeeping
from tests.domain.billing import purses
from tests.domain.billing.purses import buy, capture, give, hold, kinds, person, spend, wallet

pytestmark = pytest.mark.usefixtures("sound_money")

NOW = clock.now()
YEAR = timedelta(days=366)


def expire(now: datetime) -> int:
    with transaction() as db:
        return expiry.expire(db, now=now)


def promo(user_id: UUID, amount: int, expires_at: datetime) -> int:
    with transaction() as db:
        return ledger.grant(db, user_id, Entry(CreditKind.PROMO, amount, "test"), expires_at=expires_at)


def test_what_was_given_runs_out_and_what_was_bought_does_not() -> None:
    ada = person()
    give(ada, 5)
    give(ada, 4, CreditKind.WELCOME)
    buy(ada, 7, "pi_stays")
    expire(NOW + timedelta(days=360))
    assert wallet(ada).balance == 16
    expire(NOW + YEAR)
    assert wallet(ada) == Wallet(7, 0, 7, 0)
    assert kinds(ada)[-2:] == [("expiry", -5), ("expiry", -4)]
    assert expire(NOW + YEAR) == 0


def test_what_is_held_stays_with_its_hold() -> None:
    ada = person()
    give(ada, 5)
    taken = hold(ada, 2)
    expire(NOW + YEAR)
    assert wallet(ada) == Wallet(2, 2, 0, 0)
    assert expire(NOW + 2 * YEAR) == 0
    capture(ada, taken)
    assert kinds(ada) == [("gift", 5), ("expiry", -3), ("usage", -2)]


def test_a_hold_let_go_after_its_lot_ran_out_lives_for_thirty_days() -> None:
    ada = person()
    give(ada, 5)
    taken = hold(ada, 2)
    expire(NOW + YEAR)
    with transaction() as db:
        ledger.unhold(db, ada, taken, at=NOW + YEAR)
    assert wallet(ada) == Wallet(2, 0, 2, 0)
    expire(NOW + YEAR + timedelta(days=29))
    assert wallet(ada).balance == 2
    assert expire(NOW + YEAR + timedelta(days=31)) == 1
    assert wallet(ada).balance == 0


def test_a_return_after_the_lot_ran_out_lives_for_thirty_days() -> None:
    ada = person()
    give(ada, 5)
    buy(ada, 1, "pi_back")
    line = spend(ada, 6)
    later = NOW + YEAR
    with transaction() as db:
        ledger.give_back(db, line, cause="complaint", source="test", at=later)
    assert purses.lots(ada) == [("gift", 0, 0), ("purchase", 1, 0), ("gift", 5, 0)]
    expire(later + timedelta(days=31))
    assert wallet(ada).balance == 1


def test_only_so_many_people_at_once_and_the_rest_the_next_time() -> None:
    for _ in range(5):
        promo(person(), 1, NOW - timedelta(days=1))
    with transaction() as db:
        assert expiry.expire(db, now=NOW, at_once=3) == 3
    assert expire(NOW) == 2


def test_somebody_busy_is_left_for_the_next_time() -> None:
    ada = person()
    promo(ada, 3, NOW - timedelta(days=1))
    with transaction() as busy:
        ledger.hold(busy, ada, 1)
        assert expire(NOW) == 0
        busy.rollback()
    assert expire(NOW) == 1


def test_what_runs_out_soon_is_told_soonest_first_to_whom_it_concerns() -> None:
    ada = person()
    promo(ada, 3, clock.now() + timedelta(days=20))
    promo(ada, 2, clock.now() + timedelta(days=3))
    promo(ada, 9, clock.now() + timedelta(days=90))
    own = Actor(ada, Role.USER, frozenset({Permission.OWN_DATA}))
    with transaction() as db:
        assert [row.amount for row in expiry.expiring(db, own, 30, user_id=ada)] == [2, 3]
        everybody = expiry.expiring(db, actors.system("test"), 30)
        assert [row.amount for row in everybody if row.user_id == ada] == [2, 3]
        with pytest.raises(Forbidden):
            expiry.expiring(db, own, 30)
        with pytest.raises(Forbidden):
            expiry.expiring(db, own, 30, user_id=person())


def test_the_scheduler_ends_what_ran_out() -> None:
    ada = person()
    promo(ada, 3, clock.now() - timedelta(seconds=1))
    entry = next(entry for entry in housekeeping.entries() if entry.name == "credits.expire")
    with transaction() as db:
        entry.act(db)
    assert wallet(ada).balance == 0
