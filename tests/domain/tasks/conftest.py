"""People who ask for tasks."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.tasks.attempts import LostLease
from fitmycv_admin.models.accounts import User
from fitmycv_admin.vocabulary import CreditKind, Permission, Role
from tests import cluster, money


@pytest.fixture(autouse=True)
def empty_board(database: object, request: pytest.FixtureRequest) -> None:
    """No task of another test; where books have to balance the tasks stay, as they hold credits."""
    if "sound_money" in request.fixturenames:
        return
    with transaction() as db:
        db.execute(text("DELETE FROM background_task"))


@pytest.fixture
def person(database: object) -> Actor:
    """A signed-in person who is nobody else in this module."""
    return make_person()


def make_person(credits_: int = 1000) -> Actor:
    """A person with an account of their own, their address proven, with credits to work with."""
    number = new_id()
    with transaction() as db:
        db.add(User(id=number, email=f"{number}@example.org", name="Ada", email_verified=clock.now()))
        db.flush()
        if credits_:
            ledger.grant(db, number, Entry(CreditKind.GIFT, credits_, "test"))
    return Actor(number, Role.USER, frozenset({Permission.OWN_DATA}), email=f"{number}@example.org")


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act(0…count-1)` in as many threads, released together; answers or the errors raised."""
    gate = threading.Barrier(count)
    answers: list[Any] = [None] * count

    def run(number: int) -> None:
        gate.wait()
        try:
            answers[number] = act(number)
        except (FitMyCvError, LostLease) as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def wide_pool(database: object) -> Iterator[None]:
    """As many connections as threads, so that a race is one."""
    with cluster.environment(DB_POOL_SIZE="16"):
        yield


@pytest.fixture
def sound_money(database: object) -> Iterator[None]:
    """After the test no rule about money is broken."""
    yield
    money.assert_sound()
