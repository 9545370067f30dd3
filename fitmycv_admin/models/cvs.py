"""CVs, their versions, job offers and what a match gave."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
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
from fitmycv_admin.vocabulary import CvLanguage, CvSource, OfferSource


class CvFile(Table, table=True):
    """A CV; `content` is the typed document, `content_version` counts its changes."""

    __tablename__ = "cv_file"
    __table_args__ = (
        UniqueConstraint("user_id", "filename"),
        CheckConstraint(one_of("source_type", CvSource), name="source_type"),
        CheckConstraint(one_of("language", CvLanguage), name="language"),
        CheckConstraint("match_score BETWEEN 0 AND 100", name="match_score"),
        CheckConstraint("score_before BETWEEN 0 AND 100", name="score_before"),
        CheckConstraint("match_score_status IN ('idle', 'pending', 'done', 'failed')", name="match_score_status"),
        CheckConstraint("optimise_status IN ('idle', 'pending', 'done')", name="optimise_status"),
        CheckConstraint("content_version > 0", name="content_version"),
        Index("ix_cv_file_user_id_created_at", "user_id", "created_at"),
    )

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE", index=False)
    filename: str = words()
    content: dict[str, Any] | None = document()
    content_version: int = Field(default=1, nullable=False, sa_column_kwargs={"server_default": "1"})
    source_type: str | None = words(nullable=True)
    source_value: str | None = words(nullable=True)
    job_offer_id: UUID | None = ref("job_offer.id", ondelete="SET NULL", nullable=True)
    language: str | None = words(nullable=True)
    match_score: int | None = Field(default=None)
    score_before: int | None = Field(default=None)
    match_score_status: str = words("idle")
    score_breakdown: dict[str, Any] | None = document()
    improvement_suggestions: list[Any] | None = document()
    missing_skills: list[Any] | None = document()
    matching_skills: list[Any] | None = document()
    optimise_status: str = words("idle")
    pending_changes: list[Any] | None = document()
    blocked: bool = Field(default=False, nullable=False, sa_column_kwargs={"server_default": "false"})
    blocked_reason: str | None = words(nullable=True)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class CvVersion(Table, table=True):
    """The whole content of a CV as it was."""

    __tablename__ = "cv_version"
    __table_args__ = (
        UniqueConstraint("cv_file_id", "version"),
        CheckConstraint(
            "change_type IN ('import', 'manual', 'optimization', 'adaptation', 'restore')", name="change_type"
        ),
        CheckConstraint("match_score BETWEEN 0 AND 100", name="match_score"),
    )

    id: UUID = entity_id()
    cv_file_id: UUID = ref("cv_file.id", ondelete="CASCADE", index=False)
    version: int = Field(nullable=False)
    content: dict[str, Any] = document(nullable=False)
    changelog: str | None = words(nullable=True)
    change_type: str | None = words(nullable=True)
    source_file: str | None = words(nullable=True)
    match_score: int | None = Field(default=None)
    score_breakdown: dict[str, Any] | None = document()
    created_at: datetime = instant()


class JobOffer(Table, table=True):
    """An offer as a person gave it, and what was extracted from it."""

    __tablename__ = "job_offer"
    __table_args__ = (
        UniqueConstraint("user_id", "source_value"),
        CheckConstraint(one_of("source_type", OfferSource), name="source_type"),
        CheckConstraint("tokens_used >= 0", name="tokens_used"),
        Index("ix_job_offer_user_id_created_at", "user_id", "created_at"),
    )

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE", index=False)
    source_type: str = words()
    source_value: str = words()
    content_hash: str | None = words(nullable=True)
    source_text: str | None = words(nullable=True)
    title: str | None = words(nullable=True)
    content: dict[str, Any] | None = document()
    extraction_model: str | None = words(nullable=True)
    tokens_used: int = Field(default=0, nullable=False, sa_column_kwargs={"server_default": "0"})
    extracted_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class MatchResult(Table, table=True):
    """One score of one version of a CV against one offer; made once per task."""

    __tablename__ = "match_result"
    __table_args__ = (
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        Index("ix_match_result_cv_file_id_job_offer_id_created_at", "cv_file_id", "job_offer_id", "created_at"),
    )

    id: UUID = entity_id()
    task_id: UUID = ref("background_task.id", unique=True)
    cv_file_id: UUID = ref("cv_file.id", ondelete="CASCADE", index=False)
    cv_version: int = Field(nullable=False)
    job_offer_id: UUID = ref("job_offer.id", ondelete="CASCADE")
    score: int = Field(nullable=False)
    breakdown: dict[str, Any] = document(nullable=False)
    engine: str = words()
    created_at: datetime = instant()


class LinkHistory(Table, table=True):
    """Addresses of offers a person used, to offer them again."""

    __tablename__ = "link_history"
    __table_args__ = (UniqueConstraint("user_id", "url"),)

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE", index=False)
    url: str = words()
    domain: str | None = words(nullable=True)
    title: str | None = words(nullable=True)
    created_at: datetime = instant()
    used_at: datetime = instant()


class StoredFile(Table, table=True):
    """A file a person sent, kept until the task that reads it has ended; any worker machine can read it."""

    __tablename__ = "stored_file"
    __table_args__ = (CheckConstraint("size > 0 AND size <= 10485760", name="size"),)

    id: UUID = entity_id()
    user_id: UUID = ref("app_user.id", ondelete="CASCADE")
    name: str = words()
    media_type: str = words()
    size: int = Field(nullable=False)
    sha256: str = words()
    content: bytes = Field(sa_type=LargeBinary, nullable=False)
    created_at: datetime = instant(index=True)
