"""What a hostile websocket can do: nothing that was not declared for its role."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import socketio.exceptions
from sqlalchemy import update
from sqlmodel import col

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import matrix, sessions
from fitmycv_admin.models import User, UserSession
from fitmycv_admin.ui import guard
from fitmycv_admin.vocabulary import Role
from tests import testkit

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ON_LOAD = "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"
PROBE = {"argument_nobody_declared": 1}


@pytest.fixture(scope="module")
def valkey_address(valkey_server) -> Iterator[str]:
    from tests import cluster

    with cluster.environment(REDIS_URL=valkey_server.url):
        yield valkey_server.url


@pytest.fixture(scope="module")
def address(database, valkey_address) -> Iterator[str]:
    with testkit.served() as where:
        yield where


def policies() -> dict[str, str]:
    """The policy of every handler of the application; other tests of this process may have states of their own."""
    return {name: str(found) for name, found in guard.declared_policies().items() if ".tests___" not in name}


def signed_in(role: Role) -> tuple[UUID, str]:
    """A new account of a role, and the token of a session of it."""
    with transaction() as db:
        user = User(name=f"Test {role}", email=f"{role}.{time.monotonic_ns()}@exemple.fr", role=role, language="en")
        db.add(user)
        db.flush()
        return user.id, sessions.open_session(db, user, "127.0.0.1", "test")


def test_every_handler_declares_who_may_call_it():
    assert application.app
    assert [name for name in guard.undeclared() if ".tests___" not in name] == []


def a_handler_for(role: Role, not_for: Role | None = None) -> str:
    """The name of some handler that a role may call, and another may not."""
    mine = matrix.permissions_of(role) - (matrix.permissions_of(not_for) if not_for else frozenset())
    return next(name for name, policy in policies().items() if policy in mine)


def expected(policy: str, role: Role | None) -> str:
    """What the guard must answer to a probe whose payload is wrong."""
    if policy == "deny":
        return "forbidden"
    if policy == "public":
        return "bad request"
    if role is None:
        return "sign in"
    return "bad request" if policy in matrix.permissions_of(role) else "forbidden"


def answered(updates: list) -> str:
    """Which of the refusals an answer is."""
    said = testkit.said(updates)
    if "/sign-in" in said:
        return "sign in"
    if guard.text("en", "common.error.bad_request") in said:
        return "bad request"
    if guard.text("en", "common.error.forbidden") in said:
        return "forbidden"
    return f"let through: {said[:200]}"


async def _every_handler(address: str, role: Role | None) -> dict[str, tuple[str, str]]:
    token = signed_in(role)[1] if role else ""
    asked = [(name, str(policy)) for name, policy in policies().items() if policy != "framework"]
    wrong = {}
    for start in range(0, len(asked), 100):  # a tab may send 120 events at once
        async with testkit.tab(address, cookie=token) as tab:
            await tab.hydrate()
            for name, policy in asked[start : start + 100]:
                found = answered(await tab.send(name, PROBE, settle=0.0))
                if found != expected(policy, role):
                    wrong[name] = (found, expected(policy, role))
    return wrong


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_may_call_exactly_what_is_declared(address, role):
    assert asyncio.run(_every_handler(address, role)) == {}


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_a_foreign_or_missing_origin_gets_no_socket(address, origin):
    async def play() -> None:
        async with testkit.tab(address, origin=origin):
            pass

    with pytest.raises(socketio.exceptions.ConnectionError):
        asyncio.run(play())


def test_a_stolen_tab_token_shows_nothing_of_its_owner(address):
    _, cookie = signed_in(Role.ADMIN)

    async def play() -> list:
        async with testkit.tab(address, cookie=cookie) as mine:
            await mine.hydrate()
            assert "Test admin" in mine.shown("user_name")
            token = mine.token
        async with testkit.tab(address, token=token) as thief:
            before = await thief.send("reflex___state____state.hydrate")
            return before + thief.updates

    assert "Test admin" not in str(asyncio.run(play()))


def test_a_closed_session_is_refused_at_the_next_event(address):
    user_id, cookie = signed_in(Role.ADMIN)
    name = a_handler_for(Role.ADMIN)

    async def play() -> str:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            assert answered(await tab.send(name, PROBE, settle=0.0)) == "bad request"
            with transaction() as db:
                sessions.close_all(db, user_id)
            await asyncio.sleep(1.1)
            return testkit.said(await tab.send(name, PROBE, settle=0.0))

    assert "reload" in asyncio.run(play())


def test_a_role_that_was_taken_away_stops_within_a_second(address):
    user_id, cookie = signed_in(Role.ADMIN)
    name = a_handler_for(Role.ADMIN, not_for=Role.USER)

    async def play() -> str:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            assert answered(await tab.send(name, PROBE, settle=0.0)) == "bad request"
            with transaction() as db:
                db.execute(update(User).where(col(User.id) == user_id).values(role=Role.USER))
            await asyncio.sleep(1.1)
            return answered(await tab.send(name, PROBE, settle=0.0))

    assert asyncio.run(play()) == "forbidden"


def test_an_address_claimed_by_the_browser_does_not_run_the_page_behind_it(address):
    page = next(page for page in application.PAGES if page.area == "ops" and page.permission)

    async def play() -> str:
        async with testkit.tab(address) as tab:
            await tab.hydrate()
            return testkit.said(await tab.send(ON_LOAD, path=page.route))

    assert "/sign-in" in asyncio.run(play())


@pytest.mark.parametrize("payload", [{"x": "y" * 70_000}, ["list"], "text", {"__proto__": {}}, None])
def test_a_payload_of_the_wrong_shape_is_refused_and_the_tab_lives_on(address, payload):
    _, cookie = signed_in(Role.ADMIN)
    name = next(name for name, policy in policies().items() if policy not in ("framework", "deny"))

    async def play() -> None:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            if payload is not None:
                with contextlib.suppress(TypeError):
                    await tab.send(name, payload, settle=0.0, patience=0.5)
            assert answered(await tab.send(name, PROBE, settle=0.0)) == "bad request"

    asyncio.run(play())


def test_cookies_and_payloads_stay_out_of_the_log(address):
    _, cookie = signed_in(Role.USER)

    async def play() -> None:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            for name in ("no.such.handler", "reflex___state____state.setvar"):
                await tab.send(name, {"password": "correct-horse-battery"}, patience=0.5)

    asyncio.run(play())
    log = Path(os.environ["FITMYCV_TEST_HOME"], f"web-{address.rpartition(':')[2]}.log").read_text()
    assert cookie not in log
    assert "correct-horse-battery" not in log


def test_a_session_that_expired_is_nobody(address):
    user_id, cookie = signed_in(Role.ADMIN)
    with transaction() as db:
        db.execute(
            update(UserSession).where(col(UserSession.user_id) == user_id).values(expires_at="2020-01-01T00:00:00Z")
        )

    async def play() -> list:
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            return tab.shown("signed_in")

    assert True not in asyncio.run(play())


def test_a_flood_of_events_is_dropped_and_the_tab_recovers(address):
    async def play() -> tuple[int, float, str]:
        async with testkit.tab(address) as tab:
            await tab.hydrate()
            name = a_handler_for(Role.ADMIN)
            started = time.monotonic()
            for _ in range(1000):
                await tab.emit(name, PROBE)
            seen = -1
            while seen < len(tab.updates):
                seen = len(tab.updates)
                await asyncio.sleep(2)
            seconds = time.monotonic() - started
            answers = sum("/sign-in" in testkit.said([update]) for update in tab.updates)
            return answers, seconds, answered(await tab.send(name, PROBE, settle=0.0))

    answers, seconds, afterwards = asyncio.run(play())
    assert 120 <= answers <= 125 + 30 * seconds
    assert afterwards == "sign in"
