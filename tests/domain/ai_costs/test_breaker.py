"""The breaker before the models: opens for everybody, lets one call try, closes at the first answer."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.ai_costs import breaker
from tests import cluster
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def closed(database: object) -> Iterator[None]:
    """A breaker that knows of no trouble, and a connection for each of a crowd."""
    with transaction() as db:
        db.execute(text("DELETE FROM model_breaker"))
    with cluster.environment(DB_POOL_SIZE="16"):
        yield


def fail(times: int) -> bool:
    is_open = False
    for _ in range(times):
        with transaction() as db:
            is_open = breaker.failed(db, "APIConnectionError")
    return is_open


def may_call() -> bool:
    with transaction() as db:
        return breaker.may_call(db)


def pause_over() -> None:
    with transaction() as db:
        db.execute(text("UPDATE model_breaker SET open_until = clock_timestamp() - interval '1 ms'"))


def is_open() -> bool:
    with snapshot() as db:
        return breaker.open_until(db) is not None


def test_it_opens_after_ten_failures_in_a_row_and_not_before() -> None:
    assert may_call()
    assert fail(breaker.OPENS_AT - 1) is False
    assert (may_call(), is_open()) == (True, False)
    assert fail(1) is True
    assert (may_call(), is_open()) == (False, True)


def test_an_answer_in_between_starts_the_count_again() -> None:
    for _ in range(3):
        fail(breaker.OPENS_AT - 1)
        with transaction() as db:
            breaker.answered(db)
    assert not is_open()


def test_failures_of_many_processes_are_counted_together() -> None:
    at_once(breaker.OPENS_AT, lambda _: fail(1))
    assert is_open()


def test_after_the_pause_one_of_many_is_let_through() -> None:
    fail(breaker.OPENS_AT)
    for _ in range(20):
        pause_over()
        assert not is_open()
        assert sorted(at_once(16, lambda _: may_call())) == [False] * 15 + [True]
        assert is_open()


def test_the_one_that_tries_closes_it_or_keeps_it_open() -> None:
    fail(breaker.OPENS_AT)
    pause_over()
    assert may_call()
    fail(1)
    assert is_open()
    pause_over()
    assert may_call()
    with transaction() as db:
        breaker.answered(db)
    assert (may_call(), is_open()) == (True, False)
    assert fail(breaker.OPENS_AT - 1) is False
