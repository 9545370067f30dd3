"""The one decision: may this person use this feature now, and who pays? With the reason and what to do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.reservations import Quote
from fitmycv_admin.vocabulary import PlanFeature, TaskType


class Act(StrEnum):
    """What a person can do about a refusal."""

    BUY = "buy"  # credits
    UPGRADE = "upgrade"  # the plan
    WAIT_UNTIL = "wait_until"
    VERIFY_EMAIL = "verify_email"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class NextAct:
    """The next act; `at` is the instant to wait for, when it is known."""

    kind: Act
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether, and at what price: `quote` when allowed, else `reason_key` (a sentence of the catalogue) and the act."""

    allowed: bool
    quote: Quote | None = None
    reason_key: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    act: NextAct | None = None


class Refused(FitMyCvError):
    """This use was refused; `verdict` says why and what to do next."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.reason_key, **verdict.params)


BudgetCheck = Callable[[Session, UUID, PlanFeature | None], Verdict | None]
"""A limit of spending: None lets pass."""

budget_checks: list[BudgetCheck] = []


def may_use(db: Session, user_id: UUID, feature: PlanFeature, *, now: datetime | None = None) -> Verdict:
    """What would be answered now; nothing is taken. Screens show it before a start."""
    raise NotImplementedError


def may_start(db: Session, user_id: UUID, type_: TaskType, *, now: datetime | None = None) -> Verdict:
    """The same for a type of task, also one that counts as no feature."""
    raise NotImplementedError


def reserve_use(
    db: Session,
    by: Actor,
    feature: PlanFeature | None,
    task_id: UUID,
    *,
    shown_version: int | None = None,
    unit: str = "",
    needs_model: bool = True,
) -> Quote:
    """Decide and hold, in the transaction that makes the task; raises Refused.

    `shown_version` is the version of the price that the person saw: an older one is honoured for 15 minutes.
    """
    raise NotImplementedError
