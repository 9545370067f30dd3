"""Starting and cancelling in turn costs money and gives nothing: who cancelled often starts nothing for a while."""

import asyncio

from fitmycv_admin import wiring
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.actors import Actor

_RULE = "task_stop"


class TooManyTurns(FitMyCvError):
    """This person cancelled many tasks in a few minutes. Cancelling is never refused, starting is."""

    key = "wallet.error.turns"


async def may_start(by: Actor) -> None:
    """Raises TooManyTurns when this person has to wait before the next start."""
    if not await asyncio.to_thread(wiring.rate_limits().allows, _RULE, str(by.owner_id)):
        raise TooManyTurns


async def stopped(by: Actor) -> None:
    """Count a task that this person stopped."""
    await asyncio.to_thread(wiring.rate_limits().take, _RULE, str(by.owner_id))
