"""Making and changing a rule: its fields, what it would have done in the last ninety days, and only then saving it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.core.ask import ask, look
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.budgets import rules, simulation
from fitmycv_admin.domain.budgets.rules import Choices
from fitmycv_admin.domain.budgets.simulation import Simulated
from fitmycv_admin.domain.budgets.subjects import BUDGETS, Draft
from fitmycv_admin.ui.guard import policy
from fitmycv_admin.ui.kit import toast
from fitmycv_admin.ui.ops.ai_costs import figures
from fitmycv_admin.ui.ops.budgets import rule_fields
from fitmycv_admin.ui.ops.budgets.words import RULE
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import Permission

FIELDS = ("type", "who", "window", "enforcement")
"""The fields that decide which others there are."""
DAYS = 90
MOST_TEXT = 300
CHANNEL = "channel-"


@dataclass(frozen=True)
class TrialLine:
    """A window in which the rule would have spoken."""

    id: str
    who: str
    starts_at: str
    ends_at: str
    spent_nano: int
    steps: tuple[float, ...]


@dataclass(frozen=True)
class Trial:
    """What the rule would have done."""

    days: int = DAYS
    notices: int = 0
    blocked: int = 0
    windows: int = 0
    is_hard: bool = False
    lines: tuple[TrialLine, ...] = ()


@dataclass(frozen=True)
class ChannelBox:
    """One channel to tick."""

    id: str
    name: str
    is_on: bool


class RuleForm(rx.State, mixin=True):
    """A page that makes or changes a rule; `_saved` belongs to the page."""

    is_editing: bool = False
    is_shown: bool = False
    is_saving: bool = False
    errors: dict[str, str] = {}  # noqa: RUF012  (Reflex copies defaults)
    draft: dict[str, str] = {}  # noqa: RUF012
    features: list[dict[str, str]] = []  # noqa: RUF012
    models: list[dict[str, str]] = []  # noqa: RUF012
    plans: list[dict[str, str]] = []  # noqa: RUF012
    channels: list[ChannelBox] = []  # noqa: RUF012
    trial: Trial = Trial()
    trial_known: bool = False
    form_rule: str = ""
    form_version: int = 0

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def add_rule(self) -> None:
        """Open the form of a new rule."""
        await self._open(rule_fields.standard(), (), "", 0)

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def edit_rule(self, rule_id: str) -> Any:
        """Open the form with what a rule says."""
        try:
            found = await look(rules.rule, actor(), _number(rule_id))
        except FitMyCvError as error:
            return toast.refused(str(actor().language), error.key, **error.params)
        row = found.row
        fields = rule_fields.written(row.says) | ({"person": row.email} if row.email else {})
        await self._open(fields, row.says.channels, str(row.id), row.version)
        return None

    @rx.event
    @policy(Permission.BUDGETS_READ)
    async def close_form(self) -> None:
        """Put the form away."""
        self.is_editing = False

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def jot(self, name: str, value: str) -> None:
        """Keep a choice that decides which fields there are."""
        if name in FIELDS:
            self.draft = {**self.draft, name: value[:40]}

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def back(self) -> None:
        """From what it would have done to the fields."""
        self.is_shown = False

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def try_rule(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Look at what the rule of these fields would have done."""
        if self.is_saving:
            return
        self._keep(fields)
        self.is_saving, self.errors = True, {}
        yield
        try:
            says = await self._says()
            self.trial_known = says.type in BUDGETS
            found = await look(simulation.run, actor(), says, DAYS) if self.trial_known else None
            self.trial = _trial(says, found)
        except FitMyCvError as error:
            self.errors = {_field(error): error.key}
            return
        finally:
            self.is_saving = False
        self.is_shown = True

    @rx.event
    @policy(Permission.BUDGETS_WRITE)
    async def save_rule(self, fields: dict[str, Any]) -> AsyncIterator[Any]:
        """Save the rule that was shown."""
        if self.is_saving or not self.is_shown:
            return
        self.is_saving, self.errors = True, {}
        yield
        try:
            answer = await self._save(str(fields.get("reason", ""))[:MOST_TEXT])
        except FitMyCvError as error:
            field = _field(error)
            self.errors = {field: error.key}
            self.is_shown = field in ("", "reason")
            return
        finally:
            self.is_saving = False
        self.is_editing = False
        for event in answer:
            yield event

    async def _saved(self) -> None:
        """Show the page anew."""

    async def _save(self, reason: str) -> list[Any]:
        says, language = await self._says(), str(actor().language)
        if not self.form_rule:
            made = await ask(rules.create, actor(), says, reason=reason)
            return [toast.done(language, "budgets.created"), rx.redirect(f"{RULE}?id={made}")]
        number = _number(self.form_rule)
        version = await ask(rules.change, actor(), number, says, version=self.form_version, reason=reason)
        await self._saved()
        return [toast.done(language, "budgets.asked" if version is None else "budgets.changed")]

    async def _says(self) -> Draft:
        words = self.draft
        person = await _person(words.get("person", "")) if words.get("who") == rule_fields.ONE else None
        return rule_fields.read(words, person, tuple(int(one.id) for one in self.channels if one.is_on))

    async def _open(self, fields: dict[str, str], told: tuple[int, ...], rule_id: str, version: int) -> None:
        found = await look(rules.choices, actor())
        self.features, self.models, self.plans = _options(found)
        self.channels = [ChannelBox(str(number), name, number in told) for number, name in found.channels]
        self.draft, self.errors, self.trial = fields, {}, Trial()
        self.form_rule, self.form_version = rule_id, version
        self.is_shown, self.is_saving, self.is_editing = False, False, True

    def _keep(self, fields: dict[str, Any]) -> None:
        """What was typed; a field that is not there keeps its word, a box that is not ticked is empty."""
        typed = {name: str(value)[:MOST_TEXT] for name, value in fields.items() if not name.startswith(CHANNEL)}
        self.draft = {**self.draft, "enabled": "", **typed}
        self.channels = [ChannelBox(one.id, one.name, CHANNEL + one.id in fields) for one in self.channels]


async def _person(typed: str) -> UUID | None:
    return await look(rules.person_of, actor(), typed.strip()) if typed.strip() else None


def _field(error: FitMyCvError) -> str:
    name = error.field if isinstance(error, Invalid) else ""
    return rule_fields.FIELD_OF.get(name, name)


def _number(word: str) -> int:
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 18 else 0


def _options(found: Choices) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    language = str(actor().language)
    every = {"value": "", "label": text(language, "budgets.form.all")}

    def feature(key: str, label: str) -> str:
        known = figures.label_key(Dimension.FEATURE, Name(key, label))
        return text(language, known) if known else label

    return (
        [every, *({"value": key, "label": feature(key, label)} for key, label in found.features)],
        [every, *({"value": str(number), "label": name} for number, name in found.models)],
        [every, {"value": rule_fields.NO_PLAN, "label": text(language, "budgets.scope.no_plan")},
         *({"value": str(number), "label": name} for number, name in found.plans if number)],
    )  # fmt: skip


def _trial(says: Draft, found: Simulated | None) -> Trial:
    if found is None:
        return Trial(is_hard=says.is_hard)
    lines = tuple(
        TrialLine(f"{one.subject} {one.starts_at.isoformat()}", one.email, one.starts_at.isoformat(),
                 one.ends_at.isoformat(), one.spent_nano, tuple(step / 100 for step in one.steps))
        for one in found.windows[:8]
    )  # fmt: skip
    return Trial(found.days, found.notices, found.blocked_users, found.windows_total, says.is_hard, lines)
