"""The breaker before the models: when they all fail, new work is refused at once and one call at a time tries again.

Its state is one row that all processes share; it moves by the database's clock.
"""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

OPENS_AT = 10
"""Failures in a row, of whatever process, before it opens."""
TRIES_AFTER_S = 15.0
"""While it is open, one call is let through this often."""

MODELS = "models"

_FAILED = text("""
INSERT INTO model_breaker (name, failures, open_until, last_error, changed_at)
VALUES (:name, 1, CASE WHEN 1 >= :opens THEN clock_timestamp() + make_interval(secs => :pause) END, :error,
    clock_timestamp())
ON CONFLICT (name) DO UPDATE SET failures = model_breaker.failures + 1, last_error = :error,
    open_until = CASE WHEN model_breaker.failures + 1 >= :opens
        THEN clock_timestamp() + make_interval(secs => :pause) ELSE model_breaker.open_until END,
    opened_at = CASE WHEN model_breaker.failures + 1 >= :opens
        THEN COALESCE(model_breaker.opened_at, clock_timestamp()) END,
    changed_at = clock_timestamp()
RETURNING open_until IS NOT NULL""")
_ANSWERED = text("""
UPDATE model_breaker SET failures = 0, open_until = NULL, opened_at = NULL, changed_at = clock_timestamp()
WHERE name = :name AND (failures > 0 OR open_until IS NOT NULL)""")
_PROBE = text("""
UPDATE model_breaker SET open_until = clock_timestamp() + make_interval(secs => :pause), changed_at = clock_timestamp()
WHERE name = :name AND open_until <= clock_timestamp() RETURNING name""")
_STATE = text("SELECT open_until, open_until > clock_timestamp() AS is_open FROM model_breaker WHERE name = :name")


def open_until(db: Session) -> datetime | None:
    """Until when nothing new is taken; None when work may be started, also to find out whether it goes again."""
    row = db.execute(_STATE, {"name": MODELS}).one_or_none()
    return row.open_until if row is not None and row.is_open else None


def may_call(db: Session) -> bool:
    """Whether a call may be sent now. Of many that ask when the pause is over, one is told yes."""
    row = db.execute(_STATE, {"name": MODELS}).one_or_none()
    if row is None or row.open_until is None:
        return True
    if row.is_open:
        return False
    return db.execute(_PROBE, {"name": MODELS, "pause": TRIES_AFTER_S}).one_or_none() is not None


def failed(db: Session, error: str) -> bool:
    """A call got no answer, or an error of the server; whether the breaker is open now."""
    values = {"name": MODELS, "opens": OPENS_AT, "pause": TRIES_AFTER_S, "error": error}
    return bool(db.execute(_FAILED, values).scalar_one())


def answered(db: Session) -> None:
    """A call was answered: whatever was wrong is over."""
    db.execute(_ANSWERED, {"name": MODELS})
