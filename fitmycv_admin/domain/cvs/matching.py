"""The story of one match score: asked for, computed by a worker, kept with its explanation."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.cvs import library, offers
from fitmycv_admin.domain.cvs.errors import CvNotFound, NotReadYet, OfferNotFound
from fitmycv_admin.domain.cvs.match import Kind, MatchScore
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.models.cvs import CvFile, JobOffer, MatchResult
from fitmycv_admin.models.tasks import BackgroundTask
from fitmycv_admin.vocabulary import TaskState, TaskType


def request(
    db: Session, by: Actor, cv_id: UUID, offer_id: UUID, *, idempotency_key: str, shown: Shown | None = None
) -> UUID:
    """Ask a worker how well a CV answers an offer; the id of the task. `shown` is the price that the person saw.

    While one is on its way for the same version of the CV, that one is given.

    Raises:
        CvNotFound, OfferNotFound: missing or somebody else's.
        NotReadYet: the CV or the offer has no content yet.
        decision.Refused: the person may not, or cannot pay.
    """
    cv = library.owned(db, by, cv_id, lock=True)
    offer = offers.owned(db, by, offer_id)
    if cv.content is None or offer.content is None:
        raise NotReadYet
    if running := _running(db, cv, offer):
        return running
    task_id = board.submit(
        db,
        by,
        TaskType.MATCH_SCORE,
        title=offer.title or "",
        payload={"cv_id": str(cv.id), "offer_id": str(offer.id), "cv_version": cv.content_version},
        cv_file_id=cv.id,
        job_offer_id=offer.id,
        idempotency_key=idempotency_key,
        shown=shown,
    )
    cv.match_score_status = "pending"
    db.add(cv)
    return task_id


def _running(db: Session, cv: CvFile, offer: JobOffer) -> UUID | None:
    return db.exec(
        select(BackgroundTask.id).where(
            BackgroundTask.cv_file_id == cv.id,
            BackgroundTask.job_offer_id == offer.id,
            BackgroundTask.type == TaskType.MATCH_SCORE,
            col(BackgroundTask.payload)["cv_version"].as_integer() == cv.content_version,
            col(BackgroundTask.status).in_((TaskState.QUEUED, TaskState.RUNNING)),
        )
    ).first()


def documents_of(db: Session, task_id: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stored documents a task has to compare: the CV's and the offer's, as JSON.

    Raises:
        CvNotFound, OfferNotFound: deleted meanwhile.
    """
    cv, offer = _rows(db, db.get_one(BackgroundTask, task_id))
    return cv.content or {}, offer.content or {}


def finish(db: Session, task_id: UUID, score: MatchScore, *, model: str) -> dict[str, Any]:
    """Keep a score and show it on its CV, in the transaction that completes its task; the task's result.

    Called twice for one task it keeps one score.

    Raises:
        CvNotFound, OfferNotFound: deleted meanwhile.
    """
    task = db.exec(select(BackgroundTask).where(BackgroundTask.id == task_id).with_for_update()).one()
    cv, offer = _rows(db, task, lock=True)
    known = db.exec(select(MatchResult).where(MatchResult.task_id == task_id)).first()
    if known is None:
        known = MatchResult(
            task_id=task_id,
            cv_file_id=cv.id,
            cv_version=(task.payload or {}).get("cv_version", cv.content_version),
            job_offer_id=offer.id,
            score=score.score,
            breakdown=score.model_dump(mode="json"),
            engine=model,
        )
        db.add(known)
        _show_on(cv, score)
        db.add(cv)
        db.flush()
    return {"match_id": str(known.id), "score": known.score, "model": model}


def abandon(db: Session, task_id: UUID) -> None:
    """Say on the CV that its score failed or was cancelled, in the transaction that ends the task."""
    task = db.get_one(BackgroundTask, task_id)
    cv = db.get(CvFile, task.cv_file_id) if task.cv_file_id else None
    if cv is not None and cv.match_score_status == "pending":
        cv.match_score_status = "failed" if cv.match_score is None else "done"
        db.add(cv)


def _rows(db: Session, task: BackgroundTask, *, lock: bool = False) -> tuple[CvFile, JobOffer]:
    query = select(CvFile).where(CvFile.id == task.cv_file_id)
    cv = db.exec(query.with_for_update() if lock else query).first()
    if cv is None:
        raise CvNotFound
    offer = db.get(JobOffer, task.job_offer_id) if task.job_offer_id else None
    if offer is None:
        raise OfferNotFound
    return cv, offer


def _show_on(cv: CvFile, score: MatchScore) -> None:
    """The columns of the CV that lists read."""
    cv.match_score = score.score
    cv.match_score_status = "done"
    cv.score_breakdown = {part.part.value: part.sub_score for part in score.parts}
    cv.missing_skills = [skill.name for skill in score.missing]
    cv.matching_skills = [
        answer.label
        for part in score.parts
        for answer in part.answers
        if answer.evidence and answer.kind in (Kind.SKILL, Kind.SOFT_SKILL)
    ]
    cv.updated_at = clock.now()
