"""How often something may be tried, counted in Valkey; when it is away, each process counts for itself.

A browser that signed in before is a known device: strangers who try an account cannot lock it out.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import redis
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from fitmycv_admin.core import security

RULES: dict[str, str] = {
    "sign_in_device": "10 per 5 minutes",
    "sign_in_account": "10 per 5 minutes",
    "sign_in_ip": "10 per 5 minutes",
    "sign_in_all": "1000 per 5 minutes",
    "sign_up_ip": "10 per 5 minutes; 60 per day",
    "forgot_account": "5 per day",
    "forgot_ip": "20 per hour",
    "verify_account": "3 per 6 hours",
    "verify_ip": "20 per hour",
    "link_ip": "30 per 5 minutes",
    "password_check": "10 per 5 minutes",
    "email_change": "5 per 5 minutes; 20 per hour",
    "cv_import": "10 per minute",
    "task_stop": "10 per 10 minutes",
}
DEVICE_SECONDS = 180 * 24 * 3600
_PREFIX = "fitmycv:limit"
_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


@dataclass
class RateLimits:
    """`url` is a redis:// address; empty counts in this process only."""

    url: str
    _items: dict[str, list[RateLimitItem]] = field(init=False)
    _shared: RedisStorage | None = field(init=False, default=None)
    _own: MemoryStorage = field(init=False)

    def __post_init__(self) -> None:
        self._items = {name: parse_many(rule) for name, rule in RULES.items()}
        self._own = MemoryStorage()
        if self.url:
            # A sign-in waits for this answer: no retries behind its back.
            self._shared = RedisStorage(
                self.url,
                wrap_exceptions=True,
                socket_connect_timeout=0.5,
                socket_timeout=0.5,
                retry=Retry(NoBackoff(), 0),  # pyright: ignore[reportArgumentType]  (typed too narrowly)
            )

    def take(self, rule: str, key: str) -> bool:
        """Count one try and say whether it is allowed. A refused try counts too, but never in a later window."""
        return self._either(lambda storage: self._hit(storage, rule, key))

    def allows(self, rule: str, key: str) -> bool:
        """Whether one more try would be allowed; counts nothing."""
        return self._either(lambda storage: self._test(storage, rule, key))

    def give_back(self, rule: str, key: str) -> None:
        """Uncount a try that turned out right, so that an office behind one address is not locked out."""
        self._either(lambda storage: self._unhit(storage, rule, key))

    def remember_device(self, account: str) -> str:
        """A token for the cookie of a browser that has just signed in to `account`; empty when it cannot be kept."""
        token = security.new_token()
        if self._shared is None:
            return ""
        try:
            client: redis.Redis = self._shared.storage  # pyright: ignore[reportAssignmentType]
            client.set(self._device(token), _hidden(account), ex=DEVICE_SECONDS)
        except redis.RedisError:
            return ""
        return token

    def knows_device(self, token: str, account: str) -> bool:
        """Whether this cookie was given to a browser that signed in to this very account."""
        if not token or self._shared is None:
            return False
        try:
            client: redis.Redis = self._shared.storage  # pyright: ignore[reportAssignmentType]
            kept = client.get(self._device(token))
        except redis.RedisError:
            return False
        return isinstance(kept, bytes) and kept.decode() == _hidden(account)

    def is_shared(self) -> bool:
        """Whether Valkey answers."""
        try:
            return self._shared is not None and self._shared.check()
        except StorageError:
            return False

    def _hit(self, storage: Storage, rule: str, key: str) -> bool:
        limiter = FixedWindowRateLimiter(storage)
        return all(limiter.hit(item, _PREFIX, rule, _hidden(key)) for item in self._items[rule])

    def _test(self, storage: Storage, rule: str, key: str) -> bool:
        limiter = FixedWindowRateLimiter(storage)
        return all(limiter.test(item, _PREFIX, rule, _hidden(key)) for item in self._items[rule])

    def _unhit(self, storage: Storage, rule: str, key: str) -> None:
        for item in self._items[rule]:
            storage.incr(item.key_for(_PREFIX, rule, _hidden(key)), item.get_expiry(), -1)

    def _either(self, count: Callable[[Storage], Answer]) -> Answer:
        if self._shared is not None:
            try:
                return count(self._shared)
            except StorageError:
                _log.warning("Valkey is away: counting tries in this process")
        return count(self._own)

    def _device(self, token: str) -> str:
        return f"fitmycv:device:{security.digest(token)}"


def _hidden(key: str) -> str:
    """No address stands in Valkey."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
