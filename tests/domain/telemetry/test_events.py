"""Telemetry counts, and never stands in the way."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.telemetry import events
from fitmycv_admin.domain.telemetry.events import Event
from fitmycv_admin.models import FeatureUsage, TelemetryEvent, User
from fitmycv_admin.vocabulary import Role


@pytest.fixture
def by(db: Session) -> Actor:
    user = User(email=f"{new_id()}@exemple.fr")
    db.add(user)
    db.flush()
    return Actor(user_id=user.id, role=Role.USER, permissions=permissions_of(Role.USER))


def test_an_event_is_kept_with_its_category(db: Session, by: Actor) -> None:
    events.record(db, by, Event.CV_IMPORTED, duration_ms=1200, details={"pages": 2})
    row = db.exec(select(TelemetryEvent).where(TelemetryEvent.user_id == by.user_id)).one()
    assert (row.type, row.category, row.status, row.duration) == ("CV_IMPORTED", "cv_management", "success", 1200)
    assert row.details == {"pages": 2}


def test_uses_of_a_feature_add_up_and_errors_are_no_use(db: Session, by: Actor) -> None:
    for duration in (100, 250):
        events.record(db, by, Event.MATCH_SCORE_CALCULATED, feature="match_score", duration_ms=duration)
    events.record(db, by, Event.MATCH_SCORE_CALCULATED, feature="match_score", status="error", error="no model")
    row = db.exec(select(FeatureUsage).where(FeatureUsage.user_id == by.user_id)).one()
    assert (row.usage_count, row.total_duration) == (2, 350)


def test_a_failure_does_not_reach_the_caller_and_its_work_is_kept(db: Session, by: Actor) -> None:
    stranger = Actor(user_id=new_id(), role=Role.USER, permissions=frozenset())
    events.record(db, stranger, Event.USER_LOGIN)  # breaks the foreign key
    assert db.exec(select(User).where(User.id == by.user_id)).one()
    events.record(db, by, Event.USER_LOGIN)
    assert len(db.exec(select(TelemetryEvent).where(TelemetryEvent.type == "USER_LOGIN")).all()) == 1
    db.rollback()


def test_what_the_caller_broke_is_still_the_callers_error(db: Session, by: Actor) -> None:
    db.add(User(id=new_id(), role="king"))
    with pytest.raises(IntegrityError):
        events.record(db, by, Event.USER_LOGIN)
    db.rollback()


def test_every_event_has_a_category() -> None:
    assert {events.category_of(event) for event in Event} == {
        "cv_management", "job_processing", "auth", "navigation", "interaction",
    }  # fmt: skip
