"""E-mail triggers, templates and messages; a queued message is its own outbox row."""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from fitmycv_admin.models.base import (
    UUID,
    Any,
    Table,
    datetime,
    document,
    entity_id,
    instant,
    one_of,
    ref,
    words,
)
from fitmycv_admin.vocabulary import Language, MailState


class EmailTrigger(Table, table=True):
    """An event of the system that sends a message, and the variables it gives."""

    __tablename__ = "email_trigger"

    id: UUID = entity_id()
    name: str = words(unique=True)
    label: str = words()
    variables: list[Any] = document(nullable=False)
    category: str = words()
    is_system: bool = Field(default=False, nullable=False)
    created_at: datetime = instant()


class EmailTemplate(Table, table=True):
    """What a message says, in one language; one active per trigger and language."""

    __tablename__ = "email_template"
    __table_args__ = (
        CheckConstraint(one_of("language", Language), name="language"),
        CheckConstraint("NOT is_active OR trigger_id IS NOT NULL", name="active_has_trigger"),
        Index(
            "uq_email_template_active",
            "trigger_id",
            "language",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        Index("uq_email_template_default", "language", unique=True, postgresql_where=text("is_default")),
    )

    id: UUID = entity_id()
    name: str = words()
    trigger_id: UUID | None = ref("email_trigger.id", nullable=True)
    language: str = words(Language.FR)
    subject: str = words()
    design_json: dict[str, Any] = document(nullable=False)
    html_content: str = words("")
    text_content: str = words("")
    variables: list[Any] = document(nullable=False)
    is_active: bool = Field(default=False, nullable=False)
    is_default: bool = Field(default=False, nullable=False)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class EmailLog(Table, table=True):
    """One message: written with the change it reports, sent by a worker, kept as history."""

    __tablename__ = "email_log"
    __table_args__ = (
        CheckConstraint(one_of("status", MailState), name="status"),
        CheckConstraint("provider IN ('smtp', 'resend')", name="provider"),
        Index("ix_email_log_created_at_id", "created_at", "id"),
        Index(
            "ix_email_log_due", "next_attempt_at",
            postgresql_where=text("status IN ('queued', 'sending')"),
        ),
    )  # fmt: skip

    id: UUID = entity_id()
    trigger_name: str | None = words(nullable=True)
    template_id: UUID | None = ref("email_template.id", ondelete="SET NULL", nullable=True)
    template_name: str = words()
    recipient_email: str = words(index=True)
    recipient_user_id: UUID | None = ref("app_user.id", ondelete="SET NULL", nullable=True)
    subject: str = words()
    html: str | None = words(nullable=True)
    text: str | None = words(nullable=True)
    status: str = words(MailState.QUEUED)
    error: str | None = words(nullable=True)
    provider: str | None = words(nullable=True)
    provider_id: str | None = words(nullable=True)
    message_id: str = words(unique=True)
    dedupe_key: str | None = words(nullable=True, unique=True)
    is_test_email: bool = Field(default=False, nullable=False)
    attempts: int = Field(default=0, nullable=False)
    next_attempt_at: datetime | None = instant(nullable=True)
    sent_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()
