"""A price list from outside: read strictly, shown as a difference, applied row by row as versions with their source."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import catalogue, price_import, price_list, price_reading, pricing
from fitmycv_admin.domain.ai_costs.price_import import Source
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, PRICE

pytestmark = pytest.mark.usefixtures("database")
CSV = """model,tier,input,cached_input,output
gpt-a,standard,2,0.5,8
gpt-a,flex,1,,4
gpt-b,,3,,9.5
gpt-new,standard,1,,2
gpt-new,priority,2,,4
"""
MAP = {
    "sample_spec": {"input_cost_per_token": 0},
    "gpt-a": {
        "litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 8e-06,
        "cache_read_input_token_cost": 5e-07, "input_cost_per_token_priority": 4e-06,
        "output_cost_per_token_priority": 1.6e-05, "input_cost_per_token_flex": 1e-06,
    },
    "openai/gpt-b": {"litellm_provider": "openai", "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06},
    "azure/gpt-a": {"litellm_provider": "azure", "input_cost_per_token": 9e-06, "output_cost_per_token": 9e-06},
    "an-image": {"litellm_provider": "openai", "output_cost_per_image": 0.04},
}  # fmt: skip
HERE = Source("the vendor's page", date(2026, 11, 20))


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b")


def _seen(db: Session, *keys: str, content: str = CSV) -> dict[str, int]:
    return {row.key: row.running for row in price_import.difference(db, OPS, content).rows if row.key in keys}


def test_a_file_is_shown_as_what_it_changes_and_stores_nothing(db: Session):
    found = price_import.difference(db, OPS, CSV)
    assert {row.key: row.what for row in found.rows} == {
        "gpt-b/standard": "changed", "gpt-a/flex": "new_price", "gpt-new/standard": "new_model",
        "gpt-new/priority": "new_model",
    }  # fmt: skip
    assert (found.same, found.skipped) == (1, ())
    changed = found.rows[0]
    assert changed.before == PRICE
    # What the file does not name stays.
    assert changed.after == {"input": 3_000_000_000, "cached_input": 500_000_000, "output": 9_500_000_000}
    assert catalogue.find_model(db, "gpt-new") is None


def test_the_public_map_is_read_by_tier_for_models_of_the_vendor_only(db: Session):
    found = price_reading.read(json.dumps(MAP))
    assert {(one.model, one.tier): dict(one.lines) for one in found.entries} == {
        ("gpt-a", "standard"): {"input": 2_500_000_000, "output": 8_000_000_000, "cached_input": 500_000_000},
        ("gpt-a", "priority"): {"input": 4_000_000_000, "output": 16_000_000_000},
        ("gpt-b", "standard"): {"input": 2_000_000_000, "output": 8_000_000_000},
    }


def test_chosen_rows_become_versions_that_keep_where_they_came_from(db: Session):
    chosen = _seen(db, "gpt-b/standard", "gpt-new/standard", "gpt-new/priority")
    assert price_import.apply(db, OPS, CSV, chosen=chosen, source=HERE, reason="new list") == 3
    now = clock.now()
    raised = pricing.price_of(db, "gpt-b", "standard", now)
    assert raised
    assert raised.lines["input"] == 3_000_000_000
    assert pricing.price_of(db, "gpt-new", "priority", now)
    assert pricing.price_of(db, "gpt-a", "flex", now) is None
    (running, _past) = price_list.versions(db, OPS, "gpt-b", "standard")
    assert (running.source, running.reason) == ("the vendor's page, 2026-11-20", "new list")
    audited = text("SELECT count(*) FROM audit_event WHERE reason = 'new list' AND action = 'price.change'")
    assert db.execute(audited).scalar() == 3


def test_a_price_that_changed_after_the_difference_was_shown_is_not_overwritten(db: Session):
    chosen = _seen(db, "gpt-b/standard", "gpt-a/flex")
    pricing.change(db, OPS, "gpt-b", "standard", lines={"input": 1_000_000_000, "output": 3 * 10**9}, reason="faster")
    with pytest.raises(Conflict):
        price_import.apply(db, OPS, CSV, chosen=chosen, source=HERE, reason="late")


def test_a_row_far_from_what_is_known_needs_its_own_confirmation(db: Session):
    wrong = "model,input,output\ngpt-b,2000,8000\n"
    (row,) = price_import.difference(db, OPS, wrong).rows
    assert {far.usage_type for far in row.far} == {"input", "output"}
    chosen = {row.key: row.running}
    with pytest.raises(Invalid):
        price_import.apply(db, OPS, wrong, chosen=chosen, source=HERE, reason="list")
    assert price_import.apply(db, OPS, wrong, chosen=chosen, source=HERE, reason="list", confirmed=[row.key]) == 1


def test_all_rows_or_none(db: Session):
    wrong = CSV + "gpt-c,standard,9000,,9000\n"
    ledger.priced(db, "gpt-c")
    db.commit()
    chosen = _seen(db, "gpt-b/standard", "gpt-c/standard", content=wrong)
    with pytest.raises(Invalid), transaction() as other:
        price_import.apply(other, OPS, wrong, chosen=chosen, source=HERE, reason="list")
    kept = pricing.price_of(db, "gpt-b", "standard", clock.now())
    assert kept
    assert dict(kept.lines) == PRICE


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("", "prices.error.file_empty"), ("hello", "prices.error.file_head"), ("a,b\n1,2", "prices.error.file_head"),
        ("{", "prices.error.file_unread"), ("[]", "prices.error.file_nothing"), ("{}", "prices.error.file_nothing"),
        ("model,input,output\ngpt-a,two,3", "prices.error.file_nothing"), ("[1]", "prices.error.file_nothing"),
        ("x" * 2_000_001, "prices.error.file_big"),
    ],
)  # fmt: skip
def test_what_is_no_price_list_is_refused(db: Session, content, key):
    with pytest.raises(Invalid) as refused:
        price_import.difference(db, OPS, content)
    assert refused.value.key == key


def test_a_row_that_cannot_be_used_is_named_and_the_others_stay():
    found = price_reading.read(
        "model,tier,input,output\ngpt-a,,1,2\ngpt-b,urgent,1,2\n gpt c,,1,2\ngpt-d,,1,\ngpt-a,,3,4"
    )
    assert [one.model for one in found.entries] == ["gpt-a"]
    assert [where for where, _ in found.skipped] == ["3", "4", "5", "6"]


@given(st.one_of(st.text(max_size=300), st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["model", "tier", "input", "output", "gpt-a", "input_cost_per_token", "output_cost_per_token"]),
        inner, max_size=4),
    max_leaves=8).map(json.dumps)))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_read_or_refused(content: str):
    try:
        found = price_reading.read(content)
    except Invalid:
        return
    assert all(nano >= 0 for one in found.entries for nano in one.lines.values())


def test_our_own_export_changes_nothing(db: Session):
    text_ = "model,tier,input_usd_per_million,cached_input_usd_per_million,output_usd_per_million,aliases\n"
    found = price_import.difference(db, OPS, text_ + "gpt-a,standard,2,0.5,8,x\ngpt-b,standard,2,0.5,8,\n")
    assert (found.rows, found.same) == ((), 2)


def test_only_who_may_write_prices_applies_a_list(db: Session):
    with pytest.raises(Forbidden):
        price_import.apply(db, actors.VISITOR, CSV, chosen={"gpt-a/flex": 0}, source=HERE, reason="mine")
    with pytest.raises(Invalid) as refused:
        price_import.apply(db, OPS, CSV, chosen={"gpt-a/flex": 0}, source=Source(" "), reason="why")
    assert refused.value.field == "source"
