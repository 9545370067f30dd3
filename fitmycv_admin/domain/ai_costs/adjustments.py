"""Corrections of what past calls cost: previewed, worked off in chunks, each call once, and undone exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs.names import Name
from fitmycv_admin.vocabulary import AdjustmentKind, AdjustmentState


@dataclass(frozen=True, slots=True)
class Asked:
    """Which past calls get which price. None for model or tier means all, None for lines the version valid at each
    call; lines are nano-USD per million tokens by usage type. A late price touches only calls without a price."""

    kind: AdjustmentKind
    model_id: int | None
    tier_id: int | None
    starts_at: datetime
    ends_at: datetime
    lines: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """What a correction does to one feature: calls whose cost moves, those that get a price, and the cost around it."""

    feature: Name
    calls: int
    newly_priced: int
    before_nano: int
    after_nano: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction would do. The costs are those of every call it looks at, in nano-USD; `is_exact` is false when
    there are too many to look at each: then a sample speaks for them."""

    calls: int
    newly_priced: int
    before_nano: int
    after_nano: int
    parts: tuple[FeatureChange, ...]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One correction. `model` and `tier` empty: all. `calls` were changed so far, by `delta_nano` together; `done` is
    how much of its time was worked off, 0 to 1. `may_revert` is false once it was undone or while another
    stands on it."""

    id: int
    kind: AdjustmentKind
    state: AdjustmentState
    reason: str
    model: str
    tier: str
    starts_at: datetime
    ends_at: datetime
    lines: Mapping[str, int] | None
    reverts_id: int | None
    reverted_by: int | None
    done: float
    calls: int
    delta_nano: int
    by: str
    created_at: datetime
    finished_at: datetime | None
    may_revert: bool


def preview(db: Session, by: Actor, asked: Asked) -> Preview:
    """What `start` would do now; writes nothing. Raises Invalid with the field."""
    raise NotImplementedError


def start(db: Session, by: Actor, asked: Asked, *, reason: str) -> int:
    """Open a batch, which `work` carries out; returns its id. Raises Invalid with the field."""
    raise NotImplementedError


def revert(db: Session, by: Actor, batch_id: int, *, reason: str) -> int:
    """Open the batch that undoes another one (stopped where it is, when it still runs); returns its id.

    Raises NotFound, and Conflict when it was undone already, is itself an undoing, or a later one stands on it.
    """
    raise NotImplementedError


def work(db: Session) -> int:
    """Do one chunk of the oldest open batch, in a transaction of its own; returns how many calls it looked at."""
    raise NotImplementedError


def batches(db: Session, by: Actor, request: PageRequest) -> Page[BatchRow]:
    """All corrections, newest first."""
    raise NotImplementedError


def batch(db: Session, by: Actor, batch_id: int) -> BatchRow:
    """One correction. Raises NotFound."""
    raise NotImplementedError
