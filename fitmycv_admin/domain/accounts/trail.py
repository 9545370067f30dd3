"""The audit trail as an address asks for it: its words, its period in the workspace's zone, one snapshot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods
from fitmycv_admin.domain.ai_costs.periods import Preset
from fitmycv_admin.domain.audit import queries
from fitmycv_admin.domain.audit.queries import AuditRow, Choices, Filters
from fitmycv_admin.domain.settings import lookups

WORDS = ("q", "action", "target_type", "target_id", "period", "from", "to")


@dataclass(frozen=True, slots=True)
class TrailScreen:
    """A page of the trail and the words of its filters."""

    page: Page[AuditRow]
    choices: Choices


def screen(db: Session, by: Actor, words: Mapping[str, str], page: PageRequest) -> TrailScreen:
    """A page of the trail, newest first; 30 days unless the address says otherwise. Needs audit.read."""
    return TrailScreen(queries.events(db, by, _filters(db, words), page), queries.choices(db, by))


def every(db: Session, by: Actor, words: Mapping[str, str]) -> Iterator[AuditRow]:
    """All lines that the address asks for, for an export. Needs audit.read."""
    return queries.every(db, by, _filters(db, words))


def _filters(db: Session, words: Mapping[str, str]) -> Filters:
    first, last = _day(words.get("from", "")), _day(words.get("to", ""))
    name = words.get("period", "")
    preset = Preset(name) if name in tuple(Preset) else Preset.MONTH
    if preset is Preset.CUSTOM and (first is None or last is None):
        preset = Preset.MONTH
    period = periods.of(preset, clock.now(), lookups.zone(db).key, first, last)
    return Filters(
        actor=words.get("q", ""),
        action=words.get("action", ""),
        target_type=words.get("target_type", ""),
        target_id=words.get("target_id", ""),
        since=period.starts_at,
        until=period.ends_at,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
