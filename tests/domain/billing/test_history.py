"""A person's ledger: all of their own lines, what each was for, what paid it; nothing of anybody else's."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import history, ledger
from fitmycv_admin.models import BackgroundTask, CvFile, JobOffer
from fitmycv_admin.vocabulary import CreditKind, OfferSource, Permission, Role, TaskType
from tests.domain.billing import purses

ALL = PageRequest()


def actor(user_id: UUID) -> Actor:
    return Actor(user_id, Role.USER, frozenset({Permission.OWN_DATA}))


def lines(db: Session, user_id: UUID, words: Mapping[str, str] | None = None) -> tuple[history.LineRow, ...]:
    return history.lines(db, actor(user_id), history.asked(db, words or {}), ALL).rows


def back(line: int, amount: int | None = None) -> None:
    with transaction() as db:
        ledger.give_back(db, line, amount, cause="task_failed", source="test")


def a_match(db: Session, user_id: UUID) -> tuple[UUID, UUID, UUID]:
    """A task with its CV and offer."""
    cv = CvFile(user_id=user_id, filename="Ada")
    offer = JobOffer(user_id=user_id, source_type=OfferSource.TEXT, source_value=f"text:{new_id()}", title="Engineer")
    db.add(cv)
    db.add(offer)
    db.flush()
    task = BackgroundTask(
        title="Engineer", type=TaskType.MATCH_SCORE, user_id=user_id, cv_file_id=cv.id, job_offer_id=offer.id,
        status="completed",
    )  # fmt: skip
    db.add(task)
    db.flush()
    return task.id, cv.id, offer.id


def test_a_use_shows_which_credits_paid_and_what_came_back(db: Session) -> None:
    ada = purses.person()
    purses.give(ada, 2)
    purses.buy(ada, 10, f"pi_{ada}")
    back(purses.spend(ada, 5), 3)
    returned, spent, *_ = lines(db, ada)
    assert [(part.kind, part.amount) for part in spent.paid_by] == [("gift", 2), ("purchase", 3)]
    assert (spent.amount, spent.came_back, returned.kind, returned.amount) == (-5, 3, "return", 3)
    assert sum(part.returned for part in spent.paid_by) == 3


def test_a_line_leads_to_its_task_cv_and_offer_while_they_exist(db: Session) -> None:
    ada = purses.rich(10)
    task_id, cv_id, offer_id = a_match(db, ada)
    db.commit()
    purses.spend(ada, 1, task_id=task_id, feature="match_score")
    (line, _) = lines(db, ada)
    assert (line.task_id, line.task_type, line.title) == (str(task_id), "match_score", "Engineer")
    assert (line.cv_id, line.cv_name, line.offer_id) == (str(cv_id), "Ada", str(offer_id))
    db.execute(text("DELETE FROM background_task WHERE id = :id"), {"id": task_id})
    db.execute(text("DELETE FROM cv_file WHERE id = :id"), {"id": cv_id})
    (line, _) = lines(db, ada)
    assert (line.task_type, line.title, line.cv_id, line.offer_id) == ("", "", "", "")
    assert (line.amount, line.feature) == (-1, "match_score")


def test_nobody_sees_the_lines_of_somebody_else(db: Session) -> None:
    ada, eve = purses.rich(10), purses.rich(3)
    assert [line.amount for line in lines(db, eve)] == [3]
    task_id = new_id()
    purses.spend(ada, 1, task_id=task_id)
    assert lines(db, eve, {"task": str(task_id)}) == ()
    assert len(lines(db, ada, {"task": str(task_id)})) == 1


def test_a_line_never_leads_to_the_task_or_cv_of_somebody_else(db: Session) -> None:
    ada, eve = purses.rich(10), purses.rich(10)
    task_id, cv_id, _ = a_match(db, ada)
    db.commit()
    purses.spend(eve, 1, task_id=task_id, cv_file_id=cv_id)
    (line, _) = lines(db, eve)
    assert (line.task_type, line.title, line.cv_id, line.cv_name, line.offer_id) == ("", "", "", "", "")


def test_lines_are_filtered_by_type(db: Session) -> None:
    ada = purses.rich(10)
    purses.spend(ada, 1)
    assert [line.kind for line in lines(db, ada, {"type": "usage"})] == ["usage"]
    assert len(lines(db, ada, {"type": "nonsense' OR 1=1"})) == 2


def test_days_are_those_of_the_workspace(db: Session) -> None:
    ada = purses.person()
    # 23:30 UTC on 4 March is the 5th in Paris.
    purses.give(ada, 1, at=datetime(2026, 3, 4, 23, 30, tzinfo=UTC))
    purses.give(ada, 2, at=datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    one_day = {"period": "custom", "from": "2026-03-05", "to": "2026-03-05"}
    assert [line.amount for line in lines(db, ada, one_day)] == [1]
    assert [line.amount for line in lines(db, ada, {**one_day, "to": "2026-03-06"})] == [2, 1]
    assert len(lines(db, ada, {**one_day, "from": "yesterday", "to": "9999-99-99"})) == 2


@pytest.mark.parametrize(("period", "shown"), [("all", [3, 2, 1]), ("30d", [3, 2]), ("", [3, 2, 1])])
def test_periods_have_names(db: Session, period: str, shown: list[int]) -> None:
    ada, now = purses.person(), clock.now()
    for amount, days in ((1, 31), (2, 28), (3, 0)):
        purses.give(ada, amount, at=now - timedelta(days=days))
    assert [line.amount for line in lines(db, ada, {"period": period})] == shown


def test_pages_follow_each_other_in_both_directions_and_leave_nothing_out(db: Session) -> None:
    ada = purses.person()
    for amount in range(1, 8):
        purses.give(ada, amount)
    by, seen, request = actor(ada), [], PageRequest(size=3)
    while True:
        page = history.lines(db, by, history.Filters(), request)
        seen += [line.amount for line in page.rows]
        if not page.next:
            break
        request = PageRequest(after=page.next, size=3)
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    page = history.lines(db, by, history.Filters(), PageRequest(before=page.previous, size=3))
    assert [line.amount for line in page.rows] == [4, 3, 2]
    assert [line.amount for line in history.every(db, by, history.Filters())] == seen


def test_a_broken_page_token_starts_at_the_top(db: Session) -> None:
    ada = purses.rich(10)
    page = history.lines(db, actor(ada), history.Filters(), PageRequest(after="WyJ4Il0", size=3))
    assert [line.kind for line in page.rows] == [CreditKind.GIFT]
