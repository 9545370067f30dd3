"""The price list: what is valid now, what is planned, and models that were called without a price."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import meter, price_list, pricing
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, PRICE, usage

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)


def test_models_called_without_a_price_come_first(db: Session):
    ledger.priced(db, "gpt-a")
    meter.record(db, usage(clock.now(), model="gpt-a"))
    meter.record(db, usage(clock.now(), model="brand-new"))
    rows = price_list.prices(db, OPS)
    assert [(row.model, row.calls, row.unpriced, dict(row.lines)) for row in rows] == [
        ("brand-new", 1, 1, {}), ("gpt-a", 1, 0, PRICE),
    ]  # fmt: skip


def test_a_planned_change_is_announced_beside_the_price_of_now(db: Session):
    ledger.priced(db, "gpt-a")
    at = clock.now() + timedelta(days=2)
    pricing.change(db, OPS, "gpt-a", "standard", lines={"input": 3_000_000_000, "output": 9_000_000_000},
                   effective_at=at, reason="announced")  # fmt: skip
    (row,) = price_list.prices(db, OPS)
    assert (dict(row.lines), row.next_at, row.versions) == (PRICE, at, 2)


def test_the_history_of_a_model_tells_past_running_and_planned(db: Session):
    ledger.priced(db, "gpt-a")
    lines = {"input": 3_000_000_000, "output": 9_000_000_000}
    pricing.change(db, OPS, "gpt-a", "standard", lines=lines, reason="raised")
    pricing.change(
        db, OPS, "gpt-a", "standard", lines=lines, effective_at=clock.now() + timedelta(days=2), reason="later"
    )
    rows = price_list.versions(db, OPS, "gpt-a", "standard")
    assert [(row.state, row.reason) for row in rows] == [("planned", "later"), ("running", "raised"), ("past", "test")]
    assert rows[1].ends_at == rows[0].starts_at


def test_a_model_on_the_list_that_was_never_called_shows_no_price(db: Session):
    pricing.add_model(db, OPS, "gpt-next", reason="announced")
    (row,) = price_list.prices(db, OPS)
    assert (row.model, row.tier, dict(row.lines), row.versions) == ("gpt-next", "standard", {}, 0)
