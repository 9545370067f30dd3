"""Which model and tier a call uses: changed by two settings at once, read at every call, tried with real tokens."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import assignment, fold, meter, what_if
from fitmycv_admin.domain.ai_costs.assignment import Assigned
from fitmycv_admin.domain.settings import catalogue as settings
from fitmycv_admin.domain.settings import features, lookups
from fitmycv_admin.models import AuditEvent
from fitmycv_admin.vocabulary import CallName
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
CHEAP = {"input": 200_000_000, "output": 800_000_000}


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        for table in ("setting", "setting_version"):
            db.execute(text(f"DELETE FROM {table}"))
        lookups.forget(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b", lines=CHEAP)
        ledger.priced(db, "gpt-a", tier="flex", lines={kind: nano // 2 for kind, nano in ledger.PRICE.items()})


def _given(model: str = "gpt-a", tier: str = "standard") -> None:
    with transaction() as db:
        assignment.change(db, OPS, "match_score", model, tier, expected=(0, 0), reason="start")


def test_every_call_of_the_code_has_a_model_and_a_tier(db: Session):
    for call in (*CallName, *features.SHARED_MODEL_SETTINGS):
        found = assignment.of_call(db, call)
        assert found.model == settings.known(features.model_setting(call)).default
        assert found.tier == "standard"
    with pytest.raises(NotFound):
        assignment.of_call(db, "nobody_calls_this")


def test_every_model_setting_has_a_tier_beside_it():
    names = {name.removeprefix("model_") for name in settings.CATALOGUE if name.startswith("model_")}
    assert names == {name.removeprefix("tier_") for name in settings.CATALOGUE if name.startswith("tier_")}
    assert names == set(assignment.calls_by_name())
    assert "openai_priority_mode" not in settings.CATALOGUE


def test_a_change_is_what_the_next_call_reads_in_every_process_at_once(db: Session):
    _given()
    assert features.model_for(db, "match_score") == "gpt-a"  # now in this process's cache of settings
    with transaction() as other:
        assignment.change(other, OPS, "match_score", "gpt-b", "standard", expected=(1, 1), reason="cheaper")
    assert assignment.of_call(db, "match_score") == Assigned("gpt-b", "standard")


def test_a_change_is_audited_with_before_after_and_reason(db: Session):
    _given()
    with transaction() as other:
        assignment.change(other, OPS, "match_score", "gpt-a", "flex", expected=(1, 1), reason="it may wait")
    query = select(AuditEvent).where(AuditEvent.action == "setting.changed").order_by(col(AuditEvent.id).desc())
    event = db.exec(query).first()
    assert event is not None
    assert (event.before, event.after, event.reason) == (
        {"tier_match_score": "standard"}, {"tier_match_score": "flex"}, "it may wait",
    )  # fmt: skip


def test_the_second_of_two_editors_is_told(db: Session):
    _given()
    with pytest.raises(Conflict):
        assignment.change(db, OPS, "match_score", "gpt-b", "standard", expected=(0, 0), reason="late")


@pytest.mark.parametrize(
    ("model", "tier", "reason", "field"),
    [
        ("nobody", "standard", "why", "model"), ("gpt-a", "batch", "why", "tier"), ("gpt-b", "flex", "why", "tier"),
        ("gpt-a", "standard", " ", "reason"),
    ],
)  # fmt: skip
def test_a_wrong_change_is_refused_with_its_field(db: Session, model, tier, reason, field):
    with pytest.raises(Invalid) as refused:
        assignment.change(db, OPS, "match_score", model, tier, expected=(0, 0), reason=reason)
    assert refused.value.field == field


def test_a_pair_without_a_price_can_be_confirmed(db: Session):
    change = assignment.change(
        db, OPS, "match_score", "gpt-b", "flex", expected=(0, 0), reason="price comes tomorrow", confirmed=True
    )
    assert change == Assigned("gpt-b", "flex")


def test_nobody_moves_a_call_without_the_permission(db: Session):
    with pytest.raises(Forbidden):
        assignment.change(db, actors.VISITOR, "match_score", "gpt-b", "standard", expected=(0, 0), reason="mine")


def _work() -> None:
    now = clock.now()
    with transaction() as db:
        for day in range(10):
            meter.record(db, usage(now - timedelta(days=day, minutes=1), prompt=10_000, cached=4_000, completion=500))
            meter.record(db, usage(now - timedelta(days=day, minutes=2), call="import_pdf", prompt=9_000))
        meter.record(db, usage(now - timedelta(days=31), prompt=10**6))


@pytest.mark.parametrize("folded", [True, False], ids=("folded", "live tail"))
def test_what_if_counts_the_real_tokens_of_thirty_days_at_the_other_price(db: Session, folded: bool):
    _work()
    if folded:
        with transaction() as other:
            fold.fold(other)
    cost = 10 * (6_000 * 2_000 + 4_000 * 500 + 500 * 8_000)
    same = what_if.project(db, OPS, "match_score", "gpt-a", "standard")
    assert (same.sums.calls, same.sums.cost_nano, same.at_prices_of_now_nano) == (10, cost, cost)
    assert (same.chosen.cost_nano, same.saved_nano) == (cost, 0)
    other = what_if.project(db, OPS, "match_score", "gpt-b", "standard")
    assert other.chosen.cost_nano == 10 * (10_000 * 200 + 500 * 800)
    assert other.saved_nano == cost - other.chosen.cost_nano
    flex = what_if.project(db, OPS, "match_score", "gpt-a", "flex").chosen
    assert (flex.cost_nano, flex.times_standard) == (cost // 2, 0.5)
    assert [(one.model, one.tier) for one in other.choices] == [
        ("gpt-b", "standard"), ("gpt-a", "flex"), ("gpt-a", "standard"),
    ]  # fmt: skip


def test_what_if_without_a_price_says_that_nobody_knows(db: Session):
    _work()
    found = what_if.project(db, OPS, "match_score", "gpt-b", "flex")
    assert (found.chosen.cost_nano, found.saved_nano) == (None, None)
    with pytest.raises(NotFound):
        what_if.project(db, OPS, "match_score", "nobody", "standard")
    with pytest.raises(NotFound):
        what_if.project(db, OPS, "nothing", "gpt-b", "standard")


def test_the_list_shows_each_assignment_with_what_it_cost(db: Session):
    _work()
    _given()
    rows = {row.name: row for row in assignment.assignments(db, OPS)}
    score = rows["match_score"]
    assert (score.model, score.tier, score.is_priced, score.is_used) == ("gpt-a", "standard", True, True)
    assert (score.model_version, score.tier_version) == (1, 1)
    assert (score.sums.calls, score.sums.cost_nano) == (10, 10 * (6_000 * 2_000 + 4_000 * 500 + 500 * 8_000))
    assert rows["cv_generation"].calls[0] == "cv_generation"
    assert "generate_cv_url" in rows["cv_generation"].calls
    assert not rows["translate_cv"].is_used
