"""Who and what cost most in a window: the three parts that a notice names."""

from sqlmodel import Session

from fitmycv_admin.domain.budgets.notices import Driver
from fitmycv_admin.domain.budgets.subjects import Rule
from fitmycv_admin.domain.budgets.windows import Window

COUNT = 3


def top(db: Session, rule: Rule, subject: str, window: Window) -> tuple[Driver, ...]:
    """The dearest features, models or people within what a rule counts, dearest first."""
    raise NotImplementedError
