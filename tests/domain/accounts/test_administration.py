"""What staff do to accounts: audited, never on themselves, and never without an admin left."""

import threading
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import administration, queries, sign_in
from fitmycv_admin.domain.accounts.queries import Filters
from fitmycv_admin.domain.actors import VISITOR, Actor
from fitmycv_admin.models.accounts import User
from fitmycv_admin.models.platform import AuditEvent
from fitmycv_admin.vocabulary import AccountState, Role
from tests.domain.accounts.conftest import PASSWORD, address, make_user, signed_in

Staff = Callable[[Role], Actor]


def trail(db: Session, user: User) -> list[AuditEvent]:
    return list(db.exec(select(AuditEvent).where(col(AuditEvent.target_id) == str(user.id))))


def test_a_new_role_is_audited_and_asks_for_a_new_sign_in(db: Session, staff: Staff) -> None:
    user = make_user(db)
    before = signed_in(db, user)
    administration.change_role(db, staff(Role.ADMIN), user.id, role=Role.SUPPORT, reason="joins the desk")
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, before)
    event = trail(db, user)[0]
    assert (event.action, event.before, event.after) == ("account.role_changed", {"role": "user"}, {"role": "support"})
    assert event.reason == "joins the desk"


@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER, Role.SUPPORT, Role.OPS, Role.FINANCE])
def test_only_admins_give_roles(db: Session, staff: Staff, role: Role) -> None:
    with pytest.raises(Forbidden):
        administration.change_role(db, staff(role), make_user(db).id, role=Role.ADMIN, reason="x")


def test_nobody_changes_their_own_role_or_closes_their_own_account(db: Session, staff: Staff) -> None:
    admin = staff(Role.ADMIN)
    with pytest.raises(administration.NotOnOneself):
        administration.change_role(db, admin, admin.owner_id, role=Role.USER, reason="x")
    with pytest.raises(administration.NotOnOneself):
        administration.disable(db, admin, admin.owner_id, reason="x")


def test_a_reason_is_asked_for(db: Session, staff: Staff) -> None:
    with pytest.raises(administration.ReasonMissing):
        administration.disable(db, staff(Role.ADMIN), make_user(db).id, reason="  ")
    with pytest.raises(NotFound):
        administration.disable(db, staff(Role.ADMIN), new_id(), reason="x")


def test_support_closes_peoples_accounts_but_not_those_of_staff(db: Session, staff: Staff) -> None:
    support, user, colleague = staff(Role.SUPPORT), make_user(db), make_user(db, Role.OPS)
    administration.disable(db, support, user.id, reason="asked by phone")
    with pytest.raises(sign_in.WrongCredentials):
        sign_in.sign_in(db, VISITOR, email=user.email or "", password=PASSWORD, ip="", user_agent="")
    administration.enable(db, support, user.id, reason="came back")
    assert [event.action for event in trail(db, user)] == ["account.disabled", "account.active"]
    with pytest.raises(Forbidden):
        administration.disable(db, support, colleague.id, reason="x")


def test_ending_sessions_and_taking_an_address_as_proven_leave_a_trace(db: Session, staff: Staff) -> None:
    support, user = staff(Role.SUPPORT), make_user(db, verified=False)
    person = signed_in(db, user)
    assert administration.end_sessions(db, support, user.id, reason="lost laptop") == 1
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, person)
    administration.confirm_address(db, support, user.id, reason="mail never arrives")
    assert [event.action for event in trail(db, user)] == ["account.signed_out", "account.address_confirmed"]


def test_two_admins_who_demote_each_other_leave_one(database: object) -> None:
    for _ in range(10):
        with transaction() as db:
            for other in db.exec(select(User).where(col(User.role) == Role.ADMIN)):
                other.role = Role.USER
            pair = [signed_in(db, make_user(db, Role.ADMIN)) for _ in range(2)]
        barrier = threading.Barrier(2)

        def demote(by: Actor, target: Actor, barrier=barrier) -> None:
            barrier.wait()
            try:
                with transaction() as db:
                    sessions.confirm(db, by)
                    administration.change_role(db, by, target.owner_id, role=Role.USER, reason="x")
            except (administration.LastAdmin, sessions.SessionEnded, Forbidden):
                pass

        threads = [threading.Thread(target=demote, args=args) for args in (pair, pair[::-1])]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        with transaction() as db:
            assert len(db.exec(select(User).where(col(User.role) == Role.ADMIN)).all()) == 1


def test_the_last_admin_stays(db: Session) -> None:
    for other in db.exec(select(User).where(col(User.role) == Role.ADMIN)):
        other.role = Role.USER
    last = make_user(db, Role.ADMIN)
    closed = make_user(db, Role.ADMIN)
    closed_actor = signed_in(db, closed)
    closed.state = AccountState.DISABLED
    db.flush()
    with pytest.raises(administration.LastAdmin):
        administration.change_role(db, closed_actor, last.id, role=Role.OPS, reason="x")
    with pytest.raises(administration.LastAdmin):
        administration.disable(db, closed_actor, last.id, reason="x")


def test_people_are_masked_for_roles_that_may_not_see_them(db: Session, staff: Staff) -> None:
    user = make_user(db, email=address())
    masked = queries.person(db, staff(Role.VIEWER), user.id)
    assert masked.name == "A••• M•••"
    assert masked.email == f"{(user.email or '')[0]}•••@e•••.org"
    clear = queries.person(db, staff(Role.SUPPORT), user.id)
    assert (clear.name, clear.email) == (user.name, user.email)


def test_masked_people_cannot_be_spelled_out_by_searching(db: Session, staff: Staff) -> None:
    user = make_user(db)
    viewer, page = staff(Role.VIEWER), PageRequest()
    assert queries.people(db, viewer, Filters(search=(user.email or "")[:4]), page).rows == ()
    assert [row.id for row in queries.people(db, viewer, Filters(search=str(user.id)), page).rows] == [user.id]
    assert queries.people(db, staff(Role.SUPPORT), Filters(search=(user.email or "")[:8]), page).rows


def test_a_percent_sign_finds_itself_only(db: Session, staff: Staff) -> None:
    assert queries.people(db, staff(Role.SUPPORT), Filters(search="%"), PageRequest()).rows == ()


def test_pages_show_everybody_once_in_both_directions(db: Session, staff: Staff) -> None:
    admin = staff(Role.ADMIN)
    mine = {make_user(db, Role.FINANCE).id for _ in range(7)}
    for order in ("newest", "oldest"):
        filters = Filters(role=Role.FINANCE, order=order)  # type: ignore[arg-type]
        seen, token, pages = [], "", []
        while True:
            page = queries.people(db, admin, filters, PageRequest(after=token, size=3))
            pages.append(page)
            seen += [row.id for row in page.rows]
            token = page.next
            if not token:
                break
        assert set(seen) >= mine
        assert len(seen) == len(set(seen))
        back = queries.people(db, admin, filters, PageRequest(before=pages[1].previous, size=3))
        assert back.rows == pages[0].rows


@pytest.mark.parametrize("token", ["x", "WzEsMl0", "WyJ4IiwieSJd"])
def test_a_tampered_page_token_shows_nothing_wrong(db: Session, staff: Staff, token: str) -> None:
    queries.people(db, staff(Role.ADMIN), Filters(), PageRequest(after=token))
    queries.people(db, staff(Role.ADMIN), Filters(), PageRequest(before=token))


def test_ordinary_people_see_no_list(db: Session, staff: Staff) -> None:
    person = staff(Role.USER)
    with pytest.raises(Forbidden):
        queries.people(db, person, Filters(), PageRequest())
    with pytest.raises(Forbidden):
        queries.person(db, person, person.owner_id)
    with pytest.raises(Forbidden):
        queries.totals(db, person)


def test_the_totals_count_who_needs_a_look(db: Session, staff: Staff) -> None:
    admin = staff(Role.ADMIN)
    before = queries.totals(db, admin)
    make_user(db, verified=False)
    closed = make_user(db)
    closed.state = AccountState.DISABLED
    db.flush()
    after = queries.totals(db, admin)
    assert (after.people - before.people, after.unverified - before.unverified) == (2, 1)
    assert (after.disabled - before.disabled, after.staff - before.staff) == (1, 0)
