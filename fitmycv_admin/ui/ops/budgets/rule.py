"""One rule: how far it is, where it will end, its past windows, what it told and who changed it."""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.budgets import notices
from fitmycv_admin.domain.budgets import rules as domain
from fitmycv_admin.domain.budgets.notices import NoticeFilters
from fitmycv_admin.ui.guard import page_policy, policy
from fitmycv_admin.ui.kit import toast
from fitmycv_admin.ui.kit.listing import Listing, Offer
from fitmycv_admin.ui.ops.budgets import rule_lines, rule_view, words
from fitmycv_admin.ui.ops.budgets.alert_lines import NoticeLine, notice_line
from fitmycv_admin.ui.ops.budgets.rule_form import RuleForm
from fitmycv_admin.ui.ops.budgets.rule_lines import Ahead, ChangeLine, SpentLine
from fitmycv_admin.ui.ops.budgets.rules import RuleLine, line
from fitmycv_admin.ui.page import page
from fitmycv_admin.ui.session import AppState, actor
from fitmycv_admin.vocabulary import Permission

OFFER = Offer((), "", {"id": ()})
TICK_S = 5
NOTICES_SHOWN = 8


@page_policy(Permission.BUDGETS_READ)
class RuleState(RuleForm, Listing, AppState):
    """The rule of the address."""

    rule: RuleLine | None = None
    description: str = ""
    steps: list[float] = []  # noqa: RUF012
    facts_ratio: int | None = None
    facts_minutes: int | None = None
    facts_calls: int | None = None
    told_channels: str = ""
    version: int = 0
    is_removed: bool = False
    ahead: Ahead = Ahead()
    now: list[SpentLine] = []  # noqa: RUF012  (Reflex copies defaults)
    past: list[SpentLine] = []  # noqa: RUF012
    told: list[NoticeLine] = []  # noqa: RUF012
    history: list[ChangeLine] = []  # noqa: RUF012
    windows_figure: dict[str, Any] = {}  # noqa: RUF012
    ahead_figure: dict[str, Any] = {}  # noqa: RUF012
    may_write: bool = False

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Show the rule of the address."""
        with self._loading():
            yield
            await self._read()

    @rx.event
    async def tick(self) -> None:
        """Read again while somebody looks."""
        if self.is_loaded and not self.problem and not self.is_editing:
            await self._read()

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def switch(self, is_on: bool) -> Any:
        """Switch it on or off."""
        done = "budgets.switched_on" if is_on else "budgets.switched_off"
        return await self._act(domain.set_enabled, [self._id()], done=done, enabled=is_on)

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def remove(self, fields: dict[str, str]) -> Any:
        """Take it away; what it told stays."""
        reason = fields.get("remove_reason", "")[:300]
        refused = await self._try(domain.remove, self._id(), version=self.version, reason=reason)
        if refused is not None:
            return refused
        return [toast.done(str(actor().language), "budgets.removed"), rx.redirect(words.RULES)]

    async def _saved(self) -> None:
        await self._read()

    async def _act(self, use_case: Any, *subject: Any, done: str, **details: Any) -> Any:
        refused = await self._try(use_case, *subject, **details)
        await self._read()
        return refused or toast.done(str(actor().language), done)

    async def _try(self, use_case: Any, *subject: Any, **details: Any) -> Any:
        try:
            await ask(use_case, actor(), *subject, **details)
        except FitMyCvError as error:
            return toast.refused(str(actor().language), error.key, **error.params)
        return None

    def _id(self) -> int:
        word = self._wanted(OFFER).get("id")
        if not (word.isascii() and word.isdecimal() and len(word) < 18):
            raise NotFound
        return int(word)

    async def _read(self) -> None:
        by, rule_id, now = actor(), self._id(), clock.now()
        card = await look(domain.rule, by, rule_id)
        told = await look(notices.notices, by, NoticeFilters(rule_id=rule_id), PageRequest(size=NOTICES_SHOWN))
        offered = await look(domain.choices, by)
        row, says = card.row, card.row.says
        self.rule, self.description, self.version = line(row, now), says.description, row.version
        self.steps = [step / 100 for step in says.steps]
        self.facts_ratio, self.facts_minutes, self.facts_calls = says.ratio_percent, says.minutes, says.least_calls
        self.told_channels = ", ".join(name for number, name in offered.channels if number in says.channels)
        self.is_removed = card.is_removed
        has_forecast = self.rule.forecast_nano is not None
        self.ahead = rule_lines.ahead(row.forecast if has_forecast else None, now)
        self.now = [rule_lines.spent(one) for one in card.now if one.subject or not says.each_user]
        self.past = [rule_lines.spent(one) for one in rule_lines.begun(card.past)]
        self.told = [notice_line(one) for one in told.rows]
        self.history = [rule_lines.change(number, one) for number, one in enumerate(card.changes)]
        self._draw(rule_lines.windows_figure(card, self.zone), rule_lines.ahead_figure(card, now, self.zone))
        self.may_write = by.may(Permission.BUDGETS_WRITE) and not card.is_removed

    def _draw(self, windows: dict[str, Any], ahead: dict[str, Any]) -> None:
        """A chart that did not change is not drawn again."""
        if windows != self.windows_figure:
            self.windows_figure = windows
        if ahead != self.ahead_figure:
            self.ahead_figure = ahead


@page(title="budgets.rule", permission=Permission.BUDGETS_READ, load=RuleState.load)
def rule() -> rx.Component:
    """What `rule_view` draws of it."""
    return rule_view.view(RuleState, every=TICK_S)
