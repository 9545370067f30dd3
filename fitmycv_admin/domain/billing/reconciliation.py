"""Lines, balances, lots and holds compared for every person. Differences are listed and told, never put right alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import clock, log, paging
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import FitMyCvError, Invalid, NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.billing import approvals, ledger
from fitmycv_admin.domain.billing.approvals import ApprovalKind, Request
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.billing.statements import position, shown
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.models import CreditDifference
from fitmycv_admin.models.billing import TOTALS
from fitmycv_admin.vocabulary import CreditKind, Language, Permission, Role, Trigger

Keep = Literal["ledger", "found"]
BY_LEDGER, BY_FOUND = "credits.correct_ledger", "credits.correct_found"
STATES = ("open", "corrected", "gone")
AMOUNTS = ("balance", "lots")
"""What may be kept as it was found, with a line that says so; everything else is counted anew from the ledger."""
NAMED = 20
_log = log.get(__name__)


class Beyond(FitMyCvError):
    """Even counted anew, the person's lots and lines do not agree: somebody has to look at the rows."""

    key = "credits.error.beyond"


@dataclass(frozen=True, slots=True)
class Difference:
    """One number of one person that does not follow from the ledger."""

    user_id: UUID
    what: str
    expected: int
    actual: int


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A difference that a check found. `approval_id` is a correction that waits for a second person."""

    id: int
    user_id: UUID
    user: str
    what: str
    expected: int
    actual: int
    state: str
    found_at: datetime
    seen_at: datetime
    closed_at: datetime | None
    line_id: int | None
    approval_id: UUID | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the books stand: open differences, and when everybody was compared last."""

    open: int
    checked_at: datetime | None
    problem: str


_BY_KIND = ", ".join(f"sum(amount) FILTER (WHERE type = '{kind}') AS {name}" for name, kind in TOTALS.items())
_FACTS_BY_KIND = ", ".join(
    f"('{name}', {'' if kind == CreditKind.ADJUSTMENT else 'abs'}(coalesce(line.{name}, 0)),"
    f" coalesce(b.total_{name}, 0))"
    for name, kind in TOTALS.items()
)
# One statement, so one snapshot: what happens meanwhile is seen wholly or not at all.
_DIFFERENCES = f"""
WITH line AS (SELECT user_id, sum(amount) AS total, {_BY_KIND} FROM credit_transaction WHERE {{mine}} GROUP BY user_id),
lot AS (SELECT user_id, sum(remaining) AS units, sum(held) AS held FROM credit_lot WHERE {{mine}} GROUP BY user_id),
kept AS (SELECT user_id, sum(amount) AS held FROM reservation
         WHERE state = 'held' AND payer = 'credits' AND {{mine}} GROUP BY user_id),
b AS (SELECT * FROM credit_balance WHERE {{mine}}), d AS (SELECT user_id, amount FROM credit_debt WHERE {{mine}})
SELECT user_id, what, expected, actual
FROM b FULL JOIN line USING (user_id) FULL JOIN lot USING (user_id) FULL JOIN kept USING (user_id)
FULL JOIN d USING (user_id), LATERAL (VALUES
    ('balance', coalesce(line.total, 0), coalesce(b.balance, 0)),
    ('lots', coalesce(line.total, 0) + coalesce(d.amount, 0), coalesce(lot.units, 0)),
    ('held', coalesce(kept.held, 0), coalesce(b.held, 0)),
    ('held_in_lots', coalesce(kept.held, 0), coalesce(lot.held, 0)), {_FACTS_BY_KIND}) fact (what, expected, actual)
WHERE expected <> actual ORDER BY user_id, what"""


def run(db: Session) -> int:
    """Compare everybody, keep what differs and tell the log; returns how many differences are open. Repairs nothing."""
    found, now = _differences(db), clock.now()
    kept = text("""INSERT INTO credit_difference (user_id, what, expected, actual, state, found_at, seen_at)
                   SELECT one.*, 'open', :now, :now FROM unnest(CAST(:users AS uuid[]), CAST(:whats AS text[]),
                       CAST(:expected AS int[]), CAST(:actual AS int[])) one
                   ON CONFLICT (user_id, what) WHERE state = 'open'
                   DO UPDATE SET seen_at = excluded.seen_at, expected = excluded.expected, actual = excluded.actual
                   RETURNING id, user_id, what, expected, actual, xmax = 0 AS is_new""")
    rows = db.execute(kept, {"now": now, **_columns(found)}).all() if found else []
    _tell(db, [row for row in rows if row.is_new])
    gone = "UPDATE credit_difference SET state = 'gone', closed_at = :now WHERE state = 'open' AND seen_at < :now"
    db.execute(text(gone), {"now": now})
    for one in found[:NAMED]:
        _log.error(
            "credits differ", user=str(one.user_id), what=one.what, expected=one.expected, actual=one.actual,
            difference=one.actual - one.expected,
        )  # fmt: skip
    return len(found)


def _tell(db: Session, new: Sequence[Any]) -> None:
    """One message to each of those who may correct, about what this run found first."""
    if not new:
        return
    first = min(new, key=lambda row: row.id)
    roles = [str(role) for role in Role if Permission.CREDITS_WRITE in matrix.permissions_of(role)]
    staff = "SELECT id, email, name, language FROM app_user WHERE role = ANY(:roles) AND state = 'active'"
    for person in db.execute(text(f"{staff} AND email IS NOT NULL ORDER BY id"), {"roles": roles}):
        given = {
            "userName": person.name or person.email, "count": str(len(new)), "person": str(first.user_id),
            "number": first.what, "expected": str(first.expected), "found": str(first.actual),
            "difference": f"{first.actual - first.expected:+d}",
            "pageUrl": f"{settings().public_url}/ops/billing/reconciliation",
        }  # fmt: skip
        key = f"credit_difference:{first.id}:{person.id}"
        outbox.send(
            db, Trigger.CREDIT_DIFFERENCE, person.email, given, Language(person.language), key, user_id=person.id
        )


def check_now(db: Session, by: Actor) -> int:
    """The nightly comparison, now. Needs credits.write."""
    by.must(Permission.CREDITS_WRITE)
    found = run(db)
    trail.record(db, by, "credits.reconciled", "ledger", after={"differences": found})
    return found


def health(db: Session, by: Actor) -> Health:
    """How the books stand. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    query = """SELECT (SELECT count(*) FROM credit_difference WHERE state = 'open') AS open,
                      greatest((SELECT last_run_at FROM cron_entry WHERE name = 'credits.reconcile'),
                               (SELECT max(seen_at) FROM credit_difference),
                               (SELECT max(created_at) FROM audit_event
                                WHERE target_type = 'ledger' AND action = 'credits.reconciled')) AS at,
                      (SELECT last_error FROM cron_entry WHERE name = 'credits.reconcile') AS problem"""
    row = db.execute(text(query)).one()
    return Health(row.open, row.at, row.problem or "")


def differences(db: Session, by: Actor, request: PageRequest, *, state: str = "") -> Page[DifferenceRow]:
    """A page of differences, the newest first. Needs credits.read; people are masked without people.reveal."""
    by.must(Permission.CREDITS_READ)
    where, values = "true", dict[str, Any]()
    if state in STATES:
        where, values = "one.state = :state", {"state": state}
    before = position(request.before)
    at = before or position(request.after)
    if at is not None:
        where += f" AND (one.found_at, one.id) {'>' if before else '<'} (:at, :at_id)"
        values |= {"at": at[0], "at_id": at[1]}
    way = "ASC" if before else "DESC"
    query = f"""SELECT one.*, person.email, asked.id AS approval_id FROM credit_difference one
                JOIN app_user person ON person.id = one.user_id
                LEFT JOIN approval asked ON asked.state = 'pending' AND asked.subject_type = 'credit_difference'
                    AND asked.subject_id = one.id::text
                WHERE {where} ORDER BY one.found_at {way}, one.id {way} LIMIT :limit"""
    found = db.execute(text(query), {**values, "limit": request.limit}).all()
    rows = [_row(row, by) for row in (reversed(found) if before else found)]
    asked = request if at is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.found_at.isoformat(), row.id))


def propose(db: Session, by: Actor, difference_id: int, *, keep: Keep, note: str) -> UUID:
    """Ask a second person to put a difference right: as the ledger says, or (for a balance or lots) as it was found,
    with an adjustment line that says so. Returns the request. Needs credits.write. Raises NotFound, Invalid.
    """
    by.must(Permission.CREDITS_WRITE)
    row = db.get(CreditDifference, difference_id)
    if row is None or row.state != "open":
        raise NotFound
    if keep not in ("ledger", "found") or (keep == "found" and row.what not in AMOUNTS):
        raise Invalid("credits.error.keep", field="keep")
    payload = {
        "user_id": str(row.user_id), "what": row.what, "expected": row.expected, "actual": row.actual,
        "difference": row.actual - row.expected,
    }  # fmt: skip
    return approvals.request(
        db, by, BY_LEDGER if keep == "ledger" else BY_FOUND, "credit_difference", row.id,
        object_version=_version(row.what, row.actual - row.expected), payload=payload, reason=note,
    )  # fmt: skip


def _differences(db: Session, user_id: UUID | None = None) -> list[Difference]:
    mine = "true" if user_id is None else "user_id = :user"
    rows = db.execute(text(_DIFFERENCES.format(mine=mine)), {} if user_id is None else {"user": user_id})
    return [Difference(row.user_id, row.what, int(row.expected), int(row.actual)) for row in rows]


def _columns(found: Sequence[Difference]) -> dict[str, list[Any]]:
    return {
        "users": [one.user_id for one in found], "whats": [one.what for one in found],
        "expected": [one.expected for one in found], "actual": [one.actual for one in found],
    }  # fmt: skip


def _version(what: str, difference: int) -> str:
    return f"{what}:{difference:+d}"


def _current_version(db: Session, asked: Request) -> str:
    """The difference as it is now, with the person's credits locked until the decision is stored."""
    user_id = UUID(asked.payload["user_id"])
    ledger.lock(db, user_id)
    now = {one.what: one for one in _differences(db, user_id)}.get(asked.payload["what"])
    return _version(now.what, now.actual - now.expected) if now else ""


def _apply(db: Session, by: Actor, asked: Request) -> dict[str, Any]:
    user_id = UUID(asked.payload["user_id"])
    difference = int(asked.payload["difference"])
    _count_anew(db, user_id)
    line_id: int | None = None
    if asked.kind == BY_FOUND:
        entry = Entry(
            CreditKind.ADJUSTMENT, abs(difference), "correction", request_key=f"correction:{asked.id}",
            actor_id=asked.requested_by, reason="correction",
        )  # fmt: skip
        line_id = (ledger.grant if difference > 0 else ledger.debit)(db, user_id, entry)
    if _differences(db, user_id):
        raise Beyond
    closed = """UPDATE credit_difference SET state = 'corrected', closed_at = :now, line_id = :line
                WHERE user_id = :user AND state = 'open'"""
    db.execute(text(closed), {"user": user_id, "now": clock.now(), "line": line_id})
    balance = ledger.balance_of(db, user_id).balance
    trail.record(
        db, by, "credits.corrected", "account", user_id, {asked.payload["what"]: asked.payload["actual"]},
        {"credits": balance, "line": line_id}, asked.reason,
    )  # fmt: skip
    return {"balance": balance, "line": line_id}


# A lot holds what it was granted less what its lines took from it and what it reopened as.
_HISTORY = """
SELECT lot.id, lot.granted - coalesce((SELECT sum(amount - returned) FROM lot_use WHERE lot_id = lot.id), 0)
         - coalesce((SELECT sum(granted) FROM credit_lot next WHERE next.origin_lot_id = lot.id), 0) AS units,
       coalesce((SELECT sum(amount) FROM reserved_lot WHERE lot_id = lot.id), 0) AS held
FROM credit_lot lot WHERE lot.user_id = :user"""


def _count_anew(db: Session, user_id: UUID) -> None:
    """Balance, totals, holds and lots as the lines say, with the person's credits locked. Raises Beyond."""
    history = db.execute(text(_HISTORY), {"user": user_id}).all()
    if any(not 0 <= lot.held <= lot.units for lot in history):
        raise Beyond
    lots = (
        f"UPDATE credit_lot lot SET remaining = was.units, held = was.held FROM ({_HISTORY}) was WHERE was.id = lot.id"
    )
    db.execute(text(lots), {"user": user_id})
    totals = ", ".join(
        f"total_{name} = {'' if kind == CreditKind.ADJUSTMENT else 'abs'}(coalesce(line.{name}, 0))"
        for name, kind in TOTALS.items()
    )
    balance = f"""UPDATE credit_balance b SET balance = coalesce(line.total, 0), {totals}, held = coalesce((
                      SELECT sum(amount) FROM reservation
                      WHERE user_id = :user AND state = 'held' AND payer = 'credits'), 0)
                  FROM (SELECT sum(amount) AS total, {_BY_KIND} FROM credit_transaction WHERE user_id = :user) line
                  WHERE b.user_id = :user"""
    db.execute(text(balance), {"user": user_id})


def _row(row: Any, by: Actor) -> DifferenceRow:
    return DifferenceRow(
        id=row.id, user_id=row.user_id, user=shown(by, row.email), what=row.what, expected=row.expected,
        actual=row.actual, state=row.state, found_at=row.found_at, seen_at=row.seen_at, closed_at=row.closed_at,
        line_id=row.line_id, approval_id=row.approval_id,
    )  # fmt: skip


approvals.kinds[BY_LEDGER] = ApprovalKind(
    Permission.CREDITS_WRITE, _apply, _current_version, "approvals.kind.correction", "approvals.what.correct_ledger"
)
approvals.kinds[BY_FOUND] = ApprovalKind(
    Permission.CREDITS_WRITE, _apply, _current_version, "approvals.kind.correction", "approvals.what.correct_found"
)
