"""What each subject of a budget spent in each window of some past days, read from the rollups wherever they know."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import cells, periods
from fitmycv_admin.domain.budgets import spending, subjects, windows
from fitmycv_admin.domain.budgets.spending import Scope
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.domain.budgets.windows import Window
from fitmycv_admin.vocabulary import BudgetWindow

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a subject spent in a window; of a rolling one `earlier_nano` is its part before the window's last day."""

    subject: str
    window: Window
    nano: int
    earlier_nano: int = 0


def spent(db: Session, says: Draft, since: datetime, now: datetime, zone: str) -> list[Spent]:
    """Every window that holds an instant from `since` to `now`; of each person's only those that reach a step."""
    if says.window is BudgetWindow.BILLING_PERIOD and (says.each_user or says.user_id is not None):
        return _billed(db, says, since, now, zone)
    scope = spending.scope_of(db, says)
    if says.window is BudgetWindow.HOUR:
        return _hours(db, says, scope, since, now, zone)
    first = periods.day_of(windows.of(says, since, zone)[0], zone)
    last = periods.day_of(now, zone)
    if not says.each_user:
        days = {subjects.EVERYBODY: spending.by_day(db, scope, first, last, zone)}
    else:
        days = _days_of_people(db, says, scope, first, last, zone)
    found: list[Spent] = []
    for subject, sums in days.items():
        series = _rolling if says.window is BudgetWindow.ROLLING else _calendar
        found += series(says, subject, sums, (since, now), zone)
    return found


def _calendar(says: Draft, subject: str, sums: dict[date, int], span: Window, zone: str) -> list[Spent]:
    by_window: dict[Window, int] = {}
    for day, nano in sums.items():
        window = windows.of(says, periods.start_of(day, zone), zone)
        by_window[window] = by_window.get(window, 0) + nano
    return [Spent(subject, window, nano) for window, nano in by_window.items() if window[1] > span[0]]


def _rolling(says: Draft, subject: str, sums: dict[date, int], span: Window, zone: str) -> list[Spent]:
    """A window for each day of the time, also days without calls: what it held may have left it."""
    length = says.rolling_days or 1
    found = []
    day, last = periods.day_of(span[0], zone), periods.day_of(span[1], zone)
    while day <= last:
        earlier = sum(sums.get(day - _DAY * n, 0) for n in range(1, length))
        window = windows.of(says, periods.start_of(day, zone), zone)
        found.append(Spent(subject, window, earlier + sums.get(day, 0), earlier))
        day += _DAY
    return found


def _days_of_people(
    db: Session, says: Draft, scope: Scope, first: date, last: date, zone: str
) -> dict[str, dict[date, int]]:
    """The days of those people who reach the lowest step in any window."""
    values = _least(says) | spending.values(scope, (periods.start_of(first, zone), periods.start_of(last + _DAY, zone)))
    values |= {"first": first, "last": last, "zone": zone}
    sums = f"SELECT user_seq, day, sum(cost_nano)::bigint AS nano FROM ({_user_days(scope)}) d GROUP BY 1, 2"
    found = db.execute(text(f"WITH sums AS ({sums}) {_CANDIDATES[_group(says)]}"), values)
    days: dict[str, dict[date, int]] = {}
    for row in found:
        days.setdefault(subjects.person(row.user_seq), {})[row.day] = row.nano
    return days


def _user_days(scope: Scope) -> str:
    if not scope.of_people:
        calls = spending.calls(scope)
        return f"""SELECT user_seq, (created_at AT TIME ZONE cast(:zone AS text))::date AS day, cost_nano
            FROM ({calls}) calls WHERE user_seq > 0"""
    plan = "" if scope.plan_id is None else " AND plan_id = :plan"
    return f"""SELECT user_seq, day, cost_nano FROM roll_user_day
        WHERE day BETWEEN :first AND :last AND user_seq > 0{plan}
        UNION ALL
        SELECT user_seq, (created_at AT TIME ZONE cast(:zone AS text))::date, coalesce(cost_nano, 0) FROM openai_call
        WHERE xid >= {cells.MARK} AND user_seq > 0 AND created_at >= :start AND created_at < :end
        {plan.replace("plan_id", "coalesce(plan_id, 0)")}"""


def _group(says: Draft) -> str:
    return str(says.window) if says.window in (BudgetWindow.DAY, BudgetWindow.WEEK, BudgetWindow.MONTH) else "all"


def _least(says: Draft) -> dict[str, Any]:
    return {"least": min(says.steps) * says.threshold_nano}


def _hours(db: Session, says: Draft, scope: Scope, since: datetime, now: datetime, zone: str) -> list[Spent]:
    """Hours of the zone; where it is half an hour away from UTC's they are counted from the calls."""
    origin = windows.of(says, since, zone)[0]
    if not says.each_user and origin.minute == 0:
        sums = spending.by_hour(db, scope, (since, now))
        return [Spent("", (hour, hour + timedelta(hours=1)), nano) for hour, (nano, _calls) in sums.items()]
    who = "user_seq" if says.each_user else "0 AS user_seq"
    people = " WHERE user_seq > 0" if says.each_user else ""
    sql = f"""SELECT {who}, date_bin('1 hour', created_at, :origin) AS hour, sum(cost_nano)::bigint AS nano
        FROM ({spending.calls(scope)}) calls{people} GROUP BY 1, 2 HAVING sum(cost_nano) * 100 >= :least"""
    rows = db.execute(text(sql), spending.values(scope, (since, now)) | _least(says) | {"origin": origin})
    return [
        Spent(
            subjects.person(row.user_seq) if says.each_user else "", (row.hour, row.hour + timedelta(hours=1)), row.nano
        )
        for row in rows
    ]


def _subject(says: Draft, seq: int) -> str:
    return subjects.person(seq) if says.each_user else subjects.EVERYBODY


def _billed(db: Session, says: Draft, since: datetime, now: datetime, zone: str) -> list[Spent]:
    scope = spending.scope_of(db, says)
    if says.each_user:
        span = (since - timedelta(days=31), now)
        everyone = spending.everyone(db, scope, span, zone)
        seqs = [seq for seq, nano in everyone.items() if nano * 100 >= _least(says)["least"]]
    else:
        seqs = [scope.user_seq or spending.NOBODY]
    anchors = spending.anchors(db, seqs, now)
    spans = {seq: windows.of(says, now, zone, anchors.get(seq)) for seq in seqs}
    found: list[Spent] = []
    while spans:
        for seq, nano in spending.people(db, scope, spans).items():
            if nano * 100 >= _least(says)["least"] or not says.each_user:
                found.append(Spent(_subject(says, seq), spans[seq], nano))
        spans = {
            seq: windows.before(says, window, zone, anchors.get(seq))
            for seq, window in spans.items()
            if window[0] > since
        }
    return found


# A person is worth reading when a window of theirs reaches the lowest step; a rolling one holds at most all their days.
_CANDIDATES = {
    "all": """, worth AS (
        SELECT user_seq FROM sums GROUP BY 1 HAVING sum(nano) * 100 >= :least)
        SELECT sums.* FROM sums JOIN worth USING (user_seq)""",
    "day": "SELECT * FROM sums WHERE nano * 100 >= :least",
    "week": """, worth AS (
        SELECT user_seq, date_trunc('week', day) AS start FROM sums GROUP BY 1, 2 HAVING sum(nano) * 100 >= :least)
        SELECT s.* FROM sums s JOIN worth w ON w.user_seq = s.user_seq AND w.start = date_trunc('week', s.day)""",
    "month": """, worth AS (
        SELECT user_seq, date_trunc('month', day) AS start FROM sums GROUP BY 1, 2 HAVING sum(nano) * 100 >= :least)
        SELECT s.* FROM sums s JOIN worth w ON w.user_seq = s.user_seq AND w.start = date_trunc('month', s.day)""",
}
