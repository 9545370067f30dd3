"""The watch over the look at the rules: when that stands still, somebody hears of it, from elsewhere.

It runs in the dispatcher, not beside the evaluation in the scheduler: what stops one does not stop the other.
"""

from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.domain.budgets import notices
from fitmycv_admin.vocabulary import AlertType

STANDS_STILL = timedelta(seconds=60)
RULE_NAME = "evaluator"
"""The name under which the one rule of this kind is made where nobody made one."""

# Where nothing was ever looked at the time runs from the first look of the watch.
_SINCE = text("""
WITH begun AS (
    INSERT INTO alert_evaluation (one, evaluated_at, took_ms, rules) VALUES (true, clock_timestamp(), 0, 0)
    ON CONFLICT DO NOTHING)
SELECT evaluated_at, clock_timestamp() AS now FROM alert_evaluation""")
_RULE = text("""
SELECT id FROM openai_alert WHERE type = :type AND deleted_at IS NULL ORDER BY id LIMIT 1""")
_MAKE = text("""
INSERT INTO openai_alert (type, name, threshold_nano, enabled, window_kind, steps)
VALUES (:type, :name, 0, true, 'day', '{1}') ON CONFLICT (name) DO NOTHING""")
_OPEN = text("SELECT id FROM alert_notice WHERE type = :type AND resolved_at IS NULL")


def look(db: Session) -> UUID | None:
    """Give notice when the rules were not looked at for a minute, end it when they are again; its id when it is new.

    Several watches at once give one notice for each standstill. Call it in a transaction of its own.
    """
    row = db.execute(_SINCE).one_or_none()
    if row is None:
        return None
    if row.now - row.evaluated_at <= STANDS_STILL:
        for notice_id in db.execute(_OPEN, {"type": AlertType.EVALUATOR_STOPPED}).scalars().all():
            notices.end(db, notice_id, now=row.now)
        return None
    found = notices.Found(
        rule_id=_rule(db),
        subject="",
        starts_at=row.evaluated_at,
        ends_at=row.evaluated_at + STANDS_STILL,
        step=1,
        facts={"evaluated_at": row.evaluated_at.isoformat()},
    )
    return notices.give(db, found, now=row.now)


def _rule(db: Session) -> int:
    values = {"type": AlertType.EVALUATOR_STOPPED, "name": RULE_NAME}
    found = db.execute(_RULE, values).scalar()
    if found is None:
        db.execute(_MAKE, values)
        found = db.execute(_RULE, values).scalar()
    if found is None:  # the name belongs to another rule
        db.execute(_MAKE, {**values, "name": f"{RULE_NAME} ({AlertType.EVALUATOR_STOPPED})"})
        found = db.execute(_RULE, values).scalar_one()
    return found
