"""Hard limits: one decision before each call of a model, with what it may cost reserved until it is recorded."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.vocabulary import PlanFeature


class Answer(StrEnum):
    """What happens to a call."""

    ALLOW = "allow"
    DENY = "deny"
    DEGRADE = "degrade"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may be sent, and of which model. `rule_id` and `reason` say what denied or degraded it, and
    `until` when its window ends. `at` is the instant it counts for: the call's own."""

    kind: Answer
    model: str
    at: datetime
    rule_id: int | None = None
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A hard limit that has no room at all until an instant."""

    rule_id: int
    until: datetime


def ask(
    db: Session,
    *,
    call_key: UUID,
    user_id: UUID | None,
    feature_key: str,
    plan_id: int | None,
    model: str,
    prompt_bytes: int = 0,
    max_output_tokens: int | None = None,
    tier: str = "standard",
    estimate_nano: int | None = None,
    task_id: UUID | None = None,
) -> Decision:
    """Decide about one call and reserve what it may cost in every hard limit that counts it: all or nothing.

    The cost is estimated for the model that is used in the end; `estimate_nano` says it instead. Call it in a
    transaction of its own that commits before the call is sent; settle or free it afterwards.
    """
    raise NotImplementedError


def settle(db: Session, call_key: UUID, cost_nano: int | None) -> bool:
    """Turn the reservation of a call into what it cost, in the transaction that records it; exactly once.

    False when nothing was reserved, or not any more. None: nobody knows what it cost.
    """
    raise NotImplementedError


def free(db: Session, call_key: UUID) -> bool:
    """Let go of the reservation of a call that was never sent."""
    raise NotImplementedError


def sweep(db: Session) -> int:
    """Let go of the reservations of calls that can no longer end; returns how many."""
    raise NotImplementedError


def estimate(
    db: Session, model: str, tier: str, at: datetime, *, prompt_bytes: int, max_output_tokens: int | None
) -> int | None:
    """What a call may cost at most at the price valid then, in nano-USD; None for a model without a price."""
    raise NotImplementedError


def closed(db: Session, user_id: UUID, feature: PlanFeature | None) -> Closed | None:
    """The hard limit that has no room left for this person and feature now; None when work may begin."""
    raise NotImplementedError
