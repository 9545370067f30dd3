"""The recurring look at every rule: what is spent now, which steps are crossed, which notices are over."""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.budgets import (
    anomalies,
    drivers,
    given,
    limits,
    silence,
    spending,
    standings,
    subjects,
)
from fitmycv_admin.domain.budgets.given import Found
from fitmycv_admin.domain.budgets.standings import GRACE, Look, Standing
from fitmycv_admin.domain.budgets.subjects import BUDGETS, Rule
from fitmycv_admin.vocabulary import AlertType, BudgetWindow

Runs = dict[tuple[str, int], UUID]
"""The notices that hold on over the days of a rolling window, by subject and step."""
ALL_PEOPLE_EVERY = timedelta(minutes=10)
"""How often everybody is counted again: a correction of past costs touches people who do not call."""
_FRESH_RULE = timedelta(seconds=60)
_MANY = 5_000
_ENDED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One look: how many rules, how many notices it opened and ended, and how long it took."""

    rules: int
    opened: int
    ended: int
    took_ms: int


def evaluate(db: Session, *, at: datetime | None = None) -> Evaluated:
    """Look at every enabled rule as of `at` (None: now). Many at once give one notice of each crossing.

    Call it in a transaction of its own (READ COMMITTED). Rules with a hard limit come last, since looking at them
    holds their counters.
    """
    began, now = time.monotonic(), at or clock.now()
    mark = db.execute(text(_MARK)).one()
    every = sorted(subjects.every(db), key=lambda rule: (rule.says.is_hard, rule.id))
    look = _look(db, now, mark, every)
    opened = ended = 0
    found = {rule.id: _standings(db, rule, look) for rule in every if rule.says.is_budget}
    for rule in every:
        more, over = _budget(db, rule, look, *found[rule.id]) if rule.says.is_budget else _watch(db, rule, now)
        opened, ended = opened + more, ended + over
    _wake(db, now)
    ended += _over(db, now)
    took = round((time.monotonic() - began) * 1000)
    swept = now if look.touched is None else mark.swept_at
    db.execute(text(_BEAT), {"now": now, "took": took, "rules": len(every), "below": mark.below, "swept": swept})
    return Evaluated(len(every), opened, ended, took)


def _look(db: Session, now: datetime, mark: Any, every: list[Rule]) -> Look:
    zone, before = spending.zone(db), mark.evaluated_at
    if not any(rule.says.each_user for rule in every):
        return Look(now, zone, before, None)
    stale = mark.looked_below is None or mark.swept_at is None or abs(now - mark.swept_at) >= ALL_PEOPLE_EVERY
    if stale or any(_is_fresh(rule, before) for rule in every):
        return Look(now, zone, before, None)
    rows = db.execute(text(_TOUCHED), {"below": mark.looked_below, "many": _MANY + 1}).all()
    return Look(now, zone, before, None if len(rows) > _MANY else frozenset(row.user_seq for row in rows))


def _is_fresh(rule: Rule, before: datetime | None) -> bool:
    """Whether a rule for each person was changed since the last look (or shortly before, by another's clock)."""
    changed = rule.updated_at is None or before is None or rule.updated_at > before - _FRESH_RULE
    return rule.says.each_user and changed


def _standings(db: Session, rule: Rule, look: Look) -> tuple[list[Standing], Runs]:
    """How a budget's subjects stand; the counters of a hard limit are all there before any of them is held."""
    runs = _runs(db, rule, look) if rule.says.window is BudgetWindow.ROLLING else {}
    found = standings.of(db, rule, look, live=[subject for subject, _step in runs])
    if rule.says.is_hard:
        worth = [standing for standing in found if standings.is_worth(rule, standing)]
        limits.open_counters(db, rule, [(s.subject, s.window, s.spent_nano) for s in worth])
    else:
        standings.keep(db, rule, found)
    return found, runs


def _budget(db: Session, rule: Rule, look: Look, found: list[Standing], runs: Runs) -> tuple[int, int]:
    rolling = rule.says.window is BudgetWindow.ROLLING
    if rule.says.is_hard:
        rows = limits.recount(db, rule, [(s.subject, s.window) for s in found], look.zone)
        found = [
            replace(s, spent_nano=row.spent_nano, denied=row.denied)
            if (row := rows.get((s.subject, s.window[0])))
            else s
            for s in found
        ]
    if rule.snoozed_until is not None and rule.snoozed_until > look.now:
        return 0, 0
    told = _given(db, rule, found)
    opened = 0
    for standing in found:
        steps = [
            step
            for step in standing.crossed(rule.says.steps)
            if (standing.subject, standing.window[0], step) not in told
        ]
        if rolling:
            steps = _go_on(db, runs, standing, steps)
        opened += _give(db, rule, standing, steps, look.now)
    ended = _fallen(db, rule, runs, found, look.now) if rolling else 0
    return opened, ended


def _counted(standing: Standing, row: Any) -> Standing:
    """A standing as its counter says it."""
    return standing if row is None else replace(standing, spent_nano=row.spent_nano, denied=row.denied)


def _give(db: Session, rule: Rule, standing: Standing, steps: list[int], now: datetime) -> int:
    if not steps:
        return 0
    parts = drivers.top(db, rule, standing.subject, standing.window)
    made = [
        given.give(
            db,
            Found(
                rule.id, standing.subject, *standing.window, step, standing.spent_nano, standing.limit_nano,
                {"denied": standing.denied} if standing.denied else {}, parts,
            ),
            now=now,
        )
        for step in steps
    ]  # fmt: skip
    return sum(notice is not None for notice in made)


def _given(db: Session, rule: Rule, found: list[Standing]) -> set[tuple[str, datetime, int]]:
    """The notices that these windows have already."""
    starts = sorted({standing.window[0] for standing in found})
    rows = db.execute(text(_GIVEN), {"rule": rule.id, "starts": starts})
    return {(row.subject, row.window_starts_at, row.step) for row in rows}


def _runs(db: Session, rule: Rule, look: Look) -> Runs:
    """The notices of a rolling window that still hold: subject and step, and the notice. Its window moves every day,
    so a step that stays crossed is told once, until it was left."""
    today = spending.start_of_day(look.now, look.zone)
    rows = db.execute(text(_RUNNING), {"rule": rule.id, "today": today})
    return {(row.subject, row.step): row.id for row in rows}


def _go_on(
    db: Session, runs: Runs, standing: Standing, steps: list[int]
) -> list[int]:  # fmt: skip
    """The steps that are crossed anew; the windows of the others are longer now."""
    held = [(step, runs[standing.subject, step]) for step in steps if (standing.subject, step) in runs]
    for _step, notice_id in held:
        db.execute(text(_LONGER), {"id": notice_id, "ends": standing.window[1]})
    return [step for step in steps if (standing.subject, step) not in runs]


def _fallen(
    db: Session, rule: Rule, runs: Runs, found: list[Standing], now: datetime
) -> int:  # fmt: skip
    holds = {(standing.subject, step) for standing in found for step in standing.crossed(rule.says.steps)}
    return sum(given.end(db, runs[key], now=now) for key in sorted(runs) if key not in holds)


def _watch(db: Session, rule: Rule, now: datetime) -> tuple[int, int]:
    if rule.snoozed_until is not None and rule.snoozed_until > now:
        return 0, 0
    if rule.says.type is AlertType.ANOMALY:
        return anomalies.look(db, rule, now), 0
    if rule.says.type is AlertType.NO_DATA:
        return silence.look(db, rule, now)
    if rule.says.type is AlertType.UNPRICED_MODEL:
        return silence.unpriced(db, rule, now)
    return 0, 0  # others have somebody else who looks


def _wake(db: Session, now: datetime) -> None:
    for row in db.execute(text(_WAKE), {"now": now}).all():
        given.note(db, row.id, "woke", now=now)


def _over(db: Session, now: datetime) -> int:
    """End the notices whose window is over, and those of rules that are switched off or gone."""
    values = {
        "late": now - GRACE, "yesterday": now - timedelta(days=1), "budgets": [str(kind) for kind in BUDGETS],
        "many": _ENDED_AT_ONCE,
    }  # fmt: skip
    rows = db.execute(text(_OVER), values).all()
    return sum(given.end(db, row.id, now=now) for row in rows)


_MARK = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS below, e.evaluated_at, e.swept_at,
    e.looked_below::text AS looked_below
FROM (SELECT 1) one LEFT JOIN alert_evaluation e ON true
"""
_TOUCHED = """
SELECT DISTINCT user_seq FROM openai_call WHERE xid >= cast(:below AS xid8) AND user_seq IS NOT NULL LIMIT :many
"""
_GIVEN = """
SELECT subject, window_starts_at, step FROM alert_notice
WHERE rule_id = :rule AND window_starts_at = ANY(cast(:starts AS timestamptz[]))
"""
_RUNNING = """
SELECT n.id, n.subject, n.step FROM alert_notice n
WHERE n.rule_id = :rule AND n.window_ends_at >= :today
    AND NOT EXISTS (SELECT 1 FROM alert_notice_event e WHERE e.notice_id = n.id AND e.kind = 'ended')
ORDER BY n.window_starts_at
"""
_LONGER = "UPDATE alert_notice SET window_ends_at = :ends WHERE id = :id AND window_ends_at < :ends"
_WAKE = """
UPDATE alert_notice SET snoozed_until = NULL,
    state = CASE WHEN acknowledged_at IS NULL THEN 'open' ELSE 'acknowledged' END
WHERE state = 'snoozed' AND snoozed_until <= :now RETURNING id
"""
_OVER = """
SELECT n.id FROM alert_notice n JOIN openai_alert r ON r.id = n.rule_id
WHERE n.state <> 'resolved' AND (NOT r.enabled OR r.deleted_at IS NOT NULL
    OR (r.type = ANY(:budgets) AND n.window_ends_at < :late)
    OR (r.type = 'anomaly' AND n.window_ends_at < :yesterday))
ORDER BY n.id LIMIT :many
"""
_BEAT = """
INSERT INTO alert_evaluation (one, evaluated_at, took_ms, rules, looked_below, swept_at)
VALUES (true, :now, :took, :rules, cast(:below AS xid8), :swept)
ON CONFLICT (one) DO UPDATE SET evaluated_at = excluded.evaluated_at, took_ms = excluded.took_ms,
    rules = excluded.rules, looked_below = excluded.looked_below, swept_at = excluded.swept_at
"""
