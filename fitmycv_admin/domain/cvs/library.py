"""A person's CVs: names, which are unique per person, and deletion."""

import re
import unicodedata
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.cvs.errors import CvNotFound, NameEmpty, NameTaken, NameTooLong
from fitmycv_admin.models.cvs import CvFile
from fitmycv_admin.vocabulary import Permission

NAME_MAX = 120
_MOST_TRIES = 200


def owned(db: Session, by: Actor, cv_id: UUID, *, lock: bool = False) -> CvFile:
    """The actor's own CV; raises CvNotFound when it is missing or somebody else's."""
    by.must(Permission.OWN_DATA)
    query = select(CvFile).where(CvFile.id == cv_id, CvFile.user_id == by.owner_id)
    cv = db.exec(query.with_for_update() if lock else query).first()
    if cv is None:
        raise CvNotFound
    return cv


def rename(db: Session, by: Actor, cv_id: UUID, *, name: str) -> None:
    """Give a CV another name: 1 to 120 characters, unlike those of the person's other CVs.

    Raises:
        CvNotFound, NameEmpty, NameTooLong, NameTaken.
    """
    cv = owned(db, by, cv_id, lock=True)
    clean = clean_name(name)
    if not clean:
        raise NameEmpty(field="name")
    if len(clean) > NAME_MAX:
        raise NameTooLong(field="name", max=NAME_MAX)
    try:
        with db.begin_nested():
            cv.filename = clean
            cv.updated_at = clock.now()
            db.add(cv)
            db.flush()
    except IntegrityError as taken:
        raise NameTaken(field="name", name=clean) from taken


def delete(db: Session, by: Actor, cv_id: UUID) -> None:
    """Delete a CV with its versions and scores; raises CvNotFound."""
    db.delete(owned(db, by, cv_id, lock=True))
    db.flush()


def add(db: Session, cv: CvFile) -> None:
    """Store a new CV; a name that is taken gets a number: "CV", "CV (2)", "CV (3)"."""
    wanted = cv.filename
    for number in range(1, _MOST_TRIES):
        suffix = f" ({number})" if number > 1 else ""
        cv.filename = wanted[: NAME_MAX - len(suffix)] + suffix
        taken = select(CvFile.id).where(CvFile.user_id == cv.user_id, CvFile.filename == cv.filename)
        if db.exec(taken).first() is not None:
            continue
        try:
            with db.begin_nested():
                db.add(cv)
                db.flush()
            return
        except IntegrityError:
            continue  # another transaction took the name between the look and the insert
    raise NameTaken(field="name", name=wanted)


def clean_name(name: str) -> str:
    """A name on one line: no control or direction characters, no repeated spaces."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in unicodedata.normalize("NFC", name))
    return re.sub(r"\s+", " ", plain).strip()


def name_from_file(file_name: str) -> str:
    """The name of a CV made from a file: without folders and without ".pdf"."""
    base = re.split(r"[/\\]", clean_name(file_name))[-1]
    stem = re.sub(r"\.pdf$", "", base, flags=re.IGNORECASE).strip(" .")
    return stem[:NAME_MAX].strip() or "CV"
