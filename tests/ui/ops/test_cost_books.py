"""The pages of exchange rates and bills over the websocket of a tab: looked at first, stored once, fetched, refused."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import text

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role
from tests import cluster, testkit
from tests.domain.billing import desk
from tests.integrations import costs_endpoint
from tests.integrations.costs_endpoint import Service

SETTLE = 1.5
"""Seconds of silence after which an answer is whole."""
TODAY = datetime.now(UTC).date()
DAY = TODAY - timedelta(days=3)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Service]:
    with costs_endpoint.serving() as server:
        yield server


@pytest.fixture(scope="module")
def address(database, valkey_server, vendor: Service) -> Iterator[str]:
    outside = {
        "OPENAI_ADMIN_KEY": "sk-admin-1",
        "OPENAI_ADMIN_URL": costs_endpoint.address(vendor),
        "EXCHANGE_RATES_URL": f"{costs_endpoint.address(vendor)}/rates.json",
    }
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served(**outside) as where:
        yield where


def cookie(role: Role) -> str:
    with transaction() as db:
        user = db.get(User, desk.person(db, role, language="en"))
        assert user
        return sessions.open_session(db, user, "127.0.0.1", "test")


def handler(ending: str) -> str:
    assert application.app
    return next(name for name in testkit.handlers() if name.endswith(ending))


def asked(sql: str) -> list[Any]:
    with transaction() as db:
        return list(db.execute(text(sql)).all())


async def acted(tab: testkit.Tab, ending: str, payload: dict[str, Any] | None = None, *, path: str = "/") -> str:
    return testkit.said(await tab.send(handler(ending), payload or {}, path=path, settle=SETTLE))


def test_a_file_of_rates_is_seen_before_it_is_stored_and_a_rate_is_set_and_taken_away(address: str):
    lines = f"{DAY},0.91\n{TODAY},0.92\nnonsense,1\n"

    async def play() -> list[str]:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("exchange_state.load"), path="/ops/ai-costs/exchange")
            await acted(tab, "exchange_state.begin", {"what": "import"})
            await acted(tab, "exchange_state.look_at", {"given": {"content": lines, "name": "bank.csv"}})
            seen = [json.dumps(tab.shown("looked")[-1]), str(asked("SELECT count(*) FROM exchange_rate")[0][0])]
            seen.append(await acted(tab, "exchange_state.take", {"fields": {}}))
            seen.append(await acted(tab, "exchange_state.take", {"fields": {}}))
            fields = {"day": str(TODAY), "rate": "9.3", "reason": "a slip"}
            seen.append(await acted(tab, "exchange_state.save", {"fields": fields}))
            await acted(tab, "exchange_state.save", {"fields": fields | {"rate": "0.93"}})
            seen.append(await acted(tab, "exchange_state.remove", {"day": str(DAY), "fields": {"remove_reason": "x"}}))
            return seen

    looked, before, stored, again, slip, removed = asyncio.run(play())
    assert '"new": 2' in looked
    assert '"bad": 1' in looked
    assert before == "0"
    assert "2 rates stored" in stored
    assert again == ""
    assert "more than 20% away" in slip
    assert "removed" in removed
    assert asked("SELECT day, rate::text, source FROM exchange_rate") == [(TODAY, "0.93000000", "hand")]
    actions = [row.action for row in asked("SELECT action FROM audit_event WHERE action LIKE 'exchange.%' ORDER BY id")]
    assert actions == ["exchange.loaded", "exchange.set", "exchange.removed"]


def test_rates_are_fetched_from_the_configured_address(address: str, vendor: Service):
    vendor.answers = [(200, {"base": "USD", "date": str(DAY), "rates": {"EUR": 0.9}}, {}), (500, "down", {})]

    async def play() -> tuple[str, str]:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("exchange_state.load"), path="/ops/ai-costs/exchange")
            return await acted(tab, "exchange_state.fetch"), await acted(tab, "exchange_state.fetch")

    done, failed = asyncio.run(play())
    assert "1 rate stored" in done
    assert "HTTP 500" in failed
    assert (DAY, "fetched") in asked("SELECT day, source FROM exchange_rate")


def test_the_bill_is_fetched_compared_and_what_failed_is_said(address: str, vendor: Service):
    vendor.answers = [
        (200, costs_endpoint.page(costs_endpoint.bucket(DAY, ("web search", 4.5))), {}),
        (401, {"error": {"message": "no such key"}}, {}),
    ]

    async def play() -> tuple[str, str, str, str]:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            here = f"/ops/ai-costs/bills?day={DAY}"
            await tab.send(handler("bill_state.load"), path=here)
            done = await acted(tab, "bill_state.fetch", path=here)
            rows, models = json.dumps(tab.shown("rows")[-1]), json.dumps(tab.shown("models")[-1])
            return done, rows, models, await acted(tab, "bill_state.fetch")

    done, rows, models, failed = asyncio.run(play())
    assert "bill was stored" in done
    assert "4500000000" in rows
    assert "web search" in models
    assert "HTTP 401" in failed
    assert [bool(row.problem) for row in asked("SELECT problem FROM bill_import ORDER BY id")] == [False, True]


def test_a_bill_comes_in_as_a_file_that_was_looked_at(address: str):
    lines = f"day,line_item,amount_usd\n{DAY},gpt-x,12.5\n{DAY},gpt-y,much\n"

    async def play() -> tuple[str, str]:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("bill_state.load"), path="/ops/ai-costs/bills")
            await acted(tab, "bill_state.begin")
            await acted(tab, "bill_state.look_at", {"given": {"content": lines, "name": "cost.csv"}})
            return json.dumps(tab.shown("looked")[-1]), await acted(tab, "bill_state.take")

    looked, done = asyncio.run(play())
    assert '"amount_nano": 12500000000' in looked
    assert '"bad": 1' in looked
    assert "bill was stored" in done
    assert asked(f"SELECT line_item FROM billed_day WHERE day = '{DAY}'") == [("gpt-x",)]


def test_who_may_only_read_sees_both_pages_and_changes_nothing(address: str):
    before = asked("SELECT count(*) FROM exchange_rate"), asked("SELECT count(*) FROM bill_import")

    async def play() -> tuple[str, list[Any], str]:
        async with testkit.tab(address, cookie=cookie(Role.VIEWER)) as tab:
            await tab.hydrate()
            await tab.send(handler("exchange_state.load"), path="/ops/ai-costs/exchange")
            fields = {"day": str(TODAY), "rate": "0.5", "reason": "x", "confirmed": "on"}
            refused = await acted(tab, "exchange_state.save", {"fields": fields})
            await tab.send(handler("bill_state.load"), path="/ops/ai-costs/bills")
            return refused, tab.shown("may_write"), await acted(tab, "bill_state.fetch")

    refused, may_write, fetched = asyncio.run(play())
    assert "Your role does not allow this" in refused
    assert "Your role does not allow this" in fetched
    assert True not in may_write
    assert before == (asked("SELECT count(*) FROM exchange_rate"), asked("SELECT count(*) FROM bill_import"))
