"""The end of a task, as far as others care: its subject lets go, and what it held is taken or given back.

In the transaction that ends the task, after its row was changed: that update decides who settles.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from fitmycv_admin.domain.billing import notices, reservations
from fitmycv_admin.domain.tasks import endings
from fitmycv_admin.vocabulary import TaskOutcome

_NOTE = text("""
UPDATE background_task SET outcome = :outcome, credit_used = CAST(:line AS bigint) IS NOT NULL,
    credit_transaction_id = CAST(:line AS bigint)
WHERE id = :id RETURNING user_id""")
_OUTPUT = text("SELECT EXISTS (SELECT 1 FROM task_step WHERE task_id = :id AND result IS NOT NULL)")


def completed(db: Session, task_id: UUID, *, usable: bool) -> None:
    """The task has its result; one that holds nothing of use costs nothing."""
    _settle(db, task_id, TaskOutcome.USABLE if usable else TaskOutcome.NOTHING_USABLE)


def failed(db: Session, task_id: UUID, type_: str, *, timed_out: bool = False) -> None:
    """Nothing comes of the task: its subject is told, and what it held is let go."""
    endings.abandon(db, task_id, type_)
    _settle(db, task_id, TaskOutcome.TIMED_OUT if timed_out else TaskOutcome.FAILED)


def cancelled(db: Session, task_id: UUID, type_: str) -> None:
    """The person gave the task up: it is paid once an answer of a model was kept, and free before."""
    endings.abandon(db, task_id, type_)
    has_output = db.execute(_OUTPUT, {"id": task_id}).scalar_one()
    _settle(db, task_id, TaskOutcome.CANCELLED_AFTER_OUTPUT if has_output else TaskOutcome.CANCELLED_BEFORE_OUTPUT)


def in_order(rows: Iterable) -> list:
    """Ended tasks in the one order in which many of them may be settled together: by person."""
    return sorted(rows, key=lambda row: (str(row.user_id), str(row.id)))


def _settle(db: Session, task_id: UUID, outcome: TaskOutcome) -> None:
    db.flush()
    settled = reservations.settle(db, task_id, outcome)
    noted = {"id": task_id, "outcome": outcome, "line": settled.line_id if settled.is_charged else None}
    user_id = db.execute(_NOTE, noted).scalar_one()
    if settled.is_charged and user_id is not None:
        notices.low_balance(db, user_id)
