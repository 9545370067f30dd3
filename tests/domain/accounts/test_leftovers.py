"""Only links that are too old are forgotten."""

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.accounts import email_change, leftovers, people, recovery, registration
from fitmycv_admin.domain.actors import VISITOR
from fitmycv_admin.vocabulary import Language, Trigger
from tests.domain.accounts.conftest import PASSWORD, address, last_token, make_user, signed_in

TABLES = ("email_verification_token", "auto_sign_in_token", "email_change_request")


def test_links_that_still_open_stay_and_the_others_go(db: Session) -> None:
    email = address()
    details = {"name": "Ada", "password": PASSWORD, "language": Language.FR, "accepts_privacy": True}
    registration.register(db, VISITOR, email=email, **details)  # type: ignore[arg-type]
    user = make_user(db)
    recovery.forgot(db, VISITOR, email=user.email or "")
    email_change.request(db, signed_in(db, user), password=PASSWORD, new_email=address())
    assert leftovers.erase(db) == 0
    recovery.reset(db, VISITOR, token=last_token(db, user.email or "", Trigger.PASSWORD_RESET), password=PASSWORD)
    for table in TABLES:
        db.execute(text(f"UPDATE {table} SET expires = clock_timestamp() - interval '1 s'"))
    assert leftovers.erase(db) == 2
    assert people.by_email(db, email) is not None
