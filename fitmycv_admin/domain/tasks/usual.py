"""How long tasks usually wait and run, by type; and by that, which of them are stuck."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.tasks import registry

_SAMPLE = 300
LEAST_RUN_S, LEAST_WAIT_S = 30.0, 60.0
"""Nothing younger than this is called stuck, however short its kind usually is."""
TIMES = 3.0
"""Three times the usual 95th percentile is not usual."""
_LEASE_GRACE_S = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """One type over its last ended tasks, in seconds; None when there were none in seven days."""

    run_mean: float | None
    run_p95: float | None
    wait_p95: float | None


@dataclass(frozen=True, slots=True)
class Usual:
    """The paces by type. `closed` types are paused: their tasks wait on purpose."""

    paces: Mapping[str, Pace] = field(default_factory=dict)
    closed: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """What the condition STUCK needs: seconds by type."""
        run, idle, wait = {}, {}, {}
        for kind in registry.KINDS.values():
            pace = self.paces.get(kind.type, Pace(None, None, None))
            # The guardian ends an attempt at its limit: who runs beyond that is surely stuck.
            usual_run = kind.time_limit_s if pace.run_p95 is None else TIMES * pace.run_p95
            run[str(kind.type)] = min(max(LEAST_RUN_S, usual_run), kind.time_limit_s + _LEASE_GRACE_S)
            idle[str(kind.type)] = min(max(LEAST_RUN_S, usual_run), kind.time_limit_s / 2)
            wait[str(kind.type)] = max(LEAST_WAIT_S, TIMES * (pace.wait_p95 or 0.0) or 10 * LEAST_WAIT_S)
        return {
            "stuck_run": json.dumps(run), "stuck_idle": json.dumps(idle), "stuck_wait": json.dumps(wait),
            "stuck_closed": list(self.closed),
        }  # fmt: skip


# Why a task is stuck, or nothing: lease_over, no_progress, long_run or long_wait. Needs `Usual.values()`.
STUCK = f"""(CASE
    WHEN task.status = 'running' AND task.lease_until < clock_timestamp() - interval '{_LEASE_GRACE_S} s'
        THEN 'lease_over'
    WHEN task.status = 'running' AND COALESCE(task.progressed_at, task.started_at) < clock_timestamp()
        - make_interval(secs => CAST(CAST(:stuck_idle AS jsonb) ->> task.type AS float)) THEN 'no_progress'
    WHEN task.status = 'running' AND (SELECT start.started_at FROM task_attempt start WHERE start.task_id = task.id
        AND start.attempt = task.attempt) < clock_timestamp()
        - make_interval(secs => CAST(CAST(:stuck_run AS jsonb) ->> task.type AS float)) THEN 'long_run'
    WHEN task.status = 'queued' AND task.queued_at < clock_timestamp()
        - make_interval(secs => CAST(CAST(:stuck_wait AS jsonb) ->> task.type AS float))
        AND task.type <> ALL(:stuck_closed) THEN 'long_wait'
    ELSE '' END)"""

_PACES = text("""
SELECT kind.type, run_mean, run_p95, wait_p95 FROM unnest(CAST(:types AS text[])) AS kind (type)
CROSS JOIN LATERAL (
    SELECT avg(run) AS run_mean, percentile_disc(0.95) WITHIN GROUP (ORDER BY run) AS run_p95,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY wait) AS wait_p95
    FROM (SELECT date_part('epoch', finished_at - started_at) AS run,
            GREATEST(0, date_part('epoch', started_at - queued_at)) AS wait FROM background_task
        WHERE type = kind.type AND status = 'completed' AND finished_at > statement_timestamp() - interval '7 days'
        ORDER BY finished_at DESC LIMIT :sample) ended
) measured""")
_CLOSED = text("SELECT type FROM task_type_control WHERE is_paused")


def usual(db: Session) -> Usual:
    """The paces of every type over its last few hundred completed tasks of seven days, and what is paused."""
    types = [str(type_) for type_ in registry.KINDS]
    paces = {
        row.type: Pace(_float(row.run_mean), _float(row.run_p95), _float(row.wait_p95))
        for row in db.execute(_PACES, {"types": types, "sample": _SAMPLE})
    }
    closed = set(db.execute(_CLOSED).scalars())
    return Usual(paces, tuple(types) if "*" in closed else tuple(sorted(closed)))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
