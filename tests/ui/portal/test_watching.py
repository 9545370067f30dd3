"""Progress of tasks on the screens: it survives whatever happens to the tab, and costs nothing when the tab is gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import text

from fitmycv_admin import fitmycv_admin, wiring  # the application registers its handlers
from fitmycv_admin.copy import text as sentence
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.billing import reservations
from fitmycv_admin.domain.billing.reservations import Quote
from fitmycv_admin.models import User
from fitmycv_admin.ui.portal.tasks import watching
from fitmycv_admin.vocabulary import Payer, PlanFeature, TaskState
from tests import cluster, testkit
from tests.domain.billing import purses
from tests.testkit import Tab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
PAGE = "/activity"
assert fitmycv_admin.app


@pytest.fixture(scope="module")
def valkey_url(valkey_server: Any) -> Iterator[str]:
    with cluster.environment(REDIS_URL=valkey_server.url):
        yield valkey_server.url


@pytest.fixture(scope="module")
def address(database: cluster.Database, valkey_url: str) -> Iterator[str]:
    with testkit.served() as where:
        yield where


@pytest.fixture
def ada(database: cluster.Database) -> tuple[UUID, str]:
    """Somebody new with ten credits, and the token of their session."""
    with transaction() as db:
        user = User(name="Ada", email=f"{new_id()}@example.org", language="en")
        db.add(user)
        db.flush()
        signed_in = user.id, sessions.open_session(db, user, "127.0.0.1", "test")
    purses.give(signed_in[0], 10)
    return signed_in


def started(user_id: UUID, state: TaskState = TaskState.RUNNING, percent: int = 10) -> UUID:
    """A task at work somewhere, or in a line that nobody serves; no worker of ours ends it."""
    number = new_id()
    with transaction() as db:
        db.execute(
            text("""INSERT INTO background_task (id, title, type, status, user_id, progress, queue, lease_until,
                        created_at) VALUES (:id, 'Engineer', 'extract_offer', :state, :user, :percent, 'none',
                        CASE :state WHEN 'running' THEN now() + interval '1 hour' END, now())"""),
            {"id": number, "user": user_id, "percent": percent, "state": state},
        )
    return number


def moved(user_id: UUID, task_id: UUID, percent: int) -> None:
    """The worker says how far it is."""
    with transaction() as db:
        db.execute(
            text("UPDATE background_task SET progress = :percent WHERE id = :id"), {"id": task_id, "percent": percent}
        )
    wiring.progress().publish(user_id, task_id)


def ended(user_id: UUID, task_id: UUID, state: TaskState = TaskState.COMPLETED) -> None:
    with transaction() as db:
        db.execute(
            text("UPDATE background_task SET status = :state, lease_until = NULL, finished_at = now() WHERE id = :id"),
            {"id": task_id, "state": state},
        )
    wiring.progress().publish(user_id, task_id)


def handler(name: str) -> str:
    """The full name of a handler of the task panel."""
    return next(known for known in testkit.handlers() if known.endswith(f"activity.{name}"))


def load_of(page: str) -> str:
    return next(known for known in testkit.handlers() if known.endswith(page))


def percents(tab: Tab) -> list[int]:
    """The percentages that the tab was shown, in their order, without repetitions."""
    seen: list[int] = []
    for tasks in tab.shown("tasks"):
        for task in tasks:
            if not seen or seen[-1] != task["percent"]:
                seen.append(task["percent"])
    return seen


async def until(tab: Tab, what: Callable[[], bool], seconds: float = 8.0) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return what()


@asynccontextmanager
async def panel(address: str, cookie: str, *, token: str = "") -> AsyncIterator[Tab]:
    """A tab on the task panel, as a browser opens it or comes back to it."""
    async with testkit.tab(address, cookie=cookie, token=token) as tab:
        await tab.hydrate()
        await tab.emit(handler("load"), path=PAGE)
        yield tab


def play(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def test_progress_arrives_and_goes_on_after_a_reload(address: str, ada: tuple[UUID, str]) -> None:
    user_id, cookie = ada
    task_id = started(user_id)

    async def story() -> None:
        async with panel(address, cookie) as tab:
            assert await until(tab, lambda: percents(tab) == [10])
            moved(user_id, task_id, 40)
            assert await until(tab, lambda: percents(tab) == [10, 40])
            token = tab.token
        async with panel(address, cookie, token=token) as tab:
            assert await until(tab, lambda: percents(tab)[-1:] == [40])
            moved(user_id, task_id, 70)
            assert await until(tab, lambda: percents(tab)[-1:] == [70])

    play(story)


def test_a_cut_line_misses_nothing(address: str, ada: tuple[UUID, str]) -> None:
    user_id, cookie = ada
    task_id = started(user_id)

    async def story() -> None:
        async with panel(address, cookie) as tab:
            assert await until(tab, lambda: percents(tab) == [10])
            token = tab.token
        ended(user_id, task_id)  # while nobody listens
        async with panel(address, cookie, token=token) as tab:
            assert await until(tab, lambda: [] in tab.shown("tasks"))
            assert await until(tab, lambda: any(row["state"] == "completed" for row in tab.shown("rows")[-1]))

    play(story)


def test_a_new_server_goes_on_where_the_old_one_was(
    database: cluster.Database, valkey_url: str, ada: tuple[UUID, str]
) -> None:
    user_id, cookie = ada
    task_id, token = started(user_id), str(new_id())

    async def story(where: str, before: int, after: int, *, loads: bool) -> None:
        async with testkit.tab(where, cookie=cookie, token=token) as tab:
            await tab.hydrate()
            # A tab that was there before the restart does not load its page again: its clock ticks.
            await tab.emit(handler("load" if loads else "watch"), path=PAGE)
            assert await until(tab, lambda: percents(tab)[-1:] == [before]), percents(tab)
            moved(user_id, task_id, after)
            assert await until(tab, lambda: percents(tab)[-1:] == [after]), percents(tab)

    with testkit.served() as where:
        asyncio.run(story(where, 10, 40, loads=True))
    moved(user_id, task_id, 55)  # nobody serves
    with testkit.served() as where:
        asyncio.run(story(where, 55, 80, loads=False))


def listeners(valkey_url: str) -> int:
    """How many web processes listen to progress: they would all hear of a task of anybody's."""
    with Redis.from_url(valkey_url) as valkey:
        return int(valkey.publish(f"fitmycv:progress:{new_id()}", str(new_id())))  # type: ignore[arg-type]


def test_watching_ends_with_the_tab_and_goes_on_while_it_is_there(
    address: str, valkey_url: str, ada: tuple[UUID, str]
) -> None:
    assert watching.ASKS_EVERY_S < watching.LONGEST_S <= 15
    user_id, cookie = ada
    task_id = started(user_id)

    async def story() -> None:
        async with panel(address, cookie) as tab:
            assert await until(tab, lambda: percents(tab) == [10])
            opened = time.monotonic()
            while time.monotonic() < opened + watching.LONGEST_S + 2:
                await asyncio.sleep(watching.ASKS_EVERY_S)
                await tab.emit(handler("watch"), path=PAGE)
            moved(user_id, task_id, 40)
            assert await until(tab, lambda: percents(tab)[-1:] == [40], 1.5), "one watcher's life is over"
            assert listeners(valkey_url) == 1
        gone = time.monotonic()
        while listeners(valkey_url) and time.monotonic() < gone + watching.LONGEST_S + 6:
            await asyncio.sleep(0.2)
        assert listeners(valkey_url) == 0, "the task still runs, but nobody looks"

    play(story)


def test_cancel_stops_a_waiting_task_at_once_and_frees_what_it_held(address: str, ada: tuple[UUID, str]) -> None:
    user_id, cookie = ada
    task_id = started(user_id, TaskState.QUEUED, 0)
    with transaction() as db:
        reservations.reserve(db, task_id, user_id, Quote(PlanFeature.IMPORT_PDF, Payer.CREDITS, 3, 0))

    async def story() -> None:
        async with panel(address, cookie) as tab:
            await tab.emit(load_of("purse.refresh"), path=PAGE)
            assert await until(tab, lambda: tab.shown("available")[-1:] == [7])
            await tab.emit(handler("cancel"), {"task_id": str(task_id)}, path=PAGE)
            assert await until(tab, lambda: any(row["state"] == "cancelled" for row in (tab.shown("rows") or [[]])[-1]))
            assert await until(tab, lambda: tab.shown("available")[-1:] == [10])

    play(story)


def test_cancel_shows_that_a_running_task_is_being_stopped(address: str, ada: tuple[UUID, str]) -> None:
    user_id, cookie = ada
    task_id = started(user_id)

    async def story() -> None:
        async with panel(address, cookie) as tab:
            assert await until(tab, lambda: percents(tab) == [10])
            await tab.emit(handler("cancel"), {"task_id": str(task_id)}, path=PAGE)
            assert await until(tab, lambda: [t["is_cancelling"] for t in tab.shown("tasks")[-1]] == [True])

    play(story)


def test_nobody_stops_or_restarts_the_task_of_somebody_else(address: str, ada: tuple[UUID, str]) -> None:
    task_id = started(purses.rich(1), TaskState.QUEUED)

    async def story() -> str:
        async with panel(address, ada[1]) as tab:
            answers = await tab.send(handler("cancel"), {"task_id": str(task_id)}, path=PAGE)
            answers += await tab.send(handler("retry"), {"task_id": str(task_id)}, path=PAGE)
            answers += await tab.send(handler("cancel"), {"task_id": "../../x"}, path=PAGE)
            return testkit.said(answers)

    assert asyncio.run(story()).count(sentence("en", "common.error.not_found")) == 3
    assert purses.ask("SELECT status, cancel_requested_at FROM background_task WHERE id = :id", id=task_id) == [
        ("queued", None)
    ]


def test_who_cancels_again_and_again_waits_before_the_next_start_and_may_still_cancel(
    address: str, ada: tuple[UUID, str]
) -> None:
    user_id, cookie = ada
    tasks = [started(user_id, TaskState.QUEUED) for _ in range(12)]

    async def story() -> tuple[str, str]:
        async with panel(address, cookie) as tab:
            for task_id in tasks[:10]:
                await tab.send(handler("cancel"), {"task_id": str(task_id)}, path=PAGE)
            refused = testkit.said(await tab.send(handler("retry"), {"task_id": str(tasks[0])}, path=PAGE))
            cancelled = testkit.said(await tab.send(handler("cancel"), {"task_id": str(tasks[10])}, path=PAGE))
            return refused, cancelled

    refused, cancelled = asyncio.run(story())
    turns = sentence("en", "wallet.error.turns")
    assert turns in refused
    assert turns not in cancelled
    states = purses.ask("SELECT id, status FROM background_task WHERE user_id = :id", id=user_id)
    assert {number for number, state in states if state == "queued"} == {tasks[11]}


def test_the_balance_in_the_bar_follows_what_a_task_took(address: str, ada: tuple[UUID, str]) -> None:
    user_id, cookie = ada
    task_id = started(user_id)

    async def story() -> None:
        async with panel(address, cookie) as tab:
            await tab.emit(load_of("purse.refresh"), path=PAGE)
            assert await until(tab, lambda: tab.shown("available")[-1:] == [10])
            assert await until(tab, lambda: percents(tab) == [10])
            purses.spend(user_id, 3, task_id=task_id)
            ended(user_id, task_id)
            assert await until(tab, lambda: tab.shown("available")[-1:] == [7])

    play(story)


def test_a_person_is_shown_their_own_ledger_whatever_the_address_says(address: str, ada: tuple[UUID, str]) -> None:
    eve = purses.rich(77)
    task_id = new_id()
    purses.spend(eve, 5, task_id=task_id)

    async def story() -> list[Any]:
        async with testkit.tab(address, cookie=ada[1]) as tab:
            await tab.hydrate()
            for path in ("/credits", f"/credits?task={task_id}", "/credits?after=WzFd&type=usage&from=x"):
                await tab.send(load_of("credits.load"), path=path)
            return tab.shown("rows")

    rows = asyncio.run(story())
    assert [[row["amount"] for row in shown] for shown in rows if shown] == [[10]]
