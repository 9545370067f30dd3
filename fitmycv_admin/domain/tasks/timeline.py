"""Everything that happened to one task, in order: its starts, steps and calls, what was held and paid, who acted."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import effective
from fitmycv_admin.vocabulary import Permission

MOST = 500
LINES = ("usage", "return", "gift", "adjustment")
"""Kinds of ledger line with a sentence of their own; the others share one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `kind` ends its catalogue key; `credits` moved or were held, `cost_nano` was billed."""

    at: datetime
    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    credits: int | None = None
    cost_nano: int | None = None


# Each part gives: at, kind, two words, credits, cost. What happens at one instant keeps the order of the parts.
_MOMENTS = text(f"""
SELECT at, kind, one, two, credits, cost FROM (
    SELECT 1 AS part, 0::bigint AS number, created_at AS at, 'created' AS kind, '' AS one, '' AS two,
        NULL::int AS credits, NULL::bigint AS cost FROM background_task WHERE id = :id
    UNION ALL SELECT 2, 0, created_at, 'held.' || payer, unit, COALESCE(cost_version::text, ''),
        NULLIF(amount, 0), NULL FROM reservation WHERE task_id = :id
    UNION ALL SELECT 3, 0, dispatched_at, 'sent', dispatch_seq::text, '', NULL, NULL FROM background_task
        WHERE id = :id AND dispatched_at IS NOT NULL
    UNION ALL SELECT 4, attempt, started_at, 'started', attempt::text, worker, NULL, NULL FROM task_attempt
        WHERE task_id = :id
    UNION ALL SELECT 5, id, created_at, 'step', step, attempt::text, NULL, NULL FROM task_step
        WHERE task_id = :id AND result IS NOT NULL
    UNION ALL SELECT 6, id, created_at, 'call.' || status, call_name, model_served, NULL,
        {effective.COST_ALONE} FROM openai_call c WHERE task_id = :id
    UNION ALL SELECT 7, 0, cancel_requested_at, 'cancel_asked', '', '', NULL, NULL FROM background_task
        WHERE id = :id AND cancel_requested_at IS NOT NULL
    UNION ALL SELECT 8, attempt, ended_at, 'ended.' || outcome, attempt::text, COALESCE(error, ''), NULL, NULL
        FROM task_attempt WHERE task_id = :id AND ended_at IS NOT NULL AND outcome IS NOT NULL
    UNION ALL SELECT 9, 0, settled_at, 'settled.' || state, unit, '', NULLIF(amount, 0), NULL FROM reservation
        WHERE task_id = :id AND settled_at IS NOT NULL
    UNION ALL SELECT 10, id, created_at,
        'line.' || CASE WHEN type = ANY(:lines) THEN type ELSE 'other' END, id::text, balance_after::text, amount, NULL
        FROM credit_transaction WHERE task_id = :id
    UNION ALL SELECT 11, 0, quarantined_at, 'quarantined', '', '', NULL, NULL FROM background_task
        WHERE id = :id AND quarantined_at IS NOT NULL
    UNION ALL SELECT 12, 0, finished_at, 'finished.' || status, '', '', NULL, NULL FROM background_task
        WHERE id = :id AND finished_at IS NOT NULL
    UNION ALL SELECT 13, id, created_at, 'act', action, actor_role, NULL, NULL FROM audit_event
        WHERE target_type = 'task' AND target_id = CAST(:id AS text)
) happened ORDER BY at, part, number LIMIT :most""")


def of_task(db: Session, by: Actor, task_id: UUID) -> tuple[Moment, ...]:
    """At most 500 moments of one task, oldest first; none for a task that is not there. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    rows = db.execute(_MOMENTS, {"id": str(task_id), "lines": list(LINES), "most": MOST})
    return tuple(
        Moment(row.at, row.kind, {"one": row.one, "two": row.two}, row.credits,
               None if row.cost is None else int(row.cost))
        for row in rows
    )  # fmt: skip
