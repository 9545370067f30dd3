"""Who cost most is read from months and days of people, and is the same as from their calls."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.ai_costs import cells, fold, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.periods import Period
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS

DAY = timedelta(days=1)
START = date(2026, 6, 20)
ends = st.tuples(st.integers(-5, 110), st.integers(1, 120))


@given(span=ends, today=st.integers(-10, 260))
def test_the_pieces_of_a_period_are_its_days_each_once(span, today):
    first = START + DAY * span[0]
    period = Period(first, first + DAY * (span[1] - 1), "Europe/Paris")
    months, more, less = cells.pieces_of(period, START + DAY * today)
    count: dict[date, int] = {}
    whole = [(month, (month + DAY * 32).replace(day=1) - DAY) for month in months]
    for sign, spans in ((1, whole), (1, more), (-1, less)):
        for begins, ends in spans:
            for number in range((ends - begins).days + 1):
                day = begins + DAY * number
                count[day] = count.get(day, 0) + sign
    assert {day for day, times in count.items() if times} == {first + DAY * n for n in range(span[1])}
    assert set(count.values()) <= {0, 1}


@pytest.fixture(scope="module")
def _calls(database: object) -> None:
    """110 days of calls of seven people and the system, some of them not folded yet."""
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        people = [ledger.person(db, f"p{number}@example.org") for number in range(7)]
        ledger.spread(db, datetime(2026, 6, 20, tzinfo=UTC), 260, step=timedelta(hours=10), people=people)
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        ledger.spread(db, datetime(2026, 7, 5, tzinfo=UTC), 40, step=timedelta(hours=31), people=people)


@pytest.mark.usefixtures("_calls")
@given(span=ends)
@settings(max_examples=40, deadline=None)
def test_top_users_of_any_period_are_those_of_its_calls(span):
    first = START + DAY * span[0]
    period = Period(first, first + DAY * (span[1] - 1), "Europe/Paris")
    with snapshot() as db:
        shown = queries.top_users(db, OPS, period, Filters(), limit=100)
        truth = db.execute(text(_TRUTH), {"from": period.starts_at, "until": period.ends_at}).all()
        alone = {row.user_id: queries.totals(db, OPS, period, _only(db, row.user_id)) for row in shown}
    assert {row.user_id: row.sums for row in shown} == {row[0]: queries.Sums(*row[1:]) for row in truth}
    assert alone == {row.user_id: row.sums for row in shown}
    assert [row.sums.cost_nano for row in shown] == sorted((row.sums.cost_nano for row in shown), reverse=True)


def _only(db: Session, user_id: UUID | None) -> Filters:
    """The filters of one person, or of the system."""
    return queries.filters_of(db, OPS, keys={}, user_id=user_id) if user_id else Filters(user_seq=0)


_TRUTH = """
SELECT u.id, count(*), count(*) FILTER (WHERE cost_nano IS NULL), sum(prompt_tokens), sum(cached_tokens),
    sum(completion_tokens), coalesce(sum(cost_nano), 0)::bigint
FROM openai_call c LEFT JOIN app_user u ON u.seq = c.user_seq
WHERE c.created_at >= :from AND c.created_at < :until GROUP BY 1
"""
