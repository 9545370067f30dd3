"""The pages about credits as files: the ledger, the rows of a batch, what runs out, what is owed."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import batch_list, holdings, liability, statements
from fitmycv_admin.domain.insights import ledger
from fitmycv_admin.vocabulary import Permission

_LEDGER = ("at", "line", "user_id", "user", "type", "credits", "balance_after", "source", "feature", "task", "cv",
           "payment", "belongs_to_line", "batch", "by", "by_id", "reason")  # fmt: skip
_BATCH = ("user_id", "user", "credits", "state", "line", "taken_back", "holds_now", "why")
_EXPIRING = ("expires_at", "lot", "user_id", "user", "type", "credits", "held", "granted", "since")
_LIABILITY = ("table", "span", "credits", "bought", "given", "unpriced", "eur")


def _ledger(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _LEDGER
    for row in ledger.every(db, by, words):
        yield (
            row.at.isoformat(), row.id, row.user_id, row.user, row.kind, row.amount, row.balance_after, row.source,
            row.feature, row.task_id, row.cv_file_id, row.payment, row.related, row.batch_id, row.actor, row.actor_id,
            row.reason,
        )  # fmt: skip


def _batch(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    try:
        batch_id = UUID(words.get("batch", ""))
    except ValueError as error:
        raise NotFound from error
    yield _BATCH
    for row in batch_list.every(db, by, batch_list.batch(db, by, batch_id).id):
        yield (
            row.user_id, row.user, row.amount, row.state, row.line_id, row.taken, row.balance, row.error_key
        )  # fmt: skip


def _expiring(db: Session, by: Actor, _words: Words) -> Iterator[Cells]:
    yield _EXPIRING
    token = ""
    while True:
        page = holdings.expiring(db, by, PageRequest(after=token, size=paging.MAX_SIZE))
        for row in page.rows:
            yield (
                _at(row.expires_at), row.id, row.user_id, row.user, row.kind, row.remaining - row.held, row.held,
                row.granted, _at(row.created_at),
            )  # fmt: skip
        token = page.next
        if not token:
            return


def _liability(db: Session, by: Actor, _words: Words) -> Iterator[Cells]:
    yield _LIABILITY
    found = liability.liability(db, by)
    for name, slices in (("by_expiry", found.by_expiry), ("by_age", found.by_age), ("total", (found.total,))):
        for one in slices:
            yield (name, one.span, one.credits, one.bought, one.given, one.unpriced, f"{one.cents / 100:.2f}")


def _at(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


EXPORTS = (
    Export("ledger", Permission.CREDITS_READ, statements.WORDS, _ledger),
    Export("batch", Permission.CREDITS_READ, ("batch",), _batch),
    Export("credits-expiring", Permission.CREDITS_READ, (), _expiring),
    Export("credits-owed", Permission.CREDITS_READ, (), _liability),
)
