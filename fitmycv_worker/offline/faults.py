"""Faults on demand, so that tests see how a client takes them: by header, or by variable for every request.

`429`, `429:SECONDS` (Retry-After), `500`, `503`, `slow:SECONDS`, `truncated` (stops at the token limit),
`broken` (half of a JSON), `refusal`, `invalid` (JSON that breaks the schema), `html`. A prefix `NxFAULT`
(such as `2x429:1`) makes the first N requests with one `X-FitMyCV-Fault-Id` fail and the rest succeed.
"""

from collections import Counter
from dataclasses import dataclass

HEADER = "x-fitmycv-fault"
ID_HEADER = "x-fitmycv-fault-id"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and by how much."""

    name: str
    amount: float | None = None


class Faults:
    """Reads what a request asks to go wrong, and counts those that are limited."""

    def __init__(self, always: str = "") -> None:
        self._always = always
        self._seen: Counter[str] = Counter()

    def of(self, wanted: str | None, request_key: str) -> Fault | None:
        """The fault of a request that carries `wanted`, if any."""
        wanted = wanted or self._always
        if not wanted:
            return None
        times, _, rest = wanted.partition("x")
        if times.isdigit() and rest:
            self._seen[request_key + wanted] += 1
            if self._seen[request_key + wanted] > int(times):
                return None
            wanted = rest
        name, _, amount = wanted.partition(":")
        return Fault(name, float(amount) if amount else None)
