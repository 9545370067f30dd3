"""The page of plans over its socket: a preview before a change, a conflict instead of a silent overwrite."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, func, select

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.billing import plan_matrix
from fitmycv_admin.domain.billing.plan_matrix import PlanColumn
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.models import LimitOverride, User
from fitmycv_admin.ui.guard import declared_policies
from fitmycv_admin.vocabulary import Role
from tests import cluster, testkit

SYSTEM = actors.system("test")
HERE = "/ops/billing/plans"


@pytest.fixture(scope="module")
def address(database: cluster.Database, valkey_server: Any) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url):
        with transaction() as db:
            seeding.run(db, SYSTEM)
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


def pro() -> PlanColumn:
    """The plan as it is sold now."""
    with transaction() as db:
        return next(plan for plan in plan_matrix.plans(db, SYSTEM) if plan.name == "pro")


def edits(plan: PlanColumn, **cells: int) -> dict[str, Any]:
    """What the grid sends."""
    return {"edits": [{"plan_id": plan.id, "version": plan.version, "cells": cells}]}


def test_nothing_is_stored_before_the_preview_is_saved_with_a_reason(address: str):
    before = pro()

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("plan_state.preview"), edits(before, match_score=31), path=HERE)
            assert tab.shown("is_previewing")[-1] is True
            assert pro().version == before.version
            await tab.send(handler("plan_state.save"), {"fields": {"reason": " ", "existing": "keep"}}, path=HERE)
            assert tab.shown("errors")[-1] == {"reason": "plans.error.reason"}
            assert pro().version == before.version
            await tab.send(handler("plan_state.save"), {"fields": {"reason": "why not", "existing": "keep"}}, path=HERE)
            return tab

    tab = asyncio.run(play())
    assert tab.shown("is_previewing")[-1] is False
    assert (pro().version, pro().limits["match_score"]) == (before.version + 1, 31)


def test_a_save_after_somebody_elses_is_refused_and_says_who_was_faster(address: str):
    before = pro()

    async def play() -> testkit.Tab:
        mine, theirs = cookie(Role.OPS), cookie(Role.ADMIN)
        async with testkit.tab(address, cookie=mine) as slow, testkit.tab(address, cookie=theirs) as fast:
            for tab, limit in ((slow, 40), (fast, 50)):
                await tab.hydrate()
                await tab.send(handler("plan_state.preview"), edits(before, match_score=limit), path=HERE)
            for tab in (fast, slow):
                await tab.send(handler("plan_state.save"), {"fields": {"reason": "why", "existing": "keep"}}, path=HERE)
            return slow

    slow = asyncio.run(play())
    assert pro().limits["match_score"] == 50
    assert slow.shown("refused_key")[-1] == "plans.error.changed_meanwhile"
    assert slow.shown("refused_params")[-1]["version"] == str(before.version + 1)
    shown = next(plan for plan in slow.shown("plans")[-1] if plan["name"] == "pro")
    assert shown["limits"]["match_score"] == 50


@pytest.mark.parametrize("cells", [None, [1], {"match_score": "many"}])
def test_what_no_grid_would_send_is_refused(address: str, cells: Any):
    before = pro()
    given = {"plan_id": before.id, "version": before.version, "cells": cells}

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("plan_state.preview"), {"edits": [given]}, path=HERE)
            return tab

    assert asyncio.run(play()).shown("refused_key")[-1] == "common.error.invalid"
    assert pro() == before


def test_an_exception_is_given_by_number_and_refused_with_its_field(address: str):
    with transaction() as db:
        someone = User(name="Ada", email="ada@example.org", role=Role.USER)
        db.add(someone)
        db.flush()
        db.refresh(someone)
        number = someone.seq
    fields = {
        "person": str(number), "feature": "match_score", "kind": "number", "usage_limit": "40",
        "ends_at": "2020-01-01T10:00", "reason": "pilot",
    }  # fmt: skip

    async def play() -> list[dict[str, str]]:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            for change in ({}, {"person": "nobody"}, {"ends_at": ""}, {"usage_limit": "many"}):
                await tab.send(handler("override_state.grant"), {"fields": fields | change}, path=HERE)
            refused = [one for one in tab.shown("errors") if one]
            await tab.send(handler("override_state.grant"), {"fields": fields | {"ends_at": in_a_month()}}, path=HERE)
            return refused

    assert asyncio.run(play()) == [
        {"ends_at": "plans.error.end_past"}, {"person": "plans.error.person"},
        {"ends_at": "plans.error.end_missing"}, {"usage_limit": "plans.error.limit"},
    ]  # fmt: skip
    with transaction() as db:
        given = db.exec(select(LimitOverride).where(col(LimitOverride.user_id) == someone.id)).one()
    assert (given.usage_limit, given.reason) == (40, "pilot")


def in_a_month() -> str:
    """As the browser's field gives it."""
    return (clock.now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
