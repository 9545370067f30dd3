"""Job offers: added as text, read by a worker, each text once per person."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.cvs.errors import OfferNotFound, OfferTooLong, OfferTooShort
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.models.cvs import JobOffer
from fitmycv_admin.models.tasks import BackgroundTask
from fitmycv_admin.vocabulary import OfferSource, Permission, TaskState, TaskType

TEXT_MIN = 120
TEXT_MAX = 30_000
_TITLE_MAX = 80


@dataclass(frozen=True, slots=True)
class Added:
    """The offer, the task that reads it (None when it was read before), and whether it is new."""

    offer_id: UUID
    task_id: UUID | None
    is_new: bool


def owned(db: Session, by: Actor, offer_id: UUID, *, lock: bool = False) -> JobOffer:
    """The actor's own offer; raises OfferNotFound when it is missing or somebody else's."""
    by.must(Permission.OWN_DATA)
    query = select(JobOffer).where(JobOffer.id == offer_id, JobOffer.user_id == by.owner_id)
    offer = db.exec(query.with_for_update() if lock else query).first()
    if offer is None:
        raise OfferNotFound
    return offer


def add_text(db: Session, by: Actor, text: str, *, idempotency_key: str, shown: Shown | None = None) -> Added:
    """Keep the text of an offer and ask a worker to read it.

    The same text (spaces aside) is the same offer: it is not read twice, unless the first reading failed. `shown` is
    the price that the person saw.

    Raises:
        OfferTooShort, OfferTooLong: the text has fewer than 120 or more than 30,000 characters.
        decision.Refused: the person may not, or cannot pay.
    """
    by.must(Permission.OWN_DATA)
    clean = clean_text(text)
    if len(clean) < TEXT_MIN:
        raise OfferTooShort(field="text", min=TEXT_MIN, count=len(clean))
    if len(clean) > TEXT_MAX:
        raise OfferTooLong(field="text", max=TEXT_MAX, count=len(clean))
    digest = hashlib.sha256(re.sub(r"\s+", " ", clean).encode()).hexdigest()
    offer, is_new = _insert_once(db, by.owner_id, clean, digest)
    if offer.content is not None:
        return Added(offer.id, None, is_new)
    if running := _running(db, offer.id):
        return Added(offer.id, running, is_new)
    return Added(offer.id, _submit(db, by, offer, idempotency_key, shown), is_new)


def read_again(
    db: Session, by: Actor, offer_id: UUID, *, idempotency_key: str, shown: Shown | None = None
) -> UUID | None:
    """Ask for a reading that failed once more; None when the offer was read; raises OfferNotFound, Refused."""
    offer = owned(db, by, offer_id, lock=True)
    if offer.content is not None:
        return None
    return _running(db, offer.id) or _submit(db, by, offer, idempotency_key, shown)


def delete(db: Session, by: Actor, offer_id: UUID) -> None:
    """Delete an offer with its scores; raises OfferNotFound."""
    db.delete(owned(db, by, offer_id, lock=True))
    db.flush()


def finish(db: Session, task_id: UUID, document: OfferDocument, *, model: str, tokens_used: int = 0) -> dict[str, Any]:
    """Store what was read in an offer, in the transaction that completes its task; the task's result.

    Raises:
        OfferNotFound: the person deleted the offer meanwhile.
    """
    task = db.get_one(BackgroundTask, task_id)
    offer = db.exec(select(JobOffer).where(JobOffer.id == task.job_offer_id).with_for_update()).first()
    if offer is None:
        raise OfferNotFound
    if offer.content is None:
        offer.title = document.title
        offer.content = document.model_dump(mode="json")
        offer.extraction_model = model
        offer.tokens_used = tokens_used
        offer.extracted_at = clock.now()
        db.add(offer)
        task.title = document.title or task.title
        db.add(task)
        db.flush()
    return {"offer_id": str(offer.id), "model": model}


def text_of(db: Session, task_id: UUID) -> str | None:
    """The text a task has to read; None when the offer was deleted meanwhile."""
    task = db.get_one(BackgroundTask, task_id)
    offer = db.get(JobOffer, task.job_offer_id) if task.job_offer_id else None
    return offer.source_text if offer else None


def document_of(offer: JobOffer) -> OfferDocument | None:
    """What was read in an offer; None while it was not read."""
    return OfferDocument.model_validate(offer.content) if offer.content is not None else None


def clean_text(text: str) -> str:
    """The text without control and direction characters, at most one empty line between paragraphs."""
    kept = (
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else ""
        for c in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    )
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in "".join(kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _insert_once(db: Session, user_id: UUID, text: str, digest: str) -> tuple[JobOffer, bool]:
    values = {
        "id": new_id(),
        "user_id": user_id,
        "source_type": OfferSource.TEXT,
        "source_value": f"text:{digest}",
        "content_hash": digest,
        "source_text": text,
        "title": _first_line(text),
        "created_at": clock.now(),
    }
    new = insert(JobOffer).values(values).on_conflict_do_nothing().returning(col(JobOffer.id))
    is_new = db.execute(new).first() is not None
    same = select(JobOffer).where(JobOffer.user_id == user_id, JobOffer.source_value == values["source_value"])
    return db.exec(same.with_for_update()).one(), is_new


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if len(line) <= _TITLE_MAX else line[: _TITLE_MAX - 1].rstrip() + "…"


def _running(db: Session, offer_id: UUID) -> UUID | None:
    return db.exec(
        select(BackgroundTask.id).where(
            BackgroundTask.job_offer_id == offer_id,
            BackgroundTask.type == TaskType.EXTRACT_OFFER,
            col(BackgroundTask.status).in_((TaskState.QUEUED, TaskState.RUNNING)),
        )
    ).first()


def _submit(db: Session, by: Actor, offer: JobOffer, idempotency_key: str, shown: Shown | None) -> UUID:
    return board.submit(
        db,
        by,
        TaskType.EXTRACT_OFFER,
        title=offer.title or "",
        payload={"offer_id": str(offer.id)},
        job_offer_id=offer.id,
        idempotency_key=idempotency_key,
        shown=shown,
    )
