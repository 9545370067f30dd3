"""Top users and plans: any number of people, any period, and what the parts say is what the whole says."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import fold, meter, plan_costs, queries, top_users
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.domain.billing import ledger as purse
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.models import ExchangeRate, SubscriptionPlan
from fitmycv_admin.vocabulary import CreditKind, Role
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
AUTUMN = Period(date(2026, 8, 20), date(2026, 11, 9), "Europe/Paris")
HERE = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")


@pytest.fixture(scope="module")
def people(database: object) -> list[UUID]:
    """Calls of four months by seven people under two plans or none, and by the system; the last ones not folded."""
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        for name, tier in (("Plus", 41), ("Max", 42)):
            db.add(SubscriptionPlan(name=name, tier=tier, price_monthly=100 * tier, price_yearly=1000 * tier))
        people = [ledger.person(db, f"q{number}@example.org") for number in range(7)]
        calls(db, people, 0, 360)
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        calls(db, people, 360, 420)
    return people


def calls(db: Session, people: list[UUID], first: int, last: int) -> None:
    start = datetime(2026, 7, 20, 1, tzinfo=UTC)
    for number in range(first, last):
        who = (number * 3 + number // 8) % 8
        meter.record(
            db,
            usage(start + timedelta(hours=7) * number, model=("gpt-a", "gpt-b", "gpt-unknown")[number % 7 % 3],
                  call=("match_score", "import_pdf")[number % 2], prompt=500 + number * 37 % 911),
            user_id=people[who] if who < 7 else None, plan=(None, "Plus", "Max")[(who + number // 100) % 3],
        )  # fmt: skip


RAW = """
SELECT coalesce(user_seq, 0), coalesce(plan_id, 0), coalesce(sum(cost_nano), 0)::bigint, count(*) FROM openai_call
WHERE created_at >= :from AND created_at < :until GROUP BY 1, 2
"""


def raw(db: Session, period: Period) -> dict[tuple[int, int], tuple[int, int]]:
    """Cost and calls of each person and plan, from the calls themselves."""
    rows = db.execute(text(RAW), {"from": period.starts_at, "until": period.ends_at})
    return {(user, plan): (cost, count) for user, plan, cost, count in rows}


@given(first=st.integers(-5, 130), days=st.integers(1, 120))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_people_cost_what_their_calls_cost_in_every_period(people, first, days):
    start = date(2026, 7, 18) + timedelta(days=first)
    period = Period(start, start + timedelta(days=days - 1), "Europe/Paris")
    with snapshot() as db:
        exact = raw(db, period)
        found = top_users.top(db, OPS, period, Filters(), limit=1_000)
        whole = queries.totals(db, OPS, period, Filters())
        plans = plan_costs.plans(db, OPS, period, None, Filters())
    by_user: dict[int, int] = {}
    for (user, _plan), (cost, _count) in exact.items():
        by_user[user] = by_user.get(user, 0) + cost
    assert [row.person.sums.cost_nano for row in found.rows] == sorted(by_user.values(), reverse=True)
    assert queries.total(row.person.sums for row in found.rows) == found.whole == whole
    assert queries.total(row.now for row in plans.rows) == plans.whole.now == whole
    for row in plans.rows:
        ids = {plan for plan in {p for _u, p in exact} if plan in _numbers(row.plan.key)}
        costs = sorted(cost for (user, plan), (cost, _c) in exact.items() if plan in ids and user)
        assert row.people == len(costs)
        assert (row.p50, row.p95, row.dearest) == (_at(costs, 0.5), _at(costs, 0.95), costs[-1] if costs else None)


def _numbers(key: str) -> set[int]:
    with snapshot() as db:
        return set(queries.filters_of(db, OPS, keys={Dimension.PLAN: key}).numbers[Dimension.PLAN])


def _at(ordered: list[int], share: float) -> int | None:
    """The first value that so many of them do not exceed."""
    return next((v for n, v in enumerate(ordered, start=1) if n / len(ordered) >= share - 1e-12), None)


@pytest.mark.parametrize("limit", [1, 3, 7, 8, 500])
def test_any_number_of_people_is_the_beginning_of_the_same_list(people, limit):
    with snapshot() as db:
        every = top_users.top(db, OPS, AUTUMN, Filters(), limit=1_000)
        some = top_users.top(db, OPS, AUTUMN, Filters(), limit=limit)
    assert some.rows == every.rows[:limit]
    assert some.whole == every.whole
    assert len(every.rows) == 8


@pytest.mark.parametrize("dimension", [Dimension.PLAN, Dimension.FEATURE, Dimension.MODEL])
def test_filtered_people_add_up_to_the_filtered_total(people, dimension):
    with snapshot() as db:
        for key in queries.split(db, OPS, AUTUMN, dimension, Filters()):
            filters = queries.filters_of(db, OPS, keys={dimension: key})
            found = top_users.top(db, OPS, AUTUMN, filters, limit=1_000)
            assert queries.total(row.person.sums for row in found.rows) == queries.totals(db, OPS, AUTUMN, filters)


def test_credits_are_those_used_in_the_period_less_what_came_back(people):
    with transaction() as db:
        purse.grant(db, people[0], Entry(CreditKind.GIFT, 50, "test"))
        used = [purse.debit(db, people[0], Entry(CreditKind.USAGE, amount, "test", feature="match_score"))
                for amount in (5, 7)]  # fmt: skip
        purse.give_back(db, used[1], cause="test", source="test")
    today = clock.now().date()
    this = Period(today - timedelta(days=1), today + timedelta(days=1), "Europe/Paris")
    with transaction() as db:
        meter.record(db, usage(clock.now()), user_id=people[0])
        used_now = {row.person.user_id: row.credits for row in top_users.top(db, OPS, this, Filters()).rows}
        before = {row.person.user_id: row.credits for row in top_users.top(db, OPS, AUTUMN, Filters()).rows}
    assert used_now[people[0]] == 5
    assert set(before.values()) == {0}


def test_addresses_are_shortened_for_who_may_not_read_them(people):
    viewer = Actor(user_id=people[0], role=Role.VIEWER, permissions=permissions_of(Role.VIEWER))
    with snapshot() as db:
        seen = {row.person.email for row in top_users.top(db, viewer, AUTUMN, Filters()).rows}
    assert seen == {"q•••@e•••.org", ""}


def test_people_and_plans_are_for_staff(people):
    with snapshot() as db:
        with pytest.raises(Forbidden):
            top_users.top(db, actors.VISITOR, AUTUMN, Filters())
        with pytest.raises(Forbidden):
            plan_costs.plans(db, actors.VISITOR, AUTUMN, None, Filters())


def test_euros_use_the_rate_of_each_day_and_say_which_days_have_none(people):
    with snapshot() as db:
        assert plan_costs.plans(db, OPS, HERE, None, Filters()).whole.eur.missing == 31
    with transaction() as db:
        for day, rate in (("2026-09-30", "0.8"), ("2026-10-11", "0.9"), ("2026-10-12", "1.25")):
            at = date.fromisoformat(day)
            db.add(ExchangeRate(day=at, base="USD", quote="EUR", rate=Decimal(rate), source="hand"))
    with snapshot() as db:
        seen = plan_costs.plans(db, OPS, HERE, None, Filters())
        slots = queries.costs(db, OPS, HERE, None, Dimension.PLAN, Filters()).slots
    by_day = {slot.at: slot.whole.cost_nano for slot in slots}
    rate_of = {day: Decimal("0.8" if day.day < 11 else "0.9" if day.day == 11 else "1.25") for day in by_day}
    exact = sum((nano * rate_of[day] for day, nano in by_day.items()), Decimal())
    assert seen.whole.eur.cents == int((exact / 10_000_000).quantize(Decimal(1), rounding="ROUND_HALF_UP"))
    assert (seen.whole.eur.missing, seen.whole.eur.carried) == (0, sum(1 for nano in by_day.values() if nano) - 2)
    assert abs(sum(row.eur.cents for row in seen.rows) - seen.whole.eur.cents) <= len(seen.rows)


def test_a_plan_is_the_one_of_the_call_and_not_the_one_of_now(people):
    """A person who moved between plans costs under both; together that is what they cost."""
    with snapshot() as db:
        exact = raw(db, AUTUMN)
        moved = {user for user, _plan in exact if user and len({p for u, p in exact if u == user}) > 1}
        seen = plan_costs.plans(db, OPS, AUTUMN, None, Filters())
    assert moved
    assert sum(row.people for row in seen.rows) > seen.whole.people == 7
