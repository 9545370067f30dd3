"""Welcome credits: fifteen, once, and not again for the same address or browser."""

from datetime import timedelta

import pytest

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.billing import welcome
from fitmycv_admin.domain.settings import changes
from tests.domain.billing.purses import ask, kinds, person, together, wallet

pytestmark = pytest.mark.usefixtures("database", "sound_money")
CROWD = 8


def welcomed(email: str, device: str = "") -> int:
    """A new person proves an address; how many credits they have then."""
    someone = person()
    with transaction() as db:
        given = welcome.grant_once(db, someone, email=email, device=device)
    assert wallet(someone).balance == given
    return given


def test_a_new_person_gets_fifteen_credits_that_run_out_after_a_year() -> None:
    someone = person()
    with transaction() as db:
        assert welcome.grant_once(db, someone, email="ada@example.org", device="browser-1") == 15
    assert kinds(someone) == [("welcome", 15)]
    (lot,) = ask("SELECT kind, priority, expires_at FROM credit_lot WHERE user_id = :user", user=someone)
    assert (lot.kind, lot.priority) == ("welcome", 0)
    assert timedelta(days=364) < lot.expires_at - clock.now() < timedelta(days=367)


def test_asking_twice_for_one_person_gives_once() -> None:
    someone = person()
    for expected in (15, 0):
        with transaction() as db:
            assert welcome.grant_once(db, someone, email="twice@example.org") == expected
    assert kinds(someone) == [("welcome", 15)]


@pytest.mark.parametrize("again", ["Grace@example.org", "grace+cv@example.org", " GRACE@EXAMPLE.ORG"])
def test_the_same_mailbox_in_another_spelling_gets_none(again: str) -> None:
    welcomed("grace@example.org")
    assert welcomed(again) == 0


def test_dots_count_except_where_the_provider_ignores_them() -> None:
    assert (welcomed("a.b@gmail.com"), welcomed("ab@googlemail.com")) == (15, 0)
    assert (welcomed("a.b@example.org"), welcomed("ab@example.org")) == (15, 15)


def test_a_second_account_in_one_browser_gets_none_and_leaves_no_mark() -> None:
    assert welcomed("first@example.org", "browser-2") == 15
    before = ask("SELECT count(*) AS n FROM welcome_check")[0].n
    assert welcomed("second@example.org", "browser-2") == 0
    assert ask("SELECT count(*) AS n FROM welcome_check")[0].n == before
    assert welcomed("second@example.org", "browser-3") == 15


def test_of_many_new_accounts_at_once_in_one_browser_one_gets_credits() -> None:
    for number in range(10):
        given = together(CROWD, lambda n, number=number: welcomed(f"{n}.{number}@example.org", f"shared-{number}"))
        assert sorted(given) == [0] * (CROWD - 1) + [15]


def test_no_address_stands_in_the_table_and_hashes_go_after_thirteen_months() -> None:
    welcomed("secret@example.org", "browser-4")
    assert ask("SELECT 1 FROM welcome_check WHERE hash LIKE '%secret%' OR length(hash) <> 64") == []
    ask("UPDATE welcome_check SET created_at = created_at - interval '14 months' RETURNING hash")
    assert welcomed("secret@example.org") == 15
    with transaction() as db:
        assert welcome.forget(db) > 0
        assert welcome.forget(db) == 0
    assert [row.kind for row in ask("SELECT kind FROM welcome_check")] == ["address"]


def test_a_setting_says_how_many_and_zero_gives_none() -> None:
    by = actors.system("test")
    for value, given in (("4", 4), ("0", 0)):
        with transaction() as db:
            changes.change(db, by, "welcome_credits", value)
        assert welcomed(f"set-{value}@example.org") == given
    with transaction() as db:
        changes.change(db, by, "welcome_credits", "15")
