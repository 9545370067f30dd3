"""The ledger as an address asks for it: its words, its period in the workspace's zone, one snapshot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods
from fitmycv_admin.domain.ai_costs.periods import Preset
from fitmycv_admin.domain.billing import statements
from fitmycv_admin.domain.billing.statements import Filters, LedgerRow, LotUseRow
from fitmycv_admin.domain.settings import lookups


@dataclass(frozen=True, slots=True)
class LedgerScreen:
    """A page of the ledger, the words of its filters, and the opened line with the lots that paid it."""

    filters: Filters
    page: Page[LedgerRow]
    sources: tuple[str, ...]
    opened: LedgerRow | None
    paid_from: tuple[LotUseRow, ...]


def screen(db: Session, by: Actor, words: Mapping[str, str], page: PageRequest, opened: str = "") -> LedgerScreen:
    """What the address asks for: 30 days, or all of it when it names a person, task, batch or line.

    Needs credits.read.
    """
    filters = asked(db, words)
    one = _opened(db, by, opened)
    return LedgerScreen(
        filters,
        statements.lines(db, by, filters, page),
        statements.sources(db, by),
        one,
        statements.paid_from(db, by, one.id) if one else (),
    )


def every(db: Session, by: Actor, words: Mapping[str, str]) -> Iterator[LedgerRow]:
    """All lines that the address asks for, for a file. Needs credits.read."""
    return statements.every(db, by, asked(db, words))


def asked(db: Session, words: Mapping[str, str]) -> Filters:
    """The filters that an address asks for; what makes no sense does not filter."""
    number = words.get("line", "")
    filters = Filters(
        kind=words.get("type", ""),
        source=words.get("source", ""),
        user_id=_id(words.get("user")),
        actor_id=_id(words.get("actor")),
        task_id=_id(words.get("task")),
        batch_id=_id(words.get("batch")),
        line_id=int(number) if number.isdecimal() and len(number) < 18 else None,
        search=words.get("q", "").strip(),
    )
    if filters.is_narrow and not words.get("period"):
        return filters
    first, last = _day(words.get("from")), _day(words.get("to"))
    name = words.get("period", "")
    preset = Preset(name) if name in tuple(Preset) else Preset.MONTH
    if preset is Preset.CUSTOM and (first is None or last is None):
        preset = Preset.MONTH
    period = periods.of(preset, clock.now(), lookups.zone(db).key, first, last)
    return replace(filters, since=period.starts_at, until=period.ends_at)


def _opened(db: Session, by: Actor, opened: str) -> LedgerRow | None:
    try:
        return statements.line(db, by, int(opened)) if opened.isdecimal() and len(opened) < 18 else None
    except NotFound:
        return None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
