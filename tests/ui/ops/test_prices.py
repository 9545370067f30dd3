"""The pages of prices, models, imports and corrections over their socket: nothing is stored before it was shown."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import func, select, text

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.ai_costs import adjustments, assignment, corrections, fold, meter, pricing
from fitmycv_admin.domain.ai_costs.assignment import Assigned
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.models import User
from fitmycv_admin.ui.guard import declared_policies
from fitmycv_admin.vocabulary import Role
from tests import cluster, testkit
from tests.domain.ai_costs.ledger import usage

SYSTEM = actors.system("test")
HERE = "/ops/ai-costs/models?call=match_score"


@pytest.fixture(scope="module")
def database(quiet_database: cluster.Database) -> cluster.Database:
    """In a cluster of its own: what is folded depends on everybody's open transactions."""
    return quiet_database


@pytest.fixture(scope="module")
def address(database: cluster.Database, valkey_server: Any) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url):
        with transaction() as db:
            seeding.run(db, SYSTEM)
            for day in range(5):
                meter.record(db, usage(clock.now() - timedelta(days=day, minutes=5), model="gpt-4o", prompt=100_000))
        with transaction() as db:
            fold.fold(db)
        with testkit.served() as where:
            yield where


def handler(ending: str) -> str:
    """The full name of a handler."""
    assert application.app
    return next(name for name in declared_policies() if name.endswith(ending))


def cookie(role: Role) -> str:
    """The session of somebody of this role."""
    with transaction() as db:
        number = db.exec(select(func.count()).select_from(User)).one()
        user = User(name=f"{role} {number}", email=f"{role}{number}@example.org", role=role, language="en")
        db.add(user)
        db.flush()
        return sessions.open_session(db, user, "127.0.0.1", "test")


def now() -> Assigned:
    with transaction() as db:
        return assignment.of_call(db, "match_score")


def test_a_cheaper_model_is_tried_by_address_and_assigned_with_a_reason(address: str):
    before = now()
    path = f"{HERE}&to=gpt-4o-mini"

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("model_state.load"), {}, path=path)
            assert now() == before
            await tab.send(handler("model_state.assign"), {"fields": {"reason": " "}}, path=path)
            assert now() == before
            await tab.send(handler("model_state.assign"), {"fields": {"reason": "cheaper"}}, path=path)
            # Refusal and success each say a toast first: what was stored is what counts.
            for _ in range(200):
                if now() != before:
                    break
                await asyncio.sleep(0.05)
            return tab

    tab = asyncio.run(play())
    tried = next(one for one in tab.shown("tried") if one["is_another"])
    assert (tried["calls"], tried["model"], tried["tier"]) == (5, "gpt-4o-mini", "standard")
    assert tried["now_nano"] == 5 * (100_000 * 2_500 + 100 * 10_000)
    assert tried["then_nano"] == 5 * (100_000 * 150 + 100 * 600)
    assert tried["saved_nano"] == tried["now_nano"] - tried["then_nano"]
    assert now() == Assigned("gpt-4o-mini", "standard")


def test_who_only_reads_prices_assigns_nothing(address: str):
    before = now()

    async def play() -> None:
        async with testkit.tab(address, cookie=cookie(Role.VIEWER)) as tab:
            await tab.hydrate()
            await tab.send(handler("model_state.load"), {}, path=f"{HERE}&to=gpt-4o")
            await tab.send(handler("model_state.assign"), {"fields": {"reason": "mine"}}, path=f"{HERE}&to=gpt-4o")

    asyncio.run(play())
    assert now() == before


def test_a_price_is_previewed_before_it_is_saved(address: str):
    path = "/ops/ai-costs/pricing?model=gpt-4o&tier=standard"
    fields = {"input": "5", "output": "20", "cached_input": "2.5", "reason": "raised"}

    def versions() -> int:
        with transaction() as db:
            return db.execute(
                text(
                    "SELECT count(*) FROM price_version v JOIN openai_pricing m ON m.id = v.model_id"
                    " WHERE m.model_name = 'gpt-4o'"
                )
            ).scalar_one()

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("price_state.load"), {}, path=path)
            await tab.send(handler("price_state.edit"), {}, path=path)
            await tab.send(handler("price_state.save"), {"fields": fields}, path=path)
            assert versions() == 1
            await tab.send(handler("price_state.save"), {"fields": fields | {"output": "2000"}}, path=path)
            assert versions() == 1
            assert tab.shown("impact")[-1]["far"][0]["usage_type"] == "output"
            await tab.send(handler("price_state.save"), {"fields": fields | {"output": "2000"}}, path=path)
            assert tab.shown("errors")[-1] == {"output": "ai_costs.error.price_far"}
            await tab.send(handler("price_state.save"), {"fields": fields}, path=path)
            await tab.send(handler("price_state.save"), {"fields": fields}, path=path)
            return tab

    tab = asyncio.run(play())
    assert tab.shown("impact")[-1]["after_nano"] == 2 * tab.shown("impact")[-1]["before_nano"]
    assert versions() == 2


def test_a_pasted_list_is_compared_then_its_chosen_rows_are_applied(address: str):
    path = "/ops/ai-costs/price-import"
    pasted = "model,tier,input,output\no3,standard,1.5,6\no3,flex,1,4\n"

    def prices() -> list[Any]:
        with transaction() as db:
            return [pricing.price_of(db, "o3", tier, clock.now()) for tier in ("standard", "flex")]

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("import_state.start"), {}, path=path)
            await tab.send(handler("import_state.read_list"), {"fields": {"content": pasted}}, path=path)
            assert tab.shown("chosen")[-1] == ["o3/standard"]
            said = {"source": "vendor", "source_day": "2026-11-20", "import_reason": "new list"}
            await tab.send(handler("import_state.apply"), {"fields": said | {"source": ""}}, path=path)
            assert tab.shown("import_errors")[-1] == {"source": "prices.error.source"}
            await tab.send(handler("import_state.apply"), {"fields": said}, path=path)
            return tab

    tab = asyncio.run(play())
    standard, flex = prices()
    assert standard.lines["input"] == 1_500_000_000
    assert flex is None
    assert [row["id"] for row in tab.shown("differences")[-1]] == ["o3/flex"]


def test_calls_without_a_price_are_priced_late_from_their_page(address: str):
    path = "/ops/ai-costs/adjustments?new=late_price&model=gpt-late&tier=standard"
    with transaction() as db:
        meter.record(db, usage(clock.now() - timedelta(hours=2), model="gpt-late"))
    with transaction() as db:
        fold.fold(db)
        pricing.change(db, SYSTEM, "gpt-late", "standard", lines={"input": 10**9, "output": 10**9}, reason="known now")

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("correction_state.load"), {}, path=path)
            assert tab.shown("kind")[-1] == "late_price"
            fields = {
                "model": "gpt-late", "tier": "standard", "starts_at": tab.shown("starts")[-1],
                "ends_at": tab.shown("ends")[-1], "reason": "announced too late",
            }  # fmt: skip
            await tab.send(handler("correction_state.save"), {"fields": fields}, path=path)
            assert (tab.shown("newly_priced")[-1], tab.shown("rows")[-1]) == (1, [])
            await tab.send(handler("correction_state.save"), {"fields": fields}, path=path)
            return tab

    tab = asyncio.run(play())
    assert [row["state"] for row in tab.shown("rows")[-1]] == ["running"]
    with transaction() as db:
        adjustments.work(db)
    with transaction() as db:
        assert "gpt-late" not in [row.model for row in corrections.waiting(db, SYSTEM)]
