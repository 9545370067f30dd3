"""What a person may use: the exception made for them, else their plan, else the free one."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.billing import limits, periods
from fitmycv_admin.models import PlanVersion
from fitmycv_admin.vocabulary import SubscriptionState
from tests.domain.billing import subscribers

pytestmark = pytest.mark.usefixtures("database")
NOW = clock.now()
FEATURE = "match_score"
ENTITLED = {SubscriptionState.ACTIVE, SubscriptionState.TRIALING}


@pytest.fixture(autouse=True)
def plans(database: object) -> dict[str, PlanVersion]:
    """A free plan with 1 use and one that is paid for with 25."""
    with transaction() as db:
        subscribers.wipe(db)
        return {
            "free": subscribers.plan(db, "free", {FEATURE: 1, "edit_cv": -1, "export_cv": 0}),
            "pro": subscribers.plan(db, "pro", {FEATURE: 25}, cents=999),
        }


def override(db: Session, user: UUID, limit: int, *, start: datetime, end: datetime) -> None:
    """An exception as it is stored."""
    db.execute(
        text(
            "INSERT INTO limit_override (id, user_id, feature_name, is_enabled, usage_limit, reason, created_by,"
            " valid_from, ends_at) VALUES (:id, :user, :feature, :on, :limit, 'test', :user, :start, :end)"
        ),
        {
            "id": new_id(), "user": user, "feature": FEATURE, "on": limit != 0, "limit": limit,
            "start": start, "end": end,
        },
    )  # fmt: skip


def test_somebody_without_a_subscription_is_on_the_free_plan_from_their_first_day(db: Session, plans: dict):
    user = subscribers.person(db)
    limit = limits.limit_for(db, user, FEATURE, NOW)
    assert (limit.plan_name, limit.usage_limit, limit.source) == ("free", 1, "plan")
    assert limit.plan_version_id == plans["free"].id
    assert limit.anchor == subscribers.LONG_AGO
    assert limit.period(NOW) == periods.monthly(subscribers.LONG_AGO, NOW)


@pytest.mark.parametrize("status", list(SubscriptionState))
def test_only_an_active_or_trial_subscription_counts(db: Session, plans: dict, status: SubscriptionState):
    user = subscribers.person(db)
    bought = NOW - timedelta(days=20)
    subscribers.subscribe(db, user, plans["pro"], start=bought, status=status)
    limit = limits.limit_for(db, user, FEATURE, NOW)
    expected = ("pro", 25, bought) if status in ENTITLED else ("free", 1, subscribers.LONG_AGO)
    assert (limit.plan_name, limit.usage_limit, limit.anchor) == expected


@pytest.mark.parametrize(("ago", "name"), [(timedelta(days=14) - timedelta(seconds=1), "pro"), (limits.GRACE, "free")])
def test_a_failed_payment_leaves_fourteen_days(db: Session, plans: dict, ago: timedelta, name: str):
    user = subscribers.person(db)
    subscribers.subscribe(
        db, user, plans["pro"], start=NOW - timedelta(days=40), status=SubscriptionState.PAST_DUE,
        past_due_since=NOW - ago,
    )  # fmt: skip
    assert limits.limit_for(db, user, FEATURE, NOW).plan_name == name


def test_a_subscriber_keeps_the_version_they_bought(db: Session, plans: dict):
    kept, new = subscribers.person(db), subscribers.person(db)
    subscribers.subscribe(db, kept, plans["pro"], start=NOW)
    newer = subscribers.plan(db, "pro", {FEATURE: 10}, cents=999)
    subscribers.subscribe(db, new, newer, start=NOW, pinned=False)
    assert [limits.limit_for(db, user, FEATURE, NOW).usage_limit for user in (kept, new)] == [25, 10]


def test_a_subscriber_who_moves_has_the_next_version_from_their_renewal_on(db: Session, plans: dict):
    user = subscribers.person(db)
    subscribers.subscribe(db, user, plans["pro"], start=NOW)
    newer = subscribers.plan(db, "pro", {FEATURE: 10}, cents=999, moves=True)
    db.execute(text("UPDATE subscription SET next_plan_version_id = :next"), {"next": newer.id})
    renewal = NOW + timedelta(days=30)
    assert limits.limit_for(db, user, FEATURE, renewal - timedelta(microseconds=1)).usage_limit == 25
    assert limits.limit_for(db, user, FEATURE, renewal).usage_limit == 10


def test_people_on_the_free_plan_have_its_newest_version(db: Session, plans: dict):
    user = subscribers.person(db)
    subscribers.plan(db, "free", {FEATURE: 3})
    assert limits.limit_for(db, user, FEATURE, NOW).usage_limit == 3


def test_an_exception_goes_before_the_plan_and_counts_in_the_plans_month(db: Session, plans: dict):
    user = subscribers.person(db)
    bought = NOW - timedelta(days=3)
    subscribers.subscribe(db, user, plans["pro"], start=bought)
    override(db, user, 100, start=NOW - timedelta(days=1), end=NOW + timedelta(days=1))
    limit = limits.limit_for(db, user, FEATURE, NOW)
    assert (limit.source, limit.usage_limit, limit.plan_name, limit.anchor) == ("override", 100, "pro", bought)


def test_an_exception_can_forbid_what_the_plan_allows(db: Session, plans: dict):
    user = subscribers.person(db)
    override(db, user, 0, start=NOW, end=NOW + timedelta(days=1))
    limit = limits.limit_for(db, user, FEATURE, NOW)
    assert (limit.is_enabled, limit.usage_limit) == (False, 0)


def test_an_exception_ends_by_itself_when_its_instant_comes(db: Session, plans: dict):
    user = subscribers.person(db)
    end = NOW + timedelta(days=2)
    override(db, user, 100, start=NOW, end=end)
    found = [limits.limit_for(db, user, FEATURE, at).source for at in (end - timedelta(microseconds=1), end)]
    assert found == ["override", "plan"]


def test_an_exception_is_for_one_feature(db: Session, plans: dict):
    user = subscribers.person(db)
    override(db, user, 100, start=NOW, end=NOW + timedelta(days=1))
    assert limits.limit_for(db, user, "edit_cv", NOW).source == "plan"


def test_without_limit_off_and_unnamed_are_three_things(db: Session, plans: dict):
    user = subscribers.person(db)
    found = [limits.limit_for(db, user, feature, NOW) for feature in ("edit_cv", "export_cv", "translate_cv")]
    assert [(limit.is_enabled, limit.usage_limit, limit.is_unlimited) for limit in found] == [
        (True, -1, True), (False, 0, False), (False, 0, False)
    ]  # fmt: skip


def test_nobody_has_no_limit(db: Session, plans: dict):
    with pytest.raises(NotFound):
        limits.limit_for(db, new_id(), FEATURE, NOW)
