"""What every subject stands on: sessions and the audit trail."""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    at,
    datetime,
    document,
    entity_id,
    instant,
    line_id,
    one_of,
    ref,
    words,
)
from fitmycv_admin.vocabulary import ApprovalState


class UserSession(Table, table=True):
    """A signed-in browser; the cookie holds a token, this row only its digest."""

    __tablename__ = "user_session"

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE")
    token: str = words(unique=True)
    token_version: int = Field(nullable=False)
    ip: str = words("")
    user_agent: str = words("")
    created_at: datetime = instant()
    last_seen_at: datetime = instant()
    expires_at: datetime = at()
    revoked_at: datetime | None = instant(nullable=True)


class AuditEvent(Table, table=True):
    """Who changed what, when, from what to what, and why; lines are only added."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_created_at_id", "created_at", "id"),
        Index("ix_audit_event_target", "target_type", "target_id", "id"),
        Index("ix_audit_event_actor_id_id", "actor_id", "id"),
    )

    id: int | None = line_id()
    created_at: datetime = instant()
    actor_id: UUID | None = Field(default=None)
    actor_role: str = words()
    actor_name: str = words("")
    action: str = words()
    target_type: str = words()
    target_id: str = words("")
    reason: str = words("")
    before: dict[str, Any] | None = document()
    after: dict[str, Any] | None = document()
    ip: str = words("")


class Approval(Table, table=True):
    """An act that waits for a second person: `payload` is what will be done, `object_version` what it was asked for."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint(one_of("state", ApprovalState), name="state"),
        CheckConstraint("decided_by IS NULL OR decided_by <> requested_by OR state = 'withdrawn'", name="two_people"),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided"),
        Index("ix_approval_state_requested_at", "state", "requested_at"),
        Index(
            "uq_approval_pending", "kind", "subject_type", "subject_id", "object_version",
            unique=True, postgresql_where=text("state = 'pending'"),
        ),
    )  # fmt: skip

    id: UUID = entity_id()
    kind: str = words()
    subject_type: str = words()
    subject_id: str = words()
    object_version: str = words("")
    payload: dict[str, Any] = document(nullable=False)
    reason: str = words()
    state: str = words(ApprovalState.PENDING)
    requested_by: UUID = ref("app_user.id")
    requested_at: datetime = instant()
    expires_at: datetime = at()
    decided_by: UUID | None = ref("app_user.id", nullable=True)
    decided_at: datetime | None = instant(nullable=True)
    decision_note: str = words("")
    outcome: dict[str, Any] | None = document()
