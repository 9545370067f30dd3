"""Credits by hand: for a reason, once per form, within the limits of the role, above them by two people."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import approvals, grants, ledger
from fitmycv_admin.domain.billing.credits import NotEnough
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.models import AuditEvent, CreditTransaction, Setting, User
from fitmycv_admin.vocabulary import ApprovalState, Role
from tests.domain.billing import desk, purses

pytestmark = pytest.mark.usefixtures("database", "sound_money")
ROUNDS = 50


@pytest.fixture(autouse=True)
def _limits(database: object) -> None:
    with transaction() as db:
        db.exec(delete(Setting).where(col(Setting.setting_name).startswith("credits_by_hand")))
        lookups.forget(db)


def limit(db: Session, name: str, value: int) -> None:
    db.add(Setting(setting_name=f"credits_by_hand_{name}", value=str(value), category="credits"))
    db.flush()
    lookups.forget(db)


def give(db: Session, by: Actor, user_id: UUID, amount: int, **more):
    given = {"reason_code": "goodwill", "note": "the import failed twice", "key": str(new_id())}
    return grants.give(db, by, user_id, amount, **{**given, **more})


def take(db: Session, by: Actor, user_id: UUID, amount: int, **more):
    given = {"reason_code": "given_by_mistake", "note": "meant for somebody else", "key": str(new_id())}
    return grants.take(db, by, user_id, amount, **{**given, **more})


def test_support_gives_credits_with_a_line_a_lot_and_an_audit_event(db: Session):
    support, ana = desk.staff(db, Role.SUPPORT), desk.person(db)
    made = give(db, support, ana, 5)
    assert made.approval_id is None
    assert made.line_id
    line = db.get(CreditTransaction, made.line_id)
    assert line
    assert (line.type, line.amount, line.balance_after, line.actor_id) == ("gift", 5, 5, support.user_id)
    assert (line.source, line.reason) == ("staff", "goodwill")
    until = db.execute(text("SELECT expires_at FROM credit_lot WHERE line_id = :id"), {"id": made.line_id}).scalar_one()
    assert timedelta(days=364) < until - clock.now() < timedelta(days=367)
    event = db.exec(select(AuditEvent).where(col(AuditEvent.target_id) == str(ana))).one()
    assert (event.action, event.reason) == ("credits.given", "the import failed twice")
    assert (event.before, event.after) == ({"credits": 0}, {"credits": 5, "line": made.line_id, "reason": "goodwill"})


def test_a_gift_may_run_out_earlier_but_not_in_the_past(db: Session):
    finance, ana = desk.staff(db, Role.FINANCE), desk.person(db)
    at = clock.now() + timedelta(days=7)
    made = give(db, finance, ana, 5, expires_at=at)
    found = db.execute(text("SELECT expires_at FROM credit_lot WHERE line_id = :id"), {"id": made.line_id})
    assert found.scalar_one() == at
    with pytest.raises(Invalid):
        give(db, finance, ana, 5, expires_at=clock.now() - timedelta(seconds=1))


@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER, Role.OPS])
def test_giving_needs_credits_gift(db: Session, role: Role):
    with pytest.raises(Forbidden):
        give(db, desk.staff(db, role), desk.person(db), 1)


@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER, Role.OPS, Role.SUPPORT])
def test_taking_needs_credits_write(db: Session, role: Role):
    with pytest.raises(Forbidden):
        take(db, desk.staff(db, role), desk.person(db), 1)


def test_nobody_gives_to_themselves(db: Session):
    admin = desk.staff(db, Role.ADMIN)
    with pytest.raises(grants.OnOneself):
        give(db, admin, admin.owner_id, 1)


def test_nobody_who_is_gone_gets_credits(db: Session):
    finance, gone = desk.staff(db, Role.FINANCE), desk.person(db, state="erased", email=None)
    for somebody in (gone, new_id()):
        with pytest.raises(NotFound):
            give(db, finance, somebody, 1)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("amount", 0), ("amount", -3), ("amount", 100_001), ("reason_code", "because"), ("note", "  ")],
)
def test_a_form_names_the_field_that_is_wrong(db: Session, field: str, wrong):
    finance, ana = desk.staff(db, Role.FINANCE), desk.person(db)
    fields = {"amount": 5, field: wrong}
    with pytest.raises(Invalid) as refused:
        give(db, finance, ana, fields.pop("amount"), **fields)
    assert refused.value.field == field


def test_the_same_form_twice_gives_once_and_says_the_same(db: Session):
    support, ana = desk.staff(db, Role.SUPPORT), desk.person(db)
    first = give(db, support, ana, 20, key="form-1")
    assert give(db, support, ana, 20, key="form-1") == first
    assert ledger.balance_of(db, ana).balance == 20


def test_a_debit_never_takes_more_than_there_is(db: Session):
    finance, ana = desk.staff(db, Role.FINANCE), desk.person(db)
    give(db, finance, ana, 10)
    made = take(db, finance, ana, 4)
    line = db.get(CreditTransaction, made.line_id)
    assert line
    assert (line.type, line.amount, line.balance_after) == ("clawback", -4, 6)
    with pytest.raises(NotEnough):
        take(db, finance, ana, 7)


def test_support_above_its_day_asks_for_a_second_person(db: Session):
    support, ana = desk.staff(db, Role.SUPPORT), desk.person(db)
    give(db, support, ana, 15)
    assert grants.allowance(db, support) == grants.Allowance(may_give=True, may_take=False, today=5, act=None)
    asked = give(db, support, ana, 6, key="big")
    assert asked.line_id is None
    assert asked.approval_id
    assert give(db, support, ana, 6, key="big") == asked
    assert ledger.balance_of(db, ana).balance == 15
    assert approvals.decide(db, desk.staff(db, Role.FINANCE), asked.approval_id, approve=True) == ApprovalState.APPROVED
    line = db.exec(select(CreditTransaction).where(col(CreditTransaction.user_id) == ana)).all()[-1]
    assert (line.amount, line.source, line.actor_id) == (6, "staff_approved", support.user_id)
    assert give(db, support, ana, 6, key="big").line_id == line.id
    assert grants.allowance(db, support).today == 5  # what a second person agreed to is not of the day


def test_a_day_of_support_begins_anew(db: Session):
    support, ana = desk.staff(db, Role.SUPPORT), desk.person(db)
    before = clock.now() - timedelta(days=1, hours=1)
    entry = grants.Entry(grants.CreditKind.GIFT, 20, grants.BY_HAND, actor_id=support.user_id)
    ledger.grant(db, ana, entry, at=before)
    assert give(db, support, ana, 20).line_id


def test_finance_above_one_act_asks_for_a_second_person_for_giving_and_taking(db: Session):
    finance, other, ana = desk.staff(db, Role.FINANCE), desk.staff(db, Role.ADMIN), desk.person(db)
    assert give(db, finance, ana, 200).line_id
    asked = give(db, finance, ana, 201)
    assert asked.approval_id
    with pytest.raises(approvals.OnesOwn):
        approvals.decide(db, finance, asked.approval_id, approve=True)
    approvals.decide(db, other, asked.approval_id, approve=True)
    taken = take(db, finance, ana, 300)
    assert taken.approval_id
    assert ledger.balance_of(db, ana).balance == 401
    approvals.decide(db, other, taken.approval_id, approve=True)
    assert ledger.balance_of(db, ana).balance == 101


def test_credits_worth_more_than_a_hundred_euros_need_two_whatever_the_act_allows(db: Session):
    limit(db, "an_act", 10_000)
    db.execute(
        text("INSERT INTO credit_pack (name, credit_amount, price, is_active, created_at, updated_at)"
             " VALUES ('dear', 10, 500, true, now(), now())")
    )  # fmt: skip
    finance, ana = desk.staff(db, Role.FINANCE), desk.person(db)
    assert give(db, finance, ana, 200).line_id  # 200 × 0.50 € = 100 €
    assert give(db, finance, ana, 201).approval_id
    db.execute(text("DELETE FROM credit_pack"))


def test_the_person_who_would_get_the_credits_does_not_approve_them(db: Session):
    finance, other = desk.staff(db, Role.FINANCE), desk.staff(db, Role.ADMIN)
    asked = give(db, finance, other.owner_id, 500)
    assert asked.approval_id
    with pytest.raises(grants.OnOneself):
        approvals.decide(db, other, asked.approval_id, approve=True)


def test_a_request_is_stale_when_the_account_was_closed_since(db: Session):
    finance, ana = desk.staff(db, Role.FINANCE), desk.person(db)
    asked = give(db, finance, ana, 500)
    assert asked.approval_id
    db.execute(update(User).where(col(User.id) == ana).values(state="disabled"))
    assert approvals.decide(db, desk.staff(db, Role.ADMIN), asked.approval_id, approve=True) == ApprovalState.STALE
    assert ledger.balance_of(db, ana).balance == 0


def test_one_form_sent_sixteen_times_at_once_gives_once():
    with transaction() as db:
        finance = desk.staff(db, Role.FINANCE)
    for number in range(ROUNDS):
        ana = purses.person()
        results = desk.at_once([lambda db, n=number, who=ana: give(db, finance, who, 7, key=f"form-{n}")] * 16)
        assert len({result.line_id for result in results}) == 1
        assert purses.wallet(ana).balance == 7


def test_parallel_gifts_never_overrun_the_day_of_support():
    for _ in range(ROUNDS):
        with transaction() as db:
            support, ana = desk.staff(db, Role.SUPPORT), desk.person(db)
        results = desk.at_once([lambda db, who=ana, by=support: give(db, by, who, 3)] * 16)
        assert sum(result.line_id is not None for result in results) == 6
        assert sum(result.approval_id is not None for result in results) == 10
        assert purses.wallet(ana).balance == 18
