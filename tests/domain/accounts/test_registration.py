"""Signing up proves the address, and tells nobody who has an account."""

import threading

import pytest
from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import passwords, people, recovery, registration, sign_in
from fitmycv_admin.domain.actors import VISITOR
from fitmycv_admin.domain.settings import changes
from fitmycv_admin.vocabulary import AccountState, Language, Role, Trigger
from tests.domain.accounts.conftest import PASSWORD, address, last_token, mails, make_user, signed_in


def register(db: Session, email: str, **other: object) -> str:
    given = {"name": "Ada", "password": PASSWORD, "language": Language.FR, "accepts_privacy": True, **other}
    return registration.register(db, VISITOR, email=email, **given)  # type: ignore[arg-type]


def test_an_account_waits_for_its_link_then_opens_in_the_same_browser(db: Session) -> None:
    email = address()
    browser = register(db, email.upper())
    user = people.by_email(db, email)
    assert user is not None
    assert (user.email, user.email_verified, user.role) == (email, None, Role.USER)
    assert user.privacy_policy_accepted_at
    with pytest.raises(sign_in.EmailNotVerified):
        sign_in.sign_in(db, VISITOR, email=email, password=PASSWORD, ip="", user_agent="")
    token = last_token(db, email, Trigger.EMAIL_VERIFICATION)
    verified = registration.verify(db, VISITOR, token=token, browser_token=browser)
    actor = sessions.resolve(db, verified.session_token)
    assert actor is not None
    assert actor.user_id == user.id
    assert len(mails(db, email, Trigger.WELCOME)) == 1


def test_another_browser_proves_the_address_without_signing_in(db: Session) -> None:
    email = address()
    register(db, email)
    verified = registration.verify(db, VISITOR, token=last_token(db, email, Trigger.EMAIL_VERIFICATION))
    assert (verified.session_token, verified.reset_token) == ("", "")
    assert sign_in.sign_in(db, VISITOR, email=email, password=PASSWORD, ip="", user_agent="").token


def test_an_address_with_an_account_gives_the_same_answer_and_a_mail_to_its_owner(db: Session) -> None:
    user = make_user(db)
    stored, email = user.password_hash, user.email or ""
    answer = register(db, email, password="another password entirely")
    assert len(answer) == len(register(db, address()))
    db.refresh(user)
    assert user.password_hash == stored
    assert [mail.trigger_name for mail in mails(db, email)] == [Trigger.ACCOUNT_EXISTS]
    register(db, email)
    assert len(mails(db, email)) == 1


def test_who_signed_up_with_somebody_elses_address_gets_no_account_of_theirs(db: Session) -> None:
    """Two people name one address; only its reader decides, and no password of a stranger survives."""
    email = address()
    register(db, email, password="the password of the reader")
    register(db, email, password="the password of a stranger")
    verified = registration.verify(db, VISITOR, token=last_token(db, email, Trigger.EMAIL_VERIFICATION))
    assert verified.session_token == ""
    with pytest.raises(sign_in.WrongCredentials):
        sign_in.sign_in(db, VISITOR, email=email, password="the password of a stranger", ip="", user_agent="")
    recovery.reset(db, VISITOR, token=verified.reset_token, password=PASSWORD)
    assert sign_in.sign_in(db, VISITOR, email=email, password=PASSWORD, ip="", user_agent="").token


def test_a_link_is_single_use_and_ends(db: Session) -> None:
    email = address()
    register(db, email)
    token = last_token(db, email, Trigger.EMAIL_VERIFICATION)
    db.execute(text("UPDATE email_verification_token SET expires = clock_timestamp()"))
    with pytest.raises(people.LinkSpent):
        registration.verify(db, VISITOR, token=token)
    registration.resend(db, VISITOR, email=email)
    newer = last_token(db, email, Trigger.EMAIL_VERIFICATION)
    assert newer != token
    registration.verify(db, VISITOR, token=newer)
    with pytest.raises(people.LinkSpent):
        registration.verify(db, VISITOR, token=newer)


def test_asking_for_the_link_again_is_silent_about_other_addresses(db: Session) -> None:
    user = make_user(db)
    registration.resend(db, VISITOR, email=user.email or "")
    registration.resend(db, VISITOR, email="nobody@example.org")
    registration.resend(db, VISITOR, email="\r\n")
    assert mails(db, user.email or "") == []


@pytest.mark.parametrize(
    ("field", "given"),
    [("name", {"name": "  "}), ("name", {"name": "see https://evil.example"}), ("name", {"name": "x" * 81}),
     ("name", {"name": "www.evil.example"}), ("password", {"password": "short"}),
     ("privacy", {"accepts_privacy": False})],
)  # fmt: skip
def test_each_field_says_what_is_wrong_with_it(db: Session, field: str, given: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        register(db, address(), **given)
    assert refused.value.field == field


def test_a_bad_address_is_refused(db: Session) -> None:
    with pytest.raises(Invalid):
        register(db, "ada@example.org\r\nBcc: all@example.org")


@pytest.mark.parametrize(("switch", "value"), [("registration_enabled", "0"), ("maintenance_enabled", "1")])
def test_a_closed_door_opens_no_account(db: Session, switch: str, value: str) -> None:
    changes.change(db, actors.system("test"), switch, value)
    with pytest.raises(registration.RegistrationClosed):
        register(db, address())
    changes.change(db, actors.system("test"), switch, "1" if value == "0" else "0")


def test_during_maintenance_only_staff_signs_in(db: Session) -> None:
    person, ops = make_user(db), make_user(db, Role.OPS)
    changes.change(db, actors.system("test"), "maintenance_enabled", "1")
    with pytest.raises(sign_in.UnderMaintenance):
        sign_in.sign_in(db, VISITOR, email=person.email or "", password=PASSWORD, ip="", user_agent="")
    assert sign_in.sign_in(db, VISITOR, email=ops.email or "", password=PASSWORD, ip="", user_agent="").token
    changes.change(db, actors.system("test"), "maintenance_enabled", "0")


@pytest.mark.parametrize("wrong", ["password", "address", "disabled", "erased", "no password"])
def test_every_refusal_to_sign_in_looks_the_same(db: Session, wrong: str) -> None:
    user = make_user(db)
    email, password = user.email or "", PASSWORD
    if wrong == "password":
        password = PASSWORD + "x"
    elif wrong == "address":
        email = address()
    elif wrong == "no password":
        user.password_hash = None
    else:
        user.state = AccountState(wrong)
    db.flush()
    with pytest.raises(sign_in.WrongCredentials):
        sign_in.sign_in(db, VISITOR, email=email, password=password, ip="", user_agent="")


def test_signing_in_replaces_the_session_of_the_browser(db: Session) -> None:
    user = make_user(db)
    before = signed_in(db, user)
    after = sign_in.sign_in(db, before, email=user.email or "", password=PASSWORD, ip="1.1.1.1", user_agent="x")
    with pytest.raises(sessions.SessionEnded):
        sessions.confirm(db, before)
    assert sessions.resolve(db, after.token)


def test_staff_create_accounts_and_are_told_of_taken_addresses(db: Session) -> None:
    admin = signed_in(db, make_user(db, Role.ADMIN))
    email = address()
    details = {"name": "Bob", "email": email, "password": PASSWORD, "role": Role.OPS, "language": Language.EN}
    registration.create(db, admin, **details)  # type: ignore[arg-type]
    with pytest.raises(registration.AddressTaken):
        registration.create(db, admin, **details)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        registration.create(db, signed_in(db, make_user(db, Role.OPS)), **details)  # type: ignore[arg-type]


def test_sixteen_clicks_on_one_link_count_once(database: object) -> None:
    for _ in range(50):
        with transaction() as db:
            email = address()
            user = make_user(db, verified=False, email=email)
            registration.resend(db, VISITOR, email=email)
            token = last_token(db, email, Trigger.EMAIL_VERIFICATION)
        wins: list[bool] = []
        barrier = threading.Barrier(16)

        def click(token=token, barrier=barrier, wins=wins) -> None:
            barrier.wait()
            try:
                with transaction() as db:
                    registration.verify(db, VISITOR, token=token)
                wins.append(True)
            except people.LinkSpent:
                wins.append(False)

        threads = [threading.Thread(target=click) for _ in range(16)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert (wins.count(True), len(wins)) == (1, 16), user.id


def test_two_sign_ups_at_once_make_one_account(database: object) -> None:
    for _ in range(5):
        email = address()
        errors: list[BaseException] = []
        barrier = threading.Barrier(4)

        def sign_up(email=email, barrier=barrier, errors=errors) -> None:
            barrier.wait()
            try:
                with transaction() as db:
                    register(db, email)
            except BaseException as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=sign_up) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert errors == []
        with transaction() as db:
            assert people.by_email(db, email)


def test_no_password_is_kept_in_clear(db: Session) -> None:
    email = address()
    register(db, email)
    user = people.by_email(db, email)
    assert user is not None
    assert (user.password_hash or "").startswith("$argon2id$")
    assert passwords.matches(user.password_hash, PASSWORD)
