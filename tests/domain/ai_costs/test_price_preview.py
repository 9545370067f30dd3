"""What a price would have meant for the last 30 days, before it is saved."""

from datetime import timedelta

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Invalid, NotFound
from fitmycv_admin.domain.ai_costs import catalogue, fold, meter, price_preview, price_safety, pricing, tariff
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
DOUBLE = {"input": 4_000_000_000, "cached_input": 1_000_000_000, "output": 16_000_000_000}


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        db.execute(text("DELETE FROM openai_alert"))


def _calls(*, folded: bool) -> int:
    """Twenty days with three calls each; what they cost."""
    now = clock.now()
    with transaction() as db:
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b")
        for day in range(20):
            for call in ("match_score", "import_pdf"):
                at = now - timedelta(days=day, seconds=5)
                meter.record(db, usage(at, call=call, prompt=100_000, cached=40_000, completion=9_000))
            meter.record(db, usage(now - timedelta(days=day, seconds=9), model="gpt-b", prompt=50_000))
        meter.record(db, usage(now - timedelta(days=31), prompt=10**6))
    if folded:
        with transaction() as db:
            fold.fold(db)
    return 2 * 20 * (60_000 * 2_000 + 40_000 * 500 + 9_000 * 8_000)


def _rule(db: Session, name: str, limit_nano: int, **columns: object) -> None:
    values = {"type": "budget", "window_kind": "day", "feature_key": None, "enabled": True, "rolling_days": None,
              "each_user": False} | columns  # fmt: skip
    db.execute(
        text(
            "INSERT INTO openai_alert (name, threshold_nano, type, window_kind, feature_key, enabled, rolling_days,"
            " each_user) VALUES (:name, :limit, :type, :window_kind, :feature_key, :enabled, :rolling_days, :each_user)"
        ),
        {"name": name, "limit": limit_nano, **values},
    )


@pytest.mark.parametrize("folded", [True, False], ids=("folded", "live tail"))
def test_the_parts_add_up_and_the_same_price_changes_nothing(db: Session, folded: bool):
    cost = _calls(folded=folded)
    same = price_preview.preview(db, OPS, "gpt-a", "standard", ledger.PRICE)
    assert (same.calls, same.before_nano, same.after_nano, same.budgets, same.far) == (40, cost, cost, (), ())
    twice = price_preview.preview(db, OPS, "gpt-a", "standard", DOUBLE)
    assert twice.after_nano == 2 * cost == sum(part.after_nano for part in twice.parts)
    assert {part.feature.key: (part.calls, part.before_nano) for part in twice.parts} == {
        "match_score": (20, cost // 2), "import_pdf": (20, cost // 2),
    }  # fmt: skip


def test_a_preview_stores_nothing(db: Session):
    _calls(folded=True)
    before = db.execute(text("SELECT count(*) FROM price_version")).scalar_one()
    price_preview.preview(db, OPS, "gpt-a", "standard", DOUBLE)
    assert db.execute(text("SELECT count(*) FROM price_version")).scalar_one() == before


def test_budgets_that_would_have_fired_are_named_with_how_often(db: Session):
    cost = _calls(folded=True)
    day = cost // 20
    with transaction() as other:
        _rule(other, "a day", int(day * 1.6))
        _rule(other, "one feature", int(day * 0.6), feature_key="import_pdf")
        _rule(other, "asleep", int(day * 1.6), enabled=False)
        _rule(other, "each person", int(day * 1.6), each_user=True)
        _rule(other, "far away", day * 1000)
        _rule(other, "seven days", int(day * 7 * 1.9), window_kind="rolling", rolling_days=7)
    rows = price_preview.preview(db, OPS, "gpt-a", "standard", DOUBLE).budgets
    found = {row.name: (row.reached, row.would_reach) for row in rows}
    assert found["a day"] == (0, 20)
    assert found["one feature"] == (0, 20)
    assert found.keys() == {"a day", "one feature", "seven days"}
    assert found["seven days"][0] == 0
    assert 0 < found["seven days"][1] <= 20


def test_a_tier_nobody_used_costs_nothing_and_a_needed_price_that_is_missing_is_said(db: Session):
    _calls(folded=True)
    idle = price_preview.preview(db, OPS, "gpt-a", "flex", DOUBLE)
    assert (idle.calls, idle.before_nano, idle.after_nano) == (0, 0, 0)
    with pytest.raises(Invalid) as refused:
        price_preview.preview(db, OPS, "gpt-a", "standard", {"input": 1})
    assert refused.value.field == "output"
    with pytest.raises(NotFound):
        price_preview.preview(db, OPS, "nobody", "standard", DOUBLE)


@pytest.mark.parametrize(
    ("before", "after", "name", "found"),
    [
        ({"input": 100}, {"input": 1001}, "gpt-x", {("input", "before")}),
        ({"input": 100}, {"input": 1000}, "gpt-x", set()),
        ({"input": 1000}, {"input": 99}, "gpt-x", {("input", "before")}),
        (None, {"input": 2_500, "output": 10_000}, "gpt-4o", {("input", "catalogue"), ("output", "catalogue")}),
        (None, {"input": 2_500_000_000, "output": 10_000_000_000}, "gpt-4o-2024-08-06", set()),
        ({"input": 100, "output": 900}, {"reasoning": 9_001}, "gpt-x", {("reasoning", "before")}),
        ({"input": 0}, {"input": 5}, "gpt-x", set()),
    ],
)
def test_a_line_far_from_what_is_known_is_seen(before, after, name, found):
    rows = price_safety.far_lines(before, after, name)
    assert {(row.usage_type, row.against) for row in rows} == found
    assert all(row.was == tariff.line_of(before or price_safety.list_price(name), row.usage_type) for row in rows)


def test_a_first_price_far_from_the_list_price_asks_for_confirmation(db: Session):
    catalogue.model_of(db, "gpt-4o")
    wrong = {"input": 2_500, "output": 10_000}
    with pytest.raises(Invalid) as refused:
        pricing.change(db, OPS, "gpt-4o", "standard", lines=wrong, reason="typed in another unit")
    assert refused.value.key == "ai_costs.error.price_far"
    assert pricing.change(db, OPS, "gpt-4o", "standard", lines=wrong, reason="really", confirmed=True)
