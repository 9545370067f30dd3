"""The ledger as staff read it: every line with who, why and what paid for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.core import paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import CreditKind, Permission

WORDS = ("type", "source", "user", "actor", "task", "batch", "line", "q", "period", "from", "to")
"""What an address may say of the ledger."""
MOST_FOUND = 100
"""So many people a part of an address may find."""
_PAID = "('purchase', 'purchase_reversal', 'chargeback', 'chargeback_reversal')"


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; an empty field does not filter. `since` is included, `until` is not."""

    kind: str = ""
    source: str = ""
    user_id: UUID | None = None
    actor_id: UUID | None = None
    task_id: UUID | None = None
    batch_id: UUID | None = None
    line_id: int | None = None
    search: str = ""
    """A number of a line, a payment, the id of a person or task; part of an address for who may read them."""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether it names one person, task, batch or line: then its whole history is short."""
        return any((self.user_id, self.task_id, self.batch_id, self.line_id, self.search))


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line: `amount` in credits with its sign, `balance_after` of that person. `actor` is empty for our own."""

    id: int
    at: datetime
    user_id: UUID
    user: str
    kind: str
    amount: int
    balance_after: int
    source: str
    feature: str
    task_id: UUID | None
    cv_file_id: UUID | None
    payment: str
    related: int | None
    batch_id: UUID | None
    actor_id: UUID | None
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LotUseRow:
    """What one lot gave for a debit, and how much of it came back."""

    lot_id: int
    kind: str
    amount: int
    returned: int
    expires_at: datetime | None


_LINES = """
SELECT line.*, person.email, staff.email AS actor_email, staff.name AS actor_name FROM (
    SELECT * FROM credit_transaction line WHERE {where}
    ORDER BY line.created_at {way}, line.id {way} LIMIT :limit) line
JOIN app_user person ON person.id = line.user_id LEFT JOIN app_user staff ON staff.id = line.actor_id
ORDER BY line.created_at {way}, line.id {way}"""


def lines(db: Session, by: Actor, filters: Filters, request: PageRequest) -> Page[LedgerRow]:
    """A page of the ledger, newest first. Needs credits.read; people are masked without people.reveal."""
    by.must(Permission.CREDITS_READ)
    where, values = _where(db, by, filters)
    before = position(request.before)
    at = before or position(request.after)
    if at is not None:
        where.append(f"(line.created_at, line.id) {'>' if before else '<'} (:at, :at_id)")
        values |= {"at": at[0], "at_id": at[1]}
    statement = _LINES.format(where=" AND ".join(where) or "true", way="ASC" if before else "DESC")
    found = db.execute(text(statement), {**values, "limit": request.limit}).all()
    rows = [_line(row, by) for row in (reversed(found) if before else found)]
    asked = request if at is not None else PageRequest(size=request.size)
    return paging.page_of(rows, asked, lambda row: (row.at.isoformat(), row.id))


def every(db: Session, by: Actor, filters: Filters) -> Iterator[LedgerRow]:
    """Every line of the filter, newest first, for a file. Needs credits.read."""
    token = ""
    while True:
        page = lines(db, by, filters, PageRequest(after=token, size=paging.MAX_SIZE))
        yield from page.rows
        token = page.next
        if not token:
            return


def line(db: Session, by: Actor, line_id: int) -> LedgerRow:
    """One line. Needs credits.read. Raises NotFound."""
    found = lines(db, by, Filters(line_id=line_id), PageRequest(size=1)).rows
    if not found:
        raise NotFound
    return found[0]


def paid_from(db: Session, by: Actor, line_id: int) -> tuple[LotUseRow, ...]:
    """Which lots a debit took its credits from, in the order they burn. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    query = """SELECT use.lot_id, lot.kind, use.amount, use.returned, lot.expires_at FROM lot_use use
               JOIN credit_lot lot ON lot.id = use.lot_id WHERE use.line_id = :line
               ORDER BY lot.priority, lot.expires_at NULLS LAST, lot.id"""
    return tuple(LotUseRow(*row) for row in db.execute(text(query), {"line": line_id}))


def sources(db: Session, by: Actor) -> tuple[str, ...]:
    """Where lines come from: the words that occur. Needs credits.read."""
    by.must(Permission.CREDITS_READ)
    # Hops from one value to the next: there are a dozen of them in a million lines.
    query = """WITH RECURSIVE word AS (
                   (SELECT source FROM credit_transaction ORDER BY source LIMIT 1)
                   UNION ALL SELECT (SELECT source FROM credit_transaction WHERE source > word.source
                                     ORDER BY source LIMIT 1) FROM word WHERE word.source IS NOT NULL)
               SELECT source FROM word WHERE source <> ''"""
    return tuple(db.execute(text(query)).scalars())


def _where(db: Session, by: Actor, filters: Filters) -> tuple[list[str], dict[str, Any]]:
    given: dict[str, tuple[str, Any]] = {
        "kind": ("line.type = :kind", filters.kind if filters.kind in tuple(CreditKind) else ""),
        "source": ("line.source = :source", filters.source),
        "user": ("line.user_id = :user", filters.user_id),
        "actor": ("line.actor_id = :actor", filters.actor_id),
        "task": ("line.task_id = :task", filters.task_id),
        "batch": ("line.batch_id = :batch", filters.batch_id),
        "line": ("line.id = :line", filters.line_id),
        "since": ("line.created_at >= :since", filters.since),
        "until": ("line.created_at < :until", filters.until),
    }
    where = [condition for condition, value in given.values() if value]
    values = {name: value for name, (_, value) in given.items() if value}
    if filters.search:
        where.append(_searched(db, by, filters.search.strip(), values))
    return where, values


def _searched(db: Session, by: Actor, search: str, values: dict[str, Any]) -> str:
    if search.lstrip("#").isdecimal() and len(search) < 18:
        values["number"] = int(search.lstrip("#"))
        return "line.id = :number"
    try:
        values["search"] = UUID(search)
        return "(line.user_id = :search OR line.task_id = :search OR line.batch_id = :search)"
    except ValueError:
        pass
    if search.startswith(("pi_", "in_")):
        values["search"] = search
        return (
            f"(line.type IN {_PAID} AND (line.stripe_payment_intent_id = :search OR line.stripe_invoice_id = :search))"
        )
    if not by.may(Permission.PEOPLE_REVEAL):
        return "false"  # else a search would tell what the mask hides
    escaped = search.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    # The people first: a join would read a million lines to find those of a few.
    found = "SELECT id FROM app_user WHERE lower(email) LIKE :search ORDER BY id LIMIT :most"
    values["people"] = list(db.execute(text(found), {"search": f"%{escaped}%", "most": MOST_FOUND}).scalars())
    return "line.user_id = ANY(:people)"


def position(token: str) -> tuple[datetime, int] | None:
    """The place in a list that a token names: an instant and a number; None for one that is not ours."""
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), int(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def _line(row: Any, by: Actor) -> LedgerRow:
    return LedgerRow(
        id=row.id, at=row.created_at, user_id=row.user_id, user=shown(by, row.email), kind=row.type,
        amount=row.amount, balance_after=row.balance_after, source=row.source, feature=row.feature_name or "",
        task_id=row.task_id, cv_file_id=row.cv_file_id, payment=row.stripe_payment_intent_id or "",
        related=row.related_transaction_id, batch_id=row.batch_id, actor_id=row.actor_id,
        actor=row.actor_name or row.actor_email or "", reason=row.reason or "",
    )  # fmt: skip


def shown(by: Actor, email: str | None) -> str:
    """An address as this actor may read it; a person without one is "…"."""
    if not email:
        return "…"
    return email if by.may(Permission.PEOPLE_REVEAL) else addresses.masked(email)
