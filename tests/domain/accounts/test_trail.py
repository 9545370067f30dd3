"""The audit trail as an address asks for it."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.accounts import administration, trail
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import Role
from tests.domain.accounts.conftest import make_user

Staff = Callable[[Role], Actor]


def test_an_act_is_found_by_its_target_and_by_who_did_it(db: Session, staff: Staff) -> None:
    admin, user = staff(Role.ADMIN), make_user(db)
    administration.disable(db, admin, user.id, reason="x")
    db.flush()
    for words in ({"target_id": str(user.id)}, {"q": str(admin.user_id), "action": "account"}, {"period": "today"}):
        rows = trail.screen(db, admin, words, PageRequest()).page.rows
        assert str(user.id) in {row.target_id for row in rows}
    found = next(trail.every(db, admin, {"target_id": str(user.id)}))
    assert found.changes == (("state", "active", "disabled"),)


@pytest.mark.parametrize("words", [{"period": "x"}, {"period": "custom"}, {"period": "custom", "from": "y", "to": "z"}])
def test_an_address_that_makes_no_sense_shows_thirty_days(db: Session, staff: Staff, words: dict[str, str]) -> None:
    assert trail.screen(db, staff(Role.ADMIN), words, PageRequest()).page is not None


def test_only_those_who_may_read_it_do(db: Session, staff: Staff) -> None:
    with pytest.raises(Forbidden):
        trail.screen(db, staff(Role.SUPPORT), {}, PageRequest())
