"""What people tell us."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from fitmycv_admin.models.base import UUID, Table, datetime, entity_id, instant, one_of, ref, words
from fitmycv_admin.vocabulary import FeedbackState


class Feedback(Table, table=True):
    """A rating with a comment, or a bug report, and where it was written."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint(one_of("status", FeedbackState), name="status"),
        Index("ix_feedback_created_at_id", "created_at", "id"),
    )

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE")
    rating: int = Field(nullable=False)
    comment: str = words()
    is_bug_report: bool = Field(default=False, nullable=False)
    status: str = words(FeedbackState.NEW)
    page_url: str | None = words(nullable=True)
    user_agent: str | None = words(nullable=True)
    current_cv_file: str | None = words(nullable=True)
    created_at: datetime = instant()
    updated_at: datetime = instant()
