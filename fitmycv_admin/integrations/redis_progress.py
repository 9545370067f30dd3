"""Progress over Valkey's publish and subscribe: one connection a process, shared by every open tab."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from uuid import UUID

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

_CHANNEL = "fitmycv:progress:"
_PATIENCE_S = 1.0


class RedisProgress:
    """Publishes from a worker, listens in the web process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sender: Redis | None = None
        self._ears: dict[UUID, set[asyncio.Queue[UUID]]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connected = asyncio.Event()

    def publish(self, user_id: UUID, task_id: UUID) -> None:
        """Say that a task of this person changed; a lost message costs a moment, so it never raises."""
        with contextlib.suppress(RedisError):
            if self._sender is None:
                self._sender = Redis.from_url(self._url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S)
            self._sender.publish(f"{_CHANNEL}{user_id}", str(task_id))

    async def moves(self, user_id: UUID, *, every_s: float = 5.0) -> AsyncGenerator[UUID | None, None]:
        """The ids of this person's tasks as they move; None when the line was quiet for `every_s` seconds.

        The first one is None and comes when we listen: look at the task then, and nothing is missed.
        """
        ear: asyncio.Queue[UUID] = asyncio.Queue(maxsize=1000)
        self._ears.setdefault(user_id, set()).add(ear)
        try:
            await self._listen()
            yield None
            while True:
                try:
                    yield await asyncio.wait_for(ear.get(), every_s)
                except TimeoutError:
                    yield None
        finally:
            self._ears[user_id].discard(ear)
            if not self._ears[user_id]:
                del self._ears[user_id]

    async def _listen(self) -> None:
        """Start listening in this loop, and wait a moment until the server has confirmed it."""
        loop = asyncio.get_running_loop()
        if self._listening is None or self._listening.done() or self._loop is not loop:
            self._loop, self._connected = loop, asyncio.Event()
            self._listening = loop.create_task(self._hear())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._connected.wait(), _PATIENCE_S)

    async def _hear(self) -> None:
        """Hand every message to the tabs of its person; ends when nobody listens any more."""
        while self._ears:
            try:
                await self._hear_until_cut()
            except RedisError:
                self._connected.clear()
                await asyncio.sleep(0.5)

    async def _hear_until_cut(self) -> None:
        async with AsyncRedis.from_url(self._url, socket_connect_timeout=_PATIENCE_S) as redis, redis.pubsub() as line:
            await line.psubscribe(f"{_CHANNEL}*")
            while self._ears:
                message = await line.get_message(timeout=1.0)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    self._connected.set()
                elif message["type"] == "pmessage":
                    self._hand_out(message["channel"].decode(), message["data"].decode())

    def _hand_out(self, channel: str, task_id: str) -> None:
        for ear in self._ears.get(UUID(channel.removeprefix(_CHANNEL)), ()):
            with contextlib.suppress(asyncio.QueueFull):
                ear.put_nowait(UUID(task_id))
