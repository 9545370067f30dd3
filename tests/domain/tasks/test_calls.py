"""Model calls of a task: each counts under the plan of the moment in which the task was asked for."""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import calls
from fitmycv_admin.models.billing import Subscription, SubscriptionPlan
from tests.domain.ai_costs.ledger import usage
from tests.domain.tasks.test_board import claim, set_row, submit


def plan(db: Session, name: str, tier: int) -> int:
    """A plan on sale."""
    row = SubscriptionPlan(name=name, tier=tier, price_monthly=100 * tier, price_yearly=1000 * tier)
    db.add(row)
    db.flush()
    assert row.id is not None
    return row.id


def subscribe(db: Session, person: Actor, plan_id: int) -> None:
    """The person has this plan from now on."""
    now = clock.now()
    db.add(Subscription(
        user_id=person.user_id, stripe_customer_id="cus_1", plan_id=plan_id, status="active",
        billing_period="monthly", current_period_start=now, current_period_end=now + timedelta(days=30),
    ))  # fmt: skip


def plan_of_call(person: Actor, bought: str | None) -> str | None:
    """The plan stored with a call of a task that was asked for under `bought`."""
    task_id = submit(person)
    set_row(task_id, f"plan_name = '{bought}'" if bought else "plan_name = NULL")
    held = claim(task_id)
    with transaction() as db:
        calls.record(db, held, usage(clock.now()), number=1)
        found = """SELECT plan.name FROM openai_call call LEFT JOIN subscription_plan plan ON plan.id = call.plan_id
                   WHERE call.task_id = :id"""
        return db.execute(text(found), {"id": task_id}).scalar_one()


def test_a_call_counts_under_the_plan_of_its_submission_whatever_was_bought_since(person: Actor) -> None:
    with transaction() as db:
        plan(db, "Basis", 1)
        subscribe(db, person, plan(db, "More", 2))
    assert plan_of_call(person, "Basis") == "Basis"
    assert plan_of_call(person, None) is None
