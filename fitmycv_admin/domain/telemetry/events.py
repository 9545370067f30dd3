"""Recording what a person did; a failure here is logged and never reaches the caller."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from fitmycv_admin.core import clock, log
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models import FeatureUsage, TelemetryEvent

_log = log.get(__name__)


class Event(StrEnum):
    """What can happen. The prefix says the category."""

    CV_GENERATED_URL = "CV_GENERATED_URL"
    CV_GENERATED_PDF = "CV_GENERATED_PDF"
    CV_TEMPLATE_CREATED_URL = "CV_TEMPLATE_CREATED_URL"
    CV_TEMPLATE_CREATED_PDF = "CV_TEMPLATE_CREATED_PDF"
    CV_GENERATED_FROM_JOB_TITLE = "CV_GENERATED_FROM_JOB_TITLE"
    CV_IMPORTED = "CV_IMPORTED"
    CV_FIRST_IMPORTED = "CV_FIRST_IMPORTED"
    CV_EXPORTED = "CV_EXPORTED"
    CV_CREATED_MANUAL = "CV_CREATED_MANUAL"
    CV_EDITED = "CV_EDITED"
    CV_DELETED = "CV_DELETED"
    CV_TRANSLATED = "CV_TRANSLATED"
    CV_RESTORED = "CV_RESTORED"
    CV_OPTIMIZED = "CV_OPTIMIZED"
    CV_CHANGES_REVIEWED = "CV_CHANGES_REVIEWED"
    MATCH_SCORE_CALCULATED = "MATCH_SCORE_CALCULATED"
    OFFER_ADDED = "OFFER_ADDED"
    JOB_QUEUED = "JOB_QUEUED"
    JOB_STARTED = "JOB_STARTED"
    JOB_COMPLETED = "JOB_COMPLETED"
    JOB_FAILED = "JOB_FAILED"
    JOB_CANCELLED = "JOB_CANCELLED"
    USER_REGISTERED = "USER_REGISTERED"
    USER_LOGIN = "USER_LOGIN"
    USER_LOGOUT = "USER_LOGOUT"
    EMAIL_VERIFIED = "EMAIL_VERIFIED"
    PASSWORD_RESET = "PASSWORD_RESET"
    PAGE_VIEW = "PAGE_VIEW"
    BUTTON_CLICK = "BUTTON_CLICK"
    FORM_SUBMITTED = "FORM_SUBMITTED"


_CATEGORIES = (
    (("CV_", "MATCH_", "OFFER_"), "cv_management"),
    (("JOB_",), "job_processing"),
    (("USER_", "EMAIL_", "PASSWORD_"), "auth"),
    (("PAGE_",), "navigation"),
)


def category_of(kind: str) -> str:
    """cv_management, job_processing, auth, navigation or interaction."""
    return next((name for prefixes, name in _CATEGORIES if kind.startswith(prefixes)), "interaction")


def record(
    db: Session,
    by: Actor,
    event: Event,
    *,
    status: Literal["success", "error"] = "success",
    feature: str = "",
    duration_ms: int | None = None,
    details: Mapping[str, Any] | None = None,
    error: str = "",
    device_id: str = "",
) -> None:
    """Add one event in a savepoint; with `feature`, count a use of it by this person too.

    Never raises of its own: whatever goes wrong is logged, and the caller's transaction goes on.
    """
    db.flush()  # what the caller wrote fails as the caller's
    try:
        with db.begin_nested():
            db.add(
                TelemetryEvent(
                    user_id=by.user_id,
                    type=event.value,
                    category=category_of(event),
                    details=dict(details) if details else None,
                    device_id=device_id or None,
                    duration=duration_ms,
                    status=status,
                    error=error or None,
                )
            )
            if feature and by.user_id is not None and status == "success":
                _count(db, by, feature, duration_ms or 0)
    except Exception as failure:  # noqa: BLE001 - measuring must not break what is measured
        _log.warning("telemetry.lost", telemetry_event=str(event), error=repr(failure))


def _count(db: Session, by: Actor, feature: str, duration_ms: int) -> None:
    now = clock.now()
    added = insert(FeatureUsage).values(
        user_id=by.user_id, feature_name=feature, usage_count=1, total_duration=duration_ms, last_used_at=now
    )
    db.execute(
        added.on_conflict_do_update(
            index_elements=["user_id", "feature_name"],
            set_={
                "usage_count": col(FeatureUsage.usage_count) + 1,
                "total_duration": col(FeatureUsage.total_duration) + duration_ms,
                "last_used_at": func.greatest(col(FeatureUsage.last_used_at), now),
            },
        )
    )
