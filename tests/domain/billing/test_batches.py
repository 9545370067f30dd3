"""Credits for many: a preview that gives nothing, each row once whatever dies, and one act that takes it back."""

import subprocess
import sys
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlmodel import Session, col

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import approvals, batch_list, batch_work, batches, grants, selections
from fitmycv_admin.domain.billing.selections import Selection
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.models import Approval, Setting, Subscription, User
from fitmycv_admin.vocabulary import ApprovalState, BatchState, Permission, Role
from tests.domain.billing import desk, purses

pytestmark = pytest.mark.usefixtures("database", "sound_money")
SYSTEM = actors.system("test")
MANY = PageRequest(size=100)


def prepared(db: Session, by: Actor, amounts: list[tuple[UUID, int]], **more) -> UUID:
    source = more.pop("source", {"kind": "csv"})
    return batches.preview(db, by, source, amounts, "incident", "the queue stood still", **more)


def started(people: list[UUID], amount: int = 5, **more) -> UUID:
    """A running batch of finance."""
    with transaction() as db:
        finance = desk.staff(db, Role.FINANCE)
        batch = prepared(db, finance, [(user, amount) for user in people], **more)
        assert batches.start(db, finance, batch).state == BatchState.RUNNING
    return batch


def states(batch: UUID) -> dict[UUID, str]:
    with transaction() as db:
        return {row.user_id: row.state for row in batch_list.results(db, SYSTEM, batch, MANY).rows}


def state(batch: UUID) -> str:
    with transaction() as db:
        return batch_list.batch(db, SYSTEM, batch).state


def reverse(batch: UUID) -> batches.Started:
    with transaction() as db:
        return batches.reverse(db, desk.staff(db, Role.FINANCE), batch, note="wrong list")


@pytest.fixture(autouse=True)
def _nothing_left(database: object) -> None:
    """Rows that another test left waiting are none of this one's."""
    batch_work.work()


def _die_after(row: tuple[UUID, UUID]) -> None:
    with transaction() as db:
        batch_work.carry_out(db, *row)
        raise RuntimeError("the process dies before its commit")


def test_a_preview_counts_people_and_credits_and_gives_nothing():
    people = [purses.person() for _ in range(3)]
    with transaction() as db:
        finance, closed = desk.staff(db, Role.FINANCE), desk.person(db, state="disabled")
        amounts = [(people[0], 5), (people[1], 7), (people[2], 1), (people[2], 2), (closed, 50), (finance.owner_id, 9)]
        batch = prepared(db, finance, amounts)
        found = batch_list.batch(db, SYSTEM, batch)
        rows = {row.user_id: row for row in batch_list.results(db, SYSTEM, batch, MANY).rows}
    assert (found.state, found.people, found.total, found.refused) == ("previewed", 3, 15, 2)
    assert rows[people[2]].amount == 3
    assert (rows[closed].state, rows[closed].error_key) == ("refused", "credits.error.account_closed")
    assert rows[finance.owner_id].error_key == "credits.error.on_oneself"
    assert batch_work.work() == 0
    assert [purses.wallet(user).balance for user in people] == [0, 0, 0]


def test_a_started_batch_gives_each_row_once_with_its_line_lot_and_batch():
    people = [purses.person() for _ in range(4)]
    until = clock.now() + timedelta(days=20)
    batch = started(people, 5, expires_at=until)
    assert batch_work.work() == 4
    assert batch_work.work() == 0
    assert state(batch) == BatchState.DONE
    assert set(states(batch).values()) == {"granted"}
    for user in people:
        assert purses.kinds(user) == [("gift", 5)]
        query = "SELECT lot.expires_at, line.batch_id FROM credit_lot lot JOIN credit_transaction line"
        assert purses.ask(f"{query} ON line.id = lot.line_id WHERE lot.user_id = :u", u=user) == [(until, batch)]


@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER, Role.OPS])
def test_preparing_needs_credits_gift(db: Session, role: Role):
    with pytest.raises(Forbidden):
        prepared(db, desk.staff(db, role), [(desk.person(db), 1)])


def test_operators_prepare_for_an_incident_and_a_second_person_starts_it(db: Session):
    ops, finance, ana = desk.staff(db, Role.OPS), desk.staff(db, Role.FINANCE), desk.person(db)
    batch = prepared(db, ops, [(ana, 3)], source={"kind": "incident", "tasks": 1})
    asked = batches.start(db, ops, batch)
    assert asked.state == BatchState.WAITING
    assert asked.approval_id
    with pytest.raises(Forbidden):
        approvals.decide(db, desk.staff(db, Role.SUPPORT), asked.approval_id, approve=True)
    assert approvals.decide(db, finance, asked.approval_id, approve=True) == ApprovalState.APPROVED
    assert batch_list.batch(db, SYSTEM, batch).state == BatchState.RUNNING


def test_a_batch_above_one_act_waits_for_a_second_person_and_can_be_asked_for_again_after_a_refusal(db: Session):
    finance, other = desk.staff(db, Role.FINANCE), desk.staff(db, Role.ADMIN)
    batch = prepared(db, finance, [(desk.person(db), 150), (desk.person(db), 51)])
    first = batches.start(db, finance, batch).approval_id
    assert first
    with pytest.raises(batches.WrongMoment):
        batches.start(db, finance, batch)
    approvals.decide(db, other, first, approve=False, note="too much")
    assert batch_list.batch(db, SYSTEM, batch).state == BatchState.PREVIEWED
    second = batches.start(db, finance, batch).approval_id
    assert second
    approvals.decide(db, other, second, approve=True)
    assert batch_list.batch(db, SYSTEM, batch).state == BatchState.RUNNING


def test_a_request_that_expires_lets_the_batch_be_asked_for_again(db: Session):
    finance = desk.staff(db, Role.FINANCE)
    batch = prepared(db, finance, [(desk.person(db), 500)])
    asked = batches.start(db, finance, batch).approval_id
    late = clock.now() - timedelta(seconds=1)
    db.execute(update(Approval).where(col(Approval.id) == asked).values(expires_at=late))
    db.expire_all()
    assert approvals.expire(db) == 1
    assert batch_list.batch(db, SYSTEM, batch).state == BatchState.PREVIEWED


def test_the_scheduler_knows_every_kind_that_waits_for_somebody():
    asks = "from fitmycv_worker.jobs import housekeeping\nfrom fitmycv_admin.domain.billing import approvals\n"
    said = subprocess.run(
        [sys.executable, "-c", asks + "print(sorted(name for name, one in approvals.kinds.items() if one.undone))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == str(sorted(name for name, one in approvals.kinds.items() if one.undone))


def test_who_gets_some_does_not_approve_it(db: Session):
    finance, other = desk.staff(db, Role.FINANCE), desk.staff(db, Role.ADMIN)
    asked = batches.start(db, finance, prepared(db, finance, [(other.owner_id, 300)]))
    assert asked.approval_id
    with pytest.raises(grants.OnOneself):
        approvals.decide(db, other, asked.approval_id, approve=True)


def test_a_batch_starts_once_and_an_abandoned_one_never(db: Session):
    finance = desk.staff(db, Role.FINANCE)
    batch, put_away = (prepared(db, finance, [(desk.person(db), 1)]) for _ in range(2))
    batches.start(db, finance, batch)
    batches.abandon(db, finance, put_away)
    for one in (batch, put_away):
        with pytest.raises(batches.WrongMoment):
            batches.start(db, finance, one)
    with pytest.raises(batches.WrongMoment):
        batches.reverse(db, finance, put_away, note="x")


def test_a_crash_in_the_middle_of_a_row_loses_and_repeats_nothing():
    people = [purses.person() for _ in range(5)]
    batch = started(people)
    with transaction() as db:
        rows = batch_work.due(db)
    with transaction() as db:
        batch_work.carry_out(db, *rows[0])
    with pytest.raises(RuntimeError, match="dies"):
        _die_after(rows[1])
    assert [purses.wallet(user).balance for _, user in rows[:2]] == [5, 0]
    assert batch_work.work() == 4
    with transaction() as db:  # a stale list of rows does nothing
        assert [batch_work.carry_out(db, *row) for row in rows] == [False] * 5
    assert [purses.wallet(user).balance for user in people] == [5] * 5
    assert state(batch) == BatchState.DONE


def test_two_workers_at_once_give_each_row_once():
    for _ in range(10):
        people = [purses.person() for _ in range(8)]
        batch = started(people, 3)
        done = desk.at_once([lambda _db: batch_work.work()] * 4)
        assert sum(done) == 8
        assert [purses.wallet(user).balance for user in people] == [3] * 8
        assert state(batch) == BatchState.DONE


def test_an_account_closed_since_the_preview_is_refused_and_the_others_get_theirs():
    ana, ben = purses.person(), purses.person()
    batch = started([ana, ben])
    with transaction() as db:
        db.execute(update(User).where(col(User.id) == ana).values(state="disabled"))
    batch_work.work()
    assert states(batch) == {ana: "refused", ben: "granted"}
    assert purses.wallet(ana).balance == 0


def test_a_reversal_takes_back_what_is_left_and_says_where_it_was_not_all():
    whole, partly, spent, held = (purses.person() for _ in range(4))
    purses.give(whole, 100)
    batch = started([whole, partly, spent, held], 10)
    batch_work.work()
    purses.spend(partly, 4)
    purses.spend(spent, 10)
    purses.give(spent, 50)
    purses.hold(held, 3)
    assert reverse(batch).state == BatchState.REVERSED
    assert batch_work.work() == 4
    assert batch_work.work() == 0
    assert states(batch) == {
        whole: "reversed", partly: "partly_reversed", spent: "partly_reversed", held: "partly_reversed",
    }  # fmt: skip
    assert [purses.wallet(user).balance for user in (whole, partly, spent, held)] == [100, 0, 50, 3]
    with transaction() as db:
        found = batch_list.batch(db, SYSTEM, batch)
    assert (found.given_credits, found.taken_credits, bool(found.finished_at)) == (40, 23, True)
    with pytest.raises(batches.WrongMoment):
        reverse(batch)
    with transaction() as db:  # a hold of the test has no reservation that the books know
        db.execute(text("UPDATE credit_lot SET held = 0 WHERE user_id = :u"), {"u": held})
        db.execute(text("UPDATE credit_balance SET held = 0 WHERE user_id = :u"), {"u": held})


def test_reversing_needs_credits_write_and_two_people_above_one_act():
    batch = started([purses.person()], 150)
    batch_work.work()
    with transaction() as db:
        with pytest.raises(Forbidden):
            batches.reverse(db, desk.staff(db, Role.SUPPORT), batch, note="x")
        with pytest.raises(Invalid):
            batches.reverse(db, desk.staff(db, Role.FINANCE), batch, note=" ")
    with transaction() as db:
        db.add(Setting(setting_name="credits_by_hand_an_act", value="100", category="credits"))
    with transaction() as db:
        lookups.forget(db)
        finance = desk.staff(db, Role.FINANCE)
        asked = batches.reverse(db, finance, batch, note="wrong list")
        assert (asked.state, bool(asked.approval_id)) == (BatchState.DONE, True)
        assert asked.approval_id
        approvals.decide(db, desk.staff(db, Role.ADMIN), asked.approval_id, approve=True)
        db.execute(text("DELETE FROM setting WHERE setting_name = 'credits_by_hand_an_act'"))
    with transaction() as db:
        lookups.forget(db)
    batch_work.work()
    assert set(states(batch).values()) == {"reversed"}


@pytest.mark.parametrize(("amounts", "error"), [([], Invalid), ([(new_id(), 5)], NotFound), ([(new_id(), 0)], Invalid)])
def test_a_batch_of_nobody_somebody_unknown_or_nothing_is_refused(db: Session, amounts, error):
    with pytest.raises(error):
        prepared(db, desk.staff(db, Role.FINANCE), amounts)


def test_people_are_selected_by_plan_language_and_day_of_sign_up(db: Session):
    support = desk.staff(db, Role.SUPPORT)
    old = clock.now() - timedelta(days=100)
    free, pro, late, german = (
        desk.person(db, created_at=old, language="en"), desk.person(db, created_at=old, language="en"),
        desk.person(db, language="en"), desk.person(db, created_at=old, language="fr"),
    )  # fmt: skip
    db.execute(
        text("INSERT INTO subscription_plan (id, name, is_free, is_popular, tier, price_monthly, price_yearly,"
             " created_at, updated_at) VALUES (901, 'pro', false, false, 9, 999, 9999, now(), now())")
    )  # fmt: skip
    db.add(
        Subscription(user_id=pro, stripe_customer_id="cus_1", plan_id=901, status="active", billing_period="monthly",
                     current_period_start=old, current_period_end=clock.now() + timedelta(days=9))
    )  # fmt: skip
    db.flush()
    mine = {free, pro, late, german}

    def found(**by) -> set[UUID]:
        return set(selections.people(db, support, Selection(**by))) & mine

    assert found() == mine
    assert found(plan="901") == {pro}
    assert found(plan="free", language="en", until=clock.now() - timedelta(days=1)) == {free}
    assert found(since=clock.now() - timedelta(days=1)) == {late}
    assert found(has_bought=True) == set()
    batch = selections.preview_people(
        db, support, Selection(plan="901"), amount=4, reason_code="goodwill", note="a month of patience"
    )
    assert batch_list.batch(db, SYSTEM, batch).source["plan"] == "pro"
    assert [row.user_id for row in batch_list.results(db, SYSTEM, batch, MANY).rows] == [pro]


def test_a_file_names_people_by_address_or_id_and_says_which_lines_were_left_out(db: Session):
    finance = desk.staff(db, Role.FINANCE)
    ana, ben = desk.person(db, email="Ana@Exemple.fr"), desk.person(db)
    content = f"email;credits\nana@exemple.fr;5\n{ben};7\nnobody@exemple.fr;3\nana@exemple.fr;2\n\n{ben};x\n"
    batch = selections.preview_csv(db, finance, content, name="list.csv", reason_code="goodwill", note="contest")
    rows = {row.user_id: row.amount for row in batch_list.results(db, SYSTEM, batch, MANY).rows}
    assert rows == {ana: 5, ben: 7}
    assert batch_list.batch(db, SYSTEM, batch).source["problems"] == [
        [4, "credits.error.csv_unknown"], [5, "credits.error.csv_twice"], [7, "credits.error.csv_amount"],
    ]  # fmt: skip
    with pytest.raises(Invalid):
        selections.preview_csv(db, finance, "nobody@x.fr,4", name="", reason_code="goodwill", note="x")


def test_the_list_of_batches_needs_credits_read(db: Session):
    nobody = Actor(user_id=new_id(), role=Role.USER, permissions=frozenset({Permission.OWN_DATA}))
    for query in (lambda: batch_list.batches(db, nobody, MANY), lambda: batch_list.batch(db, nobody, new_id())):
        with pytest.raises(Forbidden):
            query()
