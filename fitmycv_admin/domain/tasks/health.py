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
from fitmycv_admin.models.tasks import STARTED_MICROS
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
_EVERY = 8
"""An index holds every eighth task: from so many samples on, only these are read."""
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


# Step by step and without grouping: counting what ended is most of the page's work.
_COUNTS = """
SELECT step.place, counted.* FROM unnest(CAST(:edges AS timestamptz[]), CAST(:ends AS timestamptz[]))
    WITH ORDINALITY AS step (at, until, place)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'failed')
        AS failed, count(*) FILTER (WHERE status = 'cancelled') AS cancelled
    FROM background_task WHERE finished_at >= step.at AND finished_at < step.until {type}) counted
WHERE step.until IS NOT NULL"""
_TIMES = f"""
SELECT width_bucket(finished_at, CAST(:edges AS timestamptz[])) AS place,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY GREATEST(0, date_part('epoch', started_at - queued_at)))
        AS wait,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY date_part('epoch', finished_at - started_at))
        FILTER (WHERE status = 'completed') AS run
FROM background_task WHERE finished_at IS NOT NULL AND finished_at >= :since AND finished_at < :until {{type}}
    AND started_at IS NOT NULL AND {STARTED_MICROS} % :one_in = 0 {{every}} GROUP BY 1"""


def _steps(db: Session, values: dict[str, Any], edges: list[datetime]) -> tuple[int, tuple[Step, ...]]:
    narrow = "AND type = :type" if values["type"] else ""
    values = {**values, "edges": edges, "ends": edges[1:]}
    counts = {row.place: row for row in db.execute(text(_COUNTS.format(type=narrow)), values)}
    one_in = _one_in(sum(row.completed + row.failed for row in counts.values()))
    every = f"AND {STARTED_MICROS} % {_EVERY} = 0" if one_in % _EVERY == 0 else ""
    sampled = text(_TIMES.format(type=narrow, every=every))
    times = {row.place: row for row in db.execute(sampled, {**values, "one_in": one_in})}
    pairs = enumerate(itertools.pairwise(edges), start=1)
    return one_in, tuple(_step(at, until, counts[place], times.get(place)) for place, (at, until) in pairs)


def _one_in(ended: int) -> int:
    """Of how many tasks one is timed: all of few, of very many those that the index of every eighth holds."""
    if ended <= _SAMPLE * _EVERY // 2:
        return 1 + ended // _SAMPLE
    one_in = _EVERY
    while one_in * _SAMPLE < ended:
        one_in *= 2
    return one_in


def _step(at: datetime, until: datetime, count: Any, times: Any) -> Step:
    wait, run = (_ms(times.wait), _ms(times.run)) if times is not None else ((None, None), (None, None))
    return Step(at, until, count.completed, count.failed, count.cancelled, *wait, *run)


def _ms(pair: Sequence[Any] | None) -> tuple[int | None, int | None]:
    if pair is None or pair[0] is None:
        return None, None
    return int(float(pair[0]) * 1000), int(float(pair[1]) * 1000)


_RANGE = "finished_at IS NOT NULL AND finished_at >= :since AND finished_at < :until AND status = 'failed' {type}"
_WITH_PEOPLE = f"""
SELECT fingerprint, CAST(sum(tasks) AS bigint) AS tasks, count(user_id) AS people, min(first) AS first,
    max(last) AS last
FROM (SELECT error_fingerprint AS fingerprint, user_id, count(*) AS tasks, min(finished_at) AS first,
        max(finished_at) AS last FROM background_task WHERE {_RANGE} GROUP BY 1, 2) each GROUP BY 1"""
# From one fingerprint to the next through their index, and each counted there.
_WITHOUT_PEOPLE = f"""
SELECT known.fingerprint, counted.* FROM known CROSS JOIN LATERAL (
    SELECT count(*) AS tasks, CAST(NULL AS bigint) AS people, min(finished_at) AS first, max(finished_at) AS last
    FROM background_task WHERE error_fingerprint = known.fingerprint AND {_RANGE}) counted
WHERE known.fingerprint IS NOT NULL
UNION ALL
SELECT NULL, count(*), NULL, min(finished_at), max(finished_at)
FROM background_task WHERE error_fingerprint IS NULL AND {_RANGE}"""
_NEXT = """(SELECT error_fingerprint FROM background_task WHERE status = 'failed' AND finished_at IS NOT NULL
    AND error_fingerprint {after} ORDER BY error_fingerprint LIMIT 1)"""
_FAILURES = f"""
WITH RECURSIVE known (fingerprint) AS (
    SELECT {_NEXT.format(after=">= ''")}
    UNION ALL SELECT {_NEXT.format(after="> known.fingerprint")} FROM known WHERE known.fingerprint IS NOT NULL
)
SELECT failed.*, newest.error_key, newest.error FROM (
    SELECT * FROM ({{counted}}) counted WHERE tasks > 0 ORDER BY tasks DESC, last DESC LIMIT :most
) failed LEFT JOIN LATERAL (
    SELECT error_key, error FROM background_task task WHERE task.finished_at = failed.last AND task.status = 'failed'
    AND task.error_fingerprint IS NOT DISTINCT FROM failed.fingerprint LIMIT 1
) newest ON true ORDER BY failed.tasks DESC, failed.last DESC"""
_PEOPLE_UP_TO = 10_000
"""Among more failures than this, people are not counted: that alone would take most of the page's time."""


def _failures(db: Session, values: dict[str, Any], failed: int) -> tuple[FailureRow, ...]:
    counted = _WITH_PEOPLE if failed <= _PEOPLE_UP_TO else _WITHOUT_PEOPLE
    counted = counted.format(type="AND type = :type" if values["type"] else "")
    statement = text(_FAILURES.format(counted=counted))
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
