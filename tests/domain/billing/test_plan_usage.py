"""Use against limit: the spread, who is near, and months computed alike in the database and in Python."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, limits, overrides, periods, plan_usage
from fitmycv_admin.models import PlanVersion
from fitmycv_admin.vocabulary import Permission
from tests.domain.billing import subscribers

pytestmark = pytest.mark.usefixtures("database")
FEATURE, OTHER = "match_score", "import_pdf"
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))


@pytest.fixture
def ops(database: object) -> Actor:
    """Somebody who may see plans."""
    with transaction() as db:
        subscribers.wipe(db)
        return subscribers.staff(db, Permission.PLANS_READ, Permission.LIMITS_WRITE)


@pytest.fixture
def pro(ops: Actor) -> PlanVersion:
    """A plan with 20 uses of one feature and another without limit."""
    with transaction() as db:
        subscribers.plan(db, "free", {FEATURE: 0})
        return subscribers.plan(db, "pro", {FEATURE: 20, OTHER: -1}, cents=999)


def user(db: Session, version: PlanVersion, uses: int, feature: str = FEATURE) -> UUID:
    """A subscriber who used a feature this month."""
    found = subscribers.person(db)
    subscribers.subscribe(db, found, version, start=clock.now() - timedelta(days=3))
    period = limits.limit_for(db, found, feature, clock.now()).period(clock.now())
    for _ in range(uses):
        counters.take(db, found, feature, -1, period)
    return found


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(anchor=INSTANTS, now=INSTANTS)
def test_the_database_and_python_agree_where_a_month_begins(db: Session, anchor: datetime, now: datetime):
    sql = text(f"SELECT {plan_usage.month_start('cast(:anchor AS timestamptz)')}")
    assert db.execute(sql, {"anchor": anchor, "now": now}).scalar_one() == periods.monthly(anchor, now)[0]


def test_the_spread_counts_everybody_once_in_their_step(db: Session, ops: Actor, pro: PlanVersion):
    for uses in (1, 9, 10, 14, 15, 17, 18, 19, 20, 25):
        user(db, pro, uses)
    user(db, pro, 0)
    user(db, pro, 3, OTHER)
    rows = {row.feature: row for row in plan_usage.usage(db, ops, {})}
    row = rows[FEATURE]
    assert dict(row.spread) == {"low": 2, "half": 2, "most": 2, "near": 2, "reached": 2}
    assert (row.people, row.uses, row.limit, row.near, row.reached) == (10, 148, 20, 4, 2)
    assert (rows[OTHER].limit, rows[OTHER].people, sum(rows[OTHER].spread.values())) == (-1, 1, 0)


def test_those_above_ninety_percent_are_listed_fullest_first(db: Session, ops: Actor, pro: PlanVersion):
    user(db, pro, 17)
    near, full, over = user(db, pro, 18), user(db, pro, 20), user(db, pro, 21)
    page = plan_usage.near(db, ops, {}, PageRequest())
    assert [(row.user_id, row.used, row.limit, row.share) for row in page.rows] == [
        (over, 21, 20, 1050), (full, 20, 20, 1000), (near, 18, 20, 900)
    ]  # fmt: skip
    assert [row.user_id for row in plan_usage.near(db, ops, {"at": "100"}, PageRequest()).rows] == [over, full]
    assert [row.user_id for row in plan_usage.every_near(db, ops, {})] == [over, full, near]


def test_the_list_goes_forth_and_back_by_pages(db: Session, ops: Actor, pro: PlanVersion):
    people = [user(db, pro, uses) for uses in (24, 23, 23, 22, 21)]
    first = plan_usage.near(db, ops, {}, PageRequest(size=2))
    second = plan_usage.near(db, ops, {}, PageRequest(after=first.next, size=2))
    back = plan_usage.near(db, ops, {}, PageRequest(before=second.previous, size=2))
    assert {row.user_id for row in (*first.rows, *second.rows)} == set(people[:4])
    assert back.rows == first.rows


def test_an_exception_counts_instead_of_the_plan(db: Session, ops: Actor, pro: PlanVersion):
    found = user(db, pro, 20)
    overrides.grant(db, ops, found, FEATURE, usage_limit=100, ends_at=clock.now() + timedelta(days=9), reason="pilot")
    assert plan_usage.near(db, ops, {}, PageRequest()).rows == ()
    assert dict(plan_usage.usage(db, ops, {})[0].spread)["low"] == 1


def test_somebody_counts_by_the_version_they_have(db: Session, ops: Actor, pro: PlanVersion):
    user(db, pro, 10)
    subscribers.plan(db, "pro", {FEATURE: 10}, cents=999)
    row = plan_usage.usage(db, ops, {})[0]
    assert (row.limit, row.spread["half"], row.reached) == (10, 1, 0)


def test_past_months_and_those_before_a_change_of_plan_do_not_count(db: Session, ops: Actor, pro: PlanVersion):
    found = subscribers.person(db)
    subscribers.subscribe(db, found, pro, start=clock.now() - timedelta(days=3))
    for day in (-5, -40):
        at = clock.now() + timedelta(days=day)
        counters.take(db, found, FEATURE, -1, periods.monthly(at, at))
    assert plan_usage.usage(db, ops, {}) == ()


def test_plan_and_feature_narrow_both_views(db: Session, ops: Actor, pro: PlanVersion):
    user(db, pro, 20)
    user(db, pro, 3, OTHER)
    assert [row.feature for row in plan_usage.usage(db, ops, {"feature": OTHER})] == [OTHER]
    assert plan_usage.usage(db, ops, {"plan": "free"}) == ()
    assert plan_usage.near(db, ops, {"feature": OTHER}, PageRequest()).rows == ()
    assert len(plan_usage.near(db, ops, {"plan": "pro", "feature": FEATURE}, PageRequest()).rows) == 1
    screen = plan_usage.screen(db, ops, {}, PageRequest())
    assert (screen.plans, len(screen.rows), len(screen.people.rows)) == (("free", "pro"), 2, 1)


def test_only_those_who_may_see_plans_see_it(db: Session, ops: Actor):
    nobody = subscribers.staff(db)
    for act in (
        lambda: plan_usage.screen(db, nobody, {}, PageRequest()), lambda: plan_usage.usage(db, nobody, {}),
        lambda: plan_usage.near(db, nobody, {}, PageRequest()), lambda: list(plan_usage.every_near(db, nobody, {})),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
