"""Live progress on any page: the task rows are read again until they have ended; nothing is kept in the tab."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin import wiring
from fitmycv_admin.core.ask import look
from fitmycv_admin.domain.cvs import progress
from fitmycv_admin.domain.cvs.progress import Scope, TaskRow
from fitmycv_admin.ui.copy import t, t_given, t_key
from fitmycv_admin.ui.kit import card
from fitmycv_admin.ui.kit import progress as bars
from fitmycv_admin.ui.kit.controls import Content
from fitmycv_admin.ui.kit.listing import Listing
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import TaskState

AT_MOST_EVERY_S = 0.2
"""A tab is told at most five times a second."""
QUIET_S = 2.0
"""Without news the rows are read anyway: news may be lost, rows are not."""
LONGEST_S = 600.0


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
        """Show the page, then what is on its way."""
        with self._loading():
            yield
            await self._fetch()
        yield type(self).watch

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> AsyncIterator[Any]:
        """Show how far the tasks are until all have ended, then read the page again."""
        by, until = actor(), time.monotonic() + LONGEST_S
        async with self:
            scope = self._scope()
        shown: tuple[TaskRow, ...] = ()
        async with contextlib.aclosing(wiring.progress().moves(by.owner_id, every_s=QUIET_S)) as moves:
            async for _ in moves:
                rows = await look(progress.followed, by, scope, [row.id for row in shown])
                ended = _just_ended(shown, rows)
                async with self:
                    await self._advance(list(rows), has_ended=bool(ended))
                for row in ended:
                    yield self._after(row)
                if time.monotonic() > until or not any(row.is_open for row in rows):
                    return
                shown = rows
                await asyncio.sleep(AT_MOST_EVERY_S)

    async def _advance(self, rows: list[TaskRow], *, has_ended: bool) -> None:
        if rows != self.tasks:
            self.tasks, self.is_busy = rows, any(row.is_open for row in rows)
        if has_ended:
            with self._loading():
                await self._fetch()


def _just_ended(before: tuple[TaskRow, ...], now: tuple[TaskRow, ...]) -> list[TaskRow]:
    were_open = {row.id for row in before if row.is_open}
    return [row for row in now if row.id in were_open and not row.is_open]


def task_list(tasks: Any, *acts: rx.Component) -> rx.Component:
    """The tasks of a page: a bar with percent and step while they run, the sentence when they failed."""
    return rx.el.div(
        rx.foreach(tasks, _task),
        *acts,
        class_name="stack tasks",
        aria_live="polite",
        custom_attrs={"data-tasks": tasks.length().to(str)},
    )


def _task(task: Any) -> rx.Component:
    return rx.el.div(
        rx.match(
            task.state,
            (TaskState.RUNNING.value, _running(task)),
            (TaskState.QUEUED.value, bars.progress(0, _words(task, t("cvs.task.queued")))),
            (TaskState.FAILED.value, failed(task.title, task.error_key, task.error_params)),
            (TaskState.CANCELLED.value, card.notice(_words(task, t("cvs.task.cancelled")), tone="warn")),
            rx.fragment(),
        ),
        key=task.id.to(str),
        custom_attrs={"data-task-state": task.state},
    )


def _running(task: Any) -> rx.Component:
    step = rx.cond(task.step != "", t_key(task.step), t("cvs.task.running"))
    percent = task.percent
    return bars.progress(percent / 100, _words(task, step), detail=t("cvs.task.percent", percent=percent))


def _words(task: Any, doing: Content) -> rx.Component:
    return rx.el.span(rx.el.b(task.title), " · ", doing)


def failed(title: Content, key: Any, params: Any) -> rx.Component:
    """What did not succeed, in a sentence that says what to do."""
    sentence = rx.cond(key != "", t_given(key, params), t("cvs.task.failed"))
    return card.notice(rx.el.b(title), rx.el.p(sentence), tone="bad", role="alert")
