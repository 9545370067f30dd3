"""Builders for the tests of what staff do with credits: people of every role, rounds of threads."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id, short_code
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Language, Role


def person(db: Session, role: Role = Role.USER, **fields: Any) -> UUID:
    """A new account."""
    code = short_code(10).lower()
    user = User(**{"email": f"{code}@exemple.fr", "name": f"Person {code}", "role": role, **fields})
    db.add(user)
    db.flush()
    return user.id


def staff(db: Session, role: Role) -> Actor:
    """A signed-in member of staff with a new account."""
    return actor(person(db, role), role)


def actor(user_id: UUID, role: Role) -> Actor:
    """The actor of an account."""
    return Actor(
        user_id=user_id, role=role, permissions=matrix.permissions_of(role), session_id=new_id(), name=f"A {role}",
        language=Language.EN,
    )  # fmt: skip


def at_once(acts: list[Callable[[Session], Any]]) -> list[Any]:
    """Run every act in a thread and a transaction of its own, released together; results and errors in their order."""
    gate = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        gate.wait()
        try:
            with transaction() as db:
                results[number] = acts[number](db)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
