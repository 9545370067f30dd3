"""Notices about credits: in time, once for an occasion, and only to people who may be written to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger, notices, reversals
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.vocabulary import CreditKind, Permission, Role
from tests.domain.billing import purses

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nobody_else(database: object) -> None:
    """No lot of another test expires in this one."""
    with transaction() as db:
        db.execute(text("UPDATE credit_lot SET expires_at = NULL"))


def actor(user_id: UUID) -> Actor:
    return Actor(user_id, Role.USER, frozenset({Permission.OWN_DATA}))


def proven(user_id: UUID, **columns: Any) -> UUID:
    """Somebody whose address is proven."""
    given = {"email_verified": clock.now(), "language": "en", **columns}
    with transaction() as db:
        changes = ", ".join(f"{name} = :{name}" for name in given)
        db.execute(text(f"UPDATE app_user SET {changes} WHERE id = :id"), {**given, "id": user_id})
    return user_id


def expiring_in(user_id: UUID, amount: int, days: float) -> int:
    """A gift that expires in so many days; the line."""
    at = clock.now() + timedelta(days=days)
    with transaction() as db:
        return ledger.grant(db, user_id, Entry(CreditKind.GIFT, amount, "test"), expires_at=at)


def mails(user_id: UUID) -> list[tuple[str, str, str]]:
    """Trigger, subject and text of what was written to somebody, oldest first."""
    rows = purses.ask(
        "SELECT trigger_name, subject, text FROM email_log WHERE recipient_user_id = :id ORDER BY id", id=user_id
    )
    return [tuple(row) for row in rows]


def settle(user_id: UUID) -> None:
    with transaction() as db:
        notices.low_balance(db, user_id)


def night(now: datetime | None = None) -> int:
    with transaction() as db:
        return notices.expiring(db, now=now)


def banners(user_id: UUID) -> list[tuple[str, int]]:
    with transaction() as db:
        return [(row.kind, row.credits) for row in notices.glance(db, actor(user_id)).notices]


def test_few_credits_left_are_told_once_until_credits_come_in_again() -> None:
    ada = proven(purses.rich(5))
    settle(ada)
    assert mails(ada) == []
    purses.spend(ada, 3)
    settle(ada)
    purses.spend(ada, 1)
    settle(ada)
    assert [(trigger, subject) for trigger, subject, _ in mails(ada)] == [("credits_low", "You have 2 credits left")]
    purses.buy(ada, 10, f"pi_{ada}")
    purses.spend(ada, 10)
    settle(ada)
    assert [subject for _, subject, _ in mails(ada)] == ["You have 2 credits left", "You have 1 credit left"]


def test_what_comes_back_is_no_new_occasion() -> None:
    ada = proven(purses.rich(5))
    line = purses.spend(ada, 4)
    settle(ada)
    with transaction() as db:
        ledger.give_back(db, line, cause="task_failed", source="test")
    purses.spend(ada, 4)
    settle(ada)
    assert len(mails(ada)) == 1


def test_the_threshold_is_a_setting_and_zero_says_nothing() -> None:
    ada = proven(purses.rich(5))
    purses.spend(ada, 5)
    with transaction() as db:
        db.execute(
            text("""INSERT INTO setting (id, setting_name, value, category, version)
                    VALUES (gen_random_uuid(), 'low_credit_notice', '0', 'credits', 1)
                    ON CONFLICT (setting_name) DO UPDATE SET value = '0'""")
        )
    _forget()
    try:
        settle(ada)
        assert (mails(ada), banners(ada)) == ([], [])
    finally:
        with transaction() as db:
            db.execute(text("DELETE FROM setting WHERE setting_name = 'low_credit_notice'"))
        _forget()
    assert banners(ada) == [("low_balance", 0)]


def _forget() -> None:
    from fitmycv_admin.domain.settings import lookups

    with transaction() as db:
        lookups.forget(db)


def test_held_credits_count_as_gone() -> None:
    ada = proven(purses.rich(5))
    purses.hold(ada, 4)
    assert banners(ada) == [("low_balance", 1)]


def test_nobody_is_told_who_never_had_a_credit() -> None:
    ada = proven(purses.person())
    settle(ada)
    assert (mails(ada), banners(ada)) == ([], [])


def test_who_owes_credits_reads_about_the_debt_instead() -> None:
    ada = proven(purses.person())
    purses.buy(ada, 10, f"pi_{ada}")
    purses.spend(ada, 10)
    with transaction() as db:
        reversals.charge_back(db, f"pi_{ada}")
    settle(ada)
    with transaction() as db:
        seen = notices.glance(db, actor(ada))
    assert (seen.wallet.balance, seen.wallet.debt, seen.notices, mails(ada)) == (-10, 10, (), [])


@pytest.mark.parametrize("columns", [{"email_verified": None}, {"state": "disabled"}, {"state": "erased"}])
def test_only_open_accounts_with_a_proven_address_are_written_to(columns: dict[str, Any]) -> None:
    ada = proven(purses.rich(5), **columns)
    purses.spend(ada, 4)
    expiring_in(ada, 5, 3)
    settle(ada)
    assert (night(), mails(ada)) == (0, [])


def test_an_address_that_is_proven_later_is_told_then() -> None:
    ada = proven(purses.person(), email_verified=None)
    expiring_in(ada, 5, 6)
    assert night() == 0
    proven(ada)
    assert night() == 1


def test_credits_that_expire_are_told_a_month_and_a_week_before_each_once() -> None:
    ada = proven(purses.person())
    expiring_in(ada, 5, 40)
    now = clock.now()
    assert [night(now + days * DAY) for days in (0, 11, 12, 30, 34, 35, 39, 41)] == [0, 1, 0, 0, 1, 0, 0, 0]
    assert [trigger for trigger, _, _ in mails(ada)] == ["credits_expiring"] * 2


def test_lots_that_run_out_together_make_one_message() -> None:
    ada = proven(purses.person())
    for amount, days in ((5, 20), (2, 20), (1, 25)):
        expiring_in(ada, amount, days)
    assert night() == 1
    ((_, _, words),) = mails(ada)
    assert "7 credits on " in words
    assert ", 1 credit on " in words
    assert banners(ada) == [("expiring_30", 7)]


def test_held_and_spent_credits_do_not_expire_in_a_message() -> None:
    ada = proven(purses.person())
    expiring_in(ada, 5, 6)
    purses.spend(ada, 2)
    purses.hold(ada, 1)
    assert night() == 1
    assert "2 credits on " in mails(ada)[0][2]


def test_the_message_is_in_the_readers_language() -> None:
    ada = proven(purses.person(), language="fr")
    expiring_in(ada, 1, 6)
    night()
    ((_, subject, words),) = mails(ada)
    assert subject == "Certains de vos crédits vont expirer"
    assert "1 crédit le " in words
    assert "/credits" in words


def test_the_first_days_of_a_run_are_for_as_many_people_as_it_may_take() -> None:
    people = [proven(purses.person()) for _ in range(3)]
    for someone in people:
        expiring_in(someone, 1, 20)
    counts = []
    for _ in range(3):
        with transaction() as db:
            counts.append(notices.expiring(db, most=2))
    assert counts == [2, 1, 0]


def test_two_schedulers_tell_once() -> None:
    for _ in range(50):
        ada = proven(purses.person())
        expiring_in(ada, 5, 6)
        assert sum(purses.together(16, lambda _: night())) == 1
        assert len(mails(ada)) == 1


def test_two_settlements_tell_once() -> None:
    for _ in range(50):
        ada = proven(purses.rich(2))
        purses.together(16, lambda _, user_id=ada: settle(user_id))
        assert len(mails(ada)) == 1


def test_a_closed_banner_stays_closed_for_its_occasion_only(db: Session) -> None:
    ada = proven(purses.rich(2))
    (row,) = notices.glance(db, actor(ada)).notices
    notices.hide(db, actor(ada), row.kind, row.occasion)
    assert notices.glance(db, actor(ada)).notices == ()
    db.commit()
    purses.give(ada, 1)
    purses.spend(ada, 2)
    assert banners(ada) == [("low_balance", 1)]


def test_only_a_banner_that_is_shown_can_be_closed(db: Session) -> None:
    ada = proven(purses.rich(50))
    notices.hide(db, actor(ada), "low_balance", "line:1")
    notices.hide(db, actor(ada), "x" * 10_000, "y")
    assert purses.ask("SELECT * FROM credit_notice WHERE user_id = :id", id=ada) == []
