"""Whether something new was recorded: one reading a second for all tabs of this process."""

import time

from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.ai_costs import queries
from fitmycv_admin.ui.session import actor

_SECONDS = 1.0
_seen: tuple[float, str] = (float("-inf"), "")


async def version() -> str:
    """The word that changes with every recorded call, at most a second old."""
    global _seen
    if time.monotonic() - _seen[0] > _SECONDS:
        _seen = (time.monotonic(), await look(queries.version, actor()))
    return _seen[1]
