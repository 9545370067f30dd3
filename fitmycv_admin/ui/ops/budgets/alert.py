"""One alert: what it is about, what drove it, the way to its calls, and what staff does about it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx

from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, NotFound
from fitmycv_admin.domain.budgets import notices
from fitmycv_admin.domain.budgets.notices import Driver, NoticeCard
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import toast
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.budgets import alert_view, words
from fitmycv_admin.ui.ops.budgets.alert_lines import NoticeLine, notice_line
from fitmycv_admin.ui.ops.budgets.bell import BellState
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"id": ()})
CALLS, COSTS = "/ops/ai-costs/calls", "/ops/ai-costs"
OF_COSTS = ("period", "from", "to", "feature", "model", "tier", "plan", "user")
"""The words of the call list that the cost page knows too."""
HOURS = {"1h": 1, "4h": 4, "24h": 24}
LONGEST = 500
TICK_S = 5


@dataclass(frozen=True)
class DriverLine:
    """One of the parts that cost most; `share` of what was spent."""

    id: str
    kind: str
    label: str
    label_key: str
    cost_nano: int
    calls: int
    share: float
    href: str


@dataclass(frozen=True)
class EventLine:
    """Something that happened to it."""

    id: str
    at: str
    kind: str
    by: str
    comment: str


@dataclass(frozen=True)
class MessageLine:
    """One message about it."""

    id: str
    channel: str
    kind: str
    state: str
    at: str
    error: str


@page_policy(Permission.BUDGETS_READ)
class AlertState(Listing, AppState):
    """The notice of the address."""

    notice: NoticeLine | None = None
    drivers: list[DriverLine] = []  # noqa: RUF012  (Reflex copies defaults)
    events: list[EventLine] = []  # noqa: RUF012
    messages: list[MessageLine] = []  # noqa: RUF012
    calls_href: str = ""
    costs_href: str = ""
    comment_number: int = 0
    may_write: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Show the notice of the address; what is shown is seen."""
        with self._loading():
            yield
            await self._read()
            await ask(notices.seen, actor())
            yield BellState.ring

    @rx.event
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem:
            await self._read()

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def acknowledge(self) -> Any:
        """Take care of it."""
        return await self._act(notices.acknowledge, "budgets.acknowledged_one")

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def snooze(self, fields: dict[str, str]) -> Any:
        """Put it off; at most until its window ends."""
        hours = HOURS.get(fields.get("snooze_for", ""))
        until = clock.now() + timedelta(hours=hours) if hours else None
        note = fields.get("snooze_note", "")[:LONGEST]
        return await self._act(notices.snooze, "budgets.snoozed_one", until=until, comment=note)

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def resolve(self, fields: dict[str, str]) -> Any:
        """Close it."""
        note = fields.get("resolve_note", "")[:LONGEST]
        return await self._act(notices.resolve, "budgets.resolved_one", comment=note)

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def write(self, fields: dict[str, Any]) -> Any:
        """Write something under it."""
        typed = str(fields.get("comment", ""))[:LONGEST]
        answer = await self._act(notices.comment, "budgets.commented", text=typed)
        if typed.strip():
            self.comment_number += 1
        return answer

    async def _act(self, use_case: Any, done: str, **details: Any) -> Any:
        language = str(actor().language)
        try:
            await ask(use_case, actor(), self._id(), **details)
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        finally:
            await self._read()
        return toast.done(language, done)

    def _id(self) -> UUID:
        try:
            return UUID(self._wanted(OFFER).get("id"))
        except ValueError as error:
            raise NotFound from error

    async def _read(self) -> None:
        found = await look(notices.notice, actor(), self._id())
        notice = notice_line(found.row)
        if notice != self.notice:
            self.notice = notice
        self.drivers = drivers(found)
        self.events = [
            EventLine(str(number), one.at.isoformat(), one.kind, one.by, one.comment)
            for number, one in enumerate(found.events)
        ]
        self.messages = [
            MessageLine(str(number), one.channel, one.kind, one.state, one.at.isoformat(), one.error)
            for number, one in enumerate(found.deliveries)
        ]
        self.calls_href = _address(CALLS, found.calls)
        self.costs_href = _address(COSTS, {word: value for word, value in found.calls.items() if word in OF_COSTS})
        self.may_write = actor().may(Permission.BUDGETS_WRITE)


def drivers(card: NoticeCard) -> list[DriverLine]:
    """The drivers, each with the way to its calls inside the window of the notice."""
    whole = card.row.value_nano or sum(one.cost_nano for one in card.drivers) or 1
    return [
        DriverLine(
            id=f"{one.kind} {one.key}", kind=one.kind, label=one.label, label_key=_words(one), cost_nano=one.cost_nano,
            calls=one.calls, share=one.cost_nano / whole, href=_address(CALLS, {**card.calls, one.kind: one.key}),
        )
        for one in card.drivers
    ]  # fmt: skip


def _words(one: Driver) -> str:
    if one.kind != "feature":
        return ""
    known = words.feature_key(one.key, one.label)
    return f"settings.feature.{known}" if known else ""


def _address(page_: str, given: Mapping[str, str]) -> str:
    kept = {word: value for word, value in given.items() if value}
    return f"{page_}?{urlencode(kept)}" if kept else page_


@page(title="budgets.alert", permission=Permission.BUDGETS_READ, load=AlertState.load, route=words.ALERT)
def alert() -> rx.Component:
    """What `alert_view` draws of it."""
    return alert_view.view(AlertState, every=TICK_S)
