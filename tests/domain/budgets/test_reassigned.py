"""A forecast knows at once that calls were given another model: with real tokens, and only where it counts."""

from datetime import timedelta

import pytest

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.ai_costs import assignment, fold
from fitmycv_admin.domain.budgets import forecast, reassigned, subjects
from fitmycv_admin.domain.budgets.spending import Scope
from fitmycv_admin.models import OpenAIPricing
from fitmycv_admin.vocabulary import BudgetWindow
from tests.domain.ai_costs import ledger
from tests.domain.budgets import stand


@pytest.fixture(autouse=True)
def calls(empty: None, database: object) -> None:
    """Every day of two weeks a dollar for scores and one for imports, with a model; another costs a quarter."""
    with transaction() as db:
        for table in ("setting_version", "setting"):
            db.execute(ledger.text(f"DELETE FROM {table} WHERE setting_name LIKE '%match_score'"))
        lines = {"input": 500_000_000, "cached_input": 500_000_000, "output": 500_000_000}
        ledger.priced(db, "gpt-cheap", lines=lines)
        for day in range(14):
            for call in ("match_score", "import_pdf"):
                stand.spend(1, clock.now() - timedelta(days=day, minutes=1), call=call, db=db)
    with transaction() as db:
        fold.fold(db)


def reassign(model: str = "gpt-cheap") -> None:
    """Scores use another model from their next call on."""
    with transaction() as db:
        row = next(row for row in assignment.assignments(db, stand.OPS) if row.name == "match_score")
        expected = (row.model_version, row.tier_version)
        assignment.change(db, stand.OPS, "match_score", model, row.tier, expected=expected, reason="cheaper")


def level(scope: Scope = Scope()) -> float:  # noqa: B008
    with snapshot() as db:
        return reassigned.level(db, scope, clock.now())


def numbers(call: str) -> tuple[int, ...]:
    with snapshot() as db:
        return tuple(assignment.feature_numbers(db, call))


def model_id(name: str) -> int:
    with snapshot() as db:
        found = db.execute(ledger.text("SELECT id FROM openai_pricing WHERE model_name = :n"), {"n": name})
        return int(found.scalar_one())


def test_nothing_changes_while_no_assignment_does() -> None:
    assert level() == 1.0


def test_the_calls_of_the_changed_assignment_count_at_the_new_price_and_no_others() -> None:
    reassign()
    assert level(Scope(features=numbers("match_score"))) == pytest.approx(0.25)
    assert level(Scope(features=numbers("import_pdf"))) == 1.0
    assert level() == pytest.approx((0.25 + 1) / 2)


def test_a_model_that_calls_left_costs_less_and_the_one_they_went_to_is_not_made_up() -> None:
    reassign()
    assert level(Scope(model_id=model_id("gpt-a"))) == pytest.approx(0.5)
    assert level(Scope(model_id=model_id("gpt-cheap"))) == 1.0  # nothing to compare with


def test_the_forecast_of_a_budget_falls_and_what_was_spent_stays() -> None:
    rule = stand.rule(60, window=BudgetWindow.ROLLING, rolling_days=7, feature_key=None)
    with snapshot() as db:
        stored = subjects.one(db, rule)
        assert stored is not None
        before = forecast.of(db, stored)
    reassign()
    with snapshot() as db:
        after = forecast.of(db, stored)
    assert before is not None
    assert after is not None
    assert after.weekday_aware < before.weekday_aware
    assert after.run_rate == pytest.approx(before.run_rate, rel=0.001)
    assert after.error_percent == before.error_percent


def test_a_model_without_a_price_changes_nothing() -> None:
    with transaction() as db:
        db.add(OpenAIPricing(model_name="gpt-new"))
    with transaction() as db:
        row = next(row for row in assignment.assignments(db, stand.OPS) if row.name == "match_score")
        expected = (row.model_version, row.tier_version)
        assignment.change(
            db, stand.OPS, "match_score", "gpt-new", row.tier, expected=expected, reason="try", confirmed=True
        )
    assert level() == 1.0
