"""Two people for one act: asked, decided by somebody else, applied once, never late and never on a changed object."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import approvals
from fitmycv_admin.domain.billing.approvals import ApprovalKind
from fitmycv_admin.models import Approval, AuditEvent, Setting
from fitmycv_admin.vocabulary import ApprovalState, Permission, Role
from tests.domain.billing import desk

pytestmark = pytest.mark.usefixtures("database")
ROUNDS = 50
KIND = "test.note"


def _apply(db: Session, by: Actor, asked: approvals.Request) -> dict[str, str]:
    """Counts itself in a setting, as an act that must happen once would."""
    if asked.payload.get("breaks"):
        raise Invalid("approvals.error.note")
    db.execute(text("UPDATE setting SET version = version + 1 WHERE setting_name = :name"), {"name": asked.subject_id})
    return {"done_by": str(by.user_id)}


def _version(db: Session, asked: approvals.Request) -> str:
    return str(db.exec(select(Setting.value).where(col(Setting.setting_name) == asked.subject_id)).one())


@pytest.fixture(autouse=True)
def _kind() -> Iterator[None]:
    approvals.kinds[KIND] = ApprovalKind(Permission.CREDITS_WRITE, _apply, _version)
    yield
    del approvals.kinds[KIND]


def subject(db: Session) -> str:
    name = f"subject-{new_id()}"
    db.add(Setting(setting_name=name, value="one", category="credits"))
    db.flush()
    return name


def done(db: Session, name: str) -> int:
    return db.exec(select(Setting.version).where(col(Setting.setting_name) == name)).one() - 1


def asked(db: Session, by: Actor, name: str, **payload: object):
    return approvals.request(db, by, KIND, "setting", name, object_version="one", payload=payload, reason="it is due")


def test_another_person_approves_and_the_act_happens_with_both_in_the_trail(db: Session):
    asker, other = desk.staff(db, Role.SUPPORT), desk.staff(db, Role.FINANCE)
    name = subject(db)
    approval = asked(db, asker, name, amount=3)
    assert done(db, name) == 0
    assert approvals.decide(db, other, approval, approve=True) == ApprovalState.APPROVED
    assert done(db, name) == 1
    row = db.get(Approval, approval)
    assert row
    assert (row.decided_by, row.outcome) == (other.user_id, {"done_by": str(other.user_id)})
    events = db.exec(select(AuditEvent).where(col(AuditEvent.target_id) == name).order_by(col(AuditEvent.id))).all()
    assert [(event.action, event.actor_id) for event in events] == [
        ("approval.requested", asker.user_id), ("approval.approved", other.user_id),
    ]  # fmt: skip


def test_nobody_decides_about_what_they_asked_for(db: Session):
    asker = desk.staff(db, Role.ADMIN)
    name = subject(db)
    approval = asked(db, asker, name)
    for approve in (True, False):
        with pytest.raises(approvals.OnesOwn):
            approvals.decide(db, asker, approval, approve=approve, note="fine by me")
    assert done(db, name) == 0


def test_the_database_refuses_one_person_in_both_places():
    with transaction() as db:
        asker = desk.staff(db, Role.ADMIN)
        approval = asked(db, asker, subject(db))
    same = (
        update(Approval)
        .where(col(Approval.id) == approval)
        .values(state="approved", decided_at=clock.now(), decided_by=asker.user_id)
    )
    with pytest.raises(IntegrityError, match="two_people"), transaction() as db:
        db.execute(same)


@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER, Role.SUPPORT, Role.OPS])
def test_deciding_needs_the_permission_of_the_kind(db: Session, role: Role):
    approval = asked(db, desk.staff(db, Role.FINANCE), subject(db))
    with pytest.raises(Forbidden):
        approvals.decide(db, desk.staff(db, role), approval, approve=True)


def test_a_changed_object_makes_the_request_stale_and_nothing_happens(db: Session):
    name = subject(db)
    approval = asked(db, desk.staff(db, Role.FINANCE), name)
    db.execute(update(Setting).where(col(Setting.setting_name) == name).values(value="two"))
    assert approvals.decide(db, desk.staff(db, Role.FINANCE), approval, approve=True) == ApprovalState.STALE
    assert done(db, name) == 0
    with pytest.raises(approvals.Decided):
        approvals.decide(db, desk.staff(db, Role.FINANCE), approval, approve=True)


def test_a_refusal_says_why_and_does_nothing(db: Session):
    name, other = subject(db), desk.staff(db, Role.FINANCE)
    approval = asked(db, desk.staff(db, Role.FINANCE), name)
    with pytest.raises(Invalid):
        approvals.decide(db, other, approval, approve=False, note="  ")
    assert approvals.decide(db, other, approval, approve=False, note="not this month") == ApprovalState.REFUSED
    assert done(db, name) == 0


def test_a_request_that_is_too_late_expires_whether_decided_or_swept(db: Session):
    decided, swept = subject(db), subject(db)
    late = [asked(db, desk.staff(db, Role.FINANCE), name) for name in (decided, swept)]
    db.execute(update(Approval).where(col(Approval.id).in_(late)).values(expires_at=clock.now() - timedelta(seconds=1)))
    db.expire_all()
    assert approvals.decide(db, desk.staff(db, Role.ADMIN), late[0], approve=True) == ApprovalState.EXPIRED
    assert approvals.expire(db) == 1
    assert {db.get(Approval, one).state for one in late} == {ApprovalState.EXPIRED}  # type: ignore[union-attr]
    assert done(db, decided) == 0


def test_who_asked_may_take_it_back_and_nobody_else(db: Session):
    asker, name = desk.staff(db, Role.FINANCE), subject(db)
    approval = asked(db, asker, name)
    with pytest.raises(Forbidden):
        approvals.withdraw(db, desk.staff(db, Role.ADMIN), approval)
    approvals.withdraw(db, asker, approval)
    with pytest.raises(approvals.Decided):
        approvals.decide(db, desk.staff(db, Role.ADMIN), approval, approve=True)


def test_the_same_request_twice_is_one_and_somebody_elses_is_refused(db: Session):
    asker, name = desk.staff(db, Role.FINANCE), subject(db)
    first = asked(db, asker, name, amount=5)
    assert asked(db, asker, name, amount=5) == first
    with pytest.raises(approvals.Requested):
        asked(db, asker, name, amount=6)
    with pytest.raises(approvals.Requested):
        asked(db, desk.staff(db, Role.ADMIN), name, amount=5)


def test_a_request_says_why(db: Session):
    with pytest.raises(Invalid):
        approvals.request(
            db, desk.staff(db, Role.FINANCE), KIND, "setting", "x", object_version="", payload={}, reason=" "
        )


def test_an_act_that_fails_leaves_the_request_waiting():
    with transaction() as db:
        other = desk.staff(db, Role.ADMIN)
        approval = asked(db, desk.staff(db, Role.FINANCE), subject(db), breaks=True)
    with pytest.raises(Invalid), transaction() as db:
        approvals.decide(db, other, approval, approve=True)
    with transaction() as db:
        row = db.get(Approval, approval)
        assert row
        assert row.state == ApprovalState.PENDING


def test_an_unknown_request_or_kind_is_not_found(db: Session):
    with pytest.raises(NotFound):
        approvals.decide(db, desk.staff(db, Role.ADMIN), new_id(), approve=True)
    with pytest.raises(NotFound):
        approvals.request(
            db, desk.staff(db, Role.ADMIN), "nobody.knows", "x", "y", object_version="", payload={}, reason="r"
        )


def test_of_many_who_approve_at_once_one_applies_it():
    with transaction() as db:
        asker = desk.staff(db, Role.SUPPORT)
        deciders = [desk.staff(db, Role.FINANCE) for _ in range(16)]
    for _ in range(ROUNDS):
        with transaction() as db:
            name = subject(db)
            approval = asked(db, asker, name)
        results = desk.at_once(
            [lambda db, by=by, approval=approval: approvals.decide(db, by, approval, approve=True) for by in deciders]
        )
        assert results.count(ApprovalState.APPROVED) == 1
        assert sum(isinstance(one, approvals.Decided) for one in results) == 15
        with transaction() as db:
            assert done(db, name) == 1
