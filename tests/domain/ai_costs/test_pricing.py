"""Prices: versions that never overlap and never touch the past."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import catalogue, meter, pricing
from fitmycv_admin.models import AuditEvent
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, PRICE

pytestmark = pytest.mark.usefixtures("database")
HIGHER = {"input": 3_000_000_000, "output": 9_000_000_000}


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)


def test_a_change_now_ends_the_running_version_and_opens_the_next(db: Session):
    old = ledger.priced(db, "gpt-a")
    new = pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, reason="the vendor raised it")
    now = clock.now()
    past = pricing.price_of(db, "gpt-a", "standard", now - timedelta(days=1))
    later = pricing.price_of(db, "gpt-a", "standard", now)
    assert past
    assert later
    assert (past.version_id, dict(past.lines)) == (old, PRICE)
    assert (later.version_id, dict(later.lines)) == (new, HIGHER)


def test_a_planned_change_switches_at_its_instant(db: Session):
    ledger.priced(db, "gpt-a")
    at = clock.now() + timedelta(hours=3)
    pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, effective_at=at, reason="announced")
    before = pricing.price_of(db, "gpt-a", "standard", at - timedelta(microseconds=1))
    after = pricing.price_of(db, "gpt-a", "standard", at)
    assert before
    assert after
    assert dict(before.lines) == PRICE
    assert dict(after.lines) == HIGHER


def test_a_change_before_a_planned_one_ends_where_that_begins(db: Session):
    ledger.priced(db, "gpt-a")
    at = clock.now() + timedelta(hours=3)
    planned = pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, effective_at=at, reason="announced")
    now = pricing.change(
        db, OPS, "gpt-a", "standard", lines={"input": 1, "output": 1}, reason="free week", confirmed=True
    )
    found = [
        pricing.price_of(db, "gpt-a", "standard", at - timedelta(seconds=1)),
        pricing.price_of(db, "gpt-a", "standard", at),
    ]
    assert [price.version_id for price in found if price] == [now, planned]


def test_a_cancelled_change_leaves_the_version_before_it_running(db: Session):
    old = ledger.priced(db, "gpt-a")
    at = clock.now() + timedelta(hours=3)
    planned = pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, effective_at=at, reason="announced")
    pricing.cancel(db, OPS, planned, reason="withdrawn")
    found = pricing.price_of(db, "gpt-a", "standard", at + timedelta(days=400))
    assert found
    assert found.version_id == old


def test_a_running_version_cannot_be_cancelled(db: Session):
    running = ledger.priced(db, "gpt-a")
    with pytest.raises(Invalid):
        pricing.cancel(db, OPS, running, reason="oops")


@pytest.mark.parametrize(
    ("lines", "at", "reason", "field"),
    [
        (HIGHER, timedelta(seconds=-5), "late", "effective_at"),
        ({"input": 1}, None, "half", "output"),
        ({"output": 1}, None, "half", "input"),
        ({"input": -1, "output": 1}, None, "below zero", "input"),
        ({"input": 1, "output": 1, "smell": 1}, None, "odd", "smell"),
        (HIGHER, None, "   ", "reason"),
        ({"input": 2_000_000_000_000, "output": 8_000_000_000}, None, "wrong unit", "input"),
    ],
)
def test_a_wrong_change_is_refused_with_its_field(db: Session, lines, at, reason, field):
    ledger.priced(db, "gpt-a")
    effective = clock.now() + at if at else None
    with pytest.raises(Invalid) as refused:
        pricing.change(db, OPS, "gpt-a", "standard", lines=lines, effective_at=effective, reason=reason)
    assert refused.value.field == field


def test_two_changes_at_one_instant_conflict(db: Session):
    ledger.priced(db, "gpt-a")
    at = clock.now() + timedelta(hours=3)
    pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, effective_at=at, reason="announced")
    with pytest.raises(Conflict):
        pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, effective_at=at, reason="again")


def test_an_unknown_model_is_not_found(db: Session):
    with pytest.raises(NotFound):
        pricing.change(db, OPS, "nobody", "standard", lines=HIGHER, reason="?")


def test_nobody_changes_a_price_without_the_permission(db: Session):
    ledger.priced(db, "gpt-a")
    with pytest.raises(Forbidden):
        pricing.change(db, actors.VISITOR, "gpt-a", "standard", lines=HIGHER, reason="cheaper for me")


def test_a_change_is_audited_with_before_after_and_reason(db: Session):
    ledger.priced(db, "gpt-a")
    pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, reason="the vendor raised it")
    db.flush()
    event = db.exec(select(AuditEvent).where(AuditEvent.action == "price.change").order_by(text("id DESC"))).first()
    assert event is not None
    assert event.before is not None
    assert event.after is not None
    assert event.before["nano_usd_per_million"] == PRICE
    assert event.after["nano_usd_per_million"] == HIGHER
    assert event.reason == "the vendor raised it"


def test_the_database_refuses_overlapping_versions():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with transaction() as db:
        ledger.priced(db, "gpt-a", since=now)
    with pytest.raises(IntegrityError, match="ex_price_version_valid"), transaction() as db:
        ledger.priced(db, "gpt-a", since=now + timedelta(days=3), until=now + timedelta(days=4))


def test_tiers_and_models_have_prices_of_their_own(db: Session):
    ledger.priced(db, "gpt-a")
    ledger.priced(db, "gpt-a", tier="priority", lines=HIGHER)
    ledger.priced(db, "gpt-b")
    priority = pricing.price_of(db, "gpt-a", "priority", clock.now())
    assert priority
    assert dict(priority.lines) == HIGHER
    assert pricing.price_of(db, "gpt-b", "priority", clock.now()) is None


def test_a_name_finds_its_model_exactly_by_alias_or_by_family(db: Session):
    catalogue.model_of(db, "gpt-a")
    db.execute(text("UPDATE openai_pricing SET aliases = '{gpt-a-latest}' WHERE model_name = 'gpt-a'"))
    found = {
        name: catalogue.find_model(db, name) for name in ("gpt-a", "gpt-a-latest", "gpt-a-2026-04-14", "gpt-a-mini")
    }
    assert {name: match.how if match else None for name, match in found.items()} == {
        "gpt-a": "exact", "gpt-a-latest": "alias", "gpt-a-2026-04-14": "family", "gpt-a-mini": None,
    }  # fmt: skip


def test_a_change_waits_for_calls_being_recorded_so_that_no_call_keeps_an_ended_price():
    with transaction() as db:
        ledger.priced(db, "gpt-a")
    recorded, finish = Event(), Event()

    def worker() -> None:
        with transaction() as db:
            meter.record(db, ledger.usage(clock.now()))
            recorded.set()
            finish.wait(5)

    thread = Thread(target=worker)
    thread.start()
    assert recorded.wait(5)
    changed: list[int] = []

    def ops() -> None:
        with transaction() as db:
            changed.append(pricing.change(db, OPS, "gpt-a", "standard", lines=HIGHER, reason="now"))

    other = Thread(target=ops)
    other.start()
    other.join(0.3)
    assert not changed, "the change did not wait"
    finish.set()
    thread.join(5)
    other.join(5)
    with transaction() as db:
        wrong = db.execute(
            text(
                "SELECT count(*) FROM openai_call c JOIN price_version v ON v.id = c.price_version_id"
                " WHERE NOT v.valid @> c.created_at"
            )
        ).scalar_one()
    assert changed
    assert wrong == 0
