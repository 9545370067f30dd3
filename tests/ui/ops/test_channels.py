"""The page of channels over its socket: made, tested and changed, refused in words, and a secret only for who may."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import func, select, text

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.models import User
from fitmycv_admin.ui.guard import declared_policies
from fitmycv_admin.vocabulary import Role
from tests import cluster, testkit

HERE = "/ops/budgets/channels"

SETTLE = 1.0
"""Seconds of silence after which an answer is whole."""


@pytest.fixture(scope="module")
def address(database: cluster.Database, valkey_server: Any) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url, WEBHOOK_INSIDE="127.0.0.1:9099"), testkit.served() as where:
        yield where


def handler(ending: str) -> str:
    """The full name of a handler of the page."""
    assert application.app
    return next(name for name in declared_policies() if name.endswith(f"channels_state.{ending}"))


def cookie(role: Role) -> str:
    """The session of somebody of this role."""
    with transaction() as db:
        number = db.exec(select(func.count()).select_from(User)).one()
        user = User(name=f"{role} {number}", email=f"{role}{number}@example.org", role=role, language="en")
        db.add(user)
        db.flush()
        return sessions.open_session(db, user, "127.0.0.1", "test")


def fields(**changes: str) -> dict[str, Any]:
    return {"fields": {"name": "Finance", "to": "https://127.0.0.1/x", "language": "en", "enabled": "on"} | changes}


def test_a_channel_is_refused_made_tested_and_switched_off(address: str) -> None:
    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.OPS)) as tab:
            await tab.hydrate()
            await tab.send(handler("load"), path=f"{HERE}?add=webhook", settle=SETTLE)
            assert tab.shown("opened")[-1]["kind"] == "webhook"
            await tab.send(handler("save"), fields(), path=f"{HERE}?add=webhook", settle=SETTLE)
            assert tab.shown("errors")[-1] == {"to": "channels.error.inward"}
            allowed = fields(to="http://127.0.0.1:9099/x")
            await tab.send(handler("save"), allowed, path=f"{HERE}?add=webhook", settle=SETTLE)
            with transaction() as db:
                number = db.execute(text("SELECT id FROM alert_channel WHERE name = 'Finance'")).scalar_one()
            await tab.send(handler("load"), path=f"{HERE}?open={number}", settle=SETTLE)
            assert tab.shown("opened")[-1]["secret"].startswith("whsec_")
            await tab.send(handler("send_test"), {"number": number}, path=HERE, settle=SETTLE)
            assert [line["kind"] for line in tab.shown("messages")[-1]] == ["test"]
            await tab.send(handler("send_test"), {"number": number}, path=HERE, settle=SETTLE)
            assert len(tab.shown("messages")[-1]) == 1
            await tab.send(handler("switch"), {"number": number, "enabled": False}, path=HERE, settle=SETTLE)
            return tab

    tab = asyncio.run(play())
    assert [line["enabled"] for line in tab.shown("channels")[-1]] == [False]
    with transaction() as db:
        actions = db.execute(
            text("SELECT action FROM audit_event WHERE target_type = 'alert_channel' ORDER BY id")
        ).scalars()
        assert list(actions) == [f"alert_channel.{word}" for word in ("created", "tested", "switched_off")]


def test_who_may_only_read_sees_no_secret_and_no_whole_address(address: str) -> None:
    with transaction() as db:
        number = db.execute(
            text("""INSERT INTO alert_channel (kind, name, target, enabled, gets_digest)
                    VALUES ('webhook', 'Hidden', '{"language": "en", "url": "https://hooks.example/T0/hush"}', true,
                        false)
                    RETURNING id""")
        ).scalar_one()

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.VIEWER)) as tab:
            await tab.hydrate()
            await tab.send(handler("load"), path=f"{HERE}?open={number}", settle=SETTLE)
            await tab.send(handler("send_test"), {"number": number}, path=HERE, settle=SETTLE)
            return tab

    tab = asyncio.run(play())
    assert tab.shown("opened")[-1:] in ([], [None])
    assert "https://hooks.example/…" in str(tab.shown("channels"))
    assert "hush" not in str(tab.updates)
    with transaction() as db:
        assert (
            db.execute(text("SELECT count(*) FROM alert_delivery WHERE channel_id = :id"), {"id": number}).scalar() == 0
        )


def test_a_reload_after_somebody_else_changed_it_keeps_nothing_silently(address: str) -> None:
    with transaction() as db:
        number = db.execute(
            text("""INSERT INTO alert_channel (kind, name, target, enabled, gets_digest)
                    VALUES ('telegram', 'Chat', '{"language": "en", "chat": "1"}', true, false) RETURNING id""")
        ).scalar_one()

    async def play() -> testkit.Tab:
        async with testkit.tab(address, cookie=cookie(Role.ADMIN)) as tab:
            await tab.hydrate()
            await tab.send(handler("load"), path=f"{HERE}?open={number}", settle=SETTLE)
            with transaction() as db:
                db.execute(text("UPDATE alert_channel SET updated_at = now() + interval '1 second' WHERE id = :id"),
                           {"id": number})  # fmt: skip
            await tab.send(handler("save"), fields(name="Mine", to="2"), path=f"{HERE}?open={number}", settle=SETTLE)
            return tab

    tab = asyncio.run(play())
    assert tab.shown("refused_key")[-1] == "channels.error.changed"
    with transaction() as db:
        found = text("SELECT name FROM alert_channel WHERE id = :id")
        assert db.execute(found, {"id": number}).scalar() == "Chat"
