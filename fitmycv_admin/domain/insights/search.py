"""Records by a few typed letters, for the palette: only those that the asking person may open anyway."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.accounts import queries as accounts
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import price_list
from fitmycv_admin.domain.tasks import detail
from fitmycv_admin.vocabulary import Permission

FEW = 5


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One record: what it is, its id (for a model its name and tier), and two texts to recognise it by."""

    kind: Literal["person", "task", "model"]
    id: str
    label: str
    detail: str


def records(db: Session, by: Actor, words: str) -> tuple[FoundRow, ...]:
    """At most a few people, tasks and models; each kind needs its own permission, and is left out without it."""
    by.must(Permission.OVERVIEW_READ)
    return (*_tasks(db, by, words), *_people(db, by, words), *_models(db, by, words))


def _people(db: Session, by: Actor, words: str) -> tuple[FoundRow, ...]:
    if not by.may(Permission.PEOPLE_READ):
        return ()
    page = accounts.people(db, by, accounts.Filters(search=words), PageRequest(size=FEW))
    return tuple(FoundRow("person", str(row.id), row.name or row.email, row.email) for row in page.rows)


def _tasks(db: Session, by: Actor, words: str) -> tuple[FoundRow, ...]:
    try:
        task_id = UUID(words)
    except ValueError:
        return ()
    if not by.may(Permission.TASKS_READ):
        return ()
    try:
        found = detail.task(db, by, task_id)
    except NotFound:
        return ()
    return (FoundRow("task", str(task_id), found.type, found.state),)


def _models(db: Session, by: Actor, words: str) -> tuple[FoundRow, ...]:
    if not by.may(Permission.PRICES_READ):
        return ()
    rows = [row for row in price_list.prices(db, by) if words.lower() in row.model.lower()]
    return tuple(FoundRow("model", f"{row.model}@{row.tier}", row.model, row.tier) for row in rows[:FEW])
