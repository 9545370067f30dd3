"""What an address asks of the cost pages: read once, for the screens and for the exports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core import clock, money
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods, queries
from fitmycv_admin.domain.ai_costs.call_list import CallFilters
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Compare, Period, Preset
from fitmycv_admin.domain.ai_costs.task_costs import TaskFilters
from fitmycv_admin.vocabulary import CallStatus, Payer, TaskState, TaskType

COST_WORDS = ("period", "from", "to", "compare", "by", *(str(dimension) for dimension in Dimension), "user")
RANGE_WORDS = ("min", "max", "min_ms", "max_ms")
CALL_WORDS = (*COST_WORDS, "hour", "status", "unpriced", "task", "version", "person", *RANGE_WORDS)
TASK_WORDS = ("period", "from", "to", "user", "type", "state", "payer", "task")
TOP_WORDS = ("period", "from", "to", *(str(dimension) for dimension in Dimension), "n")
PLAN_WORDS = ("period", "from", "to", "compare", *(str(d) for d in Dimension if d is not Dimension.PLAN))
SPREAD_WORDS = ("period", "from", "to", "feature", "measure")
OUTLIER_WORDS = ("period", "from", "to", "feature", "n")
SYSTEM = "system"
Words = Mapping[str, str]
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """The cost page of an address. What nobody declared is the standard: 30 days, against those before, by feature."""

    preset: Preset
    period: Period
    before: Period | None
    dimension: Dimension
    keys: Mapping[Dimension, str]
    user_id: UUID | None
    filters: Filters


def costs(db: Session, by: Actor, words: Words) -> Asked:
    """Read the words of the cost page. Raises NotFound for a person nobody knows, Invalid for impossible days."""
    now = clock.now()
    preset = _word(Preset, words.get("period"), Preset.MONTH)
    first, last = _day(words.get("from")), _day(words.get("to"))
    if preset is Preset.CUSTOM and (first is None or last is None):
        preset = Preset.MONTH
    period = periods.of(preset, now, queries.zone(db, by), first, last)
    compare = _word(Compare, words.get("compare"), Compare.PREVIOUS)
    keys = {dimension: words[dimension] for dimension in Dimension if words.get(dimension)}
    user_id = _uuid(words.get("user"))
    filters = queries.filters_of(db, by, keys=keys, user_id=user_id, is_system=words.get("user") == SYSTEM)
    dimension = _word(Dimension, words.get("by"), Dimension.FEATURE)
    return Asked(preset, period, periods.compared(period, compare, now), dimension, keys, user_id, filters)


def calls(db: Session, by: Actor, words: Words) -> CallFilters:
    """Read the words of the call list; `min` and `max` are in dollars, `person` is an address or an id."""
    asked = costs(db, by, words)
    filters = asked.filters
    if person := words.get("person", "").strip():
        filters = replace(filters, user_seq=queries.seq_of(db, by, person))
    return CallFilters(
        period=asked.period,
        hour=_hour(words.get("hour")),
        cells=filters,
        status=_one(CallStatus, words.get("status")),
        is_unpriced=words.get("unpriced") == "1",
        task_id=task_id(words),
        version_id=_whole(words.get("version")),
        min_cost_nano=_dollars(words.get("min")),
        max_cost_nano=_dollars(words.get("max")),
        min_ms=_whole(words.get("min_ms")),
        max_ms=_whole(words.get("max_ms")),
    )


def tasks(db: Session, by: Actor, words: Words) -> TaskFilters:
    """Read the words of the costs of tasks."""
    asked = costs(db, by, words)
    return TaskFilters(
        asked.period,
        _one(TaskType, words.get("type")),
        _one(TaskState, words.get("state")),
        asked.filters.user_seq,
        _one(Payer, words.get("payer")),
    )


def number(words: Words, name: str, standard: int) -> int:
    """A whole number of an address."""
    given = _whole(words.get(name))
    return standard if given is None else given


def task_id(words: Words) -> UUID | None:
    """The task that an address names."""
    return _uuid(words.get("task"))


def _one(kind: type[_Word], text: str | None) -> _Word | None:
    return kind(text) if text in list(kind) else None


def _word(kind: type[_Word], text: str | None, standard: _Word) -> _Word:
    return kind(text) if text in list(kind) else standard


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _hour(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 18 else None


def _dollars(text: str | None) -> int | None:
    try:
        return money.usd_to_nano(text) if text else None
    except Invalid:
        return None
