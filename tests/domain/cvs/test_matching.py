"""A score is asked for once at a time, kept once per task, and shown on its CV."""

import pytest
from sqlalchemy import text as sql
from sqlmodel import Session, select

from fitmycv_admin.domain.cvs import library, matching, offers
from fitmycv_admin.domain.cvs.errors import CvNotFound, NotReadYet, OfferNotFound
from fitmycv_admin.models.cvs import CvFile, MatchResult
from tests.domain.cvs import makers


def test_two_clicks_are_one_task(db: Session) -> None:
    by = makers.person(db)
    pair = makers.imported(db, by), makers.added(db, by)
    first = matching.request(db, by, *pair, idempotency_key="a")
    assert matching.request(db, by, *pair, idempotency_key="b") == first
    assert db.get_one(CvFile, pair[0]).match_score_status == "pending"


def test_a_changed_cv_is_scored_anew_while_the_old_one_is_on_its_way(db: Session) -> None:
    by = makers.person(db)
    pair = makers.imported(db, by), makers.added(db, by)
    first = matching.request(db, by, *pair, idempotency_key="a")
    db.get_one(CvFile, pair[0]).content_version = 2
    assert matching.request(db, by, *pair, idempotency_key="b") != first


def test_a_finished_score_is_kept_once_and_shown_on_its_cv(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    task = makers.matched(db, by, cv_id, offer_id)
    matching.finish(db, task, makers.score(), model="offline-rules-1")
    result = db.exec(select(MatchResult).where(MatchResult.cv_file_id == cv_id)).one()
    cv = db.get_one(CvFile, cv_id)
    assert cv.match_score == result.score == makers.score().score
    assert cv.match_score_status == "done"
    assert (cv.missing_skills, cv.matching_skills) == (["Terraform"], ["Python"])
    assert result.breakdown["parts"][0]["answers"][0]["sentence"]


def test_a_score_that_failed_is_said_on_the_cv(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    matching.abandon(db, matching.request(db, by, cv_id, offer_id, idempotency_key="a"))
    assert db.get_one(CvFile, cv_id).match_score_status == "failed"


def test_a_failed_second_score_leaves_the_first_one(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    task = makers.matched(db, by, cv_id, offer_id)
    db.execute(sql("UPDATE background_task SET status = 'completed' WHERE id = :id"), {"id": task})
    matching.abandon(db, matching.request(db, by, cv_id, offer_id, idempotency_key="b"))
    assert db.get_one(CvFile, cv_id).match_score_status == "done"


def test_an_offer_that_was_not_read_cannot_be_compared(db: Session) -> None:
    by = makers.person(db)
    new = offers.add_text(db, by, makers.ADVERT, idempotency_key="k")
    with pytest.raises(NotReadYet):
        matching.request(db, by, makers.imported(db, by), new.offer_id, idempotency_key="a")


def test_a_cv_deleted_meanwhile_cannot_be_finished(db: Session) -> None:
    by = makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    task = matching.request(db, by, cv_id, offer_id, idempotency_key="a")
    library.delete(db, by, cv_id)
    db.expire_all()
    with pytest.raises(CvNotFound):
        matching.finish(db, task, makers.score(), model="m")


def test_strangers_cvs_and_offers_cannot_be_mixed_in(db: Session) -> None:
    by, stranger = makers.person(db), makers.person(db)
    cv_id, offer_id = makers.imported(db, by), makers.added(db, by)
    their_cv, their_offer = makers.imported(db, stranger), makers.added(db, stranger)
    with pytest.raises(CvNotFound):
        matching.request(db, by, their_cv, offer_id, idempotency_key="a")
    with pytest.raises(OfferNotFound):
        matching.request(db, by, cv_id, their_offer, idempotency_key="a")
