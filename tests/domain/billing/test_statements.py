"""The ledger as staff read it: every line, every filter, masked where the role asks for it, and which lots paid."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from fitmycv_admin.copy import catalogue
from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.billing import approvals, grants, holdings, inbox, ledger, statements
from fitmycv_admin.domain.billing.statements import Filters
from fitmycv_admin.domain.insights import ledger as screens
from fitmycv_admin.models import BackgroundTask, User
from fitmycv_admin.vocabulary import Role
from tests.domain.billing import desk, purses

pytestmark = pytest.mark.usefixtures("database", "sound_money")
SYSTEM = actors.system("test")
MANY = PageRequest(size=100)


def found(db: Session, **filters) -> list[int]:
    return [row.id for row in statements.lines(db, SYSTEM, Filters(**filters), MANY).rows]


def story() -> tuple[UUID, dict[str, int]]:
    """Somebody who bought, was given, spent and got some back; the lines by what they are."""
    who = purses.person()
    with transaction() as db:
        support = desk.staff(db, Role.SUPPORT)
        gift = grants.give(db, support, who, 5, reason_code="goodwill", note="x", key=str(new_id())).line_id
    bought = purses.buy(who, 50, f"pi_{who}")
    used = purses.spend(who, 8, task_id=new_id())
    return who, {"gift": gift or 0, "bought": bought, "used": used}


def test_every_filter_finds_its_lines(db: Session):
    who, lines = story()
    row = statements.line(db, SYSTEM, lines["used"])
    gift = statements.line(db, SYSTEM, lines["gift"])
    assert found(db, user_id=who) == [lines["used"], lines["bought"], lines["gift"]]
    assert found(db, user_id=who, kind="purchase") == [lines["bought"]]
    assert found(db, user_id=who, source="staff") == [lines["gift"]]
    assert found(db, actor_id=gift.actor_id) == [lines["gift"]]
    assert found(db, task_id=row.task_id) == [lines["used"]]
    assert found(db, line_id=lines["gift"]) == [lines["gift"]]
    assert found(db, search=f"#{lines['bought']}") == [lines["bought"]]
    assert found(db, search=f"pi_{who}") == [lines["bought"]]
    assert found(db, search=str(row.task_id)) == [lines["used"]]
    assert found(db, user_id=who, until=clock.now() - timedelta(hours=1)) == []
    assert found(db, user_id=who, since=clock.now() - timedelta(hours=1))[0] == lines["used"]
    assert found(db, user_id=who, kind="no such kind") == found(db, user_id=who)


def test_a_line_says_who_why_and_the_balance_after_it(db: Session):
    who, lines = story()
    gift, used = statements.line(db, SYSTEM, lines["gift"]), statements.line(db, SYSTEM, lines["used"])
    assert (gift.amount, gift.balance_after, gift.reason, gift.source) == (5, 5, "goodwill", "staff")
    assert gift.actor.startswith("Person ")
    assert (used.amount, used.balance_after, used.user_id, used.actor) == (-8, 47, who, "")
    with pytest.raises(NotFound):
        statements.line(db, SYSTEM, 10**12)


def test_a_debit_shows_which_lots_paid(db: Session):
    _, lines = story()
    uses = statements.paid_from(db, SYSTEM, lines["used"])
    assert [(use.kind, use.amount, use.returned) for use in uses] == [("gift", 5, 0), ("purchase", 3, 0)]
    assert uses[0].expires_at is not None
    assert uses[1].expires_at is None


def test_pages_follow_each_other_in_both_directions(db: Session):
    who = purses.person()
    for _ in range(7):
        purses.give(who, 1)
    first = statements.lines(db, SYSTEM, Filters(user_id=who), PageRequest(size=3))
    second = statements.lines(db, SYSTEM, Filters(user_id=who), PageRequest(size=3, after=first.next))
    third = statements.lines(db, SYSTEM, Filters(user_id=who), PageRequest(size=3, after=second.next))
    back = statements.lines(db, SYSTEM, Filters(user_id=who), PageRequest(size=3, before=third.previous))
    ids = [row.id for page in (first, second, third) for row in page.rows]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 7
    assert back.rows == second.rows
    assert third.next == ""


def test_the_file_holds_every_line_of_the_filter(db: Session):
    who = purses.person()
    for _ in range(103):
        purses.give(who, 1)
    assert len(list(screens.every(db, SYSTEM, {"user": str(who)}))) == 103


def test_people_are_masked_and_not_found_by_their_address_for_who_may_not_see_them(db: Session):
    with transaction() as other:
        who = desk.person(other, email="zelda.secret@exemple.fr")
    line = purses.give(who, 3)
    viewer, support = desk.staff(db, Role.VIEWER), desk.staff(db, Role.SUPPORT)
    assert statements.line(db, support, line).user == "zelda.secret@exemple.fr"
    assert statements.line(db, viewer, line).user == "z•••@e•••.fr"
    assert [row.id for row in statements.lines(db, support, Filters(search="zelda"), MANY).rows] == [line]
    assert statements.lines(db, viewer, Filters(search="zelda"), MANY).rows == ()


def test_an_address_asks_for_thirty_days_unless_it_names_somebody(db: Session):
    assert screens.asked(db, {}).since is not None
    assert screens.asked(db, {"user": str(new_id())}).since is None
    assert screens.asked(db, {"user": str(new_id()), "period": "7d"}).since is not None
    assert (
        screens.asked(db, {"user": "nonsense", "line": "x", "period": "custom", "from": "2026-13-01"}).user_id is None
    )


def test_sources_that_occur_are_offered(db: Session):
    story()
    assert {"staff", "test"} <= set(statements.sources(db, SYSTEM))


def test_an_account_shows_balance_holds_lots_in_burning_order_and_the_last_lines(db: Session):
    who, lines = story()
    found_ = holdings.account(db, SYSTEM, who)
    assert (found_.balance, found_.held, found_.available, found_.debt) == (47, 0, 47, 0)
    assert [(lot.kind, lot.remaining) for lot in found_.lots] == [("purchase", 47)]
    assert [row.id for row in found_.lines] == [lines["used"], lines["bought"], lines["gift"]]
    nobody = holdings.account(db, SYSTEM, desk.person(db))
    assert (nobody.balance, nobody.lots, nobody.lines) == (0, (), ())
    with pytest.raises(NotFound):
        holdings.account(db, SYSTEM, new_id())


def test_a_failed_task_that_kept_its_credits_is_listed_until_they_are_returned():
    who = purses.rich(10)
    with transaction() as db:
        task = BackgroundTask(user_id=who, title="Score", type="match_score", status="failed", finished_at=clock.now())
        db.add(task)
        db.flush()
        task_id = task.id
    line = purses.spend(who, 2, task_id=task_id)
    with transaction() as db:
        assert [(row.task_id, row.amount) for row in holdings.unreturned(db, SYSTEM)] == [(task_id, 2)]
    with transaction() as db:
        ledger.give_back(db, line, cause="task", source="task")
    with transaction() as db:
        assert holdings.unreturned(db, SYSTEM) == ()


@pytest.mark.parametrize(
    "query",
    [
        lambda db, by: statements.lines(db, by, Filters(), MANY),
        lambda db, by: statements.paid_from(db, by, 1),
        lambda db, by: statements.sources(db, by),
        lambda db, by: holdings.account(db, by, new_id()),
        lambda db, by: holdings.expiring(db, by, MANY),
        lambda db, by: inbox.inbox(db, by, MANY),
        lambda db, by: grants.allowance(db, by),
    ],
)
def test_reading_needs_a_permission_of_staff(db: Session, query):
    with pytest.raises(Forbidden):
        query(db, desk.staff(db, Role.USER))


def test_the_inbox_shows_what_waits_in_words_and_numbers_and_to_whom_it_falls(db: Session):
    support, finance, ana = desk.staff(db, Role.SUPPORT), desk.staff(db, Role.FINANCE), desk.person(db)
    asked = grants.give(db, support, ana, 60, reason_code="incident", note="an evening lost", key="k").approval_id
    mine, theirs = inbox.inbox(db, support, MANY), inbox.inbox(db, finance, MANY)
    row = next(row for row in theirs.page.rows if row.id == asked)
    assert (row.params["amount"], row.params["balance"], row.params["person"]) == (60, 0, db.get(User, ana).email)  # type: ignore[union-attr]
    assert (row.sentence_key, row.reason, row.state) == ("approvals.what.give", "an evening lost", "pending")
    assert (row.may_decide, row.is_own) == (True, False)
    assert next((row.may_decide, row.is_own) for row in mine.page.rows if row.id == asked) == (False, True)
    assert theirs.mine_to_decide >= 1
    assert asked
    approvals.decide(db, finance, asked, approve=False, note="too much")
    assert asked not in [row.id for row in inbox.inbox(db, finance, MANY).page.rows]
    decided = inbox.inbox(db, finance, MANY, state="decided", who="others", opened=str(asked))
    assert decided.opened
    assert (decided.opened.state, decided.opened.note) == ("refused", "too much")
    assert asked in [row.id for row in decided.page.rows]
    viewer = inbox.inbox(db, desk.staff(db, Role.VIEWER), MANY, opened=str(asked))
    assert viewer.opened
    assert "•" in str(viewer.opened.params["person"])


def test_every_kind_of_request_has_its_words():
    for lang in ("en", "fr"):
        words = catalogue(lang)
        assert [
            name
            for name, kind in approvals.kinds.items()
            if kind.label_key not in words or kind.sentence_key not in words
        ] == []
