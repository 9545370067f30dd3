"""The wallet: a person sees all of their own credits and plan, and nothing of anybody else's."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, periods, wallet
from fitmycv_admin.domain.billing.credits import Wallet
from fitmycv_admin.vocabulary import CreditKind, Permission, PlanFeature, Role
from tests.domain.billing import purses, subscribers

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SCORE, IMPORT = PlanFeature.MATCH_SCORE, PlanFeature.IMPORT_PDF


@pytest.fixture(autouse=True)
def plans(database: object) -> None:
    """The plans of one test are not those of another."""
    with transaction() as db:
        subscribers.wipe(db)
        subscribers.plan(db, "free", {SCORE: 0, IMPORT: 0})


def actor(user_id: UUID) -> Actor:
    return Actor(user_id, Role.USER, frozenset({Permission.OWN_DATA}))


def seen(db: Session, user_id: UUID) -> wallet.WalletScreen:
    return wallet.screen(db, actor(user_id), now=NOW)


def used(screen: wallet.WalletScreen, feature: PlanFeature) -> wallet.UsageRow:
    return next(row for row in screen.usage if row.feature == feature)


def test_what_is_held_is_in_the_balance_and_not_available(db: Session) -> None:
    ada = purses.rich(10)
    purses.hold(ada, 4)
    assert seen(db, ada).wallet == Wallet(10, 4, 6, 0)


def test_somebody_without_a_line_has_an_empty_wallet_with_every_price(db: Session) -> None:
    screen = seen(db, purses.person())
    assert (screen.wallet, screen.lots) == (Wallet(0, 0, 0, 0), ())
    assert [row.feature for row in screen.usage] == list(PlanFeature)
    assert used(screen, IMPORT).cost == 2


def test_lots_stand_in_the_order_in_which_they_are_used(db: Session) -> None:
    ada = purses.person()
    purses.buy(ada, 20, f"pi_{ada}")
    purses.give(ada, 5, CreditKind.WELCOME, at=NOW)
    purses.give(ada, 3, CreditKind.GIFT, at=NOW - timedelta(days=30))
    rows = seen(db, ada).lots
    assert [(row.kind, row.remaining) for row in rows] == [("gift", 3), ("welcome", 5), ("purchase", 20)]
    assert rows[2].expires_at is None
    assert rows[0].expires_at is not None
    assert rows[0].expires_at.year == 2027


def test_a_lot_that_is_used_up_is_not_shown(db: Session) -> None:
    ada = purses.rich(2)
    purses.spend(ada, 2)
    assert seen(db, ada).lots == ()


def test_the_months_use_counts_what_was_used_and_says_when_it_starts_again(db: Session) -> None:
    ada, start = purses.person(), datetime(2026, 10, 31, 8, tzinfo=UTC)
    version = subscribers.plan(db, "pro", {SCORE: 25, IMPORT: -1}, cents=999)
    subscribers.subscribe(db, ada, version, start=start)
    for _ in range(3):
        counters.take(db, ada, SCORE, 25, periods.monthly(start, NOW))
    screen = seen(db, ada)
    row = used(screen, SCORE)
    assert (screen.plan_name, row.used, row.usage_limit) == ("pro", 3, 25)
    assert row.resets_at == datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert used(screen, IMPORT).usage_limit == -1


def test_without_a_subscription_the_free_plan_is_shown(db: Session) -> None:
    screen = seen(db, purses.person())
    assert (screen.plan_name, used(screen, SCORE).usage_limit) == ("free", 0)


def test_a_visitor_has_no_wallet(db: Session) -> None:
    with pytest.raises(Forbidden):
        wallet.screen(db, actors.VISITOR)
