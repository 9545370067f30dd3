"""What is spent within a rule's scope: the same figures as on the cost pages, over a budget's window."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import cells, effective, names, periods
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Grain, Period
from fitmycv_admin.domain.billing import limits as entitlements
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.domain.budgets.windows import Window

NOBODY = -1
"""The number of a person that nobody has: a rule about somebody who is gone counts nothing."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls count, in the numbers of the fact table; None does not narrow, person 0 is the system."""

    features: tuple[int, ...] | None = None
    model_id: int | None = None
    plan_id: int | None = None
    user_seq: int | None = None

    @property
    def filters(self) -> Filters:
        """The same for the cells."""
        numbers: dict[Dimension, list[int]] = {}
        if self.features is not None:
            numbers[Dimension.FEATURE] = list(self.features)
        if self.model_id is not None:
            numbers[Dimension.MODEL] = [self.model_id]
        if self.plan_id is not None:
            numbers[Dimension.PLAN] = [self.plan_id]
        return Filters(numbers, self.user_seq)

    @property
    def of_people(self) -> bool:
        """Whether the rollup of people can answer it."""
        return self.features is None and self.model_id is None


def scope_of(db: Session, says: Draft, user_seq: int | None = None) -> Scope:
    """The scope of a rule; `user_seq` is the number of its one person, or of one person of a rule for each."""
    features = None
    if says.feature_key is not None:
        features = tuple(names.read(db).numbers(Dimension.FEATURE, says.feature_key))
    seq = user_seq
    if says.user_id is not None and user_seq is None:
        found = db.execute(text("SELECT seq FROM app_user WHERE id = :id"), {"id": says.user_id})
        seq = found.scalar_one_or_none() or NOBODY
    return Scope(features, says.model_id, says.plan_id, seq)


def zone(db: Session) -> str:
    """The zone the rollups are counted in: budgets have the days of the cost pages."""
    return db.execute(text("SELECT zone FROM fold_mark")).scalar_one_or_none() or "Europe/Paris"


def start_of_day(at: datetime, zone: str) -> datetime:
    """The first instant of the day that holds an instant, UTC."""
    return periods.start_of(periods.day_of(at, zone), zone)


def total(db: Session, scope: Scope, window: Window, zone: str) -> int:
    """What was spent in a window, in nano-USD; calls that are not in the rollups yet included."""
    sql, wanted = source(scope, window, zone)
    return int(db.execute(text(f"SELECT coalesce(sum(cost_nano), 0)::bigint FROM {sql} cells"), wanted).scalar_one())


def totals(db: Session, scope: Scope, spans: list[Window], zone: str) -> list[int]:
    """What was spent in each of some windows; when they are whole days these are read once."""
    if not spans or not all(_whole_days(window, zone) for window in spans):
        return [total(db, scope, window, zone) for window in spans]
    last = max(periods.day_of(window[1] - timedelta(microseconds=1), zone) for window in spans)
    days = by_day(db, scope, min(periods.day_of(window[0], zone) for window in spans), last, zone)
    edges = [(periods.day_of(window[0], zone), periods.day_of(window[1], zone)) for window in spans]
    return [sum(nano for day, nano in days.items() if start <= day < end) for start, end in edges]


def source(scope: Scope, window: Window, zone: str) -> tuple[str, dict[str, Any]]:
    """A FROM item with feature_id, model_id, tier_id, plan_id, calls and cost_nano of a window, and its parameters."""
    first, last = periods.day_of(window[0], zone), periods.day_of(window[1] - timedelta(microseconds=1), zone)
    if _whole_days(window, zone):
        found = cells.source(Period(first, last, zone), scope.filters, Grain.DAY)
        return found.sql, found.values
    if scope.user_seq is None and all(at.minute == at.second == at.microsecond == 0 for at in window):
        return _hours(scope), values(scope, window)
    return f"({calls(scope)})", values(scope, window)


def calls(scope: Scope, more: str = "", *, few: bool = False) -> str:
    """SQL: each call of a window (:start to :end) that counts, with what it costs now; `more` begins with AND."""
    join = effective.JOIN if few or scope.user_seq is not None else effective.MANY.format(start=":start", end=":end")
    return (
        "SELECT c.created_at, c.id, c.user_seq, c.feature_id, c.model_id, c.tier_id, coalesce(c.plan_id, 0) AS plan_id,"
        f" 1 AS calls, coalesce({effective.COST}, 0) AS cost_nano FROM openai_call c {join}"
        f" WHERE c.created_at >= :start AND c.created_at < :end{_where(scope, 'c.')}{more}"
    )


def newest(scope: Scope) -> str:
    """SQL: the instant of the newest call of a window that counts; each feature by its own index."""
    where = _where(scope, "c.")
    if scope.features is None or scope.user_seq is not None:
        return f"""SELECT c.created_at FROM openai_call c WHERE c.created_at >= :start AND c.created_at < :end{where}
            ORDER BY c.created_at DESC LIMIT 1"""
    where = where.replace("c.feature_id = ANY(:features)", "c.feature_id = f.id")
    return f"""SELECT max(n.created_at) FROM unnest(cast(:features AS smallint[])) AS f (id) CROSS JOIN LATERAL (
        SELECT c.created_at FROM openai_call c WHERE c.created_at >= :start AND c.created_at < :end{where}
        ORDER BY c.created_at DESC LIMIT 1) n"""


def everyone(db: Session, scope: Scope, window: Window, zone: str) -> dict[int, int]:
    """What each person spent in a window, by number; without the system."""
    if scope.of_people and _whole_days(window, zone):
        plan = "" if scope.plan_id is None else " AND plan_id = :plan"
        tail = f"SELECT user_seq, coalesce(cost_nano, 0) AS cost_nano FROM openai_call WHERE xid >= {cells.MARK}"
        sql = f"""SELECT user_seq, cost_nano FROM roll_user_day WHERE day BETWEEN :first AND :last{plan}
            UNION ALL {tail} AND created_at >= :start AND created_at < :end
            {plan.replace("plan_id", "coalesce(plan_id, 0)")}"""
    else:
        sql = f"SELECT user_seq, cost_nano FROM ({calls(scope)}) calls"
    wanted = values(scope, window) | {
        "first": periods.day_of(window[0], zone),
        "last": periods.day_of(window[1] - timedelta(microseconds=1), zone),
    }
    grouped = f"SELECT user_seq, sum(cost_nano)::bigint AS nano FROM ({sql}) each WHERE user_seq > 0 GROUP BY 1"
    return {row.user_seq: row.nano for row in db.execute(text(grouped), wanted)}


def people(db: Session, scope: Scope, spans: Mapping[int, Window]) -> dict[int, int]:
    """What some people spent, each in a window of their own, by number."""
    if not spans:
        return {}
    where = _where(scope, "c.")
    sql = f"""SELECT w.seq, coalesce(sum({effective.COST}), 0)::bigint AS nano
        FROM unnest(cast(:seqs AS int[]), cast(:starts AS timestamptz[]), cast(:ends AS timestamptz[]))
            AS w (seq, starts_at, ends_at)
        LEFT JOIN openai_call c ON c.user_seq = w.seq AND c.created_at >= w.starts_at AND c.created_at < w.ends_at
            {where}
        {effective.JOIN} GROUP BY 1"""
    wanted = values(scope, next(iter(spans.values()))) | {
        "seqs": list(spans), "starts": [w[0] for w in spans.values()], "ends": [w[1] for w in spans.values()],
    }  # fmt: skip
    return {row.seq: row.nano for row in db.execute(text(sql), wanted)}


def by_day(db: Session, scope: Scope, first: date, last: date, zone: str) -> dict[date, int]:
    """What was spent on each day of the zone; days without calls are left out."""
    found = cells.source(Period(first, last, zone), scope.filters, Grain.DAY)
    sql = f"SELECT at, sum(cost_nano)::bigint AS nano FROM {found.sql} cells GROUP BY 1"
    return {row.at: row.nano for row in db.execute(text(sql), found.values)}


def by_hour(db: Session, scope: Scope, window: Window) -> dict[datetime, tuple[int, int]]:
    """What was spent, and how many calls were made, in each full hour (UTC)."""
    if scope.user_seq is None:
        sql = f"SELECT at, calls, cost_nano FROM {_hours(scope)} hours"
    else:
        sql = f"SELECT date_trunc('hour', created_at) AS at, calls, cost_nano FROM ({calls(scope)}) calls"
    grouped = f"SELECT at, sum(cost_nano)::bigint AS nano, sum(calls)::bigint AS calls FROM ({sql}) each GROUP BY 1"
    return {row.at: (row.nano, row.calls) for row in db.execute(text(grouped), values(scope, window))}


def anchors(db: Session, seqs: Iterable[int], now: datetime) -> dict[int, datetime]:
    """From when the months of some people are counted, by number."""
    sql = f"""SELECT u.seq, e.anchor FROM ({entitlements.entitlement("u.seq = ANY(:seqs)")}) e
        JOIN app_user u ON u.id = e.user_id"""
    wanted = {"seqs": list(seqs), "now": now, "since": now - entitlements.GRACE}
    return {row.seq: row.anchor for row in db.execute(text(sql), wanted)}


def _hours(scope: Scope) -> str:
    columns = "feature_id, model_id, tier_id"
    tail = f"xid >= {cells.MARK} AND created_at >= :start AND created_at < :end"
    return f"""(SELECT hour AS at, {columns}, plan_id, calls, cost_nano FROM roll_hour
        WHERE hour >= :start AND hour < :end{_where(scope, "").replace("coalesce(plan_id, 0)", "plan_id")}
        UNION ALL SELECT date_trunc('hour', created_at), {columns}, coalesce(plan_id, 0), 1, coalesce(cost_nano, 0)
        FROM openai_call WHERE {tail}{_where(scope, "")})"""


def _where(scope: Scope, alias: str) -> str:
    parts = []
    if scope.features is not None:
        parts.append(f"{alias}feature_id = ANY(:features)")
    if scope.model_id is not None:
        parts.append(f"{alias}model_id = :model")
    if scope.plan_id is not None:
        parts.append(f"coalesce({alias}plan_id, 0) = :plan")
    if scope.user_seq is not None:
        parts.append(f"{alias}user_seq = :user" if scope.user_seq else f"{alias}user_seq IS NULL")
    return "".join(f" AND {part}" for part in parts)


def values(scope: Scope, window: Window) -> dict[str, Any]:
    """The parameters of the statements of this module."""
    return {
        "start": window[0], "end": window[1], "features": list(scope.features or ()), "model": scope.model_id,
        "plan": scope.plan_id, "user": scope.user_seq,
    }  # fmt: skip


def _whole_days(window: Window, zone: str) -> bool:
    return all(periods.start_of(periods.day_of(at, zone), zone) == at for at in window)
