"""Carries out credits for many: one row a transaction, in chunks, so that a crash loses and repeats nothing."""

import time
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.models import CreditBatch, CreditBatchRow
from fitmycv_admin.vocabulary import BatchState, CreditKind

CHUNK = 200
TURN_S = 5.0


def work(_session: Session | None = None, *, seconds: float = TURN_S) -> int:
    """Do rows for so many seconds, each in a transaction of its own; returns how many. For the scheduler."""
    until, done = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        with transaction() as db:
            rows = due(db)
        for batch_id, user_id in rows:
            with transaction() as db:
                done += carry_out(db, batch_id, user_id)
            if time.monotonic() > until:
                break
        if not rows:
            break
    with transaction() as db:
        finish(db)
    return done


def due(db: Session, limit: int = CHUNK) -> list[tuple[UUID, UUID]]:
    """The next rows to carry out, of the oldest batch that has some: (batch, person)."""
    rows = db.execute(_DUE, {"limit": limit}).all()
    return [(row.batch_id, row.user_id) for row in rows]


_DUE = text("""
SELECT line.batch_id, line.user_id FROM (
    SELECT id, CASE state WHEN 'running' THEN 'waiting' ELSE 'granted' END AS wanted FROM credit_batch
    WHERE state = 'running' OR (state = 'reversed' AND finished_at IS NULL)) batch
JOIN credit_batch_row line ON line.batch_id = batch.id AND line.state = batch.wanted
ORDER BY line.batch_id, line.user_id LIMIT :limit""")


def carry_out(db: Session, batch_id: UUID, user_id: UUID) -> bool:
    """Do one row, in a transaction of its own; False when somebody else does it or there is nothing to do.

    The row, its line and its state change together, and the line has a key: a crash in between repeats nothing.
    """
    mine = select(CreditBatchRow).where(
        col(CreditBatchRow.batch_id) == batch_id, col(CreditBatchRow.user_id) == user_id
    )
    row = db.exec(mine.with_for_update(skip_locked=True)).one_or_none()
    batch = db.get(CreditBatch, batch_id)
    if row is None or batch is None:
        return False
    if batch.state == BatchState.RUNNING and row.state == "waiting":
        _give(db, batch, row)
        return True
    if batch.state == BatchState.REVERSED and row.state == "granted":
        _take_back(db, batch, row)
        return True
    return False


def finish(db: Session) -> int:
    """End the batches that have no row left to do; returns how many."""
    given = """UPDATE credit_batch batch SET state = 'done', finished_at = :now WHERE state = 'running' AND NOT EXISTS
               (SELECT FROM credit_batch_row WHERE batch_id = batch.id AND state = 'waiting') RETURNING id"""
    taken = """UPDATE credit_batch batch SET finished_at = :now WHERE state = 'reversed' AND finished_at IS NULL
               AND NOT EXISTS (SELECT FROM credit_batch_row WHERE batch_id = batch.id AND state = 'granted')
               RETURNING id"""
    return sum(len(db.execute(text(ended), {"now": clock.now()}).all()) for ended in (given, taken))


def _give(db: Session, batch: CreditBatch, row: CreditBatchRow) -> None:
    entry = Entry(
        CreditKind.GIFT, row.amount, "batch", batch_id=batch.id, request_key=f"batch:{batch.id}:{row.user_id}",
        actor_id=batch.created_by, reason=batch.reason_code,
    )  # fmt: skip
    state = db.execute(text("SELECT state FROM app_user WHERE id = :id"), {"id": row.user_id}).scalar_one()
    trouble = "" if state == "active" else "credits.error.account_closed"
    if batch.expires_at is not None and batch.expires_at <= clock.now():
        trouble = "credits.error.expiry_past"
    if not trouble:
        try:
            with db.begin_nested():
                row.line_id = ledger.grant(db, row.user_id, entry, expires_at=batch.expires_at or ledger.DEFAULT)
        except FitMyCvError as error:
            trouble = error.key
    row.state, row.error_key = ("refused", trouble) if trouble else ("granted", None)
    db.add(row)
    db.flush()


def _take_back(db: Session, batch: CreditBatch, row: CreditBatchRow) -> None:
    assert row.line_id is not None
    entry = Entry(
        CreditKind.CLAWBACK, row.amount, "batch_reversal", batch_id=batch.id, related=row.line_id,
        request_key=f"batch-back:{batch.id}:{row.user_id}", actor_id=batch.created_by, reason=batch.reason_code,
    )  # fmt: skip
    row.reversal_line_id, taken = ledger.take_back(db, row.line_id, entry)
    row.state = "reversed" if taken == row.amount else "partly_reversed"
    db.add(row)
    db.flush()
