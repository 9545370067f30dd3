"""The model calls of a task: each stored once, with the attempt that made it."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.ai_costs import meter
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.budgets import limits
from fitmycv_admin.domain.budgets.limits import Decision
from fitmycv_admin.domain.tasks.attempts import Claim

STEP_PREFIX = "call:"

_ONCE = text("""
INSERT INTO task_step (task_id, step, attempt, created_at) VALUES (:id, :step, :attempt, clock_timestamp())
ON CONFLICT (task_id, step) DO NOTHING
RETURNING id, (SELECT plan_name FROM background_task WHERE id = :id) AS plan""")


_COST = text("SELECT cost_nano FROM openai_call WHERE created_at = :at AND id = :id")
_PLAN = text("""
SELECT p.id FROM background_task t JOIN subscription_plan p ON p.name = t.plan_name WHERE t.id = :id""")


def record(db: Session, held: Claim, usage: CallUsage, *, number: int) -> None:
    """Store the `number`-th call of this attempt, under the plan the person had when they asked for the task, and
    settle what was reserved for it; a repeated transaction does it once.

    Not fenced: a call that was made was paid, whoever has the task now.
    """
    step = f"{STEP_PREFIX}{held.attempt}.{number}"
    made = db.execute(_ONCE, {"id": held.task_id, "step": step, "attempt": held.attempt}).one_or_none()
    if made is None:
        return
    call_id = meter.record(
        db, usage, task_id=held.task_id, step=step, attempt=held.attempt, user_id=held.user_id, plan=made.plan
    )  # fmt: skip
    if usage.call_key is not None:
        cost = db.execute(_COST, {"at": usage.started_at, "id": call_id}).scalar_one()
        limits.settle(db, usage.call_key, cost)


def permit(
    db: Session, held: Claim, *, call_key: UUID, feature_key: str, model: str, tier: str, prompt_bytes: int,
    max_output_tokens: int | None,
) -> Decision:  # fmt: skip
    """What the budgets say to a call of this attempt; see `limits.ask`."""
    plan_id = db.execute(_PLAN, {"id": held.task_id}).scalar_one_or_none()
    return limits.ask(
        db, call_key=call_key, user_id=held.user_id, feature_key=feature_key, plan_id=plan_id, model=model, tier=tier,
        prompt_bytes=prompt_bytes, max_output_tokens=max_output_tokens, task_id=held.task_id,
    )  # fmt: skip
