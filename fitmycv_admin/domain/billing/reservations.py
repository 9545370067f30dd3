"""What a unit of work takes from its person: held when it is asked for, settled once when its task ends."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import Payer, PlanFeature, TaskOutcome


@dataclass(frozen=True, slots=True)
class Quote:
    """What one use takes, and from whom: exactly one payer.

    `cost` is credits (0 unless they pay), `cost_version` the version of that price. `usage_limit` and `used` are about
    the period of a quota (-1: without limit), which lasts from `period_start` to `period_end`. `feature` None: work
    that nothing is taken for.
    """

    feature: PlanFeature | None
    payer: Payer
    cost: int = 0
    cost_version: int | None = None
    plan_name: str = ""
    usage_limit: int = 0
    used: int = 0
    period_start: datetime | None = None
    period_end: datetime | None = None


def reserve(db: Session, task_id: UUID, user_id: UUID, quote: Quote, *, unit: str = "") -> None:
    """Hold what the quote says for one unit of a task, in the transaction that makes the task.

    Raises `credits.NotEnough` when the credits are gone, QuotaUsed when the quota is.
    """
    raise NotImplementedError


def settle(db: Session, task_id: UUID, outcome: TaskOutcome) -> None:
    """Take or let go what a task holds, as its outcome says, in the transaction that ends it.

    What is settled already stays as it is.
    """
    raise NotImplementedError


def reopen(db: Session, task_id: UUID) -> None:
    """Hold the same again, from the same payer at the same price, because the task starts again.

    What was taken and not given back is not taken twice. Raises like `reserve`.
    """
    raise NotImplementedError


def return_task(db: Session, by: Actor, task_id: UUID, *, cause: str, reason: str) -> bool:
    """Give back what a task took; False when there is nothing (left) to give back. Needs credits.gift."""
    raise NotImplementedError
