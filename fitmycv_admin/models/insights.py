"""What people do: telemetry events and usage by feature."""

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, UniqueConstraint
from sqlmodel import Field

from fitmycv_admin.models.base import UUID, Any, Table, datetime, document, instant, line_id, ref, words


class TelemetryEvent(Table, table=True):
    """Something a person did; `duration` in milliseconds."""

    __tablename__ = "telemetry_event"
    __table_args__ = (
        CheckConstraint("status IN ('success', 'error')", name="status"),
        Index("ix_telemetry_event_type_timestamp", "type", "timestamp"),
        Index("ix_telemetry_event_user_id_timestamp", "user_id", "timestamp"),
    )

    id: int | None = line_id()
    user_id: UUID | None = ref("app_user.id", ondelete="SET NULL", nullable=True, index=False)
    type: str = words()
    category: str = words()
    # `metadata` is taken by SQLAlchemy on the class; the column keeps the name.
    details: dict[str, Any] | None = Field(
        default=None, sa_type=document().sa_type, sa_column_kwargs={"name": "metadata"}
    )
    device_id: str | None = words(nullable=True)
    duration: int | None = Field(default=None, sa_type=Integer)
    status: str | None = words(nullable=True)
    error: str | None = words(nullable=True)
    timestamp: datetime = instant(index=True)


class FeatureUsage(Table, table=True):
    """How much a person used a feature in all; `total_duration` in milliseconds."""

    __tablename__ = "feature_usage"
    __table_args__ = (
        UniqueConstraint("user_id", "feature_name"),
        CheckConstraint("usage_count >= 0 AND total_duration >= 0", name="sums"),
    )

    id: int | None = line_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE", index=False)
    feature_name: str = words()
    usage_count: int = Field(default=0, nullable=False)
    total_duration: int = Field(default=0, sa_type=BigInteger, nullable=False)
    last_used_at: datetime = instant()
