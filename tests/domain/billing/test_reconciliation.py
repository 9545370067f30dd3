"""The nightly comparison: it names who differs and by how much, puts nothing right, and two people do."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session
from structlog.testing import CapturingLogger

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.billing import approvals, reconciliation
from fitmycv_admin.domain.billing.reconciliation import DifferenceRow, Keep
from fitmycv_admin.vocabulary import ApprovalState, CreditKind, Role
from tests import money
from tests.domain.billing import desk, purses

pytestmark = pytest.mark.usefixtures("database")
SYSTEM = actors.system("test")
ALL = PageRequest(size=100)


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM credit_difference"))


def checked() -> int:
    with transaction() as db:
        return reconciliation.run(db)


def open_(user_id: UUID) -> dict[str, DifferenceRow]:
    with transaction() as db:
        rows = reconciliation.differences(db, SYSTEM, ALL, state="open").rows
        return {row.what: row for row in rows if row.user_id == user_id}


def break_(statement: str, user_id: UUID) -> None:
    with transaction() as db:
        db.execute(text(statement), {"user": user_id})


def put_right(difference: DifferenceRow, keep: Keep) -> ApprovalState:
    with transaction() as db:
        by = desk.staff(db, Role.FINANCE)
        asked = reconciliation.propose(db, by, difference.id, keep=keep, note="seen in the night")
    with transaction() as db:
        return approvals.decide(db, desk.staff(db, Role.ADMIN), asked, approve=True)


def active() -> UUID:
    """Somebody with a history: bought, given, spent, returned."""
    user = purses.rich(20)
    purses.buy(user, 50, f"pi_{user}")
    purses.spend(user, 30)
    return user


def test_sound_books_have_no_difference():
    active()
    assert checked() == 0


def test_a_balance_changed_by_hand_is_named_in_one_run_and_not_repaired(monkeypatch: pytest.MonkeyPatch):
    journal = CapturingLogger()
    monkeypatch.setattr(reconciliation, "_log", journal)
    user = active()
    break_("UPDATE credit_balance SET balance = balance + 15 WHERE user_id = :user", user)
    assert checked() == 1
    row = open_(user)["balance"]
    assert (row.expected, row.actual, row.state) == (40, 55, "open")
    said = [call.kwargs for call in journal.calls if call.method_name == "error"]
    assert [(one["user"], one["difference"]) for one in said] == [(str(user), 15)]
    assert checked() == 1
    assert purses.wallet(user).balance == 55  # twice looked at, still as it was found
    assert len(open_(user)) == 1
    assert put_right(row, "ledger") == ApprovalState.APPROVED


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE credit_balance SET balance = balance - 1 WHERE user_id = :user", "balance"),
        ("UPDATE credit_balance SET held = held + 2 WHERE user_id = :user", "held"),
        ("UPDATE credit_balance SET total_used = total_used + 1 WHERE user_id = :user", "used"),
        ("UPDATE credit_balance SET total_purchased = total_purchased - 1 WHERE user_id = :user", "purchased"),
        ("UPDATE credit_lot SET remaining = remaining - 1 WHERE user_id = :user AND kind = 'purchase'", "lots"),
        ("UPDATE credit_lot SET held = held + 1 WHERE user_id = :user AND kind = 'purchase'", "held_in_lots"),
    ],
)
def test_every_number_of_a_balance_and_its_lots_is_compared_and_can_be_counted_anew(statement: str, what: str):
    user = active()
    break_(statement, user)
    assert checked() == 1
    assert set(open_(user)) == {what}
    lines = purses.kinds(user)
    assert put_right(open_(user)[what], "ledger") == ApprovalState.APPROVED
    assert purses.kinds(user) == lines  # the ledger was right: it gets no line
    assert open_(user) == {}
    assert checked() == 0
    money.assert_sound()


@pytest.mark.parametrize("by", [15, -15])
@pytest.mark.parametrize("what", ["balance", "lots"])
def test_what_was_found_may_be_kept_with_an_adjustment_line_that_two_people_wrote(what: str, by: int):
    user = active()
    column = "credit_balance SET balance = balance" if what == "balance" else "credit_lot SET remaining = remaining"
    more = "" if what == "balance" else " AND kind = 'purchase'"
    if what == "lots" and by > 0:
        purses.spend(user, 20)
    before = purses.wallet(user).balance
    break_(f"UPDATE {column} + {by} WHERE user_id = :user{more}", user)
    checked()
    difference = open_(user)[what]
    assert put_right(difference, "found") == ApprovalState.APPROVED
    assert purses.kinds(user)[-1] == (CreditKind.ADJUSTMENT, by)
    assert purses.wallet(user).balance == before + by
    assert checked() == 0
    money.assert_sound()


def test_what_can_only_be_counted_is_not_kept_as_found(db: Session):
    user = active()
    break_("UPDATE credit_balance SET held = held + 2 WHERE user_id = :user", user)
    checked()
    held = open_(user)["held"]
    with pytest.raises(Invalid):
        reconciliation.propose(db, desk.staff(db, Role.FINANCE), held.id, keep="found", note="x")
    with pytest.raises(NotFound):
        reconciliation.propose(db, desk.staff(db, Role.FINANCE), 10**9, keep="ledger", note="x")
    assert put_right(held, "ledger") == ApprovalState.APPROVED


@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER, Role.SUPPORT, Role.OPS])
def test_correcting_and_checking_need_credits_write(db: Session, role: Role):
    with pytest.raises(Forbidden):
        reconciliation.propose(db, desk.staff(db, role), 1, keep="ledger", note="x")
    with pytest.raises(Forbidden):
        reconciliation.check_now(db, desk.staff(db, role))


def test_a_correction_is_stale_when_the_difference_moved_and_holds_when_the_person_went_on():
    user = active()
    break_("UPDATE credit_balance SET held = held + 2 WHERE user_id = :user", user)
    checked()
    row = open_(user)["held"]
    with transaction() as db:
        finance, admin = desk.staff(db, Role.FINANCE), desk.staff(db, Role.ADMIN)
        asked = reconciliation.propose(db, finance, row.id, keep="ledger", note="x")
    break_("UPDATE credit_balance SET held = held + 1 WHERE user_id = :user", user)
    with transaction() as db:
        assert approvals.decide(db, admin, asked, approve=True) == ApprovalState.STALE
    checked()
    with transaction() as db:
        again = reconciliation.propose(db, finance, open_(user)["held"].id, keep="ledger", note="x")
    purses.spend(user, 3)
    with transaction() as db:
        assert approvals.decide(db, admin, again, approve=True) == ApprovalState.APPROVED
    assert purses.wallet(user).balance == 37
    assert checked() == 0
    money.assert_sound()


def test_who_may_correct_gets_one_mail_that_names_the_person_and_the_difference():
    with transaction() as db:
        finance, support = desk.staff(db, Role.FINANCE), desk.staff(db, Role.SUPPORT)
    user = active()
    break_("UPDATE credit_balance SET balance = balance + 15 WHERE user_id = :user", user)
    checked()
    checked()
    mails = "SELECT text FROM email_log WHERE recipient_user_id = :who AND trigger_name = 'credit_difference'"
    told = [row.text for row in purses.ask(mails, who=finance.user_id) if str(user) in row.text]
    assert len(told) == 1
    assert "+15" in told[0]
    assert purses.ask(mails, who=support.user_id) == []
    assert put_right(open_(user)["balance"], "ledger") == ApprovalState.APPROVED


def test_a_difference_that_is_gone_is_closed_by_the_next_run():
    user = active()
    break_("UPDATE credit_balance SET balance = balance + 15 WHERE user_id = :user", user)
    checked()
    break_("UPDATE credit_balance SET balance = balance - 15 WHERE user_id = :user", user)
    assert checked() == 0
    assert open_(user) == {}
    with transaction() as db:
        rows = reconciliation.differences(db, SYSTEM, ALL, state="gone").rows
        assert [row.user_id for row in rows] == [user]
        assert reconciliation.health(db, SYSTEM).open == 0


def test_rows_that_contradict_each_other_are_left_alone():
    user = active()
    with transaction() as db:  # a use that the lot never had room for
        db.execute(text("""UPDATE credit_lot SET granted = granted - 31, remaining = remaining - 31
                           WHERE user_id = :u AND kind = 'purchase'"""), {"u": user})  # fmt: skip
    checked()
    row = open_(user)["lots"]
    with pytest.raises(reconciliation.Beyond):
        put_right(row, "ledger")
    assert set(open_(user)) == {"lots"}
    break_("""UPDATE credit_lot SET granted = granted + 31, remaining = remaining + 31
              WHERE user_id = :user AND kind = 'purchase'""", user)  # fmt: skip
    assert checked() == 0
