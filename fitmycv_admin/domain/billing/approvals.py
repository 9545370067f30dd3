"""Acts that need a second person: asked for by one, decided by another, applied once or never."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock, ids
from fitmycv_admin.core.errors import FitMyCvError, Forbidden, Invalid, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.models import Approval
from fitmycv_admin.vocabulary import ApprovalState, Permission

VALID = timedelta(days=7)
LONGEST_NOTE = 500


class OnesOwn(FitMyCvError):
    """Nobody decides about what they asked for themselves."""

    key = "approvals.error.ones_own"


class Decided(FitMyCvError):
    """Somebody was faster, or the request has ended."""

    key = "approvals.error.decided"


class Requested(FitMyCvError):
    """The same act already waits for a decision."""

    key = "approvals.error.requested"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, as the command that applies it gets it."""

    id: UUID
    kind: str
    subject_type: str
    subject_id: str
    payload: Mapping[str, Any]
    reason: str
    requested_by: UUID


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """One kind of act. `permission` is what deciding needs; `apply(db, by, request)` does it, in the transaction of
    the decision, and returns what came of it; `current_version(db, request)` is compared with the version that the
    request was made for. `undone(db, request)` lets go of what waited, when it ends in any other way than approved.
    `sentence_key` says in words and numbers what it will do: its parameters are the plain values of the payload, and
    `person` when the payload has a `user_id`.
    """

    permission: Permission
    apply: Callable[[Session, Actor, Request], Mapping[str, Any] | None]
    current_version: Callable[[Session, Request], str]
    label_key: str = ""
    sentence_key: str = ""
    undone: Callable[[Session, Request], None] | None = None


kinds: dict[str, ApprovalKind] = {}
"""Every kind by its name; the module of a command adds its own when it is imported."""


def request(
    db: Session,
    by: Actor,
    kind: str,
    subject_type: str,
    subject_id: object,
    *,
    object_version: str,
    payload: Mapping[str, Any],
    reason: str,
) -> UUID:
    """Ask for a second person; returns the request's id. Whether `by` may ask is the caller's question.

    Asking for the same thing again while it waits gives the first request. Raises Requested when it is somebody
    else's or for something else, Invalid without a reason.
    """
    if kind not in kinds:
        raise NotFound
    if not reason.strip():
        raise Invalid("approvals.error.reason", field="reason")
    asker, now = by.owner_id, clock.now()
    made = db.execute(
        insert(Approval)
        .values(
            id=ids.new_id(), kind=kind, subject_type=subject_type, subject_id=str(subject_id),
            object_version=object_version, payload=dict(payload), reason=reason.strip()[:LONGEST_NOTE],
            requested_by=asker, requested_at=now, expires_at=now + VALID, state=ApprovalState.PENDING,
        )
        .on_conflict_do_nothing()
        .returning(col(Approval.id))
    ).scalar_one_or_none()  # fmt: skip
    if made is None:
        return _waiting(db, asker, kind, subject_type, str(subject_id), object_version, payload)
    trail.record(db, by, "approval.requested", subject_type, subject_id, None, {"kind": kind, **payload}, reason)
    return made


def decide(db: Session, by: Actor, approval_id: UUID, *, approve: bool, note: str = "") -> ApprovalState:
    """Approve, which applies the act at once, or refuse. Returns what became of the request: `stale` when its object
    had changed and `expired` when it was too late, both without doing anything.

    Needs the permission of the kind. Raises NotFound, OnesOwn, Decided, Invalid (a refusal says why), and whatever
    the act itself raises: then the request still waits.
    """
    row = _locked(db, approval_id)
    kind = kinds.get(row.kind)
    if kind is None:
        raise NotFound
    by.must(kind.permission)
    if by.owner_id == row.requested_by:
        raise OnesOwn
    if row.state != ApprovalState.PENDING:
        raise Decided
    if not approve and not note.strip():
        raise Invalid("approvals.error.note", field="note")
    asked = _request(row)
    if row.expires_at <= clock.now():
        return _close(db, by, row, ApprovalState.EXPIRED, note)
    if not approve:
        return _close(db, by, row, ApprovalState.REFUSED, note)
    if kind.current_version(db, asked) != row.object_version:
        return _close(db, by, row, ApprovalState.STALE, note)
    outcome = kind.apply(db, by, asked)
    row.outcome = dict(outcome) if outcome is not None else None
    return _close(db, by, row, ApprovalState.APPROVED, note)


def withdraw(db: Session, by: Actor, approval_id: UUID) -> None:
    """Take back one's own request. Raises NotFound, Forbidden, Decided."""
    row = _locked(db, approval_id)
    if by.owner_id != row.requested_by:
        raise Forbidden
    if row.state != ApprovalState.PENDING:
        raise Decided
    _close(db, by, row, ApprovalState.WITHDRAWN, "")


def expire(db: Session) -> int:
    """End the requests that nobody decided in time; returns how many."""
    late = select(Approval).where(col(Approval.state) == ApprovalState.PENDING, col(Approval.expires_at) <= clock.now())
    rows = db.exec(late.order_by(col(Approval.id)).limit(500).with_for_update(skip_locked=True)).all()
    for row in rows:
        _close(db, actors.system("scheduler"), row, ApprovalState.EXPIRED, "")
    return len(rows)


def _waiting(
    db: Session, asker: UUID, kind: str, subject_type: str, subject_id: str, version: str, payload: Mapping[str, Any]
) -> UUID:
    found = db.exec(
        select(Approval).where(
            col(Approval.kind) == kind,
            col(Approval.subject_type) == subject_type,
            col(Approval.subject_id) == subject_id,
            col(Approval.object_version) == version,
            col(Approval.state) == ApprovalState.PENDING,
        )
    ).one_or_none()
    if found is None or found.requested_by != asker or found.payload != dict(payload):
        raise Requested
    return found.id


def _locked(db: Session, approval_id: UUID) -> Approval:
    """The request, held until the transaction ends: of two who decide at once the second sees the first's answer."""
    query = select(Approval).where(col(Approval.id) == approval_id).with_for_update()
    row = db.exec(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    return row


def _request(row: Approval) -> Request:
    return Request(row.id, row.kind, row.subject_type, row.subject_id, row.payload, row.reason, row.requested_by)


def _close(db: Session, by: Actor, row: Approval, state: ApprovalState, note: str) -> ApprovalState:
    row.state, row.decided_at, row.decision_note = state, clock.now(), note.strip()[:LONGEST_NOTE]
    row.decided_by = by.user_id
    db.add(row)
    kind = kinds.get(row.kind)
    if state != ApprovalState.APPROVED and kind is not None and kind.undone is not None:
        kind.undone(db, _request(row))
    after = {"state": state, "kind": row.kind, **(row.outcome or {})}
    trail.record(
        db, by, f"approval.{state}", row.subject_type, row.subject_id, {"state": ApprovalState.PENDING}, after, note
    )
    db.flush()
    return state
