"""What the vendor billed against what we counted, day by day (UTC), with what explains the difference."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.money import round_half_up
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import catalogue, cells, effective, exchange, tariff
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.exchange import Converted
from fitmycv_admin.domain.ai_costs.periods import Grain, Period
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.vocabulary import Permission

SETTLES = timedelta(hours=24)
"""How long after its end a day's bill may still grow: one that was read earlier is not judged."""
FLOOR_NANO = 10_000_000
"""A cent: less is no difference, whatever the percentage."""
LONGEST_CALL = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day. `billed_nano` None: no bill for it. The four parts and `rest_nano` add up to the difference.

    `untracked_nano` was billed under names that none of our calls has. `unpriced_nano` is what the calls without a
    price would cost at the model's latest one, `aborted_nano` what those that nobody answered would cost at the day's
    mean of their model: both estimates. `late_nano` is the cost of calls that ended on another day than they began,
    less where they began. `source` is where its bill comes from (endpoint, csv, demo). `is_settled` says that the bill
    was read late enough to judge it.
    """

    day: date
    estimated_nano: int
    calls: int
    billed_nano: int | None
    untracked_nano: int = 0
    unpriced_nano: int = 0
    unpriced_calls: int = 0
    aborted_nano: int = 0
    aborted_calls: int = 0
    late_nano: int = 0
    late_calls: int = 0
    is_settled: bool = False
    is_different: bool = False
    source: str = ""

    @property
    def difference_nano(self) -> int | None:
        """Billed less estimated; None without a bill."""
        return None if self.billed_nano is None else self.billed_nano - self.estimated_nano

    @property
    def ratio(self) -> float | None:
        """The difference as a share of what was billed; None without a bill or when nothing was billed."""
        difference = self.difference_nano
        return difference / self.billed_nano if difference is not None and self.billed_nano else None

    @property
    def rest_nano(self) -> int | None:
        """What nothing explains; None without a bill."""
        difference = self.difference_nano
        if difference is None:
            return None
        return difference - self.untracked_nano - self.unpriced_nano - self.aborted_nano - self.late_nano


@dataclass(frozen=True, slots=True)
class Comparison:
    """All days of a span, oldest first. The sums are of the days that have a bill; `limit` is the setting, a ratio."""

    days: tuple[DayRow, ...]
    limit: float
    billed_nano: int
    estimated_nano: int
    euros: Converted

    @property
    def without_bill(self) -> int:
        """How many days have no bill."""
        return sum(row.billed_nano is None for row in self.days)

    @property
    def different(self) -> tuple[DayRow, ...]:
        """The days beyond the limit, oldest first."""
        return tuple(row for row in self.days if row.is_different)

    @property
    def ratio(self) -> float | None:
        """The difference of all billed days as a share of what was billed."""
        return (self.billed_nano - self.estimated_nano) / self.billed_nano if self.billed_nano else None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model on one day, or one name of the bill that is none of our models (`is_ours` false)."""

    name: str
    is_ours: bool
    lines: tuple[tuple[str, int], ...]
    billed_nano: int
    estimated_nano: int
    calls: int


def compare(db: Session, by: Actor, first: date, last: date) -> Comparison:
    """The days `first` to `last` (UTC), both included. Needs costs.read."""
    by.must(Permission.COSTS_READ)
    limit = lookups.decimal(db, "bill_difference_percent") / 100
    counted, billed, models = _counted(db, first, last), _billed(db, first, last), _Models(db)
    silent, late = _silent(db, first, last), _late(db, first, last)
    rows: list[DayRow] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        row = _day(day, counted[day], billed.get(day), silent[day], late[day], models)
        rows.append(_judged(row, limit))
    known = [row for row in rows if row.billed_nano is not None]
    return Comparison(
        days=tuple(rows), limit=limit,
        billed_nano=sum(row.billed_nano or 0 for row in known),
        estimated_nano=sum(row.estimated_nano for row in known),
        euros=exchange.convert(db, {row.day: row.billed_nano or 0 for row in known}),
    )  # fmt: skip


def is_beyond(row: DayRow, limit: float) -> bool:
    """Whether the bill of a day is final and further from the estimate than `limit`, a ratio of what was billed."""
    difference = row.difference_nano
    if difference is None or not row.is_settled or abs(difference) < FLOOR_NANO:
        return False
    return abs(difference) > limit * max(abs(row.billed_nano or 0), 1)


def models(db: Session, by: Actor, day: date) -> tuple[ModelRow, ...]:
    """One day by model: what was billed with its lines, and what we counted; largest difference first."""
    by.must(Permission.COSTS_READ)
    counted, billed, known = _counted(db, day, day)[day], _billed(db, day, day).get(day), _Models(db)
    lines: dict[tuple[str, bool], list[tuple[str, int]]] = defaultdict(list)
    for item, nano in (billed.lines if billed else {}).items():
        model = known.of(item)
        lines[(model[1], True) if model else (item, False)].append((item, nano))
    ours = {(known.name(model_id), True): one for model_id, one in counted.items()}
    rows = [
        ModelRow(
            name=key[0], is_ours=key[1], lines=tuple(lines[key]), billed_nano=sum(nano for _, nano in lines[key]),
            estimated_nano=ours[key].cost_nano if key in ours else 0, calls=ours[key].calls if key in ours else 0,
        )
        for key in {**lines, **ours}
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-abs(row.billed_nano - row.estimated_nano), row.name)))


@dataclass(slots=True)
class _Counted:
    calls: int = 0
    cost_nano: int = 0


@dataclass(slots=True)
class _Billed:
    read_at: datetime
    source: str
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Silent:
    """Calls of a model without a cost: those without a price with their worth now, those that nobody answered."""

    unpriced: int = 0
    worth_nano: int = 0
    aborted: int = 0


@dataclass(slots=True)
class _Late:
    calls: int = 0
    nano: int = 0


class _Models:
    """Which model of ours a name of the bill means; each name is looked up once."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self._found: dict[str, tuple[int, str] | None] = {}
        self._names = {row.id: row.model_name for row in db.execute(text("SELECT id, model_name FROM openai_pricing"))}

    def of(self, item: str) -> tuple[int, str] | None:
        """(id, name) of the model; "gpt-4o-2024-08-06, cached input" names the model before its comma."""
        name = item.partition(",")[0].strip().lower()
        if name not in self._found:
            match = catalogue.find_model(self._db, name) if name else None
            self._found[name] = (match.id, match.name) if match else None
        return self._found[name]

    def name(self, model_id: int) -> str:
        """The name of a number."""
        return self._names.get(model_id, f"#{model_id}")


def _day(
    day: date, counted: Mapping[int, _Counted], billed: _Billed | None, silent: Mapping[int, _Silent], late: _Late,
    models: _Models,
) -> DayRow:  # fmt: skip
    untracked = 0
    for item, nano in (billed.lines if billed else {}).items():
        model = models.of(item)
        # A line without a name is the bill of everything together: it says nothing of what is not ours.
        if item and (model is None or model[0] not in counted):
            untracked += nano
    aborted = 0
    for model_id, one in silent.items():
        whole = counted.get(model_id, _Counted())
        answered = whole.calls - one.unpriced - one.aborted
        aborted += round_half_up(whole.cost_nano * one.aborted, answered) if answered > 0 else 0
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    return DayRow(
        day=day,
        estimated_nano=sum(one.cost_nano for one in counted.values()),
        calls=sum(one.calls for one in counted.values()),
        billed_nano=sum(billed.lines.values()) if billed else None,
        untracked_nano=untracked,
        unpriced_nano=sum(one.worth_nano for one in silent.values()),
        unpriced_calls=sum(one.unpriced for one in silent.values()),
        aborted_nano=aborted,
        aborted_calls=sum(one.aborted for one in silent.values()),
        late_nano=late.nano,
        late_calls=late.calls,
        source=billed.source if billed else "",
        is_settled=billed is not None and billed.read_at >= ends + SETTLES,
    )


def _judged(row: DayRow, limit: float) -> DayRow:
    return replace(row, is_different=is_beyond(row, limit))


def _counted(db: Session, first: date, last: date) -> Mapping[date, dict[int, _Counted]]:
    """Calls and cost by day and model, from the same cells as every cost page."""
    source = cells.source(Period(first, last, "UTC"), Filters(), Grain.HOUR)
    found: dict[date, dict[int, _Counted]] = defaultdict(dict)
    rows = db.execute(
        text(
            "SELECT (at AT TIME ZONE 'UTC')::date AS day, model_id, sum(calls)::bigint AS calls,"
            f" sum(cost_nano)::bigint AS cost_nano FROM {source.sql} cells GROUP BY 1, 2"
        ),
        source.values,
    )
    for row in rows:
        found[row.day][row.model_id] = _Counted(row.calls, row.cost_nano)
    return found


def _billed(db: Session, first: date, last: date) -> dict[date, _Billed]:
    found: dict[date, _Billed] = {}
    for row in db.execute(text(_BILLED), {"first": first, "last": last}):
        found.setdefault(row.day, _Billed(row.imported_at, row.source)).lines[row.line_item] = row.amount_nano
    return found


def _silent(db: Session, first: date, last: date) -> Mapping[date, Mapping[int, _Silent]]:
    found: dict[date, dict[int, _Silent]] = defaultdict(dict)
    for row in db.execute(text(_SILENT), _span(first, last)):
        found[row.day][row.model_id] = _Silent(row.unpriced, row.worth, row.aborted)
    return found


def _late(db: Session, first: date, last: date) -> Mapping[date, _Late]:
    """Calls over midnight: their cost leaves the day they began on and joins the one they ended on."""
    found: dict[date, _Late] = defaultdict(_Late)
    nights = [first + timedelta(days=number) for number in range((last - first).days + 2)]
    rows = _late_rows(db, nights)
    for row in rows:
        for day, sign in ((row.day - timedelta(days=1), -1), (row.day, 1)):
            found[day].calls += row.calls
            found[day].nano += sign * row.nano
    return found


def _late_rows(db: Session, nights: Iterable[date]) -> Iterable[Any]:
    midnights = [datetime.combine(night, datetime.min.time(), UTC) for night in nights]
    return db.execute(text(_LATE), {"nights": midnights, "longest": LONGEST_CALL})


def _span(first: date, last: date) -> dict[str, Any]:
    period = Period(first, last, "UTC")
    return {"from": period.starts_at, "until": period.ends_at, "now": clock.now()}


_BILLED = """
SELECT b.day, b.line_item, b.amount_nano, i.imported_at, i.source
FROM billed_day b JOIN bill_import i ON i.id = b.import_id
WHERE b.day BETWEEN :first AND :last ORDER BY b.day, b.line_item"""

# The latest price of the same model and tier, else of the model at any: an estimate of what has none.
_WORTH = tariff.sql("c", "latest.lines")
_SILENT = f"""
SELECT (c.created_at AT TIME ZONE 'UTC')::date AS day, c.model_id,
    count(*) FILTER (WHERE {effective.UNPRICED_ALONE}) AS unpriced,
    coalesce(sum({_WORTH}) FILTER (WHERE {effective.UNPRICED_ALONE}), 0)::bigint AS worth,
    count(*) FILTER (WHERE {effective.NOBODY_KNOWS}) AS aborted
FROM openai_call c
LEFT JOIN LATERAL (
    SELECT (SELECT jsonb_object_agg(l.usage_type, l.nano_per_mtoken) FROM price_line l WHERE l.version_id = v.id) lines
    FROM price_version v WHERE v.model_id = c.model_id AND lower(v.valid) <= :now
    ORDER BY v.tier_id = c.tier_id DESC, lower(v.valid) DESC NULLS LAST LIMIT 1
) latest ON true
WHERE c.cost_nano IS NULL AND c.created_at >= :from AND c.created_at < :until
GROUP BY 1, 2"""

_LATE = f"""
SELECT (night AT TIME ZONE 'UTC')::date AS day, count(*) AS calls, sum({effective.COST_ALONE})::bigint AS nano
FROM unnest(cast(:nights AS timestamptz[])) night
JOIN LATERAL (
    SELECT * FROM openai_call o WHERE o.created_at >= night - cast(:longest AS interval) AND o.created_at < night
        AND o.created_at + o.duration_ms * interval '1 millisecond' >= night AND o.cost_nano IS NOT NULL
) c ON true
GROUP BY 1"""
