"""How much waits in the inbox of notices, and how fast somebody took care of what came."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import NoticeState, Permission

DAYS = 30


@dataclass(frozen=True, slots=True)
class Counts:
    """Notices by state now; the median of the seconds until those of the last thirty days were acknowledged, None
    when none was; and of how many that is."""

    open: int
    acknowledged: int
    snoozed: int
    median_seconds: int | None
    taken: int


def counts(db: Session, by: Actor) -> Counts:
    """How the inbox stands. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    states = {row.state: row.n for row in db.execute(text(_STATES))}
    taken = db.execute(text(_TAKEN), {"since": clock.now() - timedelta(days=DAYS)}).one()
    return Counts(
        states.get(NoticeState.OPEN, 0), states.get(NoticeState.ACKNOWLEDGED, 0), states.get(NoticeState.SNOOZED, 0),
        None if taken.median is None else round(taken.median), taken.n,
    )  # fmt: skip


_STATES = "SELECT state, count(*) AS n FROM alert_notice WHERE state <> 'resolved' GROUP BY state"
_TAKEN = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - opened_at)) AS median,
    count(*) AS n
FROM alert_notice WHERE opened_at >= :since AND acknowledged_at IS NOT NULL
"""
