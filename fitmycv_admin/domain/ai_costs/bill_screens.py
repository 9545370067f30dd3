"""One reading of the bill page: the days an address asks for, the opened day by model, and the last readings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import bill_imports, bills, periods
from fitmycv_admin.domain.ai_costs.bill_imports import ImportRow, Reader
from fitmycv_admin.domain.ai_costs.bills import Comparison, DayRow, ModelRow
from fitmycv_admin.domain.ai_costs.periods import Period, Preset

WORDS = ("period", "from", "to", "only", "day")
DIFFERENT, UNBILLED = "different", "unbilled"
ONLY = (DIFFERENT, UNBILLED)
MOST_DAYS = 366
READINGS = 10


@dataclass(frozen=True, slots=True)
class BillScreen:
    """The page: every day of the period for its figures and chart, one page of them for the list, newest first."""

    period: Period
    found: Comparison
    page: Page[DayRow]
    opened: DayRow | None
    models: tuple[ModelRow, ...]
    reader: Reader
    readings: tuple[ImportRow, ...]


def screen(db: Session, by: Actor, words: Mapping[str, str], request: PageRequest) -> BillScreen:
    """Everything the bill page shows for an address. Needs costs.read. Raises Invalid for impossible days."""
    period = asked(words)
    found = bills.compare(db, by, period.first, period.last)
    opened = next((row for row in found.days if row.day.isoformat() == words.get("day")), None)
    return BillScreen(
        period=period, found=found, page=_page(_shown(found, words), request), opened=opened,
        models=bills.models(db, by, opened.day) if opened else (), reader=bill_imports.reader(db, by),
        readings=bill_imports.imports(db, by, PageRequest(size=READINGS)).rows,
    )  # fmt: skip


def rows(db: Session, by: Actor, words: Mapping[str, str]) -> list[DayRow]:
    """The days of the list, newest first, all of them: for an export."""
    period = asked(words)
    return _shown(bills.compare(db, by, period.first, period.last), words)


def asked(words: Mapping[str, str]) -> Period:
    """The days (UTC) that an address asks for; the last 30 when it says nothing."""
    name = words.get("period", "")
    preset = Preset(name) if name in list(Preset) else Preset.MONTH
    first, last = _day(words.get("from")), _day(words.get("to"))
    if preset is Preset.CUSTOM and (first is None or last is None):
        preset = Preset.MONTH
    period = periods.of(preset, clock.now(), "UTC", first, last)
    if period.last - period.first >= timedelta(days=MOST_DAYS):
        raise Invalid("ai_costs.error.period_too_long", field="first")
    return period


def _shown(found: Comparison, words: Mapping[str, str]) -> list[DayRow]:
    only = words.get("only")
    return [
        row
        for row in reversed(found.days)
        if (only != DIFFERENT or row.is_different) and (only != UNBILLED or row.billed_nano is None)
    ]


def _page(shown: list[DayRow], request: PageRequest) -> Page[DayRow]:
    after, before = paging.decode(request.after, 1), paging.decode(request.before, 1)
    position = _day(str((after or before or [""])[0]))
    if position is not None and before is not None:
        shown = [row for row in shown if row.day > position][-request.limit :]
    elif position is not None:
        shown = [row for row in shown if row.day < position]
    return paging.page_of(shown[: request.limit], request, lambda row: (row.day.isoformat(),))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
