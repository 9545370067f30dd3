"""How the work goes over time: how much ends, how long it waits and runs, and what keeps failing."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.domain.tasks import usual
from fitmycv_admin.domain.tasks.usual import Usual
from fitmycv_admin.vocabulary import Permission

SPANS: dict[str, tuple[timedelta, timedelta]] = {
    "24h": (timedelta(hours=24), timedelta(hours=1)),
    "7d": (timedelta(days=7), timedelta(hours=6)),
    "30d": (timedelta(days=30), timedelta(days=1)),
}
"""How far back, and in steps of how much."""
STANDARD = "24h"
_GROUPS = 50
_SAMPLE = 10_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What ended between `at` and `until`; milliseconds, None where nothing ended."""

    at: datetime
    until: datetime
    completed: int
    failed: int
    cancelled: int
    wait_p50_ms: int | None
    wait_p95_ms: int | None
    run_p50_ms: int | None
    run_p95_ms: int | None


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Tasks that failed in the same way. `sample` is what happened to the newest of them, "" without words; `people`
    is None where there are too many to count."""

    fingerprint: str
    error_key: str
    sample: str
    count: int
    people: int | None
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class StuckRow:
    """How many tasks of a type are stuck for one reason, and since when the oldest of them waits or runs."""

    type: str
    reason: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class HealthScreen:
    """Everything the page shows, from one snapshot."""

    since: datetime
    until: datetime
    one_in: int
    """Times are of every so many-th task, when there are very many."""
    steps: tuple[Step, ...]
    failures: tuple[FailureRow, ...]
    stuck: tuple[StuckRow, ...]


def health(db: Session, by: Actor, span: str, type_: str = "") -> HealthScreen:
    """Ended tasks of a span (24h, 7d or 30d) by steps, failures by fingerprint, and what is stuck now.

    Needs tasks.read. The times of a step are of what ended in it: the wait until the first start, and for completed
    tasks the run from there.
    """
    by.must(Permission.TASKS_READ)
    back, step = SPANS.get(span, SPANS[STANDARD])
    edges = _edges(db, clock.now(), back, step)
    since, until = edges[0], edges[-1]
    values = {"since": since, "until": until, "type": type_}
    one_in, steps = _steps(db, values, edges)
    failures = _failures(db, values, sum(step.failed for step in steps))
    return HealthScreen(since, until, one_in, steps, failures, stuck(db, by, usual.usual(db), type_))


def _edges(db: Session, now: datetime, back: timedelta, step: timedelta) -> list[datetime]:
    """Where the steps begin, and the end of the one that runs now. Days are those of the workspace, which may have
    23 or 25 hours; shorter steps are counted from its midnight in hours that all last as long."""
    midnight = now.astimezone(lookups.zone(db)).replace(hour=0, minute=0, second=0, microsecond=0)
    if step < _DAY:
        midnight = midnight.astimezone(UTC)
    end = midnight + step * ((now - midnight) // step + 1)
    return [(end - step * number).astimezone(UTC) for number in range(back // step, -1, -1)]


_COUNTS = """
SELECT width_bucket(finished_at, CAST(:edges AS timestamptz[])) AS place,
    count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled
FROM background_task WHERE finished_at >= :since AND finished_at < :until {type} GROUP BY 1"""
# The microseconds of a start are as good as dice.
_TIMES = """
SELECT width_bucket(finished_at, CAST(:edges AS timestamptz[])) AS place,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY GREATEST(0, date_part('epoch', started_at - queued_at)))
        AS wait,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY date_part('epoch', finished_at - started_at))
        FILTER (WHERE status = 'completed') AS run
FROM background_task WHERE finished_at >= :since AND finished_at < :until {type} AND started_at IS NOT NULL
    AND CAST(date_part('microseconds', started_at) AS bigint) % :one_in = 0 GROUP BY 1"""


def _steps(db: Session, values: dict[str, Any], edges: list[datetime]) -> tuple[int, tuple[Step, ...]]:
    narrow = "AND type = :type" if values["type"] else ""
    values = {**values, "edges": edges}
    counts = {row.place: row for row in db.execute(text(_COUNTS.format(type=narrow)), values)}
    one_in = 1 + sum(row.completed + row.failed for row in counts.values()) // _SAMPLE
    times = {row.place: row for row in db.execute(text(_TIMES.format(type=narrow)), {**values, "one_in": one_in})}
    pairs = enumerate(itertools.pairwise(edges), start=1)
    return one_in, tuple(_step(at, until, counts.get(place), times.get(place)) for place, (at, until) in pairs)


def _step(at: datetime, until: datetime, count: Any, times: Any) -> Step:
    if count is None:
        return Step(at, until, 0, 0, 0, None, None, None, None)
    wait, run = (_ms(times.wait), _ms(times.run)) if times is not None else ((None, None), (None, None))
    return Step(at, until, count.completed, count.failed, count.cancelled, *wait, *run)


def _ms(pair: Sequence[Any] | None) -> tuple[int | None, int | None]:
    if pair is None or pair[0] is None:
        return None, None
    return int(float(pair[0]) * 1000), int(float(pair[1]) * 1000)


_FAILURES = """
SELECT failed.*, newest.error_key, newest.error FROM (
    SELECT error_fingerprint AS fingerprint, count(*) AS tasks, {people} AS people, min(finished_at) AS first,
        max(finished_at) AS last
    FROM background_task WHERE finished_at >= :since AND finished_at < :until AND status = 'failed' {type}
    GROUP BY error_fingerprint ORDER BY count(*) DESC, max(finished_at) DESC LIMIT :most
) failed LEFT JOIN LATERAL (
    SELECT error_key, error FROM background_task task WHERE task.finished_at = failed.last AND task.status = 'failed'
    AND task.error_fingerprint IS NOT DISTINCT FROM failed.fingerprint LIMIT 1
) newest ON true ORDER BY failed.tasks DESC, failed.last DESC"""
_PEOPLE_UP_TO = 10_000
"""Among more failures than this, people are not counted: that alone would take most of the page's time."""


def _failures(db: Session, values: dict[str, Any], failed: int) -> tuple[FailureRow, ...]:
    people = "count(DISTINCT user_id)" if failed <= _PEOPLE_UP_TO else "CAST(NULL AS bigint)"
    statement = text(_FAILURES.format(type="AND type = :type" if values["type"] else "", people=people))
    return tuple(
        FailureRow(
            row.fingerprint or "", row.error_key or "", row.error or "", row.tasks, row.people,
            row.first, row.last,
        )
        for row in db.execute(statement, {**values, "most": _GROUPS})
    )  # fmt: skip


_STUCK = f"""
SELECT type, reason, count(*) AS tasks, min(since) AS since FROM (
    SELECT type, {usual.STUCK} AS reason, CASE status WHEN 'queued' THEN queued_at ELSE started_at END AS since
    FROM background_task task WHERE status IN ('queued', 'running') AND (:type = '' OR type = :type)
) judged WHERE reason <> '' GROUP BY type, reason ORDER BY count(*) DESC, type, reason"""


def stuck(db: Session, by: Actor, known: Usual, type_: str = "") -> tuple[StuckRow, ...]:
    """What is stuck now, by type and reason: lease_over, no_progress, long_run or long_wait. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    rows = db.execute(text(_STUCK), {**known.values(), "type": type_})
    return tuple(StuckRow(row.type, row.reason, row.tasks, row.since) for row in rows)
