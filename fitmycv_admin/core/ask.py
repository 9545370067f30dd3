"""The single door of the screens to the business: one use case, one transaction, off the event loop."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlmodel import Session

from fitmycv_admin.core import db
from fitmycv_admin.core.config import settings

By = TypeVar("By")
Answer = TypeVar("Answer")
Details = ParamSpec("Details")


class Confirm(Protocol):
    """Reads session and role again inside the command's own transaction; raises when they ended."""

    def __call__(self, session: Session, by: object, /) -> None: ...


_executor: ThreadPoolExecutor | None = None
_confirm: Confirm | None = None


def confirm_with(confirm: Confirm) -> None:
    """Install the check that every command makes first, so that a revoked role stops at once."""
    global _confirm
    _confirm = confirm


def _pool() -> ThreadPoolExecutor:
    global _executor
    if _executor is None:
        # As many threads as connections: a waiting use case waits here, not inside the pool.
        _executor = ThreadPoolExecutor(settings().db_pool_size, thread_name_prefix="ask")
    return _executor


async def ask(
    use_case: Callable[Concatenate[Session, By, Details], Answer], by: By, *args: Details.args, **kwargs: Details.kwargs
) -> Answer:
    """Run a command. It is shielded: a browser that goes away does not cut a transaction in two."""

    def run() -> Answer:
        with db.transaction() as session:
            if _confirm is not None:
                _confirm(session, by)
            return use_case(session, by, *args, **kwargs)

    return await asyncio.shield(_submit(run))


async def identify(use_case: Callable[[Session, str], Answer], token: str) -> Answer:
    """Run the use case that finds out who is asking: the only one that nobody can confirm beforehand."""

    def run() -> Answer:
        with db.transaction() as session:
            return use_case(session, token)

    return await _submit(run)


async def look(
    use_case: Callable[Concatenate[Session, By, Details], Answer],
    by: By,
    *args: Details.args,
    **kwargs: Details.kwargs,
) -> Answer:
    """Run a query on a read-only snapshot with two seconds of statement time."""

    def run() -> Answer:
        with db.snapshot() as session:
            return use_case(session, by, *args, **kwargs)

    return await _submit(run)


def _submit(run: Callable[[], Answer]) -> "asyncio.Future[Answer]":
    context = contextvars.copy_context()
    return asyncio.get_running_loop().run_in_executor(_pool(), context.run, run)
