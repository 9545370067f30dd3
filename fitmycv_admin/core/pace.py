"""How fast one caller may go on: a bucket of tokens for each, in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """At most `burst` calls at once and `rate` a second afterwards, for each key; forgets idle keys by itself."""

    burst: float
    rate: float
    clock: Callable[[], float] = time.monotonic
    most: int = 10_000
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def allows(self, key: str) -> bool:
        """Take a token of this key's bucket; False when it is empty."""
        now = self.clock()
        left, seen = self._buckets.get(key, (self.burst, now))
        left = min(self.burst, left + (now - seen) * self.rate)
        if key not in self._buckets and len(self._buckets) >= self.most:
            self._forget(now)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again, and all of them when none is."""
        full = self.burst / self.rate
        kept = {key: bucket for key, bucket in self._buckets.items() if now - bucket[1] < full}
        self._buckets = kept if len(kept) < self.most else {}
