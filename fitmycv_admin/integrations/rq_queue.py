"""The queue over RQ and Valkey: names of messages and ids only, in JSON. Losing it loses no work."""

from typing import cast

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError

from fitmycv_admin.domain.ports import QueueUnavailable

SERIALIZER = "json"
_KEPT_S = 60
_LONGEST_IN_LINE_S = 3600
_PATIENCE_S = 2.0


class RqQueue:
    """Messages to workers. Every method raises QueueUnavailable when the server does not answer."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S)
        self._queues: dict[str, Queue] = {}

    def wake(self, queue: str, name: str, job: str, *ids: str | int, timeout_s: int) -> None:
        """Put one message in line, once per `name` (letters, digits, `_` and `-`)."""
        try:
            self._queue(queue).enqueue(
                job, *ids, job_id=name, unique=True, job_timeout=timeout_s, result_ttl=_KEPT_S,
                failure_ttl=_KEPT_S, ttl=_LONGEST_IN_LINE_S, description=name,
            )  # fmt: skip
        except DuplicateJobError:
            return
        except RedisError as error:
            raise QueueUnavailable(str(error)) from error

    def waiting(self, queue: str) -> frozenset[str]:
        """Names of the messages that are in line and that no worker has taken."""
        try:
            names = cast("list[bytes]", self._redis.lrange(self._queue(queue).key, 0, -1))
        except RedisError as error:
            raise QueueUnavailable(str(error)) from error
        return frozenset(name.decode() for name in names)

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._redis, serializer=SERIALIZER)
        return self._queues[name]
