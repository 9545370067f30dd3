"""What a renewal and a change of plan do to a subscription's version and months."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.errors import NotFound


def renew(db: Session, subscription_id: UUID, *, start: datetime, end: datetime) -> None:
    """A new paid period: the version that waited for it is the subscriber's now. Months go on from the same anchor.

    Said twice for the same period it changes nothing more. Raises NotFound.
    """
    _changed(
        db,
        """UPDATE subscription SET current_period_start = :start, current_period_end = :end,
               plan_version_id = CASE WHEN current_period_end <= :start THEN coalesce(next_plan_version_id,
                   plan_version_id) ELSE plan_version_id END,
               next_plan_version_id = CASE WHEN current_period_end <= :start THEN NULL ELSE next_plan_version_id END,
               updated_at = clock_timestamp()
           WHERE id = :id RETURNING id""",
        {"id": subscription_id, "start": start, "end": end},
    )


def switch(db: Session, subscription_id: UUID, plan_id: int, *, at: datetime, end: datetime | None = None) -> None:
    """Another plan from an instant on, as it is sold then; a new month of use begins at that instant.

    `end` is the end of the paid period when it changes too. Raises NotFound.
    """
    _changed(
        db,
        """UPDATE subscription SET plan_id = :plan, billing_anchor = :at, current_period_start = :at,
               current_period_end = coalesce(:end, current_period_end), next_plan_version_id = NULL,
               plan_version_id = (SELECT id FROM plan_version WHERE plan_id = :plan AND valid_from <= :at
                   ORDER BY version DESC LIMIT 1),
               updated_at = clock_timestamp()
           WHERE id = :id RETURNING id""",
        {"id": subscription_id, "plan": plan_id, "at": at, "end": end},
    )


def _changed(db: Session, sql: str, values: dict[str, object]) -> None:
    if db.execute(text(sql), values).one_or_none() is None:
        raise NotFound
