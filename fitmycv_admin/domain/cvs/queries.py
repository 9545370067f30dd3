"""What the portal shows of CVs, offers and scores; every query is bound to the person who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from fitmycv_admin.core.paging import Page, PageRequest, decode, page_of
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.cvs import library, offers, versions
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.domain.cvs.match import MatchScore
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.models.cvs import CvFile, JobOffer, MatchResult
from fitmycv_admin.models.tasks import BackgroundTask
from fitmycv_admin.vocabulary import Permission, TaskState, TaskType

_LOCAL_ENGINE = "offline-"
_RECENT = 50


@dataclass(frozen=True)
class MatchRow:
    """A score of a CV for an offer; `is_stale` when the CV changed since."""

    id: UUID
    cv_id: UUID
    cv_name: str
    offer_id: UUID
    offer_title: str
    company: str
    score: int
    is_stale: bool
    is_without_ai: bool
    created_at: datetime


@dataclass(frozen=True)
class CvRow:
    """A CV in the library with its latest score."""

    id: UUID
    name: str
    full_name: str
    title: str
    language: str
    version: int
    created_at: datetime
    updated_at: datetime
    score: int | None
    score_state: str
    score_offer: str


@dataclass(frozen=True, slots=True)
class CvDetail:
    """A CV with its content and its latest score for each offer."""

    id: UUID
    name: str
    version: int
    source_file: str
    is_without_ai: bool
    document: CvDocument
    matches: tuple[MatchRow, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class OfferRow:
    """An offer in the list; `is_read` once a worker read it, `has_failed` when the last try failed."""

    id: UUID
    title: str
    company: str
    place: str
    is_read: bool
    has_failed: bool
    skills: int
    best_score: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OfferDetail:
    """An offer with its text, what was read in it, and the latest score of each CV."""

    id: UUID
    title: str
    text: str
    document: OfferDocument | None
    has_failed: bool
    is_without_ai: bool
    matches: tuple[MatchRow, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MatchDetail:
    """The latest score of a CV for an offer with its whole explanation, or what it would take to get one."""

    cv: CvRow
    offer: OfferRow
    document: CvDocument
    latest: MatchRow | None
    score: MatchScore | None
    previous: int | None


@dataclass(frozen=True)
class Choice:
    """A CV or an offer to choose from."""

    id: UUID
    name: str
    detail: str


def cv_rows(db: Session, by: Actor, request: PageRequest) -> Page[CvRow]:
    """A page of the actor's CVs, newest first."""
    by.must(Permission.OWN_DATA)
    query = (
        select(CvFile, _latest_offer_title())
        .where(CvFile.user_id == by.owner_id)
        .order_by(col(CvFile.created_at).desc(), col(CvFile.id).desc())
    )
    found = db.exec(_keyset(query, CvFile, request).limit(request.limit)).all()
    rows = [_cv_row(cv, title) for cv, title in found]
    return page_of(rows, request, lambda row: (row.created_at.isoformat(), str(row.id)))


def offer_rows(db: Session, by: Actor, request: PageRequest) -> Page[OfferRow]:
    """A page of the actor's offers, newest first."""
    by.must(Permission.OWN_DATA)
    query = (
        select(JobOffer, _best_score(), _last_reading())
        .where(JobOffer.user_id == by.owner_id)
        .order_by(col(JobOffer.created_at).desc(), col(JobOffer.id).desc())
    )
    found = db.exec(_keyset(query, JobOffer, request).limit(request.limit)).all()
    rows = [_offer_row(offer, best, state) for offer, best, state in found]
    return page_of(rows, request, lambda row: (row.created_at.isoformat(), str(row.id)))


def cv(db: Session, by: Actor, cv_id: UUID) -> CvDetail:
    """One CV of the actor; raises CvNotFound."""
    file = library.owned(db, by, cv_id)
    return CvDetail(
        id=file.id,
        name=file.filename,
        version=file.content_version,
        source_file=file.source_value or "",
        is_without_ai=_is_local(_import_model(db, by, file.id)),
        document=versions.document_of(file),
        matches=_latest_matches(db, by, MatchResult.cv_file_id == file.id, MatchResult.job_offer_id),
        created_at=file.created_at,
        updated_at=file.updated_at,
    )


def offer(db: Session, by: Actor, offer_id: UUID) -> OfferDetail:
    """One offer of the actor; raises OfferNotFound."""
    row = offers.owned(db, by, offer_id)
    state = db.exec(select(_last_reading()).where(JobOffer.id == row.id)).first()
    return OfferDetail(
        id=row.id,
        title=row.title or "",
        text=row.source_text or "",
        document=offers.document_of(row),
        has_failed=row.content is None and state in (TaskState.FAILED, TaskState.CANCELLED),
        is_without_ai=_is_local(row.extraction_model),
        matches=_latest_matches(db, by, MatchResult.job_offer_id == row.id, MatchResult.cv_file_id),
        created_at=row.created_at,
    )


def match(db: Session, by: Actor, cv_id: UUID, offer_id: UUID) -> MatchDetail:
    """How a CV of the actor answers an offer of the actor; raises CvNotFound or OfferNotFound."""
    file = library.owned(db, by, cv_id)
    row = offers.owned(db, by, offer_id)
    results = db.exec(
        select(MatchResult)
        .where(MatchResult.cv_file_id == file.id, MatchResult.job_offer_id == row.id)
        .order_by(col(MatchResult.created_at).desc(), col(MatchResult.id).desc())
        .limit(2)
    ).all()
    latest = results[0] if results else None
    state = db.exec(select(_last_reading()).where(JobOffer.id == row.id)).first()
    return MatchDetail(
        cv=_cv_row(file, None),
        offer=_offer_row(row, None, state),
        document=versions.document_of(file),
        latest=_match_row(latest, file, row) if latest else None,
        score=MatchScore.model_validate(latest.breakdown) if latest else None,
        previous=results[1].score if len(results) > 1 else None,
    )


def cv_choices(db: Session, by: Actor) -> tuple[Choice, ...]:
    """The actor's CVs that can be scored, newest first, at most 50."""
    by.must(Permission.OWN_DATA)
    found = db.exec(
        select(CvFile)
        .where(CvFile.user_id == by.owner_id, col(CvFile.content).is_not(None))
        .order_by(col(CvFile.created_at).desc())
        .limit(_RECENT)
    )
    return tuple(Choice(file.id, file.filename, _header(file).get("current_title") or "") for file in found)


def offer_choices(db: Session, by: Actor) -> tuple[Choice, ...]:
    """The actor's offers that were read, newest first, at most 50."""
    by.must(Permission.OWN_DATA)
    found = db.exec(
        select(JobOffer)
        .where(JobOffer.user_id == by.owner_id, col(JobOffer.content).is_not(None))
        .order_by(col(JobOffer.created_at).desc())
        .limit(_RECENT)
    )
    return tuple(Choice(row.id, row.title or "", (row.content or {}).get("company") or "") for row in found)


def _keyset(query: Any, table: type[CvFile] | type[JobOffer], request: PageRequest) -> Any:
    position = decode(request.after, 2) if request.after else None
    if position is None:
        return query
    try:
        instant, row_id = datetime.fromisoformat(str(position[0])), UUID(str(position[1]))
    except ValueError:
        return query
    before = (col(table.created_at) < instant) | ((col(table.created_at) == instant) & (col(table.id) < row_id))
    return query.where(before)


def _latest_offer_title() -> Any:
    """The title of the offer that the score shown on a CV is for."""
    titled = aliased(JobOffer)
    return (
        select(titled.title)
        .join(MatchResult, col(MatchResult.job_offer_id) == titled.id)
        .where(MatchResult.cv_file_id == CvFile.id)
        .order_by(col(MatchResult.created_at).desc(), col(MatchResult.id).desc())
        .limit(1)
        .correlate(CvFile)
        .scalar_subquery()
    )


def _best_score() -> Any:
    """The best of the latest scores of each CV for an offer."""
    latest = (
        select(MatchResult.score)
        .where(MatchResult.job_offer_id == JobOffer.id)
        .ext(distinct_on(col(MatchResult.cv_file_id)))
        .order_by(col(MatchResult.cv_file_id), col(MatchResult.created_at).desc(), col(MatchResult.id).desc())
        .correlate(JobOffer)
        .subquery()
    )
    return select(func.max(latest.c.score)).scalar_subquery()


def _last_reading() -> Any:
    """The status of the last task that read an offer."""
    return (
        select(BackgroundTask.status)
        .where(BackgroundTask.job_offer_id == JobOffer.id, BackgroundTask.type == TaskType.EXTRACT_OFFER)
        .order_by(col(BackgroundTask.created_at).desc())
        .limit(1)
        .correlate(JobOffer)
        .scalar_subquery()
    )


def _latest_matches(db: Session, by: Actor, which: Any, once_per: Any) -> tuple[MatchRow, ...]:
    found = db.exec(
        select(MatchResult, CvFile, JobOffer)
        .join(CvFile, col(MatchResult.cv_file_id) == col(CvFile.id))
        .join(JobOffer, col(MatchResult.job_offer_id) == col(JobOffer.id))
        .where(which, CvFile.user_id == by.owner_id, JobOffer.user_id == by.owner_id)
        .ext(distinct_on(col(once_per)))
        .order_by(col(once_per), col(MatchResult.created_at).desc(), col(MatchResult.id).desc())
        .limit(_RECENT)
    ).all()
    rows = [_match_row(result, file, row) for result, file, row in found]
    return tuple(sorted(rows, key=lambda row: (-row.score, -row.created_at.timestamp())))


def _import_model(db: Session, by: Actor, cv_id: UUID) -> str | None:
    result = db.exec(
        select(BackgroundTask.result).where(
            BackgroundTask.cv_file_id == cv_id,
            BackgroundTask.user_id == by.owner_id,
            BackgroundTask.type == TaskType.IMPORT_PDF,
        )
    ).first()
    return (result or {}).get("model")


def _is_local(model: str | None) -> bool:
    return (model or "").startswith(_LOCAL_ENGINE)


def _header(file: CvFile) -> dict[str, Any]:
    return (file.content or {}).get("header") or {}


def _cv_row(file: CvFile, offer_title: str | None) -> CvRow:
    return CvRow(
        id=file.id,
        name=file.filename,
        full_name=_header(file).get("full_name") or "",
        title=_header(file).get("current_title") or "",
        language=file.language or "",
        version=file.content_version,
        created_at=file.created_at,
        updated_at=file.updated_at,
        score=file.match_score,
        score_state=file.match_score_status,
        score_offer=offer_title or "",
    )


def _offer_row(row: JobOffer, best: int | None, reading: str | None) -> OfferRow:
    content = row.content or {}
    return OfferRow(
        id=row.id,
        title=row.title or "",
        company=content.get("company") or "",
        place=(content.get("location") or {}).get("city") or "",
        is_read=row.content is not None,
        has_failed=row.content is None and reading in (TaskState.FAILED, TaskState.CANCELLED),
        skills=len(content.get("skills") or []),
        best_score=best,
        created_at=row.created_at,
    )


def _match_row(result: MatchResult, file: CvFile, row: JobOffer) -> MatchRow:
    return MatchRow(
        id=result.id,
        cv_id=file.id,
        cv_name=file.filename,
        offer_id=row.id,
        offer_title=row.title or "",
        company=(row.content or {}).get("company") or "",
        score=result.score,
        is_stale=result.cv_version < file.content_version,
        is_without_ai=_is_local(result.engine),
        created_at=result.created_at,
    )
