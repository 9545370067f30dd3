"""What a start takes is said before it, in the tab that starts it; nobody pays a price they were not shown."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin import fitmycv_admin  # the application registers its handlers
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import CreditKind
from tests import cluster, testkit
from tests.domain.cvs import makers
from tests.domain.tasks.paying import set_to
from tests.testkit import Tab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
assert fitmycv_admin.app


@pytest.fixture(scope="module")
def address(database: cluster.Database, valkey_server: Any) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served() as where:
        yield where


def handler(page: str, name: str) -> str:
    return next(known for known in testkit.handlers() if known.endswith(f"portal___{page}.{name}"))


def signed_in(user_id: UUID) -> str:
    with transaction() as db:
        return sessions.open_session(db, db.get_one(User, user_id), "127.0.0.1", "test")


def desk() -> tuple[UUID, UUID, UUID, str]:
    """Somebody with a CV and an offer: their id, the CV's, the offer's, and their session."""
    with transaction() as db:
        someone = makers.person(db)
        cv_id, offer_id = makers.imported(db, someone), makers.added(db, someone)
    return someone.owner_id, cv_id, offer_id, signed_in(someone.owner_id)


async def until(what: Callable[[], object]) -> None:
    """Wait until something is there, as a person would."""
    async with asyncio.timeout(30):
        while not what():
            await asyncio.sleep(0.05)


def prices(tab: Tab) -> list[dict[str, Any]]:
    """The prices that the tab was shown, each once; not the empty one before the first was read."""
    shown: list[dict[str, Any]] = []
    for price in tab.shown("price"):
        if (price["token"] or price["reason_key"]) and price not in shown:
            shown.append(price)
    return shown


def test_somebody_without_credits_reads_why_and_where_to_go(address: str) -> None:
    with transaction() as db:
        someone = makers.person(db)
        ledger.debit(db, someone.owner_id, Entry(CreditKind.CLAWBACK, 999, "test"))
    cookie = signed_in(someone.owner_id)

    async def look() -> dict[str, Any]:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            await tab.emit(handler("cvs___library____library", "load"), path="/cvs")
            await until(lambda: prices(tab))
            return prices(tab)[-1]

    price = asyncio.run(look())
    assert (price["is_allowed"], price["act"]) == (False, "buy")
    assert price["reason_key"] == "entitlement.refused.not_enough"
    assert price["reason_params"] == {"cost": 2, "available": 1}


def test_a_price_that_rose_meanwhile_is_told_before_it_is_taken(address: str) -> None:
    user_id, cv_id, offer_id, cookie = desk()
    path, given = f"/cvs/{cv_id}", {"given": {"offer_id": str(offer_id)}}
    compare = handler("cvs___detail____cv_page", "compare")

    async def play() -> list[int]:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            await tab.emit(handler("cvs___detail____cv_page", "load"), path=path)
            await until(lambda: prices(tab))
            raise_the_price()
            await tab.emit(compare, given, path=path)
            await until(lambda: "Le prix a chang" in testkit.said(tab.updates))
            assert "/match/" not in testkit.said(tab.updates)
            await until(lambda: len(prices(tab)) > 1)
            await tab.emit(compare, given, path=path)
            await until(lambda: "/match/" in testkit.said(tab.updates))
            return [price["cost"] for price in prices(tab)]

    try:
        assert asyncio.run(play())[:2] == [1, 5]
    finally:
        set_to(credits_match_score="1")
    with transaction() as db:
        found = text("""SELECT r.amount FROM reservation r JOIN background_task t ON t.id = r.task_id
                        WHERE t.user_id = :user AND t.type = 'match_score'""")
        assert list(db.execute(found, {"user": user_id}).scalars()) == [5]


def raise_the_price() -> None:
    """From one credit to five, longer ago than an old price holds."""
    set_to(credits_match_score="5")
    late = "UPDATE setting_version SET valid_from = valid_from - interval '1 hour' WHERE setting_name = :name"
    with transaction() as db:
        db.execute(text(late), {"name": "credits_match_score"})
