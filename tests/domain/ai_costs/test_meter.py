"""The meter: each call at the price that was valid when it was sent, rounded once."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import meter, pricing
from fitmycv_admin.vocabulary import CallStatus
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)


def stored(db: Session, call_id: int):
    return db.execute(text("SELECT * FROM openai_call WHERE id = :id"), {"id": call_id}).one()


def test_cached_tokens_cost_their_own_price_and_the_rest_the_input_price(db: Session):
    ledger.priced(db, "gpt-a")
    call = stored(db, meter.record(db, usage(NOON, prompt=1000, cached=400, completion=100)))
    assert call.cost_nano == 600 * 2_000 + 400 * 500 + 100 * 8_000


def test_cached_tokens_without_a_price_of_their_own_cost_as_input(db: Session):
    ledger.priced(db, "gpt-a", lines={"input": 2_000_000_000, "output": 8_000_000_000})
    call = stored(db, meter.record(db, usage(NOON, prompt=1000, cached=400, cache_write=100, completion=0)))
    assert call.cost_nano == 1000 * 2_000


def test_a_call_is_rounded_once_half_up():
    price = pricing.Price(1, {"input": 500_000, "output": 500_000})
    assert meter.cost_of(price, usage(NOON, prompt=1, completion=0)) == 1
    assert meter.cost_of(price, usage(NOON, prompt=1, completion=1)) == 1
    assert meter.cost_of(price, usage(NOON, prompt=2, completion=1)) == 2


def test_a_model_without_a_price_is_stored_as_unpriced_never_guessed(db: Session):
    call = stored(db, meter.record(db, usage(NOON, model="brand-new")))
    assert (call.cost_nano, call.price_version_id) == (None, None)
    assert db.execute(text("SELECT count(*) FROM openai_pricing WHERE model_name = 'brand-new'")).scalar_one() == 1


def test_the_model_that_served_sets_the_price_not_the_one_that_was_asked(db: Session):
    ledger.priced(db, "gpt-a")
    ledger.priced(db, "gpt-b", lines={"input": 1_000_000, "output": 1_000_000})
    call = stored(db, meter.record(db, usage(NOON, model="gpt-b", requested="gpt-a", prompt=10, completion=10)))
    assert (call.cost_nano, call.model_requested, call.model_served) == (20, "gpt-a", "gpt-b")


def test_a_call_cut_off_has_an_unknown_cost_and_a_refused_one_costs_nothing(db: Session):
    ledger.priced(db, "gpt-a")
    cut = stored(db, meter.record(db, usage(NOON, prompt=0, completion=0, status=CallStatus.ABORTED)))
    failed = stored(db, meter.record(db, usage(NOON, prompt=0, completion=0, status=CallStatus.FAILED)))
    assert (cut.cost_nano, failed.cost_nano) == (None, 0)


def test_a_price_change_leaves_past_costs_as_they_are(db: Session):
    ledger.priced(db, "gpt-a")
    first = meter.record(db, usage(NOON))
    before = stored(db, first).cost_nano
    pricing.change(db, OPS, "gpt-a", "standard", lines={"input": 1, "output": 1}, reason="cheap", confirmed=True)
    assert stored(db, first).cost_nano == before


@pytest.mark.parametrize(("prompt", "cached", "write"), [(10, 11, 0), (10, 6, 5), (-1, 0, 0)])
def test_impossible_counts_are_refused(db: Session, prompt, cached, write):
    with pytest.raises(meter.ImpossibleUsage):
        meter.record(db, usage(NOON, prompt=prompt, cached=cached, cache_write=write))


def test_the_database_too_refuses_more_cached_than_prompt_tokens():
    insert = (
        "INSERT INTO openai_call (created_at, feature_id, model_id, tier_id, call_name, model_requested, model_served,"
        " attempt, prompt_tokens, cached_tokens) VALUES (now(), 1, 1, 1, 'x', 'm', 'm', 1, 10, 11)"
    )
    with pytest.raises(IntegrityError, match="cached"), transaction() as db:
        db.execute(text(insert))


@given(
    starts=st.lists(st.integers(1, 10_000), min_size=1, max_size=6, unique=True).map(sorted),
    prices=st.lists(st.tuples(*[st.integers(0, 10**11)] * 3), min_size=6, max_size=6),
    calls=st.lists(
        st.tuples(st.integers(0, 11_000), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5)),
        min_size=1, max_size=8,
    ),
)  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cost_equals_the_version_valid_at_the_instant_of_the_call(database, starts, prices, calls):
    """Against an independent computation with fractions, at instants before, on and after each boundary."""
    base = datetime(2026, 3, 1, tzinfo=UTC)
    with transaction() as db:
        ledger.wipe(db)
        for number, (minute, price) in enumerate(zip(starts, prices, strict=False)):
            until = base + timedelta(minutes=starts[number + 1]) if number + 1 < len(starts) else None
            lines = dict(zip(("input", "cached_input", "output"), price, strict=True))
            ledger.priced(db, "gpt-a", since=base + timedelta(minutes=minute), until=until, lines=lines)
        for minute, prompt, cached, completion in calls:
            cached = min(cached, prompt)
            at = base + timedelta(minutes=minute)
            call = stored(db, meter.record(db, usage(at, prompt=prompt, cached=cached, completion=completion)))
            valid = [price for start, price in zip(starts, prices, strict=False) if start <= minute]
            if not valid:
                assert call.cost_nano is None
                continue
            whole, part, answer = valid[-1]
            exact = Fraction((prompt - cached) * whole + cached * part + completion * answer, 10**6)
            assert call.cost_nano == (exact + Fraction(1, 2)).__floor__()
