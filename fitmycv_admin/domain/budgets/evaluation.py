"""The recurring look at every rule: what is spent now, which steps are crossed, which notices are over."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One look: how many rules, how many notices it opened and ended, and how long it took."""

    rules: int
    opened: int
    ended: int
    took_ms: int


def evaluate(db: Session, *, at: datetime | None = None) -> Evaluated:
    """Look at every enabled rule as of `at` (None: now). Many at once give one notice of each crossing.

    Call it in a transaction of its own (READ COMMITTED).
    """
    raise NotImplementedError
