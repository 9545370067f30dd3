"""The palette finds what a person may open, and tells nothing about the rest."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from fitmycv_admin.core import ids
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain.actors import VISITOR, Actor
from fitmycv_admin.domain.insights import search
from fitmycv_admin.models import BackgroundTask
from fitmycv_admin.vocabulary import Role, TaskType
from tests.domain.accounts.conftest import make_user, signed_in

Staff = Callable[[Role], Actor]


@pytest.fixture
def staff(db: Session) -> Staff:
    return lambda role: signed_in(db, make_user(db, role))


def found(db: Session, by: Actor, words: str) -> list[tuple[str, str]]:
    return [(row.kind, row.id) for row in search.records(db, by, words)]


def test_a_person_is_found_by_a_part_of_the_address(db: Session, staff: Staff) -> None:
    email = f"{ids.short_code(12).lower()}@example.org"
    person = make_user(db, email=email)
    assert found(db, staff(Role.SUPPORT), email[2:9]) == [("person", str(person.id))]


def test_who_sees_people_masked_cannot_spell_an_address_out(db: Session, staff: Staff) -> None:
    email = f"{ids.short_code(12).lower()}@example.org"
    person = make_user(db, email=email)
    viewer = staff(Role.VIEWER)
    assert found(db, viewer, email) == []
    assert found(db, viewer, str(person.id)) == [("person", str(person.id))]
    assert email not in str(search.records(db, viewer, str(person.id)))


def test_a_task_is_found_by_its_whole_id(db: Session, staff: Staff) -> None:
    task = BackgroundTask(type=TaskType.NOOP, user_id=make_user(db).id, title="noop")
    db.add(task)
    db.flush()
    assert ("task", str(task.id)) in found(db, staff(Role.OPS), str(task.id))
    assert found(db, staff(Role.OPS), str(ids.new_id())) == []


@pytest.mark.parametrize("by_role", [None, Role.USER])
def test_customers_and_visitors_find_nothing(db: Session, staff: Staff, by_role: Role | None) -> None:
    with pytest.raises(Forbidden):
        search.records(db, staff(by_role) if by_role else VISITOR, "a")


def test_marks_of_patterns_are_letters_like_others(db: Session, staff: Staff) -> None:
    assert found(db, staff(Role.ADMIN), "%_%") == []
