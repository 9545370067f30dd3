"""The figures of the bill page in the shape the screen holds them: days, models, readings, totals and the chart."""

from dataclasses import dataclass
from typing import Any

from fitmycv_admin.domain.ai_costs.bill_imports import DEMO, ImportRow
from fitmycv_admin.domain.ai_costs.bills import Comparison, DayRow, ModelRow
from fitmycv_admin.ui.kit import chart


@dataclass(frozen=True)
class DayLine:
    """One day; `state` is unbilled, open, different or fine."""

    day: str
    state: str
    billed_nano: int | None
    estimated_nano: int
    calls: int
    difference_nano: int | None
    ratio: float | None
    explained_nano: int | None
    rest_nano: int | None
    untracked_nano: int
    unpriced_nano: int
    unpriced_calls: int
    aborted_nano: int
    aborted_calls: int
    late_nano: int
    late_calls: int
    calls_href: str


@dataclass(frozen=True)
class ModelLine:
    """One model of the opened day, or a name of the bill that is none of ours."""

    id: str
    name: str
    is_ours: bool
    detail: str
    billed_nano: int
    estimated_nano: int
    difference_nano: int
    calls: int


@dataclass(frozen=True)
class ReadingLine:
    """One reading of the bill."""

    id: str
    at: str
    source: str
    file_name: str
    first: str
    last: str
    lines: int
    total_nano: int
    problem: str
    by: str


@dataclass(frozen=True)
class Totals:
    """The sums of the days that have a bill."""

    billed_nano: int = 0
    estimated_nano: int = 0
    ratio: float | None = None
    limit: float = 0.03
    different: int = 0
    without_bill: int = 0
    euro_cents: int = 0
    missing_rates: int = 0
    is_demo: bool = False


def day(row: DayRow) -> DayLine:
    """One day."""
    state = "different" if row.is_different else "fine"
    state = "unbilled" if row.billed_nano is None else state if row.is_settled else "open"
    difference, rest = row.difference_nano, row.rest_nano
    when = row.day.isoformat()
    return DayLine(
        day=when, state=state, billed_nano=row.billed_nano, estimated_nano=row.estimated_nano, calls=row.calls,
        difference_nano=difference, ratio=row.ratio, rest_nano=rest,
        explained_nano=None if difference is None or rest is None else difference - rest,
        untracked_nano=row.untracked_nano, unpriced_nano=row.unpriced_nano, unpriced_calls=row.unpriced_calls,
        aborted_nano=row.aborted_nano, aborted_calls=row.aborted_calls, late_nano=row.late_nano,
        late_calls=row.late_calls, calls_href=f"/ops/ai-costs/calls?period=custom&from={when}&to={when}",
    )  # fmt: skip


def model(number: int, row: ModelRow) -> ModelLine:
    """One model of a day."""
    return ModelLine(
        id=str(number), name=row.name, is_ours=row.is_ours, billed_nano=row.billed_nano,
        detail=", ".join(item.partition(",")[2].strip() or item for item, _ in row.lines) if row.is_ours else "",
        estimated_nano=row.estimated_nano, difference_nano=row.billed_nano - row.estimated_nano, calls=row.calls,
    )  # fmt: skip


def reading(row: ImportRow) -> ReadingLine:
    """One reading."""
    return ReadingLine(
        id=str(row.id), at=row.at.isoformat(), source=row.source, file_name=row.file_name,
        first=row.first.isoformat() if row.first else "", last=row.last.isoformat() if row.last else "",
        lines=row.lines, total_nano=row.total_nano, problem=row.problem, by=row.by,
    )  # fmt: skip


def totals(found: Comparison) -> Totals:
    """The sums."""
    return Totals(
        billed_nano=found.billed_nano, estimated_nano=found.estimated_nano, ratio=found.ratio, limit=found.limit,
        different=len(found.different), without_bill=found.without_bill, euro_cents=found.euros.cents,
        missing_rates=found.euros.missing, is_demo=any(row.source == DEMO for row in found.days),
    )  # fmt: skip


def figure(found: Comparison) -> dict[str, Any]:
    """Both lines over time; a day without a bill is a gap."""
    series = [
        chart.Series("cost_books.billed", [row.billed_nano for row in found.days], is_key=True, color=1),
        chart.Series("cost_books.estimated", [row.estimated_nano for row in found.days], is_key=True, color=2,
                     is_dashed=True),
    ]  # fmt: skip
    if not any(row.billed_nano or row.estimated_nano for row in found.days):
        return chart.figure([], [])
    return chart.figure(
        [row.day.isoformat() for row in found.days], series, unit="usd_nano", kind="line", x_key="cost_books.day_utc"
    )
