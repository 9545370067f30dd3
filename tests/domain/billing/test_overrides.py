"""Exceptions: granted with a reason, over by themselves, audited, one at a time for a person and feature."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, limits, override_list, overrides
from fitmycv_admin.models import AuditEvent
from fitmycv_admin.vocabulary import Permission
from tests import cluster
from tests.domain.billing import subscribers
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
FEATURE = "match_score"
SOON = timedelta(days=30)
CROWD, ROUNDS = 16, 50


@pytest.fixture
def ops(database: object) -> Actor:
    """Somebody who may change limits, on a product with a free plan."""
    with transaction() as db:
        subscribers.wipe(db)
        subscribers.plan(db, "free", {FEATURE: 1})
        return subscribers.staff(db, Permission.PLANS_READ, Permission.LIMITS_WRITE)


def granted(db: Session, ops: Actor, user: UUID, *, limit: int = 50, end: datetime | None = None) -> UUID:
    """An exception for a month."""
    end = end or clock.now() + SOON
    return overrides.grant(db, ops, user, FEATURE, usage_limit=limit, ends_at=end, reason="a pilot customer")


def test_an_exception_holds_until_its_end_and_not_a_moment_longer(db: Session, ops: Actor):
    user, end = subscribers.person(db), clock.now() + SOON
    granted(db, ops, user, end=end)
    found = [limits.limit_for(db, user, FEATURE, at) for at in (clock.now(), end - timedelta(microseconds=1), end)]
    assert [(limit.source, limit.usage_limit) for limit in found] == [("override", 50), ("override", 50), ("plan", 1)]


def test_an_ended_exception_gives_the_plan_its_word_back_at_once(db: Session, ops: Actor):
    user = subscribers.person(db)
    overrides.end(db, ops, granted(db, ops, user), reason="the pilot is over")
    assert limits.limit_for(db, user, FEATURE, clock.now()).source == "plan"


def test_grant_and_end_are_audited_with_what_changed_and_why(db: Session, ops: Actor):
    user = subscribers.person(db)
    overrides.end(db, ops, granted(db, ops, user), reason="the pilot is over")
    db.flush()
    lines = db.exec(select(AuditEvent).where(AuditEvent.target_id == str(user)).order_by(col(AuditEvent.id))).all()
    assert [(line.action, line.reason) for line in lines] == [
        ("limit_override.granted", "a pilot customer"), ("limit_override.ended", "the pilot is over")
    ]  # fmt: skip
    assert (lines[0].after or {})["usage_limit"] == 50
    assert (lines[1].before or {})["until"] > (lines[1].after or {})["until"]


def test_a_second_exception_is_refused_while_one_runs_and_allowed_when_it_ran_out(db: Session, ops: Actor):
    user = subscribers.person(db)
    first = granted(db, ops, user)
    with pytest.raises(Conflict):
        granted(db, ops, user, limit=5)
    # As if a month had gone by.
    db.execute(
        text("UPDATE limit_override SET valid_from = valid_from - interval '40 days',"
             " ends_at = ends_at - interval '40 days' WHERE id = :id"),
        {"id": first},
    )  # fmt: skip
    granted(db, ops, user, limit=5)
    assert limits.limit_for(db, user, FEATURE, clock.now()).usage_limit == 5


def test_an_exception_that_is_over_cannot_be_ended_again(db: Session, ops: Actor):
    first = granted(db, ops, subscribers.person(db))
    overrides.end(db, ops, first, reason="done")
    with pytest.raises(Conflict):
        overrides.end(db, ops, first, reason="done")


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"usage_limit": -2}, "usage_limit"),
        ({"usage_limit": overrides.MOST + 1}, "usage_limit"),
        ({"feature": "teleport"}, "feature"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"days": 0}, "ends_at"),
        ({"days": 400}, "ends_at"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(db: Session, ops: Actor, details: dict, field: str):
    given = {"usage_limit": 5, "feature": FEATURE, "reason": "why", "days": 5} | details
    with pytest.raises(Invalid) as refused:
        overrides.grant(
            db, ops, subscribers.person(db), given["feature"], usage_limit=given["usage_limit"],
            ends_at=clock.now() + timedelta(days=given["days"]), reason=given["reason"],
        )  # fmt: skip
    assert refused.value.field == field


def test_ending_needs_a_reason_and_an_exception(db: Session, ops: Actor):
    with pytest.raises(Invalid):
        overrides.end(db, ops, granted(db, ops, subscribers.person(db)), reason="")
    with pytest.raises(NotFound):
        overrides.end(db, ops, new_id(), reason="why")


def test_nobody_gets_no_exception(db: Session, ops: Actor):
    with pytest.raises(NotFound):
        granted(db, ops, new_id())


def test_only_those_who_may_change_limits_grant_and_end(db: Session, ops: Actor):
    reader = subscribers.staff(db, Permission.PLANS_READ)
    with pytest.raises(Forbidden):
        granted(db, reader, subscribers.person(db))
    with pytest.raises(Forbidden):
        overrides.end(db, reader, granted(db, ops, subscribers.person(db)), reason="why")


def test_of_many_grants_at_once_one_is_given(database: cluster.Database, ops: Actor):
    def act(user: UUID, number: int) -> UUID:
        with transaction() as db:
            return granted(db, ops, user, limit=number + 1)

    with cluster.environment(DB_POOL_SIZE=str(CROWD)):
        for _ in range(ROUNDS):
            with transaction() as db:
                user = subscribers.person(db)
            answers = at_once(CROWD, lambda n, u=user: act(u, n))
            assert sum(isinstance(answer, UUID) for answer in answers) == 1
            assert sum(isinstance(answer, Conflict) for answer in answers) == CROWD - 1


def test_the_list_tells_those_that_run_from_those_that_are_over(db: Session, ops: Actor):
    runs, soon, over = (subscribers.person(db) for _ in range(3))
    granted(db, ops, runs)
    granted(db, ops, soon, end=clock.now() + timedelta(days=2))
    overrides.end(db, ops, granted(db, ops, over), reason="done")

    def people(state: str) -> set[tuple[UUID, str]]:
        page = override_list.overrides(db, ops, {"state": state}, PageRequest())
        return {(row.user_id, row.state) for row in page.rows}

    assert people("running") == {(runs, "running"), (soon, "soon")}
    assert people("soon") == {(soon, "soon")}
    assert people("over") == {(over, "over")}
    assert len(people("all")) == 3


def test_the_list_shows_this_months_uses_and_what_the_plan_would_allow(db: Session, ops: Actor):
    user = subscribers.person(db)
    granted(db, ops, user)
    period = limits.limit_for(db, user, FEATURE, clock.now()).period(clock.now())
    for _ in range(3):
        counters.take(db, user, FEATURE, 50, period)
    row = override_list.overrides(db, ops, {"user": str(user)}, PageRequest()).rows[0]
    assert (row.used, row.usage_limit, row.plan_name, row.plan_limit) == (3, 50, "free", 1)
    assert (row.reason, row.by) == ("a pilot customer", "Ops")


def test_the_list_goes_forth_and_back_by_pages_and_the_export_holds_all(db: Session, ops: Actor):
    people = [subscribers.person(db) for _ in range(5)]
    for user in people:
        granted(db, ops, user)
    first = override_list.overrides(db, ops, {}, PageRequest(size=2))
    second = override_list.overrides(db, ops, {}, PageRequest(after=first.next, size=2))
    back = override_list.overrides(db, ops, {}, PageRequest(before=second.previous, size=2))
    newest = [row.user_id for row in (*first.rows, *second.rows)]
    assert newest == people[::-1][:4]
    assert back.rows == first.rows
    assert [row.user_id for row in override_list.every(db, ops, {})] == people[::-1]


def test_addresses_are_masked_for_those_who_may_not_see_them(db: Session, ops: Actor):
    user = subscribers.person(db)
    granted(db, ops, user)
    sees = subscribers.staff(db, Permission.PLANS_READ, Permission.PEOPLE_REVEAL)
    masked, clear = (override_list.overrides(db, who, {}, PageRequest()).rows[0].email for who in (ops, sees))
    assert clear == f"{user}@example.org"
    assert str(user) not in masked


def test_somebody_is_found_by_id_or_number_and_by_address_only_by_those_who_see_it(db: Session, ops: Actor):
    user = subscribers.person(db)
    sees = subscribers.staff(db, Permission.PLANS_READ, Permission.PEOPLE_REVEAL)
    card = override_list.person(db, ops, str(user))
    assert override_list.person(db, ops, str(card.number)).id == user
    assert override_list.person(db, sees, f"{user}@EXAMPLE.org").id == user
    for words in (f"{user}@example.org", "", "x", str(new_id())):
        with pytest.raises(NotFound):
            override_list.person(db, ops, words)
