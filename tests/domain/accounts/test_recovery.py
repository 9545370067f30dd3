"""Forgotten passwords, new addresses, and what each of them ends."""

import threading

import pytest
from sqlmodel import Session

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import email_change, passwords, people, profile, queries, recovery, sign_in
from fitmycv_admin.domain.actors import VISITOR
from fitmycv_admin.vocabulary import AccountState, Language, Trigger
from tests.domain.accounts.conftest import PASSWORD, address, last_token, mails, make_user, signed_in

NEW = "une autre phrase bien longue"


def test_a_reset_gives_a_new_password_and_ends_every_session(db: Session) -> None:
    user = make_user(db)
    actor, email = signed_in(db, user), user.email or ""
    recovery.forgot(db, VISITOR, email=email.upper())
    token = last_token(db, email, Trigger.PASSWORD_RESET)
    recovery.reset(db, VISITOR, token=token, password=NEW)
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, actor)
    with pytest.raises(sign_in.WrongCredentials):
        sign_in.sign_in(db, VISITOR, email=email, password=PASSWORD, ip="", user_agent="")
    assert sign_in.sign_in(db, VISITOR, email=email, password=NEW, ip="", user_agent="").token
    assert len(mails(db, email, Trigger.PASSWORD_CHANGED)) == 1
    with pytest.raises(people.LinkSpent):
        recovery.reset(db, VISITOR, token=token, password=NEW)


def test_a_weak_password_does_not_use_the_link_up(database: object) -> None:
    with transaction() as db:
        email = make_user(db).email or ""
        recovery.forgot(db, VISITOR, email=email)
        token = last_token(db, email, Trigger.PASSWORD_RESET)
    with pytest.raises(passwords.WeakPassword), transaction() as db:
        recovery.reset(db, VISITOR, token=token, password="motdepasse")
    with transaction() as db:
        recovery.reset(db, VISITOR, token=token, password=NEW)


def test_a_second_request_soon_after_sends_nothing(db: Session) -> None:
    email = make_user(db).email or ""
    recovery.forgot(db, VISITOR, email=email)
    recovery.forgot(db, VISITOR, email=email)
    assert len(mails(db, email)) == 1


def test_unknown_and_closed_accounts_get_no_link(db: Session) -> None:
    user = make_user(db)
    user.state = AccountState.DISABLED
    db.flush()
    recovery.forgot(db, VISITOR, email=user.email or "")
    recovery.forgot(db, VISITOR, email="nobody@example.org")
    assert mails(db, user.email or "") == []


def test_a_reset_link_of_sixteen_hands_works_once(database: object) -> None:
    for _ in range(3):
        with transaction() as db:
            email = make_user(db).email or ""
            recovery.forgot(db, VISITOR, email=email)
            token = last_token(db, email, Trigger.PASSWORD_RESET)
        wins: list[bool] = []
        barrier = threading.Barrier(16)

        def use(token=token, barrier=barrier, wins=wins) -> None:
            barrier.wait()
            try:
                with transaction() as db:
                    recovery.reset(db, VISITOR, token=token, password=NEW)
                wins.append(True)
            except people.LinkSpent:
                wins.append(False)

        threads = [threading.Thread(target=use) for _ in range(16)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert (wins.count(True), len(wins)) == (1, 16)


def test_a_new_address_is_confirmed_there_and_announced_here(db: Session) -> None:
    user = make_user(db)
    actor, other = signed_in(db, user), signed_in(db, user)
    old, new = user.email or "", address()
    email_change.request(db, actor, password=PASSWORD, new_email=new)
    assert len(mails(db, old, Trigger.EMAIL_CHANGE_NOTICE)) == 1
    assert user.email == old
    assert queries.own_account(db, actor).waiting_email == new
    token = last_token(db, new, Trigger.EMAIL_CHANGE)
    email_change.confirm(db, actor, token=token)
    assert people.by_email(db, new) is not None
    sessions.confirm(db, actor)
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, other)
    with pytest.raises(people.LinkSpent):
        email_change.confirm(db, actor, token=token)


def test_a_new_address_needs_the_password(db: Session) -> None:
    actor = signed_in(db, make_user(db))
    with pytest.raises(email_change.WrongPassword):
        email_change.request(db, actor, password="x", new_email=address())
    with pytest.raises(Invalid):
        email_change.request(db, actor, password=PASSWORD, new_email="x")
    with pytest.raises(email_change.SameAddress):
        email_change.request(db, actor, password=PASSWORD, new_email=actor.email.upper())


def test_somebody_elses_address_cannot_be_taken_nor_found_out(db: Session) -> None:
    actor, owner = signed_in(db, make_user(db)), make_user(db)
    email_change.request(db, actor, password=PASSWORD, new_email=owner.email or "")
    assert mails(db, owner.email or "") == []
    assert len(mails(db, actor.email, Trigger.EMAIL_CHANGE_NOTICE)) == 1


def test_an_address_taken_meanwhile_ends_the_change(db: Session) -> None:
    actor, new = signed_in(db, make_user(db)), address()
    email_change.request(db, actor, password=PASSWORD, new_email=new)
    make_user(db, email=new)
    with pytest.raises(people.LinkSpent):
        email_change.confirm(db, VISITOR, token=last_token(db, new, Trigger.EMAIL_CHANGE))


def test_a_reset_drops_a_change_of_address_that_waits(db: Session) -> None:
    user = make_user(db)
    actor, old, new = signed_in(db, user), user.email or "", address()
    email_change.request(db, actor, password=PASSWORD, new_email=new)
    recovery.forgot(db, VISITOR, email=old)
    recovery.reset(db, VISITOR, token=last_token(db, old, Trigger.PASSWORD_RESET), password=NEW)
    with pytest.raises(people.LinkSpent):
        email_change.confirm(db, VISITOR, token=last_token(db, new, Trigger.EMAIL_CHANGE))


def test_changing_the_password_keeps_this_browser_and_ends_the_others(db: Session) -> None:
    user = make_user(db)
    actor, other = signed_in(db, user), signed_in(db, user)
    token = profile.change_password(db, actor, current=PASSWORD, password=NEW, ip="", user_agent="")
    assert sessions.resolve(db, token)
    for ended in (actor, other):
        with pytest.raises(sessions.SessionEnded):
            sessions.confirm(db, ended)


def test_changing_the_password_needs_the_current_one(db: Session) -> None:
    actor = signed_in(db, make_user(db))
    with pytest.raises(email_change.WrongPassword) as refused:
        profile.change_password(db, actor, current=NEW, password=NEW, ip="", user_agent="")
    assert refused.value.field == "current"
    with pytest.raises(passwords.WeakPassword):
        profile.change_password(db, actor, current=PASSWORD, password="azertyuiop", ip="", user_agent="")


def test_name_and_language_are_ones_own(db: Session) -> None:
    actor = signed_in(db, make_user(db))
    profile.rename(db, actor, name=" Zoé  d’Arc ")
    profile.choose_language(db, actor, language=Language.EN)
    profile.choose_language(db, VISITOR, language=Language.EN)
    found = queries.own_account(db, actor)
    assert (found.name, found.language) == ("Zoé d’Arc", Language.EN)


def test_signing_out_everywhere_ends_this_session_too(db: Session) -> None:
    user = make_user(db)
    actor, other = signed_in(db, user), signed_in(db, user)
    assert {row.is_current for row in queries.own_sessions(db, actor)} == {True, False}
    sign_in.sign_out_everywhere(db, actor)
    for ended in (actor, other):
        with pytest.raises(sessions.SessionEnded):
            sessions.confirm(db, ended)
    assert queries.own_sessions(db, actor) == ()
