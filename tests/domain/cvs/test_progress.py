"""What is on its way can be found again from the database, by its owner only."""

from sqlalchemy import text as sql
from sqlmodel import Session

from fitmycv_admin.domain.cvs import imports, matching, progress
from fitmycv_admin.domain.cvs.progress import Scope
from fitmycv_admin.vocabulary import TaskType
from tests.domain.cvs import makers


def started(db: Session, by, key: str = "k"):
    return imports.request(db, by, makers.PDF, file_name="a.pdf", pages=1, idempotency_key=key, again=True)


def end(db: Session, task_id, state: str = "failed") -> None:
    db.execute(
        sql("UPDATE background_task SET status = :s, error_key = 'imports.refused.no_cv' WHERE id = :id"),
        {"s": state, "id": task_id},
    )
    db.expire_all()


def test_an_unfinished_task_is_found_without_knowing_it(db: Session) -> None:
    by = makers.person(db)
    task_id = started(db, by)
    (row,) = progress.followed(db, by, Scope())
    assert (row.id, row.type, row.state, row.percent, row.is_open) == (task_id, "import_pdf", "queued", 0, True)


def test_a_task_that_ended_is_found_by_those_who_followed_it(db: Session) -> None:
    by = makers.person(db)
    task_id = started(db, by)
    end(db, task_id)
    assert progress.followed(db, by, Scope()) == ()
    (row,) = progress.followed(db, by, Scope(), [task_id])
    assert (row.state, row.error_key, row.is_open) == ("failed", "imports.refused.no_cv", False)


def test_a_page_follows_the_tasks_of_its_own_cv(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    task_id = matching.request(db, by, cv_id, offer_id, idempotency_key="m")
    scores = (TaskType.MATCH_SCORE,)
    assert [row.id for row in progress.followed(db, by, Scope(scores, cv_id=cv_id))] == [task_id]
    assert [row.id for row in progress.followed(db, by, Scope(scores, offer_id=offer_id))] == [task_id]
    assert progress.followed(db, by, Scope(scores, cv_id=offer_id)) == ()


def test_nobody_follows_the_tasks_of_somebody_else(db: Session) -> None:
    by, stranger = makers.person(db), makers.person(db)
    task_id = started(db, by)
    assert progress.followed(db, stranger, Scope(), [task_id]) == ()
    assert progress.recent(db, stranger) == ()
    assert [row.id for row in progress.recent(db, by)] == [task_id]


def test_the_page_of_an_offer_shows_the_reading_that_failed_before_it_was_opened(db: Session) -> None:
    by = makers.person(db)
    offer_id = makers.added(db, by)
    mine = Scope((TaskType.EXTRACT_OFFER,), offer_id=offer_id)
    db.execute(sql("UPDATE background_task SET status = 'failed' WHERE job_offer_id = :id"), {"id": offer_id})
    db.expire_all()
    (row,) = progress.followed(db, by, mine)
    assert row.state == "failed"
    assert progress.followed(db, by, Scope((TaskType.EXTRACT_OFFER,))) == ()
    db.execute(sql("UPDATE background_task SET status = 'completed' WHERE job_offer_id = :id"), {"id": offer_id})
    db.expire_all()
    assert progress.followed(db, by, mine) == ()
