"""The list of people for staff, masked where the role asks for it, and one's own account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlmodel import Session, col

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.models.accounts import EmailChangeRequest, User
from fitmycv_admin.models.platform import UserSession
from fitmycv_admin.vocabulary import AccountState, Language, Permission, Role


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; an empty field does not filter.

    `search` finds a part of the name or address, or a whole id; roles that see people masked find by id only.
    """

    search: str = ""
    role: str = ""
    state: str = ""
    address: Literal["", "verified", "unverified"] = ""
    order: Literal["newest", "oldest"] = "newest"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One account in the list."""

    id: UUID
    number: int
    name: str
    email: str
    role: str
    state: str
    language: str
    verified: bool
    is_demo: bool
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Accounts that are not erased, and among them those that need a look."""

    people: int
    new_this_week: int
    unverified: int
    disabled: int
    staff: int


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What people see of their own account. `waiting_email` is an address that waits for its confirmation."""

    name: str
    email: str
    language: Language
    has_password: bool
    waiting_email: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser that is signed in as the asking person."""

    id: UUID
    user_agent: str
    ip: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Everything the page of one's own account shows."""

    account: OwnAccount
    sessions: tuple[SessionRow, ...]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Everything the list of people shows, read at one instant. `chosen` is the opened person."""

    page: Page[PersonRow]
    totals: Totals
    chosen: PersonRow | None


def own_page(db: Session, by: Actor) -> OwnPage:
    """The asking person's account and sessions."""
    return OwnPage(own_account(db, by), own_sessions(db, by))


def people_page(db: Session, by: Actor, filters: Filters, page: PageRequest, chosen: str = "") -> PeoplePage:
    """A page of accounts with the totals and the opened person. Needs people.read."""
    try:
        opened = person(db, by, UUID(chosen)) if chosen else None
    except (ValueError, NotFound):
        opened = None
    return PeoplePage(people(db, by, filters, page), totals(db, by), opened)


def people(db: Session, by: Actor, filters: Filters, page: PageRequest) -> Page[PersonRow]:
    """A page of accounts by date of sign-up. Needs people.read; clear names need people.reveal."""
    by.must(Permission.PEOPLE_READ)
    clear = by.may(Permission.PEOPLE_REVEAL)
    ascending = filters.order == "oldest"
    after, before = paging.decode(page.after, 2), paging.decode(page.before, 2)
    point, backwards = (before, True) if before is not None else (after, False)
    upwards = ascending != backwards
    position = tuple_(col(User.created_at), col(User.id))
    query = select(User).where(*_conditions(filters, clear=clear)).limit(page.limit)
    if point is not None:
        query = query.where(position > _point(point) if upwards else position < _point(point))
    keys = (col(User.created_at), col(User.id))
    query = query.order_by(*(key.asc() if upwards else key.desc() for key in keys))
    rows = [_row(user, clear=clear) for user in db.execute(query).scalars()]
    return paging.page_of(rows[::-1] if backwards else rows, page, _key)


def person(db: Session, by: Actor, user_id: UUID) -> PersonRow:
    """One account. Needs people.read; clear names need people.reveal. Raises NotFound."""
    by.must(Permission.PEOPLE_READ)
    user = db.get(User, user_id)
    if user is None:
        raise NotFound
    return _row(user, clear=by.may(Permission.PEOPLE_REVEAL))


def totals(db: Session, by: Actor) -> Totals:
    """The figures above the list. Needs people.read."""
    by.must(Permission.PEOPLE_READ)
    week = clock.now() - timedelta(days=7)
    here = col(User.state) != AccountState.ERASED
    row = db.execute(
        select(
            func.count(),
            func.count().filter(col(User.created_at) >= week),
            func.count().filter(col(User.email_verified).is_(None)),
            func.count().filter(col(User.state) == AccountState.DISABLED),
            func.count().filter(col(User.role) != Role.USER),
        )
        .select_from(User)
        .where(here)
    ).one()
    return Totals(*row)


def own_account(db: Session, by: Actor) -> OwnAccount:
    """The asking person's own account."""
    user = db.get(User, by.owner_id)
    if user is None:
        raise NotFound
    waiting = db.execute(
        select(col(EmailChangeRequest.new_email)).where(
            col(EmailChangeRequest.user_id) == user.id, col(EmailChangeRequest.expires) > func.clock_timestamp()
        )
    ).scalar_one_or_none()
    return OwnAccount(
        user.name or "", user.email or "", Language(user.language), user.password_hash is not None, waiting or "",
        user.created_at,
    )  # fmt: skip


def own_sessions(db: Session, by: Actor) -> tuple[SessionRow, ...]:
    """The asking person's live sessions, the current one first, at most fifty."""
    found = db.execute(
        select(UserSession)
        .join(User, col(User.id) == col(UserSession.user_id))
        .where(
            col(UserSession.user_id) == by.owner_id,
            col(UserSession.revoked_at).is_(None),
            col(UserSession.expires_at) > func.clock_timestamp(),
            col(UserSession.token_version) == col(User.token_version),
        )
        .order_by((col(UserSession.id) == by.session_id).desc(), col(UserSession.last_seen_at).desc())
        .limit(50)
    ).scalars()
    return tuple(
        SessionRow(row.id, row.user_agent, row.ip, row.created_at, row.last_seen_at, row.id == by.session_id)
        for row in found
    )


def masked_name(name: str) -> str:
    """The initials: `Ada Martin` is `A••• M•••`."""
    return " ".join(f"{word[:1]}•••" for word in name.split()[:3])


def _conditions(filters: Filters, *, clear: bool) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.search:
        found.append(_search(filters.search.strip(), clear=clear))
    if filters.role:
        found.append(col(User.role) == filters.role)
    if filters.state:
        found.append(col(User.state) == filters.state)
    if filters.address:
        verified = col(User.email_verified).is_not(None)
        found.append(verified if filters.address == "verified" else ~verified)
    return found


def _search(text: str, *, clear: bool) -> ColumnElement[bool]:
    try:
        return col(User.id) == UUID(text)
    except ValueError:
        if text.isdecimal() and len(text) < 10:
            return col(User.seq) == int(text)
    if not clear:
        # Letter by letter, a search would spell out what the mask hides.
        return col(User.id).is_(None)
    return or_(
        func.lower(col(User.email)).contains(text.lower(), autoescape=True),
        func.lower(col(User.name)).contains(text.lower(), autoescape=True),
    )


def _point(position: list[Any]) -> Any:
    try:
        return tuple_(datetime.fromisoformat(str(position[0])), UUID(str(position[1])))
    except ValueError:
        # A token that was tampered with shows nothing rather than everything.
        return tuple_(datetime.fromisoformat("1970-01-01T00:00:00+00:00"), UUID(int=0))


def _key(row: PersonRow) -> tuple[str, str]:
    return row.created_at.isoformat(), str(row.id)


def _row(user: User, *, clear: bool) -> PersonRow:
    name, email = user.name or "", user.email or ""
    return PersonRow(
        id=user.id,
        number=user.seq,
        name=name if clear else masked_name(name),
        email=email if clear else addresses.masked(email),
        role=user.role,
        state=user.state,
        language=user.language,
        verified=user.email_verified is not None,
        is_demo=user.is_demo,
        created_at=user.created_at,
        last_login_at=user.last_login_at,
    )
