"""The watch over the look at the rules: when that stands still, somebody hears of it, from elsewhere.

It runs in the dispatcher, not beside the evaluation in the scheduler: what stops one does not stop the other.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.ids import short_code
from fitmycv_admin.domain.budgets import given
from fitmycv_admin.domain.budgets.given import Found
from fitmycv_admin.vocabulary import AlertType

STANDS_STILL = timedelta(seconds=60)
RULE_NAME = "Rule evaluator"
"""The name under which the one rule of this kind is made where nobody made one."""

# Where nothing was ever looked at the time runs from the first look of the watch.
_SINCE = text("""
WITH begun AS (
    INSERT INTO alert_evaluation (one, evaluated_at, took_ms, rules) VALUES (true, clock_timestamp(), 0, 0)
    ON CONFLICT DO NOTHING)
SELECT evaluated_at, clock_timestamp() AS now FROM alert_evaluation""")
_RULE = text("""
SELECT id, enabled AND coalesce(snoozed_until <= clock_timestamp(), true) AS speaks
FROM openai_alert WHERE type = :type AND deleted_at IS NULL ORDER BY id LIMIT 1""")
_MAKE = text("""
INSERT INTO openai_alert (type, name, threshold_nano, enabled, window_kind, steps)
VALUES (:type, :name, 0, true, 'day', '{100}') ON CONFLICT (name) DO NOTHING""")
_OPEN = text("SELECT id FROM alert_notice WHERE type = :type AND state <> 'resolved' FOR UPDATE SKIP LOCKED")


class Watch:
    """One watcher. It trusts only what it saw itself: after a night in which everything was off nothing has stopped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: datetime | None = None
        self._since = clock()

    def look(self, db: Session) -> UUID | None:
        """Give notice when the rules were not looked at for a minute; its id when it is new. Ends it when they are.

        Several watchers at once give one notice for each standstill. Call it in a transaction of its own.
        """
        row = db.execute(_SINCE).one_or_none()
        if row is None or row.evaluated_at != self._last:
            self._last, self._since = (None if row is None else row.evaluated_at), self._clock()
        if row is None:
            return None
        if row.now - row.evaluated_at <= STANDS_STILL:
            _end(db, row.now)
            return None
        if self._clock() - self._since <= STANDS_STILL.total_seconds():
            return None
        return _give(db, row)


def _end(db: Session, now: datetime) -> None:
    for notice_id in db.execute(_OPEN, {"type": AlertType.EVALUATOR_STOPPED}).scalars().all():
        given.end(db, notice_id, now=now)


def _give(db: Session, row: Any) -> UUID | None:
    rule = _rule(db)
    if not rule.speaks:
        return None
    found = Found(
        rule_id=rule.id,
        subject="",
        starts_at=row.evaluated_at,
        ends_at=row.evaluated_at + STANDS_STILL,
        step=100,
        facts={"evaluated_at": row.evaluated_at},
    )
    return given.give(db, found, now=row.now)


def _rule(db: Session) -> Any:
    """The rule of this kind; staff may switch it off, snooze it or say whom it tells."""
    values = {"type": AlertType.EVALUATOR_STOPPED, "name": RULE_NAME}
    found = db.execute(_RULE, values).one_or_none()
    if found is not None:
        return found
    db.execute(_MAKE, values)
    found = db.execute(_RULE, values).one_or_none()
    if found is not None:
        return found
    # The name belongs to another rule, or to one that was taken away.
    db.execute(_MAKE, {**values, "name": f"{RULE_NAME} {short_code(4)}"})
    return db.execute(_RULE, values).one()
