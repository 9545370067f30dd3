"""Where no message can be sent, nothing that waits for one begins, and the person is told."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.accounts import email_change, people, recovery, registration, sign_in
from fitmycv_admin.domain.actors import VISITOR
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.vocabulary import Language
from tests import cluster
from tests.domain.accounts.conftest import PASSWORD, address, mails, make_user, signed_in


@pytest.fixture
def without_mail(database: object) -> Iterator[None]:
    """Production without a transport."""
    with cluster.environment(FITMYCV_MODE="production"):
        yield


def register(db: Session, email: str) -> str:
    given = {"name": "Ada", "password": PASSWORD, "language": Language.FR, "accepts_privacy": True}
    return registration.register(db, VISITOR, email=email, **given)  # type: ignore[arg-type]


def test_no_account_is_opened_that_nobody_could_confirm(without_mail: None, db: Session) -> None:
    email = address()
    with pytest.raises(outbox.MailOff):
        register(db, email)
    assert people.by_email(db, email) is None


def test_a_forgotten_password_promises_no_link_and_says_the_same_of_every_address(
    without_mail: None, db: Session
) -> None:
    known = make_user(db).email or ""
    for email in (known, address()):
        with pytest.raises(outbox.MailOff):
            recovery.forgot(db, VISITOR, email=email)
        with pytest.raises(outbox.MailOff):
            registration.resend(db, VISITOR, email=email)
    assert mails(db, known) == []
    assert db.execute(text("SELECT reset_token FROM app_user WHERE email = :e"), {"e": known}).scalar_one() is None


def test_an_address_is_not_changed_to_one_that_cannot_be_confirmed(without_mail: None, db: Session) -> None:
    user = make_user(db)
    with pytest.raises(outbox.MailOff):
        email_change.request(db, signed_in(db, user), password=PASSWORD, new_email=address())
    assert mails(db, user.email or "") == []


def test_who_has_an_account_still_signs_in(without_mail: None, db: Session) -> None:
    email = make_user(db).email or ""
    assert sign_in.sign_in(db, VISITOR, email=email, password=PASSWORD, ip="", user_agent="").token


@pytest.mark.parametrize("transport", [{"SMTP_URL": "smtp://localhost"}, {"RESEND_API_KEY": "re_1"}])
def test_either_transport_opens_sign_up(database: object, transport: dict[str, str]) -> None:
    with cluster.environment(FITMYCV_MODE="production", **transport), transaction() as db:
        assert register(db, address())
