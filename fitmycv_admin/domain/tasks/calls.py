"""The model calls of a task: each stored once, with the attempt that made it."""

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.ai_costs import meter
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.tasks.attempts import Claim

STEP_PREFIX = "call:"

_ONCE = text("""
INSERT INTO task_step (task_id, step, attempt, created_at) VALUES (:id, :step, :attempt, clock_timestamp())
ON CONFLICT (task_id, step) DO NOTHING
RETURNING id, (SELECT plan_name FROM background_task WHERE id = :id) AS plan""")


def record(db: Session, held: Claim, usage: CallUsage, *, number: int) -> None:
    """Store the `number`-th call of this attempt, under the plan the person had when they asked for the task; a
    repeated transaction stores it once.

    Not fenced: a call that was made was paid, whoever has the task now.
    """
    step = f"{STEP_PREFIX}{held.attempt}.{number}"
    made = db.execute(_ONCE, {"id": held.task_id, "step": step, "attempt": held.attempt}).one_or_none()
    if made is not None:
        meter.record(
            db, usage, task_id=held.task_id, step=step, attempt=held.attempt, user_id=held.user_id, plan=made.plan
        )  # fmt: skip
