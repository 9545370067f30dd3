"""What the meter would make of a name, exactly as it then does."""

import pytest
from sqlmodel import Session, col, select, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import meter, name_test
from fitmycv_admin.models import AuditEvent
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-a", tier="large_context", lines={"input": 4_000_000_000, "output": 12_000_000_000})
        ledger.priced(db, "gpt-b-2026-01-01")
        name_test.describe(db, OPS, "gpt-a", aliases=("gpt-nick",), large_context_from=200_000, reason="start")


@pytest.mark.parametrize(
    ("name", "model", "how", "tier", "prompt"),
    [
        ("gpt-a", "gpt-a", "exact", "standard", 1000),
        (" gpt-a ", "gpt-a", "exact", "standard", 1000),
        ("gpt-nick", "gpt-a", "alias", "standard", 1000),
        ("gpt-a-2026-05-01", "gpt-a", "family", "standard", 1000),
        ("gpt-nick-2026-05-01", "gpt-a", "family", "standard", 1000),
        ("gpt-b-2026-01-01", "gpt-b-2026-01-01", "exact", "standard", 1000),
        ("gpt-a", "gpt-a", "exact", "large_context", 200_000),
    ],
)
def test_a_name_says_model_tier_price_and_cost_as_the_meter_does(db: Session, name, model, how, tier, prompt):
    found = name_test.try_name(db, OPS, name, "standard", prompt=prompt, cached=100, completion=50)
    assert (found.model, found.how, found.tier) == (model, how, tier)
    call = meter.record(db, usage(clock.now(), model=name.strip(), prompt=prompt, cached=100, completion=50))
    stored = db.execute(text("SELECT cost_nano, price_version_id FROM openai_call WHERE id = :id"), {"id": call}).one()
    assert (found.cost_nano, found.version_id) == tuple(stored)


@pytest.mark.parametrize(("name", "how"), [("gpt-c", "none"), ("gpt-b", "none"), ("gpt-a-mini", "none")])
def test_a_name_that_means_no_model_would_be_unpriced_and_is_not_stored(db: Session, name, how):
    found = name_test.try_name(db, OPS, name, "standard", prompt=1000)
    assert (found.model, found.how, dict(found.lines), found.cost_nano) == ("", how, {}, None)
    assert db.execute(text("SELECT count(*) FROM openai_pricing WHERE model_name = :n"), {"n": name}).scalar() == 0


def test_a_tier_without_a_price_would_be_unpriced(db: Session):
    found = name_test.try_name(db, OPS, "gpt-a", "priority", prompt=1000)
    assert (found.model, found.version_id, found.cost_nano) == ("gpt-a", None, None)


@pytest.mark.parametrize(
    ("name", "tier", "counts", "field"),
    [
        (" ", "standard", {}, "name"), ("gpt-a", "urgent", {}, "tier"), ("gpt-a", "standard", {"prompt": -1}, "prompt"),
        ("gpt-a", "standard", {"prompt": 1, "cached": 2}, "cached"),
    ],
)  # fmt: skip
def test_an_impossible_question_is_refused_with_its_field(db: Session, name, tier, counts, field):
    with pytest.raises(Invalid) as refused:
        name_test.try_name(db, OPS, name, tier, **counts)
    assert refused.value.field == field


def test_names_are_changed_with_a_reason_and_audited(db: Session):
    name_test.describe(db, OPS, "gpt-a", aliases=("a", " b ", "a"), description="Big", is_active=False, reason="tidy")
    event = db.exec(
        select(AuditEvent).where(AuditEvent.action == "price.model_changed").order_by(col(AuditEvent.id).desc())
    ).first()
    assert event is not None
    assert event.before is not None
    assert event.before["aliases"] == ["gpt-nick"]
    assert event.after == {"aliases": ["a", "b"], "description": "Big", "large_context_from": None, "is_active": False}
    assert name_test.try_name(db, OPS, "b", "standard").model == "gpt-a"


@pytest.mark.parametrize("alias", ["gpt-b-2026-01-01", "bee"])
def test_an_alias_means_one_model_only(db: Session, alias):
    name_test.describe(db, OPS, "gpt-b-2026-01-01", aliases=("bee",), reason="start")
    with pytest.raises(Invalid) as refused:
        name_test.describe(db, OPS, "gpt-a", aliases=(alias,), reason="mine")
    assert refused.value.field == "aliases"


def test_only_who_may_write_prices_changes_names(db: Session):
    with pytest.raises(Forbidden):
        name_test.describe(db, actors.VISITOR, "gpt-a", aliases=(), reason="why")
    with pytest.raises(NotFound):
        name_test.describe(db, OPS, "nobody", aliases=(), reason="why")
