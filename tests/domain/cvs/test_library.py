"""A person's CVs belong to that person, each under a name of its own."""

import pytest
from sqlmodel import Session, select

from fitmycv_admin.domain.cvs import library
from fitmycv_admin.domain.cvs.errors import CvNotFound, NameEmpty, NameTaken, NameTooLong
from fitmycv_admin.models.cvs import CvFile, CvVersion, MatchResult
from tests.domain.cvs import makers


def test_a_cv_is_renamed_on_one_line(db: Session) -> None:
    by = makers.person(db)
    cv_id = makers.imported(db, by)
    library.rename(db, by, cv_id, name="  Ada \n for  Lumière ")
    assert db.get_one(CvFile, cv_id).filename == "Ada for Lumière"


@pytest.mark.parametrize(
    ("name", "error"), [("", NameEmpty), ("\u200b \n", NameEmpty), ("x" * 121, NameTooLong), ("taken", NameTaken)]
)
def test_a_name_that_cannot_be_is_refused_and_nothing_changes(db: Session, name: str, error: type) -> None:
    by = makers.person(db)
    makers.imported(db, by, name="taken.pdf", content=b"%PDF-1")
    cv_id = makers.imported(db, by, name="mine.pdf", content=b"%PDF-2")
    with pytest.raises(error) as refused:
        library.rename(db, by, cv_id, name=name)
    assert refused.value.field == "name"
    db.refresh(db.get_one(CvFile, cv_id))
    assert db.get_one(CvFile, cv_id).filename == "mine"


def test_two_people_may_use_the_same_name(db: Session) -> None:
    one, other = makers.person(db), makers.person(db)
    makers.imported(db, one, name="cv.pdf")
    cv_id = makers.imported(db, other, name="other.pdf")
    library.rename(db, other, cv_id, name="cv")
    assert db.get_one(CvFile, cv_id).filename == "cv"


def test_a_deleted_cv_takes_its_versions_and_scores_along(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    makers.matched(db, by, cv_id, offer_id)
    library.delete(db, by, cv_id)
    assert not db.exec(select(CvVersion).where(CvVersion.cv_file_id == cv_id)).all()
    assert not db.exec(select(MatchResult).where(MatchResult.cv_file_id == cv_id)).all()


def test_somebody_elses_cv_looks_like_none(db: Session) -> None:
    cv_id, stranger = makers.imported(db, makers.person(db)), makers.person(db)
    with pytest.raises(CvNotFound):
        library.rename(db, stranger, cv_id, name="mine now")
    with pytest.raises(CvNotFound):
        library.delete(db, stranger, cv_id)
    assert db.get(CvFile, cv_id)
