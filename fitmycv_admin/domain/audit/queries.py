"""Reading the audit trail: a filtered list, newest first, and the words its filters offer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import Session, col, or_, select

from fitmycv_admin.core import paging
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.models import AuditEvent
from fitmycv_admin.vocabulary import Permission

EXPORT_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; an empty field does not filter. `since` is included, `until` is not."""

    actor: str = ""
    """Part of the name of who did it, or the whole id."""
    action: str = ""
    """An action ("price.published") or its subject ("price")."""
    target_type: str = ""
    target_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the trail."""

    id: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    actor_role: str
    action: str
    target_type: str
    target_id: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str

    @property
    def changes(self) -> tuple[tuple[str, Any, Any], ...]:
        """(field, before, after) of every field that differs."""
        before, after = self.before or {}, self.after or {}
        names = [*before, *(name for name in after if name not in before)]
        return tuple((name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name))


@dataclass(frozen=True, slots=True)
class Choices:
    """The words that occur, for the filters' lists."""

    actions: tuple[str, ...]
    target_types: tuple[str, ...]


def events(db: Session, by: Actor, filters: Filters, page: PageRequest) -> Page[AuditRow]:
    """A page of the trail, newest first. Needs audit.read."""
    by.must(Permission.AUDIT_READ)
    position = tuple_(col(AuditEvent.created_at), col(AuditEvent.id))
    query = select(AuditEvent).where(*_conditions(filters)).limit(page.limit)
    after, before = paging.decode(page.after, 2), paging.decode(page.before, 2)
    if before is not None:
        query = query.where(position > _point(before)).order_by(col(AuditEvent.created_at), col(AuditEvent.id))
        rows = [_row(event) for event in db.exec(query)][::-1]
        return paging.page_of(rows, page, _key)
    if after is not None:
        query = query.where(position < _point(after))
    query = query.order_by(col(AuditEvent.created_at).desc(), col(AuditEvent.id).desc())
    return paging.page_of([_row(event) for event in db.exec(query)], page, _key)


def every(db: Session, by: Actor, filters: Filters) -> Iterator[AuditRow]:
    """All lines of the filter, newest first, read in batches; for an export. Needs audit.read."""
    by.must(Permission.AUDIT_READ)
    position = tuple_(col(AuditEvent.created_at), col(AuditEvent.id))
    last: AuditEvent | None = None
    while True:
        query = select(AuditEvent).where(*_conditions(filters)).limit(EXPORT_BATCH)
        if last is not None:
            query = query.where(position < tuple_(last.created_at, last.id))
        batch = db.exec(query.order_by(col(AuditEvent.created_at).desc(), col(AuditEvent.id).desc())).all()
        yield from (_row(event) for event in batch)
        if len(batch) < EXPORT_BATCH:
            return
        last = batch[-1]
        db.expunge_all()


def choices(db: Session, by: Actor) -> Choices:
    """The actions and kinds of target that occur. Needs audit.read."""
    by.must(Permission.AUDIT_READ)
    actions = db.exec(select(AuditEvent.action).distinct().order_by(AuditEvent.action)).all()
    targets = db.exec(select(AuditEvent.target_type).distinct().order_by(AuditEvent.target_type)).all()
    return Choices(tuple(actions), tuple(targets))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.actor:
        found.append(_by_actor(filters.actor))
    if filters.action:
        found.append(
            or_(
                col(AuditEvent.action) == filters.action,
                col(AuditEvent.action).startswith(f"{filters.action}.", autoescape=True),
            )
        )
    if filters.target_type:
        found.append(col(AuditEvent.target_type) == filters.target_type)
    if filters.target_id:
        found.append(col(AuditEvent.target_id) == filters.target_id)
    if filters.since:
        found.append(col(AuditEvent.created_at) >= filters.since)
    if filters.until:
        found.append(col(AuditEvent.created_at) < filters.until)
    return found


def _by_actor(actor: str) -> ColumnElement[bool]:
    try:
        return col(AuditEvent.actor_id) == UUID(actor)
    except ValueError:
        return col(AuditEvent.actor_name).icontains(actor, autoescape=True)


def _point(position: list[Any]) -> Any:
    try:
        return tuple_(datetime.fromisoformat(str(position[0])), int(position[1]))
    except ValueError:
        # A token that was tampered with shows nothing rather than everything.
        return tuple_(datetime.fromisoformat("1970-01-01T00:00:00+00:00"), 0)


def _key(row: AuditRow) -> tuple[str, int]:
    return row.at.isoformat(), row.id


def _row(event: AuditEvent) -> AuditRow:
    assert event.id is not None
    return AuditRow(
        id=event.id,
        at=event.created_at,
        actor_id=event.actor_id,
        actor_name=event.actor_name,
        actor_role=event.actor_role,
        action=event.action,
        target_type=event.target_type,
        target_id=event.target_id,
        reason=event.reason,
        before=event.before,
        after=event.after,
        ip=event.ip,
    )
