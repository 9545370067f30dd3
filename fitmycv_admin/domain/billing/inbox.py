"""Requests for a second person as staff read them: what each will do, who asks and why, what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import approvals
from fitmycv_admin.domain.billing.statements import shown
from fitmycv_admin.vocabulary import ApprovalState, Permission

WORDS = ("state", "kind", "who")
DECIDED = "decided"
"""The state of an address that means every state but pending."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One request. `sentence_key` with `params` says what it will do; `user_id` is whom it is about, if somebody."""

    id: UUID
    kind: str
    label_key: str
    sentence_key: str
    params: dict[str, str | int]
    user_id: UUID | None
    subject_type: str
    subject_id: str
    reason: str
    state: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str
    is_own: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request that occurs, for the filter."""

    name: str
    label_key: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of requests, the opened one, how many wait, and the kinds there are."""

    page: Page[InboxRow]
    opened: InboxRow | None
    pending: int
    mine_to_decide: int
    kinds: tuple[Kind, ...]


_ROWS = """
SELECT one.*, asker.name AS asker, asker.email AS asker_email, decider.name AS decider, about.email AS about_email
FROM (SELECT * FROM approval one WHERE {where} ORDER BY one.requested_at {way}, one.id {way} LIMIT :limit) one
JOIN app_user asker ON asker.id = one.requested_by LEFT JOIN app_user decider ON decider.id = one.decided_by
LEFT JOIN app_user about ON about.id::text = one.payload ->> 'user_id'
ORDER BY one.requested_at {way}, one.id {way}"""


def inbox(
    db: Session, by: Actor, request: PageRequest, *, state: str = "", kind: str = "", who: str = "", opened: str = ""
) -> Inbox:
    """Requests in a state ("" is pending, "decided" all others), newest first. Needs approvals.read.

    `who` "me" shows one's own, "others" those of others. People are masked without people.reveal.
    """
    by.must(Permission.APPROVALS_READ)
    waiting = "SELECT requested_by, kind FROM approval WHERE state = 'pending'"
    open_ = db.execute(text(waiting)).all()
    mine = [row for row in open_ if row.requested_by != by.user_id and _may(by, row.kind)]
    known = tuple(Kind(name, one.label_key) for name, one in approvals.kinds.items())
    return Inbox(_page(db, by, request, state, kind, who), _opened(db, by, opened), len(open_), len(mine), known)


def waiting(db: Session, by: Actor) -> int:
    """How many requests wait for a decision. Needs approvals.read."""
    by.must(Permission.APPROVALS_READ)
    return int(db.execute(text("SELECT count(*) FROM approval WHERE state = 'pending'")).scalar_one())


def _page(db: Session, by: Actor, request: PageRequest, state: str, kind: str, who: str) -> Page[InboxRow]:
    where, values = ["one.state = :state"], dict[str, Any]()
    if state == DECIDED:
        where = ["one.state <> 'pending'"]
    else:
        values["state"] = state if state in tuple(ApprovalState) else "pending"
    if kind:
        where, values = [*where, "one.kind = :kind"], {**values, "kind": kind}
    if who in ("me", "others"):
        where.append(f"one.requested_by {'=' if who == 'me' else '<>'} :me")
        values["me"] = by.user_id
    before = _position(request.before)
    at = before or _position(request.after)
    if at is not None:
        where.append(f"(one.requested_at, one.id) {'>' if before else '<'} (:at, :at_id)")
        values |= {"at": at[0], "at_id": at[1]}
    statement = _ROWS.format(where=" AND ".join(where), way="ASC" if before else "DESC")
    found = db.execute(text(statement), {**values, "limit": request.limit}).all()
    rows = [_row(row, by) for row in (reversed(found) if before else found)]
    asked = request if at is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.asked_at.isoformat(), str(row.id)))


def request_of(db: Session, by: Actor, approval_id: UUID) -> InboxRow:
    """One request. Needs approvals.read. Raises NotFound."""
    by.must(Permission.APPROVALS_READ)
    row = db.execute(text(_ROWS.format(where="one.id = :id", way="DESC")), {"id": approval_id, "limit": 1}).first()
    if row is None:
        raise NotFound
    return _row(row, by)


def _opened(db: Session, by: Actor, opened: str) -> InboxRow | None:
    try:
        return request_of(db, by, UUID(opened)) if opened else None
    except (NotFound, ValueError):
        return None


def _may(by: Actor, kind: str) -> bool:
    found = approvals.kinds.get(kind)
    return found is not None and by.may(found.permission)


def _row(row: Any, by: Actor) -> InboxRow:
    kind = approvals.kinds.get(row.kind)
    params: dict[str, str | int] = {
        name: value for name, value in row.payload.items() if isinstance(value, str | int)
    }  # fmt: skip
    about = row.payload.get("user_id")
    if about:
        params["person"] = shown(by, row.about_email)
    is_own = row.requested_by == by.user_id
    waits = row.state == ApprovalState.PENDING and row.expires_at > clock.now()
    return InboxRow(
        id=row.id, kind=row.kind, label_key=kind.label_key if kind else "",
        sentence_key=kind.sentence_key if kind else "", params=params, user_id=UUID(about) if about else None,
        subject_type=row.subject_type, subject_id=row.subject_id, reason=row.reason, state=row.state,
        asked_by=row.asker or row.asker_email or "", asked_at=row.requested_at, expires_at=row.expires_at,
        decided_by=row.decider or "", decided_at=row.decided_at, note=row.decision_note, is_own=is_own,
        may_decide=waits and not is_own and _may(by, row.kind),
    )  # fmt: skip


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError):
        return None
