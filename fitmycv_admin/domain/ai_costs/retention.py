"""Old calls are forgotten month by month, once the rollups are known to hold them; the figures stay."""

from datetime import datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import clock, log
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import drift, fold
from fitmycv_admin.domain.ai_costs.fold import Mark
from fitmycv_admin.domain.ai_costs.periods import day_of
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.settings import lookups

SETTING = "call_retention_months"
# What is younger stays whatever the setting says: it is still compared, corrected and billed.
LEAST_MONTHS = 3
_log = log.get(__name__)


def forget(db: Session) -> int:
    """Forget the oldest month (UTC) that is past the setting's months; 1 when it did, else 0.

    Nothing is forgotten while the month's rollups differ from its calls, while some of them are not folded, or while a
    correction reaches into it. Call it in a transaction of its own.
    """
    months = lookups.whole(db, SETTING)
    if months == 0:
        return 0
    fold.fold(db)
    found = fold.mark(db)
    start = _oldest(db, found)
    if start is None:
        return 0
    end = _next(start)
    if end > _past(max(months, LEAST_MONTHS)) or _is_in_use(db, found, end) or not _is_held(db, found, start, end):
        return 0
    if not db.execute(text("SELECT openai_call_forget(:month)"), {"month": start.date()}).scalar_one():
        return 0
    db.execute(text("UPDATE fold_mark SET kept_from = :at"), {"at": end})
    trail.record(db, actors.system("scheduler"), "cost.calls_forgotten", "cost_month", f"{start:%Y-%m}")
    return 1


def _oldest(db: Session, found: Mark) -> datetime | None:
    first = db.execute(
        text("SELECT min(created_at) FROM openai_call WHERE created_at >= coalesce(:kept, '-infinity'::timestamptz)"),
        {"kept": found.kept_from},
    ).scalar_one_or_none()
    return None if first is None else first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _is_in_use(db: Session, found: Mark, end: datetime) -> bool:
    """Whether calls of the month are not folded yet, or a correction that runs reaches into it."""
    values = {"end": end, "low": found.low}
    waiting = "SELECT 1 FROM openai_call WHERE xid >= cast(:low AS xid8) AND created_at < :end LIMIT 1"
    running = "SELECT 1 FROM adjustment_batch WHERE state = 'running' AND starts_at < :end LIMIT 1"
    return any(db.execute(text(sql), values).one_or_none() is not None for sql in (waiting, running))


def _is_held(db: Session, found: Mark, start: datetime, end: datetime) -> bool:
    """Whether the rollups hold every call of the month."""
    first = max(day_of(start, found.zone), found.whole_from or day_of(start, found.zone))
    # The first day of the next month as well: in some zones it holds the last calls of this one.
    difference = drift.of(db, found, first, end.date())
    if difference == drift.Drift(0, 0):
        return True
    drift.note(db, first, difference)
    _log.error("calls.kept", month=f"{start:%Y-%m}", drift_nano=difference.nano, drift_calls=difference.calls)
    return False


def _past(months: int) -> datetime:
    at = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(months):
        at = (at - timedelta(days=1)).replace(day=1)
    return at


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)
