"""Live progress on any page: the task rows are read again until they have ended; nothing is kept in the tab.

A watcher lives a few seconds. The tab that is looked at asks for the next one as long as something moves, so that
watching ends with the tab and begins again after a reload, a cut line or a new server.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin import wiring
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.domain.cvs import progress
from fitmycv_admin.domain.cvs.progress import Scope, TaskRow
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.ui.kit import ticker
from fitmycv_admin.ui.kit.listing import Listing
from fitmycv_admin.ui.portal.addresses import id_at
from fitmycv_admin.ui.portal.credits.purse import Purse
from fitmycv_admin.ui.portal.tasks import rows, turns
from fitmycv_admin.ui.session import actor

AT_MOST_EVERY_S = 0.2
"""A tab is told at most five times a second."""
QUIET_S = 2.0
"""Without news the rows are read anyway: news may be lost, rows are not."""
ASKS_EVERY_S = 5.0
LONGEST_S = 12.0
"""A watcher that no tab asked for again ends."""


class Watching(Listing, mixin=True):
    """Follows the tasks that `_scope` says; the page reads itself (`_fetch`) and may move on (`_after`)."""

    tasks: list[TaskRow] = []  # noqa: RUF012  (Reflex copies defaults)
    is_busy: bool = False

    def _scope(self) -> Scope:
        return Scope()

    async def _fetch(self) -> None:
        """Read what the page shows."""

    def _after(self, ended: TaskRow) -> Any:
        """Where to go when a task of this page has ended; None stays."""
        return None

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Show the page and what is on its way, then follow that."""
        with self._loading():
            yield
            # First: a task that ends while the page is read was seen open, so its end is noticed.
            found = await look(progress.followed, actor(), self._scope())
            await self._fetch()
            self._show(found)
        if not self.problem:
            yield type(self).watch

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> AsyncIterator[Any]:
        """Show how far the tasks are until all have ended, and read the page again when one has."""
        by, until = actor(), time.monotonic() + LONGEST_S
        async with self:
            scope, shown = self._scope(), tuple(self.tasks)
        async with contextlib.aclosing(wiring.progress().moves(by.owner_id, every_s=QUIET_S)) as moves:
            async for _ in moves:
                now = await look(progress.followed, by, scope, [row.id for row in shown])
                ended = _just_ended(shown, now)
                if now != shown or ended:
                    async with self:
                        await self._advance(now, has_ended=bool(ended))
                if ended or {row.id for row in now} - {row.id for row in shown}:
                    yield Purse.refresh
                for row in ended:
                    yield self._after(row)
                if time.monotonic() > until or not any(row.is_open for row in now):
                    return
                shown = now
                await asyncio.sleep(AT_MOST_EVERY_S)

    @rx.event
    async def cancel(self, task_id: str) -> Any:
        """Cancel one's own task: at once when it waits, within two seconds when it runs."""
        await turns.stopped(actor())
        await ask(board.cancel, actor(), id_at(task_id, 0))
        return type(self).watch

    @rx.event
    async def retry(self, task_id: str) -> Any:
        """Start one's own failed or cancelled task again; what was done and paid is not repeated."""
        await turns.may_start(actor())
        await ask(board.retry, actor(), id_at(task_id, 0))
        return type(self).load

    def _show(self, found: tuple[TaskRow, ...]) -> None:
        self.tasks, self.is_busy = list(found), any(row.is_open for row in found)

    async def _advance(self, found: tuple[TaskRow, ...], *, has_ended: bool) -> None:
        self._show(found)
        if has_ended:
            with self._loading():
                await self._fetch()


def _just_ended(before: tuple[TaskRow, ...], now: tuple[TaskRow, ...]) -> list[TaskRow]:
    were_open = {row.id for row in before if row.is_open}
    return [row for row in now if row.id in were_open and not row.is_open]


def task_list(page: Any, *acts: rx.Component) -> rx.Component:
    """The tasks of a page (its State): a bar with percent and step while they run, the sentence when they failed."""

    def one(task: Any) -> rx.Component:
        return rows.moving(task, cancel=page.cancel, retry=page.retry)

    return rx.el.div(
        rx.foreach(page.tasks, one),
        rx.cond(page.is_busy, ticker.ticker(page.watch, seconds=ASKS_EVERY_S), rx.fragment()),
        *acts,
        class_name="stack tasks",
        aria_live="polite",
        custom_attrs={"data-tasks": page.tasks.length().to(str)},
    )
