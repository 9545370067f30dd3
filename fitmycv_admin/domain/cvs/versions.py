"""The versions of a CV: its whole content as it was after each change."""

from sqlmodel import Session

from fitmycv_admin.domain.cvs.document import CvDocument
from fitmycv_admin.models.cvs import CvFile, CvVersion


def first(db: Session, cv: CvFile, document: CvDocument, *, source_file: str) -> None:
    """Give a new CV its content and its first version."""
    cv.content = document.model_dump(mode="json")
    cv.content_version = 1
    db.add(cv)
    db.flush()
    db.add(CvVersion(cv_file_id=cv.id, version=1, content=cv.content, change_type="import", source_file=source_file))
    db.flush()


def document_of(cv: CvFile) -> CvDocument:
    """The content of a CV as a typed document; an empty one when nothing was stored yet."""
    return CvDocument.model_validate(cv.content or {})
