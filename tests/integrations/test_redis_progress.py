"""Progress messages reach the tabs of their person, and losing Valkey loses nothing but time."""

import asyncio
import contextlib
import time
from uuid import UUID

import pytest

from fitmycv_admin.core.ids import new_id
from fitmycv_admin.integrations.redis_progress import RedisProgress
from fitmycv_admin.local import valkey as local_valkey


async def heard(bus: RedisProgress, user_id: UUID, count: int, within_s: float = 5) -> list[UUID]:
    """The next `count` tasks that moved."""
    found: list[UUID] = []
    async with asyncio.timeout(within_s), contextlib.aclosing(bus.moves(user_id, every_s=0.2)) as moves:
        async for task_id in moves:
            if task_id is not None:
                found.append(task_id)
            if len(found) >= count:
                break
    return found


def test_a_move_is_heard_at_once_by_its_person_alone(valkey: str) -> None:
    ada, bob, tasks = new_id(), new_id(), [new_id() for _ in range(5)]
    worker = RedisProgress(valkey)

    async def play() -> tuple[list[UUID], float]:
        web = RedisProgress(valkey)
        listening = asyncio.create_task(heard(web, ada, 5))
        second_tab = asyncio.create_task(heard(web, ada, 5))
        others = asyncio.create_task(heard(web, bob, 1, within_s=1.5))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        for task_id in tasks:
            await asyncio.to_thread(worker.publish, ada, task_id)
        found = await listening
        took = time.monotonic() - began
        assert await second_tab == found
        with pytest.raises(TimeoutError):
            await others
        return found, took

    found, took = asyncio.run(play())
    assert found == tasks
    assert took < 1


def test_without_a_server_the_line_is_quiet_and_publishing_does_not_fail() -> None:
    bus = RedisProgress("redis://127.0.0.1:1/0")
    bus.publish(new_id(), new_id())

    async def play() -> list[UUID | None]:
        found: list[UUID | None] = []
        async with contextlib.aclosing(bus.moves(new_id(), every_s=0.1)) as moves:
            async for task_id in moves:
                found.append(task_id)
                if len(found) == 3:
                    break
        return found

    assert asyncio.run(play()) == [None, None, None]


def test_a_server_that_comes_back_is_heard_again(fresh_valkey: local_valkey.Valkey) -> None:
    ada, task_id = new_id(), new_id()

    async def play() -> list[UUID]:
        web, worker = RedisProgress(fresh_valkey.url), RedisProgress(fresh_valkey.url)
        listening = asyncio.create_task(heard(web, ada, 1, within_s=20))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(fresh_valkey.kill)
        await asyncio.to_thread(local_valkey.start, fresh_valkey.data_dir, fresh_valkey.port)
        while not listening.done():
            await asyncio.to_thread(worker.publish, ada, task_id)
            await asyncio.sleep(0.2)
        return await listening

    assert asyncio.run(play()) == [task_id]
