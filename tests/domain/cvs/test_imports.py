"""An import keeps the file until its task has ended, and makes one CV whatever is repeated."""

import pytest
from sqlmodel import Session, select

from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.cvs import imports, library
from fitmycv_admin.domain.cvs.errors import AlreadyImported
from fitmycv_admin.models.cvs import CvFile, CvVersion, StoredFile
from fitmycv_admin.models.tasks import BackgroundTask
from tests.domain.cvs import makers


def ask(db: Session, by: actors.Actor, key: str = "k", content: bytes = makers.PDF, **more):
    return imports.request(db, by, content, file_name="Mon CV.pdf", pages=2, idempotency_key=key, **more)


def files(db: Session, by: actors.Actor) -> list[StoredFile]:
    return list(db.exec(select(StoredFile).where(StoredFile.user_id == by.user_id)))


def test_a_request_keeps_the_file_and_puts_a_task_on_the_board(db: Session) -> None:
    by = makers.person(db)
    task = db.get_one(BackgroundTask, ask(db, by))
    (file,) = files(db, by)
    assert file.content == makers.PDF
    assert (task.type, task.status, task.title, task.user_id) == ("import_pdf", "queued", "Mon CV", by.user_id)
    assert imports.file_of(db, task.id) is file


def test_the_same_key_gives_the_same_task_and_keeps_one_file(db: Session) -> None:
    by = makers.person(db)
    assert ask(db, by) == ask(db, by)
    assert len(files(db, by)) == 1


def test_the_key_of_one_person_says_nothing_to_another(db: Session) -> None:
    assert ask(db, makers.person(db)) != ask(db, makers.person(db))


def test_the_end_of_the_task_makes_a_cv_with_a_version_and_drops_the_file(db: Session) -> None:
    by = makers.person(db)
    task_id = ask(db, by)
    result = imports.finish(db, task_id, makers.cv_document(), model="offline-rules-1")
    cv = db.exec(select(CvFile).where(CvFile.user_id == by.user_id)).one()
    version = db.exec(select(CvVersion).where(CvVersion.cv_file_id == cv.id)).one()
    assert result["cv_id"] == str(cv.id)
    assert (cv.filename, cv.source_type, cv.source_value, cv.content_version) == ("Mon CV", "pdf", "Mon CV.pdf", 1)
    assert version.content == cv.content
    assert cv.content["header"]["full_name"] == "Ada Lovelace"
    assert files(db, by) == []


def test_a_task_that_is_finished_twice_makes_one_cv(db: Session) -> None:
    by = makers.person(db)
    task_id = ask(db, by)
    first = imports.finish(db, task_id, makers.cv_document(), model="m")
    assert imports.finish(db, task_id, makers.cv_document("Somebody Else"), model="m") == first
    assert len(db.exec(select(CvFile).where(CvFile.user_id == by.user_id)).all()) == 1


def test_an_import_that_fails_leaves_no_file(db: Session) -> None:
    by = makers.person(db)
    imports.abandon(db, ask(db, by))
    assert files(db, by) == []


def test_the_same_file_is_not_imported_twice_without_being_asked(db: Session) -> None:
    by = makers.person(db)
    cv_id = makers.imported(db, by)
    with pytest.raises(AlreadyImported) as known:
        ask(db, by, "another")
    assert known.value.cv_id == cv_id
    assert ask(db, by, "another", again=True)


def test_a_file_can_be_imported_again_once_its_cv_is_deleted(db: Session) -> None:
    by = makers.person(db)
    library.delete(db, by, makers.imported(db, by))
    assert ask(db, by, "another")


def test_somebody_elses_import_is_never_told(db: Session) -> None:
    makers.imported(db, makers.person(db))
    assert ask(db, makers.person(db))


def test_two_cvs_of_the_same_file_name_get_different_names(db: Session) -> None:
    by = makers.person(db)
    for content in (b"%PDF-1", b"%PDF-2", b"%PDF-3"):
        makers.imported(db, by, name="cv.pdf", content=content)
    names = sorted(cv.filename for cv in db.exec(select(CvFile).where(CvFile.user_id == by.user_id)))
    assert names == ["cv", "cv (2)", "cv (3)"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("C:\\Users\\ada\\CV Ada.PDF", "CV Ada"),
        ("../../etc/passwd.pdf", "passwd"),
        ("\u202egpj.fdp", "gpj.fdp"),
        ("a\x00b\n.pdf", "a b"),
        (".pdf", "CV"),
        ("x" * 300 + ".pdf", "x" * 120),
    ],
)
def test_the_name_of_a_file_is_made_harmless(file: str, name: str) -> None:
    assert library.name_from_file(file) == name


def test_a_visitor_imports_nothing(db: Session) -> None:
    with pytest.raises(Forbidden):
        ask(db, actors.VISITOR)
