"""The alert about the vendor's bill: one notice of each day beyond the limit, ended when the books agree again."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import bill_imports
from fitmycv_admin.domain.ai_costs.bill_imports import Reading
from fitmycv_admin.domain.budgets import bill_watch
from fitmycv_admin.domain.ports import BilledLine
from fitmycv_admin.vocabulary import AlertType
from tests.domain.budgets import stand
from tests.domain.budgets.stand import NOON, OPS, USD

pytestmark = pytest.mark.usefixtures("database")
DAY = date(2026, 11, 16)
START = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_bill(empty: None) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM billed_day"))
        db.execute(text("DELETE FROM bill_import"))


def bill(usd: float, *, day: date = DAY, name: str = "gpt-a, input") -> None:
    """The vendor bills this for a day, read two days later."""
    with transaction() as db:
        lines = (BilledLine(day, name, round(usd * USD)),)
        number = bill_imports.store(db, OPS, Reading(bill_imports.ENDPOINT, day, day, lines))
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=2)
        db.execute(text("UPDATE bill_import SET imported_at = :at WHERE id = :id"), {"at": at, "id": number})


def watched(at: datetime = NOON) -> tuple[int, int]:
    with transaction() as db:
        return bill_watch.watch(db, at=at)


def test_a_day_beyond_the_limit_gives_one_notice_with_its_figures():
    rule = stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="bill")
    stand.spend(10, START + timedelta(hours=5))
    bill(10.4)
    bill(2, day=DAY + timedelta(days=1), name="file search")
    assert watched() == (2, 0)
    assert watched() == (0, 0)
    first, second = stand.rows("alert_notice", rule)
    assert (first.window_starts_at, first.value_nano, first.limit_nano) == (START, 10_400_000_000, 10 * USD)
    assert (first.facts["percent"], first.facts["limit_percent"], first.facts["rest_nano"]) == (3.8, 3.0, 400_000_000)
    assert (second.facts["untracked_nano"], second.facts["rest_nano"]) == (2 * USD, 0)


def test_what_is_within_the_limit_is_not_told():
    stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="bill")
    stand.spend(10, START + timedelta(hours=5))
    bill(10.2)
    assert watched() == (0, 0)


def test_a_rule_may_have_a_percentage_of_its_own():
    strict = stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="strict", ratio_percent=1)
    loose = stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="loose", ratio_percent=20)
    stand.spend(10, START + timedelta(hours=5))
    bill(10.2)
    assert watched() == (1, 0)
    assert len(stand.noticed(strict)) == 1
    assert stand.noticed(loose) == []


def test_it_ends_when_the_vendor_corrects_the_bill():
    rule = stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="bill")
    stand.spend(10, START + timedelta(hours=5))
    bill(20)
    assert watched() == (1, 0)
    bill(10)
    assert watched() == (0, 1)
    assert [row.state for row in stand.rows("alert_notice", rule)] == ["resolved"]


def test_nobody_watches_without_a_rule_or_while_it_is_snoozed():
    bill(20)
    assert watched() == (0, 0)
    stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="bill")
    with transaction() as db:
        db.execute(text("UPDATE openai_alert SET snoozed_until = :at"), {"at": NOON + timedelta(hours=1)})
    assert watched() == (0, 0)
    assert watched(NOON + timedelta(hours=2)) == (1, 0)


def test_sixteen_watches_at_once_give_one_notice():
    rule = stand.rule(0, type=AlertType.BILL_DIFFERENCE, name="bill")
    for number in range(10):
        day = DAY - timedelta(days=number)
        bill(20, day=day)
        gate, made = threading.Barrier(16), []

        def act(gate: threading.Barrier = gate, made: list[int] = made) -> None:
            gate.wait()
            made.append(watched()[0])

        threads = [threading.Thread(target=act) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(made) == 1, number
    assert len(stand.noticed(rule)) == 10
