"""The one source of every cost figure: rollups up to the mark, and the calls after it, as equal cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ai_costs import effective
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Grain, Period, day_of, start_of

SUMS = ("calls", "unpriced", "prompt_tokens", "cached_tokens", "completion_tokens", "cost_nano")
TOKENS = ("cache_write_tokens", "reasoning_tokens", "image_tokens", "audio_tokens")
ADDED = ", ".join(f"coalesce(sum({column}), 0)::bigint AS {column}" for column in SUMS)
MARK = "coalesce((SELECT folded_below FROM fold_mark), '0'::xid8)"
COLUMN = {dimension: f"{dimension}_id" for dimension in Dimension}
_KEYS = ", ".join(COLUMN.values())
# The sums of one row of openai_call c, and what one row of cost_adjustment a adds to them.
ONE_CALL = f"""1 AS calls, {effective.OWN_UNPRICED}::int AS unpriced,
    c.prompt_tokens, c.cached_tokens, c.completion_tokens, coalesce(c.cost_nano, 0) AS cost_nano"""
ONE_ADJUSTMENT = """0 AS calls, -a.priced AS unpriced, 0 AS prompt_tokens, 0 AS cached_tokens,
    0 AS completion_tokens, a.delta_nano AS cost_nano"""
ADJUSTED = "cost_adjustment a JOIN openai_call c ON c.created_at = a.call_created_at AND c.id = a.call_id"
_CALL = f"{ONE_CALL}, {', '.join(f'c.{column}' for column in TOKENS)}"
_ADJUSTMENT = f"{ONE_ADJUSTMENT}, {', '.join(f'0 AS {column}' for column in TOKENS)}"
_SPAN = "{at} >= :from AND {at} < :until"
Span = tuple[date, date]
# What the rollups of people keep beside the person.
_OF_PEOPLE = frozenset({Dimension.PLAN, Dimension.TIER})


@dataclass(frozen=True, slots=True)
class Filters:
    """Which calls count: numbers of the catalogue by dimension (an empty list matches nothing), and a person."""

    numbers: Mapping[Dimension, list[int]] = field(default_factory=dict)
    user_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A FROM item with columns at, feature_id, model_id, tier_id, plan_id, SUMS and TOKENS; `values` are its
    parameters."""

    sql: str
    values: dict[str, Any]


def source(period: Period, filters: Filters, grain: Grain) -> Source:
    """The cells of a period; `at` is an instant (hours) or a day of the workspace's zone."""
    values: dict[str, Any] = {
        "first": period.first, "last": period.last, "from": period.starts_at, "until": period.ends_at,
        "zone": period.zone,
    }  # fmt: skip
    values |= {"user": filters.user_seq, **{str(d): numbers for d, numbers in filters.numbers.items()}}
    condition = where(filters)
    if filters.user_seq is not None:
        # One person's calls are few, and no rollup keeps person and feature together.
        parts = _calls(_at(grain), _SPAN, condition)
    elif grain is Grain.HOUR:
        parts = _hours(period, condition, values)
    else:
        parts = _days(period, condition, values)
    return Source(f"({' UNION ALL '.join(parts)})", values)


def by_user(
    period: Period, filters: Filters, *, keys: Sequence[str] = ("user_seq", "plan_id"), sums: Sequence[str] = SUMS,
    only: str = "",
) -> str:  # fmt: skip
    """One row for each person (and plan) with calls: whole months from their rollup, other days from theirs, calls when
    a filter needs them.

    Fewer `keys` and `sums` are read faster, `only` is a condition on user_seq. Its parameters are `by_user_values`.
    """
    pieces = "\nUNION ALL ".join(_people(period, filters, only))
    added = ", ".join(f"sum({column})::bigint AS {column}" for column in sums)
    by = ", ".join(keys)
    return f"SELECT {by}, {added} FROM ({pieces}) piece GROUP BY {by} HAVING sum(calls) > 0"


def _people(period: Period, filters: Filters, only: str) -> list[str]:
    """Rows that add up to what each person caused; what a month has too much is there with a minus."""
    user, plan = "coalesce(user_seq, 0) AS user_seq", "coalesce(plan_id, 0) AS plan_id"
    one = f"SELECT {user}, {plan}, {ONE_CALL} FROM openai_call c"
    of_call = f" AND {only.replace('user_seq', 'coalesce(user_seq, 0)')}" if only else ""
    within = f"c.created_at >= :from AND c.created_at < :until{where(filters)}{of_call}"
    if reads_calls_of_people(filters):
        adjusted = f"SELECT {user}, {plan}, {ONE_ADJUSTMENT} FROM {ADJUSTED}"
        of_adjustments = "a.call_created_at >= :from AND a.call_created_at < :until"
        return [f"{one} WHERE {within}", f"{adjusted} WHERE {of_adjustments} AND {within}"]
    rolled = where(filters).replace("coalesce(plan_id, 0)", "plan_id") + (f" AND {only}" if only else "")
    months, more, less = pieces_of(period, day_of(clock.now(), period.zone))
    found = [f"{one} WHERE xid >= {MARK} AND {within}"]
    if months:
        listed = ", ".join(f"'{month}'" for month in months)
        columns = ", ".join(SUMS)
        found.append(f"SELECT user_seq, plan_id, {columns} FROM roll_user_month WHERE month IN ({listed}){rolled}")
    for sign, spans in (("", more), ("-", less)):
        columns = ", ".join(f"{sign}{column} AS {column}" for column in SUMS)
        found += [
            f"SELECT user_seq, plan_id, {columns} FROM roll_user_day WHERE day BETWEEN '{first}' AND '{last}'{rolled}"
            for first, last in spans
        ]
    return found


def of_person(period: Period, filters: Filters) -> Source | None:
    """The sums of one person from the rollups of people; None when these do not know: see `source`."""
    if filters.user_seq is None or period.cut or set(filters.numbers) - _OF_PEOPLE:
        return None
    all_people = Filters(filters.numbers)
    values = {**by_user_values(period, all_people), "user": filters.user_seq}
    return Source(f"({by_user(period, all_people, only='user_seq = :user')})", values)


def reads_calls_of_people(filters: Filters) -> bool:
    """Whether `by_user` has to read calls: no rollup keeps people and these filters together."""
    return filters.user_seq is not None or bool(set(filters.numbers) - _OF_PEOPLE)


def by_user_values(period: Period, filters: Filters) -> dict[str, Any]:
    """The parameters of `by_user`."""
    numbers = {str(dimension): numbers for dimension, numbers in filters.numbers.items()}
    return {"from": period.starts_at, "until": period.ends_at, "user": filters.user_seq, **numbers}


def where(filters: Filters) -> str:
    """The filters as conditions on calls, each beginning with AND; person 0 is the system."""
    conditions = [f" AND {_column(d)} = ANY(:{d})" for d in filters.numbers]
    if filters.user_seq is not None:
        conditions.append(" AND user_seq = :user" if filters.user_seq else " AND user_seq IS NULL")
    return "".join(conditions)


def pieces_of(period: Period, today: date) -> tuple[list[date], list[Span], list[Span]]:
    """A period as whole months (their first days), days to be added, and days of those months to be taken away again:
    whichever reads fewer days of the past. `today` only helps to choose."""
    months: list[date] = []
    more: list[Span] = []
    less: list[Span] = []
    month = period.first.replace(day=1)
    while month <= period.last:
        after = (month + timedelta(days=32)).replace(day=1)
        end = after - timedelta(days=1)
        inside = (max(month, period.first), min(end, period.last))
        outside = [
            span for span in ((month, inside[0] - timedelta(days=1)), (inside[1] + timedelta(days=1), end))
            if span[0] <= span[1]
        ]  # fmt: skip
        if sum(_past(span, today) for span in outside) < _past(inside, today):
            months.append(month)
            less += outside
        else:
            more.append(inside)
        month = after
    return months, more, less


def _past(span: Span, today: date) -> int:
    return max(0, (min(span[1], today) - span[0]).days + 1)


def _hours(period: Period, where: str, values: dict[str, Any]) -> list[str]:
    if not _whole_hours(period):
        return _calls(_at(Grain.HOUR), _SPAN, where)
    values["whole"] = _floor(period.ends_at)
    return [
        _rolled("roll_hour", "hour", "hour >= :from AND hour < :whole", where),
        *_piece(Grain.HOUR, period, where),
        _tail(Grain.HOUR, where),
    ]


def _days(period: Period, where: str, values: dict[str, Any]) -> list[str]:
    if period.cut is None:
        return [_rolled("roll_day", "day", "day BETWEEN :first AND :last", where), _tail(Grain.DAY, where)]
    # The last day is cut short: its whole hours, then the calls of the hour that is cut.
    before = _rolled("roll_day", "day", "day BETWEEN :first AND cast(:last AS date) - 1", where)
    values["last_from"] = start_of(period.last, period.zone)
    if not _whole_hours(period):
        piece = _calls("cast(:last AS date)", "{at} >= :last_from AND {at} < :until", where, folded=True)
        return [before, *piece, _tail(Grain.DAY, where)]
    values["whole"] = _floor(period.ends_at)
    return [
        before,
        _rolled("roll_hour", "cast(:last AS date)", "hour >= :last_from AND hour < :whole", where),
        *_piece(Grain.DAY, period, where),
        _tail(Grain.DAY, where),
    ]


def _rolled(table: str, at: str, span: str, where: str) -> str:
    rolled = where.replace("coalesce(plan_id, 0)", "plan_id")
    return f"SELECT {at} AS at, {_KEYS}, {', '.join(SUMS + TOKENS)} FROM {table} WHERE {span}{rolled}"


def _piece(grain: Grain, period: Period, where: str) -> list[str]:
    """The folded calls of the hour in which a cut period ends; nothing when it ends on the hour."""
    if period.ends_at == _floor(period.ends_at):
        return []
    return _calls(_at(grain), "{at} >= :whole AND {at} < :until", where, folded=True)


def _tail(grain: Grain, where: str) -> str:
    # What is not folded has no adjustments yet.
    span = f"xid >= {MARK} AND {_SPAN.format(at='c.created_at')}"
    return f"SELECT {_at(grain)} AS at, {_from_call()}, {_CALL} FROM openai_call c WHERE {span}{where}"


def _calls(at: str, span: str, where: str, *, folded: bool = False) -> list[str]:
    """Calls read one by one, and beside them their adjustments: a correction is a cell of its own without a call."""
    of_calls = span.format(at="c.created_at")
    below = f" AND c.xid < {MARK}" if folded else ""
    return [
        f"SELECT {at} AS at, {_from_call()}, {_CALL} FROM openai_call c WHERE {of_calls}{below}{where}",
        f"SELECT {at} AS at, {_from_call()}, {_ADJUSTMENT} FROM {ADJUSTED}"
        f" WHERE {span.format(at='a.call_created_at')} AND {of_calls}{where}",
    ]


def _at(grain: Grain) -> str:
    if grain is Grain.HOUR:
        return "date_trunc('hour', created_at)"
    return "(created_at AT TIME ZONE cast(:zone AS text))::date"


def _from_call() -> str:
    return ", ".join(f"{_column(d)} AS {COLUMN[d]}" if d is Dimension.PLAN else COLUMN[d] for d in Dimension)


def _column(dimension: Dimension) -> str:
    return "coalesce(plan_id, 0)" if dimension is Dimension.PLAN else COLUMN[dimension]


def _floor(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _whole_hours(period: Period) -> bool:
    """Whether days of this zone begin on a full UTC hour throughout the period."""
    zone = ZoneInfo(period.zone)
    instants = (period.starts_at, start_of(period.last, period.zone), period.starts_at + timedelta(hours=12))
    return all(
        ((at.astimezone(UTC).astimezone(zone).utcoffset() or timedelta()).total_seconds() % 3600) == 0
        for at in instants
    )
