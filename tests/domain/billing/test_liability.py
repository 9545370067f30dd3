"""What is owed: by kind, by expiry, by age, at the price of the pack; what ran out, month by month."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain.billing import expiry, holdings, liability
from fitmycv_admin.models import CreditPack
from fitmycv_admin.vocabulary import CreditKind, Role
from tests.domain.billing import desk, purses

pytestmark = pytest.mark.usefixtures("database", "sound_money")


@pytest.fixture(autouse=True)
def _packs(database: object) -> Iterator[None]:
    """A pack of 50 for 14.99 €, and nothing outstanding but what the test brings."""
    with transaction() as db:
        for user_id in db.execute(text("SELECT user_id FROM credit_balance WHERE balance > 0")).scalars().all():
            purses.spend(user_id, purses.wallet(user_id).balance)
        db.execute(text("DELETE FROM credit_pack"))
        db.add(CreditPack(name="50", credit_amount=50, price=1499))
    yield
    with transaction() as db:
        db.execute(text("DELETE FROM credit_pack"))


def owed() -> liability.Liability:
    with transaction() as db:
        return liability.liability(db, desk.staff(db, Role.VIEWER))


def test_bought_credits_are_worth_their_pack_given_ones_nothing_and_unknown_ones_stand_apart():
    ana = purses.rich(20)
    purses.buy(ana, 50, "pi_liability_1")
    purses.buy(ana, 7, "pi_liability_2")
    purses.spend(ana, 20 + 17)  # given first, then the oldest bought
    found = owed()
    assert (found.total.bought, found.total.given, found.total.unpriced) == (33, 0, 7)
    assert found.total.cents == 989  # 33 × 14.99 / 50 = 9.8934
    assert found.people == 1


def test_outstanding_credits_are_split_by_expiry_and_by_age():
    now = clock.now()
    ana = purses.person()
    purses.give(ana, 5, at=now - timedelta(days=340))  # 25 or 26 days left
    purses.give(ana, 3, CreditKind.WELCOME, at=now)
    purses.buy(ana, 50, "pi_liability_3")
    found = owed()
    by_expiry = {one.span: one.credits for one in found.by_expiry if one.credits}
    assert by_expiry == {"30": 5, "365": 3, "never": 50}
    assert {one.span: one.credits for one in found.by_age if one.credits} == {"365": 5, "30": 53}
    assert sum(one.cents for one in found.by_expiry) == found.total.cents == 1499


def test_what_ran_out_is_counted_in_its_month():
    ana = purses.person()
    purses.give(ana, 9, at=clock.now() - timedelta(days=400))
    with transaction() as db:
        expiry.expire(db, now=clock.now())
    months = owed().months
    assert len(months) == 12
    assert [month.month for month in months] == sorted(month.month for month in months)
    assert (months[-1].expired, months[-1].cents) == (9, 0)


def test_what_runs_out_soon_is_listed_with_what_nobody_holds():
    now = clock.now()
    ana = purses.person()
    purses.give(ana, 5, at=now - timedelta(days=340))
    purses.give(ana, 6, at=now)
    with transaction() as db:
        viewer = desk.staff(db, Role.VIEWER)
        rows = holdings.expiring(db, viewer, holdings.PageRequest()).rows
        assert [(row.user_id, row.remaining) for row in rows] == [(ana, 5)]
        assert "•" in rows[0].user  # people are masked for who may only look


@pytest.mark.parametrize("query", [liability.liability, holdings.unreturned])
def test_it_needs_credits_read(db: Session, query):
    with pytest.raises(Forbidden):
        query(db, desk.staff(db, Role.USER))
