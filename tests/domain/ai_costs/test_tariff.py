"""Every kind of token at its own price, the same in Python and in SQL, and long prompts at a tier of their own."""

import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import meter, tariff
from fitmycv_admin.vocabulary import CallStatus
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import usage

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL = {
    "input": 7_000_000, "cached_input": 1_000_000, "cache_write": 9_000_000, "output": 31_000_000,
    "reasoning": 37_000_000, "image": 11_000_000, "audio": 41_000_000,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)


def test_each_kind_of_token_costs_its_own_price():
    exact = tariff.weight(
        ALL, prompt=1000, cached=100, cache_write=50, completion=300, reasoning=200, image=250, audio=150
    )
    assert exact == 450 * 7_000_000 + 100 * 1_000_000 + 50 * 9_000_000 + 250 * 11_000_000 + 150 * 41_000_000 + (
        100 * 31_000_000 + 200 * 37_000_000
    )


def test_a_kind_without_a_price_costs_what_it_is_a_part_of():
    lines = {"input": 2, "output": 8}
    assert tariff.weight(
        lines, prompt=1000, cached=100, cache_write=50, completion=300, reasoning=200, image=250, audio=150
    ) == 1000 * 2 + 300 * 8  # fmt: skip


def test_an_image_from_the_cache_is_charged_once_as_cached():
    assert tariff.weight(ALL, prompt=1000, cached=900, completion=0, image=800) == 900 * 1_000_000 + 100 * 11_000_000


def test_a_missing_price_is_unknown_and_never_nothing():
    assert tariff.cost({"input": 5}, prompt=10, completion=1) is None
    assert tariff.cost({"input": 5}, prompt=10_000_000, completion=0) == 50


counts = st.tuples(
    st.integers(0, 2_000_000), st.fractions(0, 1), st.fractions(0, 1), st.fractions(0, 1), st.fractions(0, 1),
    st.integers(0, 200_000), st.fractions(0, 1),
)  # fmt: skip


@given(
    lines=st.one_of(st.none(), st.dictionaries(st.sampled_from(sorted(ALL)), st.integers(0, 10**14))),
    calls=st.lists(st.tuples(counts, st.sampled_from(list(CallStatus))), min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_agree_to_the_nano_dollar(database, lines, calls):
    """And with an independent computation with fractions."""
    with transaction() as db:
        for (prompt, c, w, i, a, completion, r), status in calls:
            cached = int(prompt * c)
            write = int((prompt - cached) * w)
            image = int(prompt * i)
            audio = int((prompt - image) * a)
            one = usage(
                NOON, prompt=prompt, cached=cached, cache_write=write, completion=completion, image=image, audio=audio,
                reasoning=int(completion * r), status=status,
            )  # fmt: skip
            from_sql = db.execute(
                text(
                    f"SELECT {tariff.sql('c', 'cast(:lines AS jsonb)')} FROM (SELECT cast(:p AS int) prompt_tokens,"
                    " cast(:c AS int) cached_tokens, cast(:w AS int) cache_write_tokens, cast(:o AS int)"
                    " completion_tokens, cast(:r AS int) reasoning_tokens, cast(:i AS int) image_tokens,"
                    " cast(:a AS int) audio_tokens, cast(:s AS text) status) c"
                ),
                {
                    "lines": None if lines is None else json.dumps(lines), "p": prompt, "c": cached, "w": write,
                    "o": completion, "r": one.reasoning_tokens, "i": image, "a": audio, "s": str(status),
                },
            ).scalar_one()  # fmt: skip
            price = None if lines is None else meter.pricing.Price(1, lines)
            assert from_sql == meter.cost_of(price, one) == _exact(lines, one)


def _exact(lines: dict[str, int] | None, one: Any) -> int | None:
    if one.prompt_tokens == one.completion_tokens == 0:
        if one.status == CallStatus.FAILED:
            return 0
        if one.status == CallStatus.ABORTED:
            return None
    if lines is None:
        return None
    left = one.prompt_tokens - one.cached_tokens - one.cache_write_tokens
    image = min(left, one.image_tokens)
    audio = min(left - image, one.audio_tokens)
    whole = Fraction(0)
    for tokens, kinds in (
        (left - image - audio, ("input",)), (one.cached_tokens, ("cached_input", "input")),
        (one.cache_write_tokens, ("cache_write", "input")), (image, ("image", "input")), (audio, ("audio", "input")),
        (one.completion_tokens - one.reasoning_tokens, ("output",)), (one.reasoning_tokens, ("reasoning", "output")),
    ):  # fmt: skip
        found = [lines[kind] for kind in kinds if kind in lines]
        if tokens and not found:
            return None
        whole += Fraction(tokens * found[0] if tokens else 0, 10**6)
    return (whole + Fraction(1, 2)).__floor__()


def _of(db: Session, call_id: int):
    return db.execute(
        text("SELECT c.*, t.key AS tier FROM openai_call c JOIN ai_tier t ON t.id = c.tier_id WHERE c.id = :id"),
        {"id": call_id},
    ).one()


def test_a_long_prompt_is_priced_at_its_own_tier_from_the_length_the_model_says(db: Session):
    ledger.priced(db, "gpt-a")
    ledger.priced(db, "gpt-a", tier="large_context", lines={"input": 4_000_000_000, "output": 12_000_000_000})
    db.execute(text("UPDATE openai_pricing SET large_context_from = 1000 WHERE model_name = 'gpt-a'"))
    short = _of(db, meter.record(db, usage(NOON, prompt=999, completion=1)))
    long = _of(db, meter.record(db, usage(NOON, prompt=1000, completion=1)))
    urgent = _of(db, meter.record(db, usage(NOON, prompt=1000, completion=1, tier="priority")))
    assert (short.tier, short.cost_nano) == ("standard", 999 * 2_000 + 8_000)
    assert (long.tier, long.cost_nano) == ("large_context", 1000 * 4_000 + 12_000)
    assert (urgent.tier, urgent.cost_nano) == ("priority", None)


def test_images_and_sound_are_kept_with_the_call(db: Session):
    ledger.priced(db, "gpt-a", lines=ALL)
    call = _of(db, meter.record(db, usage(NOON, prompt=100, completion=10, image=30, audio=20, reasoning=4)))
    assert (call.image_tokens, call.audio_tokens, call.reasoning_tokens) == (30, 20, 4)
    assert call.cost_nano == 50 * 7 + 30 * 11 + 20 * 41 + 6 * 31 + 4 * 37


def test_more_image_than_prompt_tokens_is_refused(db: Session):
    with pytest.raises(meter.ImpossibleUsage):
        meter.record(db, usage(NOON, prompt=10, completion=0, image=6, audio=5))
