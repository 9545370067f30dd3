"""What a rule would have done over the last days, before it is saved: its notices, windows and who was blocked."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets.subjects import Draft


@dataclass(frozen=True, slots=True)
class SimulatedWindow:
    """One window of one subject that crossed a step, or the dearest ones; `steps` are those it crossed."""

    subject: str
    email: str
    starts_at: datetime
    ends_at: datetime
    spent_nano: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Simulated:
    """How many notices it would have given, how many people a hard limit would have blocked, in how many windows;
    `windows` are those with a notice, newest first (at most 200)."""

    days: int
    notices: int
    blocked_users: int
    windows_total: int
    windows: tuple[SimulatedWindow, ...]


def run(db: Session, by: Actor, draft: Draft, days: int = 90, *, at: datetime | None = None) -> Simulated:
    """The last `days` days with this rule. Needs budgets.read. Raises Invalid for a rule that cannot be."""
    raise NotImplementedError
