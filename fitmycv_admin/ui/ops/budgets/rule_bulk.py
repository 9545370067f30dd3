"""Acts on the rules that are ticked, each of which can be taken back for ten seconds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import reflex as rx

from fitmycv_admin.core import clock
from fitmycv_admin.core.ask import ask
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.budgets import rules
from fitmycv_admin.domain.budgets.rules import UNDO_SECONDS, Undo
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import card, controls, dialog, form, table, ticker, toast
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import Permission

MOST = 100
"""At most so many at once: a page of the list."""


class RuleBulk(rx.State, mixin=True):
    """The ticked rules, and what was done last."""

    chosen: list[str] = []  # noqa: RUF012  (Reflex copies defaults)
    done_act: str = ""
    done_count: int = 0
    done_asked: int = 0
    undo_round: int = 0
    _undo: Undo | None = None

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def choose(self, rule_id: str, is_on: bool) -> None:
        """Tick a rule, or no longer."""
        others = [one for one in self.chosen if one != rule_id]
        self.chosen = [*others, rule_id][:MOST] if is_on and rule_id.isdecimal() else others

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def choose_none(self) -> None:
        """Tick none."""
        self.chosen = []

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def switch(self, is_on: bool) -> AsyncIterator[Any]:
        """Switch the ticked rules on or off."""
        async for event in self._do("on" if is_on else "off", rules.set_enabled, enabled=is_on):
            yield event

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def scale(self, fields: dict[str, str]) -> AsyncIterator[Any]:
        """Set the limits of the ticked rules to so many percent of what they are."""
        typed = fields.get("percent", "").strip().rstrip("%").strip()
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 6):
            yield toast.refused(str(actor().language), "budget_rules.error.percent")
            return
        reason = fields.get("scale_reason", "")[:300]
        async for event in self._do("scale", rules.scale, percent=int(typed), reason=reason):
            yield event

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def take_back(self) -> Any:
        """Undo the last act."""
        undo, self._undo, self.done_act = self._undo, None, ""
        language = str(actor().language)
        if undo is None:
            return toast.refused(language, "budget_rules.error.undo_late")
        try:
            count = await ask(rules.undo, actor(), undo)
        except FitMyCvError as error:
            return toast.refused(language, error.key, **error.params)
        await self._saved()
        return toast.done(language, "budgets.bulk.undone", n=count)

    @rx.event
    @policy(Permission.BUDGETS_READ)
    async def let_go(self) -> None:
        """It is too late to undo: say nothing of it any more."""
        if self._undo is None or clock.now() - self._undo.made_at >= timedelta(seconds=UNDO_SECONDS - 1):
            self.done_act, self._undo = "", None

    async def _saved(self) -> None:
        """Show the page anew."""

    async def _do(self, act: str, use_case: Any, **details: Any) -> AsyncIterator[Any]:
        chosen = [int(one) for one in self.chosen]
        try:
            undo = await ask(use_case, actor(), chosen, **details)
        except FitMyCvError as error:
            yield toast.refused(str(actor().language), error.key, **error.params)
            return
        self._undo, self.chosen = undo, []
        self.done_act, self.done_count, self.done_asked = act, len(undo.before), undo.asked
        self.undo_round += 1
        await self._saved()
        yield


def selection(state: Any) -> table.Selection:
    """The ticked rows of the list."""
    return table.Selection(state.chosen, state.choose)


def bar(state: Any, chosen: table.Selection) -> rx.Component:
    """What can be done with the ticked rules."""
    count = state.chosen.length()
    scale = dialog.confirm(
        controls.button(t("budgets.bulk.scale")),
        rx.el.p(t("budgets.bulk.scale_why", n=count)),
        form.text_field("percent", t("budgets.bulk.percent"), numeric=True, unit="%", default_value="110",
                        hint=t("budgets.bulk.percent_hint"), max_length=5, auto_complete="off"),
        form.text_field("scale_reason", t("budgets.form.reason"), optional=True, max_length=300, auto_complete="off"),
        title=t("budgets.bulk.scale_title", n=count),
        confirm_label=t("budgets.bulk.scale"),
        on_confirm=state.scale,
        danger=False,
    )  # fmt: skip
    acts = table.selection_bar(
        chosen,
        scale,
        controls.button(t("budgets.bulk.enable"), on_click=state.switch(True)),
        controls.button(t("budgets.bulk.disable"), on_click=state.switch(False)),
        controls.button(t("budgets.bulk.none"), kind="quiet", on_click=state.choose_none),
    )
    return rx.cond(state.may_write, acts, rx.fragment())


def undo_bar(state: Any) -> rx.Component:
    """What was done last, and the way back while there is one."""
    asked = rx.cond(state.done_asked > 0, rx.fragment(" ", t("budgets.bulk.asked", n=state.done_asked)), rx.fragment())
    said = card.notice(
        rx.el.b(t_word("budgets.bulk.done", state.done_act, n=state.done_count)),
        asked,
        rx.el.div(rx.el.i(), class_name="undo-time", aria_hidden="true"),
        tone="ok",
        actions=(
            rx.cond(
                state.done_asked > 0,
                controls.link_button(t("budgets.bulk.see_asked"), href="/ops/approvals", kind="quiet"),
                rx.fragment(),
            ),
            controls.button(t("budgets.bulk.undo"), on_click=state.take_back),
        ),
    )
    return rx.cond(
        state.done_act != "",
        rx.el.div(ticker.ticker(state.let_go, seconds=UNDO_SECONDS), said, key=state.undo_round),
        rx.fragment(),
    )
