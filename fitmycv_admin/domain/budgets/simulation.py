"""What a rule would have done over the last days, before it is saved: its notices, windows and who was blocked."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods
from fitmycv_admin.domain.budgets import anomalies, blocking, checks, past, spending, subjects, windows
from fitmycv_admin.domain.budgets.past import Spent
from fitmycv_admin.domain.budgets.subjects import Draft, Rule
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement, Permission

SHOWN = 200
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SimulatedWindow:
    """One window of one subject that crossed a step; `steps` are those it crossed (of a rolling one: crossed anew)."""

    subject: str
    email: str
    starts_at: datetime
    ends_at: datetime
    spent_nano: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Simulated:
    """How many notices it would have given, how many people a hard limit would have blocked, in how many windows;
    `windows` are those with a notice, newest first (at most SHOWN). What a hard limit would have refused is taken from
    the calls as they were. `possible` is false for a type whose past nobody keeps."""

    days: int
    notices: int
    blocked_users: int
    windows_total: int
    windows: tuple[SimulatedWindow, ...]
    possible: bool = True


def run(db: Session, by: Actor, draft: Draft, days: int = 90, *, at: datetime | None = None) -> Simulated:
    """The last `days` days with this rule: what evaluation would have told, had it looked all the time.

    Needs budgets.read. Raises Invalid for a rule that cannot be.
    """
    by.must(Permission.BUDGETS_READ)
    says = checks.valid(db, replace(draft, name=draft.name.strip() or "draft"))
    now, zone = at or clock.now(), spending.zone(db)
    since = periods.start_of(periods.day_of(now, zone) - _DAY * (days - 1), zone)
    if says.type is AlertType.ANOMALY:
        return _anomalies(db, says, days, since, now, zone)
    if not says.is_budget:
        return Simulated(days, 0, 0, 0, (), possible=False)
    found = past.spent(db, says, since, now, zone)
    if says.window is BudgetWindow.ROLLING:
        crossed = _rolling(says, found, since)
    else:
        crossed = [(each, steps) for each in found if (steps := _crossed(each.nano, says))]
    crossed.sort(key=lambda pair: (pair[0].window[0], pair[0].subject), reverse=True)
    people = 0
    if says.enforcement is not Enforcement.NOTIFY:
        people = blocking.people(db, says, [each for each in found if each.nano > says.threshold_nano])
    total = len({each.window[0] for each in found}) if not says.each_user else _count(says, since, now, zone)
    return Simulated(
        days, sum(len(steps) for _each, steps in crossed), people, total, _shown(db, by, crossed[:SHOWN])
    )  # fmt: skip


def _crossed(nano: int, says: Draft) -> tuple[int, ...]:
    return tuple(step for step in says.steps if nano * 100 >= step * says.threshold_nano)


def _rolling(says: Draft, found: list[Spent], since: datetime) -> list[tuple[Spent, tuple[int, ...]]]:
    """The days on which a step was crossed anew: not those on which what was left of the day before still crossed it.

    `earlier_nano` is what the window held when its last day began.
    """
    by_subject: dict[str, list[Spent]] = {}
    for each in sorted(found, key=lambda each: each.window[0]):
        by_subject.setdefault(each.subject, []).append(each)
    crossed = []
    for series in by_subject.values():
        before: Spent | None = None
        for each in series:
            held = set(_crossed(each.earlier_nano, says))
            goes_on = before is not None and each.window[1] - before.window[1] < timedelta(hours=26)
            was = set(_crossed(before.nano, says)) if goes_on and before is not None else set[int]()
            steps = tuple(step for step in _crossed(each.nano, says) if not (step in held and step in was))
            before = each
            if steps and each.window[1] > since:
                crossed.append((each, steps))
    return crossed


def _count(says: Draft, since: datetime, now: datetime, zone: str) -> int:
    """How many windows a person has in the time."""
    window, count = windows.of(says, now, zone), 1
    while window[0] > since:
        window, count = windows.before(says, window, zone), count + 1
    return count


def _shown(
    db: Session, by: Actor, crossed: Iterable[tuple[Spent, tuple[int, ...]]]
) -> tuple[SimulatedWindow, ...]:  # fmt: skip
    crossed = list(crossed)
    seqs = {seq for each, _steps in crossed if (seq := subjects.seq_of(each.subject)) is not None}
    rows = db.execute(text("SELECT seq, email FROM app_user WHERE seq = ANY(:seqs)"), {"seqs": list(seqs)})
    emails = {subjects.person(row.seq): row.email for row in rows}
    reveal = by.may(Permission.PEOPLE_REVEAL)
    return tuple(
        SimulatedWindow(
            each.subject,
            "" if each.subject not in emails
            else emails[each.subject] if reveal else addresses.masked(emails[each.subject]),
            *each.window, each.nano, steps,
        )
        for each, steps in crossed
    )  # fmt: skip


def _anomalies(db: Session, says: Draft, days: int, since: datetime, now: datetime, zone: str) -> Simulated:
    scope = spending.scope_of(db, says)
    hours = spending.by_hour(db, scope, (since - timedelta(weeks=anomalies.WEEKS, hours=1), now))
    rule, found = Rule(0, 0, says), []
    for hour in sorted((hour for hour in hours if hour >= since), reverse=True):
        nano, calls = hours[hour]
        before = [hours.get(at, (0, 0))[0] for at in anomalies.same_hours(hour, zone)]
        if anomalies.judged(rule, nano, calls, before)[0]:
            ratio = says.ratio_percent or anomalies.RATIO
            found.append(SimulatedWindow("", "", hour, hour + _HOUR, nano, (ratio,)))
    return Simulated(days, len(found), 0, int((now - since) / _HOUR) + 1, tuple(found[:SHOWN]))
