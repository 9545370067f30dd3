"""Lists and details show the person's own rows only, with their latest score."""

import pytest
from sqlalchemy import text as sql
from sqlmodel import Session

from fitmycv_admin.core.errors import Forbidden, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.cvs import matching, offers, queries
from fitmycv_admin.models.cvs import CvFile
from tests.domain.cvs import makers


def test_the_library_pages_through_every_cv_once_newest_first(db: Session) -> None:
    by = makers.person(db)
    made = [makers.imported(db, by, content=f"%PDF-{n}".encode()) for n in range(5)]
    seen, after = [], ""
    while True:
        page = queries.cv_rows(db, by, PageRequest(after=after, size=2))
        seen += [row.id for row in page.rows]
        after = page.next
        if not after:
            break
    assert seen == made[::-1]


def test_a_row_shows_the_latest_score_and_its_offer(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    makers.matched(db, by, cv_id, offer_id)
    (row,) = queries.cv_rows(db, by, PageRequest()).rows
    assert (row.full_name, row.score, row.score_offer) == ("Ada Lovelace", makers.score().score, "Data engineer")
    (offer,) = queries.offer_rows(db, by, PageRequest()).rows
    assert (offer.title, offer.company, offer.skills, offer.best_score) == (
        "Data engineer", "Lumière", 2, makers.score().score)  # fmt: skip


def test_a_score_is_stale_once_the_cv_has_changed(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    makers.matched(db, by, cv_id, offer_id)
    assert not queries.match(db, by, cv_id, offer_id).latest.is_stale
    db.get_one(CvFile, cv_id).content_version = 2
    assert queries.match(db, by, cv_id, offer_id).latest.is_stale


def test_the_score_page_holds_evidence_and_the_score_before(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    assert queries.match(db, by, cv_id, offer_id).score is None
    for _ in range(2):
        task = makers.matched(db, by, cv_id, offer_id)
        db.execute(sql("UPDATE background_task SET status = 'completed' WHERE id = :id"), {"id": task})
    found = queries.match(db, by, cv_id, offer_id)
    assert found.latest.is_without_ai
    assert found.previous == found.latest.score
    (python, terraform) = found.score.parts[0].answers
    assert {evidence.where for evidence in python.evidence} == {"skills", "experience"}
    assert terraform.evidence == ()


def test_a_cv_lists_one_score_for_each_offer_best_first(db: Session) -> None:
    by = makers.person(db)
    cv_id = makers.imported(db, by)
    for advert in (makers.ADVERT, makers.ADVERT + " Another one."):
        makers.matched(db, by, cv_id, makers.added(db, by, advert))
    detail = queries.cv(db, by, cv_id)
    assert len(detail.matches) == 2
    assert detail.document.header.full_name == "Ada Lovelace"
    assert len(queries.offer(db, by, detail.matches[0].offer_id).matches) == 1


def test_an_offer_says_when_its_reading_failed(db: Session) -> None:
    by = makers.person(db)
    new = offers.add_text(db, by, makers.ADVERT, idempotency_key="k")
    assert not queries.offer(db, by, new.offer_id).has_failed
    db.execute(sql("UPDATE background_task SET status = 'failed' WHERE id = :id"), {"id": new.task_id})
    assert queries.offer(db, by, new.offer_id).has_failed
    assert queries.offer_rows(db, by, PageRequest()).rows[0].has_failed


def test_only_what_was_read_can_be_chosen(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    offers.add_text(db, by, makers.ADVERT + " Not read.", idempotency_key="k")
    assert [choice.id for choice in queries.offer_choices(db, by)] == [offer_id]
    assert [choice.id for choice in queries.cv_choices(db, by)] == [cv_id]


def test_nobody_sees_anything_of_somebody_else(db: Session) -> None:
    by, stranger = makers.person(db), makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    makers.matched(db, by, cv_id, offer_id)
    assert queries.cv_rows(db, stranger, PageRequest()).rows == ()
    assert queries.offer_rows(db, stranger, PageRequest()).rows == ()
    assert queries.cv_choices(db, stranger) == queries.offer_choices(db, stranger) == ()
    for query, ids in ((queries.cv, (cv_id,)), (queries.offer, (offer_id,)), (queries.match, (cv_id, offer_id))):
        with pytest.raises(NotFound):
            query(db, stranger, *ids)
        with pytest.raises(Forbidden):
            query(db, actors.VISITOR, *ids)


@pytest.mark.parametrize("after", ["garbage", "W10", "WyJhIiwiYiJd"])
def test_a_token_that_is_not_ours_starts_at_the_top(db: Session, after: str) -> None:
    by = makers.person(db)
    makers.imported(db, by)
    assert len(queries.cv_rows(db, by, PageRequest(after=after)).rows) == 1


def test_what_is_asked_for_is_pending_on_the_row(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    matching.request(db, by, cv_id, offer_id, idempotency_key="a")
    assert queries.cv_rows(db, by, PageRequest()).rows[0].score_state == "pending"
