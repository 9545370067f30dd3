"""The pages about credits over the websocket of a tab: a form once, an approval by somebody else, a refusal said."""

import asyncio
import json
from collections.abc import Iterator
from uuid import UUID

import pytest

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role
from tests import cluster, testkit
from tests.domain.billing import desk, purses

SETTLE = 1.5
"""Seconds of silence after which an answer is whole."""


@pytest.fixture(scope="module")
def address(database, valkey_server) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served() as where:
        yield where


def staff(role: Role) -> tuple[UUID, str]:
    with transaction() as db:
        user = db.get(User, desk.person(db, role, language="en"))
        assert user
        return user.id, sessions.open_session(db, user, "127.0.0.1", "test")


def handler(ending: str) -> str:
    assert application.app
    return next(name for name in testkit.handlers() if name.endswith(ending))


def test_a_form_sent_twice_gives_once_and_a_debit_needs_its_own_permission(address: str):
    ana = purses.person()

    async def play() -> str:
        _, cookie = staff(Role.SUPPORT)
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            await tab.send(handler("person_credits_state.load"), {"person_id": str(ana)})
            await tab.send(handler("person_credits_state.open_form"), {"what": "give"})
            fields = {"amount": "4", "reason_code": "goodwill", "note": "patience", "once": "form-1"}
            await tab.send(handler("person_credits_state.save"), {"fields": fields}, settle=SETTLE)
            await tab.send(handler("person_credits_state.open_form"), {"what": "give"})
            await tab.send(handler("person_credits_state.save"), {"fields": fields}, settle=SETTLE)
            await tab.send(handler("person_credits_state.open_form"), {"what": "take"})
            taken = {**fields, "reason_code": "abuse", "once": "form-2"}
            return testkit.said(await tab.send(handler("person_credits_state.save"), {"fields": taken}, settle=SETTLE))

    assert "Your role does not allow this" in asyncio.run(play())
    assert purses.kinds(ana) == [("gift", 4)]


def test_above_the_limit_a_second_person_approves_on_their_own_screen(address: str):
    ana = purses.person()

    async def play() -> tuple[str, str, str]:
        _, asker = staff(Role.FINANCE)
        _, other = staff(Role.ADMIN)
        async with testkit.tab(address, cookie=asker) as tab:
            await tab.hydrate()
            await tab.send(handler("person_credits_state.load"), {"person_id": str(ana)})
            await tab.send(handler("person_credits_state.open_form"), {"what": "give"})
            fields = {"amount": "500", "reason_code": "promise", "note": "a school", "once": "form-3"}
            asked = testkit.said(
                await tab.send(handler("person_credits_state.save"), {"fields": fields}, settle=SETTLE)
            )
            approval = str(purses.ask("SELECT id FROM approval WHERE state = 'pending'")[0].id)
            act = {"approval_id": approval, "approve": True, "fields": {}}
            own = testkit.said(await tab.send(handler("approvals_state.decide"), act, settle=SETTLE))
        async with testkit.tab(address, cookie=other) as tab:
            await tab.hydrate()
            return asked, own, testkit.said(await tab.send(handler("approvals_state.decide"), act, settle=SETTLE))

    asked, own, decided = asyncio.run(play())
    assert "a second person was asked" in asked
    assert "somebody else decides" in own
    assert "Approved and done" in decided
    assert purses.kinds(ana) == [("gift", 500)]


def test_the_ledger_and_the_panel_show_what_happened(address: str):
    ana = purses.rich(7)

    async def play() -> tuple[str, str]:
        _, cookie = staff(Role.VIEWER)
        async with testkit.tab(address, cookie=cookie) as tab:
            await tab.hydrate()
            await tab.send(handler("billing___ledger____ledger_state.load"), path=f"/ops/billing/ledger?user={ana}")
            await tab.send(handler("person_credits_state.load"), {"person_id": str(ana)})
            return json.dumps(tab.shown("rows"), default=str), json.dumps(tab.shown("account"), default=str)

    rows, account = asyncio.run(play())
    assert str(ana) in rows
    assert '"available": 7' in account
