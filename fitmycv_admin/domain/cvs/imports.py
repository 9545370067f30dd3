"""The story of one PDF import: the file is kept until its task has ended, then only the CV stays."""

import hashlib
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete, select

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.cvs import library, versions
from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.domain.cvs.errors import AlreadyImported
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.models.cvs import CvFile, StoredFile
from fitmycv_admin.models.tasks import BackgroundTask
from fitmycv_admin.vocabulary import CvLanguage, CvSource, Permission, TaskType

PDF = "application/pdf"
MAX_BYTES = 10_000_000
MAX_PAGES = 10


def request(
    db: Session,
    by: Actor,
    content: bytes,
    *,
    file_name: str,
    pages: int,
    idempotency_key: str,
    again: bool = False,
    shown: Shown | None = None,
) -> UUID:
    """Keep a PDF that was found readable and ask a worker to import it; the id of the task.

    The same key gives the same task. `again` imports a file anew that is in the library already. `shown` is the price
    that the person saw.

    Raises:
        AlreadyImported: this very file gave a CV that is still there, and `again` is false.
        decision.Refused: the person may not, or cannot pay.
    """
    by.must(Permission.OWN_DATA)
    digest = hashlib.sha256(content).hexdigest()
    if not again:
        _refuse_same_file(db, by, digest, idempotency_key)
    name = library.clean_name(file_name)[-200:] or "CV.pdf"
    file = StoredFile(user_id=by.owner_id, name=name, media_type=PDF, size=len(content), sha256=digest, content=content)
    db.add(file)
    db.flush()
    task_id = board.submit(
        db,
        by,
        TaskType.IMPORT_PDF,
        title=library.name_from_file(name),
        payload={"file_id": str(file.id), "file_name": name, "sha256": digest, "pages": pages},
        idempotency_key=idempotency_key,
        shown=shown,
    )
    task = db.get_one(BackgroundTask, task_id)
    if (task.payload or {}).get("file_id") != str(file.id):
        db.delete(file)  # the key was used before: the first file is the one that counts
    return task_id


def _refuse_same_file(db: Session, by: Actor, digest: str, idempotency_key: str) -> None:
    same = (
        select(CvFile.id, CvFile.filename)
        .join(BackgroundTask, col(BackgroundTask.cv_file_id) == col(CvFile.id))
        .where(
            CvFile.user_id == by.owner_id,
            BackgroundTask.user_id == by.owner_id,
            BackgroundTask.type == TaskType.IMPORT_PDF,
            col(BackgroundTask.payload)["sha256"].astext == digest,
            col(BackgroundTask.idempotency_key).is_distinct_from(idempotency_key),
        )
        .limit(1)
    )
    if found := db.exec(same).first():
        raise AlreadyImported(found[0], found[1])


def file_of(db: Session, task_id: UUID) -> StoredFile | None:
    """The file a task has to read; None when the task ended and the file is gone."""
    task = db.get_one(BackgroundTask, task_id)
    file_id = (task.payload or {}).get("file_id")
    return db.get(StoredFile, UUID(file_id)) if file_id else None


def finish(db: Session, task_id: UUID, document: CvDocument, *, model: str) -> dict[str, Any]:
    """Make the CV of an import, in the transaction that completes its task; what to keep as its result.

    Called twice for one task it makes one CV. The stored file goes in the same transaction.
    """
    task = board_row(db, task_id)
    if task.cv_file_id is not None:
        return {"cv_id": str(task.cv_file_id), "model": model}
    payload = task.payload or {}
    cv = CvFile(
        user_id=owner_of(task),
        filename=library.name_from_file(payload.get("file_name", "")),
        source_type=CvSource.PDF,
        source_value=payload.get("file_name"),
        language=CvLanguage(document.language) if document.language else None,
    )
    library.add(db, cv)
    versions.first(db, cv, document, source_file=payload.get("file_name", ""))
    task.cv_file_id = cv.id
    task.cv_file = cv.filename
    db.add(task)
    _drop_file(db, payload)
    return {"cv_id": str(cv.id), "model": model}


def abandon(db: Session, task_id: UUID) -> None:
    """Delete the stored file of an import that failed or was cancelled, in the transaction that ends it."""
    _drop_file(db, board_row(db, task_id).payload or {})


def _drop_file(db: Session, payload: dict[str, Any]) -> None:
    if file_id := payload.get("file_id"):
        db.exec(delete(StoredFile).where(col(StoredFile.id) == UUID(file_id)))


def board_row(db: Session, task_id: UUID) -> BackgroundTask:
    """The row of a task, locked until this transaction ends."""
    return db.exec(select(BackgroundTask).where(BackgroundTask.id == task_id).with_for_update()).one()


def owner_of(task: BackgroundTask) -> UUID:
    """Whose task it is; tasks about CVs always have an owner."""
    if task.user_id is None:
        raise ValueError(f"task {task.id} has no owner")
    return task.user_id
