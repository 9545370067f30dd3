"""The cost pages over the websocket of a tab: each shows what its address asks for, and only to those who may."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.ai_costs import asked, call_list, drift, fold, meter, queries, zone
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.models import BackgroundTask, User
from fitmycv_admin.vocabulary import Role, TaskState, TaskType
from tests import cluster, testkit
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage
from tests.domain.billing import desk

SETTLE = 1.5
"""Seconds of silence after which an answer is whole."""
SPAN = "period=custom&from=2026-10-01&to=2026-10-31"
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")


@pytest.fixture(scope="module")
def database(quiet_database: cluster.Database) -> cluster.Database:
    """In a cluster of its own: what is folded depends on everybody's open transactions."""
    return quiet_database


@pytest.fixture(scope="module")
def task(database: object) -> UUID:
    """A month of calls of three people, some of them for one task."""
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        people = [ledger.person(db, f"page{number}@example.org") for number in range(3)]
        ledger.spread(db, datetime(2026, 10, 2, tzinfo=UTC), 200, step=timedelta(minutes=199), people=people)
        at = datetime(2026, 10, 20, 9, tzinfo=UTC)
        made = BackgroundTask(id=new_id(), title="x", type=TaskType.MATCH_SCORE, status=TaskState.COMPLETED,
                              user_id=people[0], created_at=at, queued_at=at)  # fmt: skip
        db.add(made)
        db.flush()
        for number in range(3):
            meter.record(db, usage(at, prompt=90_000), user_id=people[0], task_id=made.id, attempt=number)
        found = made.id
    with transaction() as db:
        fold.fold(db)
    return found


@pytest.fixture(scope="module")
def address(database: object, valkey_server: Any, task: UUID) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served() as where:
        yield where


def cookie(role: Role) -> str:
    with transaction() as db:
        user = db.get(User, desk.person(db, role, language="en"))
        assert user
        return sessions.open_session(db, user, "127.0.0.1", "test")


def handler(ending: str) -> str:
    assert application.app
    return next(name for name in testkit.handlers() if name.endswith(ending))


def opened(where: str, loader: str, path: str, *names: str, role: Role = Role.VIEWER) -> dict[str, Any]:
    """What a page holds after it was opened at an address."""

    async def play() -> dict[str, Any]:
        async with testkit.tab(where, cookie=cookie(role)) as tab:
            await tab.hydrate()
            await tab.send(handler(loader), path=path, settle=SETTLE)
            return {name: (tab.shown(name) or [None])[-1] for name in (*names, "problem")}

    return asyncio.run(play())


def test_the_cost_page_shows_the_sum_of_its_period_and_its_segments(address: str):
    page = opened(address, "cost_state.load", f"/ops/ai-costs?{SPAN}&by=model", "kpis", "figure", "parts", "checked")
    with snapshot() as db:
        whole = queries.totals(db, OPS, OCTOBER, Filters())
    assert page["kpis"]["cost"]["value"] == whole.cost_nano == sum(row["cost_nano"] for row in page["parts"])
    assert sum(value for series in page["figure"]["series"] for value in series["values"]) == whole.cost_nano
    assert page["checked"]["at"] == ""


def test_a_day_that_differs_is_said_and_counted_anew_by_who_may(address: str):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with transaction() as db:
        meter.record(db, usage(datetime.now(UTC) - timedelta(days=1)))
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        db.execute(text("UPDATE roll_day SET cost_nano = cost_nano + 5 WHERE day = :day"), {"day": yesterday})
        drift.check(db)

    async def play(role: Role) -> tuple[Any, Any, str]:
        async with testkit.tab(address, cookie=cookie(role)) as tab:
            await tab.hydrate()
            await tab.send(handler("cost_state.load"), path="/ops/ai-costs", settle=SETTLE)
            before = tab.shown("checked")[-1]
            said = testkit.said(await tab.send(handler("cost_state.repair"), {}, path="/ops/ai-costs", settle=SETTLE))
            return before, tab.shown("checked")[-1], said

    before, after, _said = asyncio.run(play(Role.VIEWER))
    assert (before["wrong_day"], before["drift_nano"]) == (yesterday.isoformat(), 5)
    assert after == before
    before, after, said = asyncio.run(play(Role.OPS))
    assert before["wrong_day"] == yesterday.isoformat()
    assert after["wrong_day"] == ""
    assert "counted anew" in said
    with snapshot() as db:
        assert db.execute(text("SELECT count(*) FROM audit_event WHERE action LIKE '%repair%' OR target_id = :day"),
                          {"day": yesterday.isoformat()}).scalar_one() >= 1  # fmt: skip


def test_the_call_list_opens_a_call_of_an_hour_by_its_id(address: str):
    with snapshot() as db:
        row = call_list.calls(db, OPS, call_list.CallFilters(OCTOBER), PageRequest()).page.rows[0]
    hour = row.at.replace(minute=0, second=0, microsecond=0).isoformat().replace("+", "%2B")
    path = f"/ops/ai-costs/calls?{SPAN}&hour={hour}&model=nobody&open={row.id}"
    page = opened(address, "call_state.load", path, "rows", "opened", "count")
    assert (page["rows"], page["count"]) == ([], 0)
    assert page["opened"]["id"] == str(row.id)
    assert sum(line["cost_nano"] for line in page["opened"]["lines"]) == pytest.approx(row.cost_nano, abs=4)


def test_filters_of_the_call_list_narrow_it(address: str):
    dear = opened(address, "call_state.load", f"/ops/ai-costs/calls?{SPAN}&min=0.1", "rows")["rows"]
    assert len(dear) == 3
    slow = opened(address, "call_state.load", f"/ops/ai-costs/calls?{SPAN}&min_ms=901", "rows")["rows"]
    assert slow == []


def test_top_users_are_as_many_as_the_address_says_and_lead_to_their_calls(address: str):
    rows = opened(address, "top_users_state.load", f"/ops/ai-costs/top-users?{SPAN}&n=2", "rows")["rows"]
    assert [row["rank"] for row in rows] == [1, 2]
    with snapshot() as db:
        for row in rows:
            filters = asked.calls(db, OPS, dict(parse_qsl(urlsplit(row["calls_href"]).query)))
            assert len(list(call_list.rows(db, OPS, filters))) == row["calls"]


def test_plans_add_up_and_euros_are_missing_without_rates(address: str):
    page = opened(address, "plan_costs_state.load", f"/ops/ai-costs/plan-costs?{SPAN}", "rows", "whole", "missing")
    assert sum(row["cost_nano"] for row in page["rows"]) == page["whole"]["cost_nano"] > 0
    assert page["missing"] > 0
    assert page["whole"]["eur_cents"] is None


def test_a_task_is_shown_with_its_phases(address: str, task: UUID):
    path = f"/ops/ai-costs/task-costs?{SPAN}&task={task}"
    page = opened(address, "task_costs_state.load", path, "rows", "opened", "phases")
    assert [row["id"] for row in page["rows"]] == [str(task)]
    assert page["opened"]["calls"] == 3
    assert sum(phase["cost_nano"] for phase in page["phases"]) == page["opened"]["cost_nano"]


def test_the_distribution_and_the_outliers_name_the_dear_calls(address: str):
    path = f"/ops/ai-costs/distribution?{SPAN}&feature=match_score"
    page = opened(address, "distribution_state.load", path, "figure", "rows", "measure")
    assert page["measure"] == "cost"
    assert [series["name_key"] for series in page["figure"]["series"]] == [
        "ai_costs.average", "ai_costs.p50", "ai_costs.p95", "ai_costs.p99",
    ]  # fmt: skip
    row = next(row for row in page["rows"] if row["id"] == "match_score")
    assert row["p50"] < row["p95"] <= row["p99"]
    dear = opened(address, "outliers_state.load", f"/ops/ai-costs/outliers?{SPAN}&n=3", "rows")["rows"]
    assert len(dear) == 3
    assert all(row["ratio"] > 10 for row in dear)
    query = dict(parse_qsl(urlsplit(dear[0]["href"]).query))
    assert query["open"] == dear[0]["id"]
    shown = opened(address, "call_state.load", dear[0]["href"], "opened")["opened"]
    assert (shown["id"], shown["cost_nano"]) == (dear[0]["id"], dear[0]["cost_nano"])


@pytest.mark.parametrize(
    ("loader", "path", "var"),
    [
        ("top_users_state.load", "top-users", "rows"), ("plan_costs_state.load", "plan-costs", "rows"),
        ("task_costs_state.load", "task-costs", "rows"), ("outliers_state.load", "outliers", "rows"),
        ("distribution_state.load", "distribution", "rows"), ("call_state.load", "calls", "rows"),
        ("cost_state.load", "", "parts"),
    ],
)  # fmt: skip
def test_nobody_without_the_permission_is_shown_a_cost(address: str, loader: str, path: str, var: str):
    shown = opened(address, loader, f"/ops/ai-costs/{path}?{SPAN}", var, role=Role.USER)
    assert not shown[var]


def test_the_zone_of_the_rollups_is_the_one_of_the_period(address: str):
    with transaction() as db:
        assert zone.follow(db) is False
        assert queries.zone(db, OPS) == OCTOBER.zone
