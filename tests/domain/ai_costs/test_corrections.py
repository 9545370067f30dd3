"""Calls without a price wait in a queue, are priced late by names, and leave it; undone they wait again."""

from datetime import timedelta

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import adjustments, corrections, fold, meter
from fitmycv_admin.domain.ai_costs.corrections import Wish
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
COST = 1000 * 2_000 + 100 * 8_000


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
    with transaction() as db:
        fold.fold(db)


def _called(*, fold_them: bool = True) -> None:
    """Five calls of a model without a price, two of one with; then the price of the first is known."""
    now = clock.now()
    with transaction() as db:
        ledger.priced(db, "gpt-a")
        for day in range(5):
            meter.record(db, usage(now - timedelta(days=day, minutes=1), model="new"))
        for day in range(2):
            meter.record(db, usage(now - timedelta(days=day, minutes=2)))
    if fold_them:
        with transaction() as db:
            fold.fold(db)


def _priced_now() -> None:
    with transaction() as db:
        ledger.priced(db, "new", since=clock.now() - timedelta(seconds=1))


def _wish(**changes: object) -> Wish:
    now = clock.now()
    given = {"kind": "late_price", "model": "new", "tier": "standard", "at_price": "now",
             "starts_at": now - timedelta(days=10), "ends_at": now}  # fmt: skip
    return Wish(**(given | changes))


def _work() -> None:
    for _ in range(50):
        with transaction() as db:
            adjustments.work(db)
            if not db.execute(text("SELECT 1 FROM adjustment_batch WHERE state = 'running'")).first():
                return
    raise AssertionError("the batch never ends")


def _total(db: Session) -> tuple[int, int]:
    row = db.execute(text("SELECT sum(cost_nano)::bigint, sum(unpriced)::bigint FROM roll_day")).one()
    return row[0], row[1]


@pytest.mark.parametrize("folded", [True, False], ids=("folded", "live tail"))
def test_calls_without_a_price_wait_with_their_first_and_last_day(db: Session, folded: bool):
    _called(fold_them=folded)
    (row,) = corrections.waiting(db, OPS)
    assert (row.model, row.tier, row.calls, row.has_price_now) == ("new", "standard", 5, False)
    assert (row.last - row.first).days == 4


def test_typed_prices_correct_past_calls_by_the_difference(db: Session):
    _called()
    lines = {"input": 4_000_000_000, "output": 16_000_000_000}
    wish = _wish(kind="reprice", model="gpt-a", at_price="typed", lines=lines)
    found = corrections.preview(db, OPS, wish)
    assert (found.calls, found.newly_priced, found.before_nano, found.after_nano) == (2, 0, 2 * COST, 4 * COST)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "revert"}, "kind"), ({"starts_at": None}, "starts_at"), ({"ends_at": None}, "ends_at"),
        ({"model": "nobody"}, "model"), ({"tier": "urgent"}, "tier"), ({"tier": ""}, "tier"), ({"model": ""}, "model"),
        ({"at_price": "now"}, "at_price"), ({"at_price": "typed", "lines": {"input": 1}}, "output"),
    ],
)  # fmt: skip
def test_a_wrong_wish_is_refused_with_its_field(db: Session, changes, field):
    _called()
    with pytest.raises(Invalid) as refused:
        corrections.start(db, OPS, _wish(**changes), reason="why")
    assert refused.value.field == field


def test_only_who_may_write_prices_starts_a_correction(db: Session):
    _called()
    _priced_now()
    with pytest.raises(Forbidden):
        corrections.start(db, actors.VISITOR, _wish(), reason="mine")


# Last: what a batch did stays, and the models with it.
def test_a_late_price_gives_every_waiting_call_its_cost_and_the_undo_takes_it_back(db: Session):
    _called()
    _priced_now()
    before = _total(db)
    found = corrections.preview(db, OPS, _wish())
    assert (found.calls, found.newly_priced, found.after_nano - found.before_nano) == (5, 5, 5 * COST)
    db.rollback()
    with transaction() as other:
        batch = corrections.start(other, OPS, _wish(), reason="announced too late")
    _work()
    with transaction() as later:
        assert _total(later) == (before[0] + 5 * COST, 0)
        assert corrections.waiting(later, OPS) == ()
        (row,) = corrections.screen(later, OPS, PageRequest()).batches.rows
        assert (row.state, row.calls, row.delta_nano, row.done) == ("done", 5, 5 * COST, 1.0)
        adjustments.revert(later, OPS, batch, reason="wrong after all")
    _work()
    with transaction() as later:
        assert _total(later) == before
        assert [row.calls for row in corrections.waiting(later, OPS)] == [5]
