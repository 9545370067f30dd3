"""Counters: never above the limit, one row a period, past periods kept, no two periods over each other."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.billing import counters, periods
from fitmycv_admin.domain.billing.periods import Period
from tests import cluster
from tests.domain.billing import subscribers
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
CROWD, ROUNDS = 16, 50
ANCHOR = datetime(2026, 1, 31, 8, tzinfo=UTC)
FEATURE = "match_score"


def month(day: datetime) -> Period:
    """The period of the anchor that holds a day."""
    return periods.monthly(ANCHOR, day)


MARCH = month(datetime(2026, 3, 5, tzinfo=UTC))


@pytest.fixture
def user() -> UUID:
    """Somebody new."""
    with transaction() as db:
        return subscribers.person(db)


def rows(user: UUID) -> list[tuple[datetime, datetime, int, int]]:
    """What is stored of a person, by period."""
    with transaction() as db:
        found = db.execute(
            text(
                "SELECT period_start, period_end, count, reserved FROM feature_usage_counter"
                " WHERE user_id = :user ORDER BY period_start"
            ),
            {"user": user},
        )
        return [(row[0], row[1], row[2], row[3]) for row in found]


def take(user: UUID, limit: int, period: Period = MARCH) -> int | None:
    """One use, in a transaction of its own."""
    with transaction() as db:
        return counters.take(db, user, FEATURE, limit, period)


def test_the_limit_is_reached_and_never_passed(user: UUID):
    assert [take(user, 2) is not None for _ in range(4)] == [True, True, False, False]
    assert rows(user) == [(*MARCH, 2, 2)]


def test_a_limit_of_zero_takes_nothing_and_stores_nothing(user: UUID):
    assert take(user, 0) is None
    assert rows(user) == []


def test_without_limit_every_use_is_counted(user: UUID):
    assert all(take(user, counters.UNLIMITED) for _ in range(5))
    assert rows(user) == [(*MARCH, 5, 5)]


def test_a_lowered_limit_refuses_the_next_use_and_leaves_the_count(user: UUID):
    for _ in range(3):
        take(user, 5)
    assert take(user, 2) is None
    assert rows(user) == [(*MARCH, 3, 3)]


def test_a_kept_use_stays_counted_and_a_freed_one_may_be_used_again(user: UUID):
    first, second = take(user, 2), take(user, 2)
    with transaction() as db:
        counters.keep(db, first or 0)
        counters.free(db, second or 0)
    assert rows(user) == [(*MARCH, 1, 0)]
    assert take(user, 2) == first


def test_a_kept_use_can_be_given_back_and_a_reserved_one_cannot(user: UUID):
    counter = take(user, 2) or 0
    with pytest.raises(IntegrityError), transaction() as db:
        counters.give_back(db, counter)
    with transaction() as db:
        counters.keep(db, counter)
        counters.give_back(db, counter)
        assert counters.used(db, user, FEATURE, MARCH) == 0


def test_a_counter_that_is_not_there_is_not_found():
    for act in (counters.keep, counters.free, counters.give_back):
        with pytest.raises(NotFound), transaction() as db:
            act(db, 0)


def test_a_new_month_starts_at_nothing_and_the_past_one_stays(user: UUID):
    april = month(datetime(2026, 4, 15, tzinfo=UTC))
    assert take(user, 1)
    assert take(user, 1) is None
    assert take(user, 1, april)
    assert rows(user) == [(*MARCH, 1, 1), (*april, 1, 1)]


def test_a_use_taken_in_a_past_month_goes_back_to_that_month(user: UUID):
    april = month(datetime(2026, 4, 15, tzinfo=UTC))
    old = take(user, 1) or 0
    take(user, 1, april)
    with transaction() as db:
        counters.free(db, old)
    assert rows(user) == [(*MARCH, 0, 0), (*april, 1, 1)]


def test_a_plan_change_in_mid_month_ends_the_period_where_the_new_one_begins(user: UUID):
    bought = datetime(2026, 3, 12, 15, tzinfo=UTC)
    take(user, 1)
    mine = periods.monthly(bought, bought)
    assert take(user, 3, mine)
    assert rows(user) == [(MARCH[0], bought, 1, 1), (*mine, 1, 1)]


def test_a_return_to_the_old_anchor_counts_on_without_overlap(user: UUID):
    bought = datetime(2026, 3, 12, 15, tzinfo=UTC)
    take(user, 2)
    take(user, 3, periods.monthly(bought, bought))
    assert take(user, 2)
    assert take(user, 2) is None
    assert rows(user)[0] == (MARCH[0], bought, 2, 2)


def test_an_earlier_period_opened_late_ends_before_the_one_that_is_there(user: UUID):
    bought = datetime(2026, 3, 12, 15, tzinfo=UTC)
    take(user, 3, periods.monthly(bought, bought))
    assert take(user, 2)
    assert [row[:2] for row in rows(user)] == [(MARCH[0], bought), periods.monthly(bought, bought)]


def test_the_database_refuses_two_periods_over_each_other(user: UUID):
    take(user, 1)
    overlap = text(
        "INSERT INTO feature_usage_counter (user_id, feature_name, period_start, period_end)"
        " VALUES (:user, :feature, cast(:at AS timestamptz), cast(:at AS timestamptz) + interval '1 day')"
    )
    at = datetime(2026, 3, 10, tzinfo=UTC)
    with pytest.raises(IntegrityError, match="ex_feature_usage_counter_period"), transaction() as db:
        db.execute(overlap, {"user": user, "feature": FEATURE, "at": at})
    with transaction() as db:
        db.execute(overlap, {"user": user, "feature": "import_pdf", "at": at})


def test_many_starts_at_once_never_pass_the_limit(database: cluster.Database):
    """Also on the first use of a period, when nobody's row is there yet."""
    with cluster.environment(DB_POOL_SIZE=str(CROWD)):
        for number in range(ROUNDS):
            limit = 1 + number % 5
            with transaction() as db:
                user = subscribers.person(db)
            taken = [answer for answer in at_once(CROWD, lambda _, u=user, n=limit: take(u, n)) if answer]
            assert len(taken) == limit
            assert rows(user) == [(*MARCH, limit, limit)]


def test_starts_in_two_plans_at_once_leave_two_periods_without_overlap(database: cluster.Database):
    bought = datetime(2026, 3, 12, 15, tzinfo=UTC)
    mine = periods.monthly(bought, bought)
    with cluster.environment(DB_POOL_SIZE=str(CROWD)):
        for _ in range(ROUNDS):
            with transaction() as db:
                user = subscribers.person(db)
            answers = at_once(CROWD, lambda n, u=user: take(u, 3, mine if n % 2 else MARCH))
            assert sum(answer is not None for answer in answers) == 6
            assert rows(user) == [(MARCH[0], bought, 3, 3), (*mine, 3, 3)]
