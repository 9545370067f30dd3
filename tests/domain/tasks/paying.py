"""People who start tasks that cost something, and what became of their credits and quotas."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger, reservations
from fitmycv_admin.domain.billing.credits import Wallet
from fitmycv_admin.domain.billing.reservations import Shown
from fitmycv_admin.domain.settings import changes
from fitmycv_admin.domain.tasks import attempts, board, decision
from fitmycv_admin.domain.tasks.attempts import Claim
from fitmycv_admin.domain.tasks.decision import Verdict
from fitmycv_admin.models import LimitOverride
from fitmycv_admin.vocabulary import Permission, PlanFeature, Role, TaskOutcome, TaskType

SYSTEM = actors.system("test")
OPS = Actor(None, Role.ADMIN, frozenset({Permission.CREDITS_GIFT}), system="support")


def start(by: Actor, type_: TaskType = TaskType.IMPORT_PDF, *, shown: Shown | None = None) -> UUID:
    """A task of the person; an import costs 2 credits."""
    with transaction() as db:
        return board.submit(db, by, type_, title="Ada.pdf", shown=shown)


def claim(task_id: UUID, attempt: int = 0, worker: str = "w1") -> Claim:
    """A claim that must succeed."""
    with transaction() as db:
        held = attempts.claim(db, task_id, attempt, worker)
    assert held is not None
    return held


def complete(held: Claim, result: Any = None) -> None:
    """The work is done."""
    with transaction() as db:
        attempts.complete(db, held, result if result is not None else {"by": 1})


def fail(held: Claim) -> None:
    """The work did not succeed."""
    with transaction() as db:
        attempts.fail(db, held, attempts.Failure("tasks.error.unexpected"))


def keep_output(held: Claim) -> None:
    """An answer of a model is stored."""
    with transaction() as db:
        attempts.checkpoint(db, held, "document", {"paid": 1})


def cancel(by: Actor, task_id: UUID) -> None:
    """The person gives it up."""
    with transaction() as db:
        board.cancel(db, by, task_id)


def retry(by: Actor, task_id: UUID) -> None:
    """The person starts it again."""
    with transaction() as db:
        board.retry(db, by, task_id)


def give_back(task_id: UUID, cause: str = "support") -> bool:
    """Staff gives back what the task took."""
    with transaction() as db:
        return reservations.return_task(db, OPS, task_id, cause=cause, reason="did not work")


def may(by: Actor, feature: PlanFeature = PlanFeature.IMPORT_PDF) -> Verdict:
    """What a screen would say."""
    with transaction() as db:
        return decision.may_use(db, by.owner_id, feature)


def wallet(by: Actor) -> Wallet:
    """What the person has."""
    with transaction() as db:
        return ledger.balance_of(db, by.owner_id)


def one(question: str, **values: Any) -> Any:
    """The one row of a query."""
    with transaction() as db:
        return db.execute(text(question), values).one()


def held(task_id: UUID) -> Any:
    """The reservation of a task."""
    return one("SELECT * FROM reservation WHERE task_id = :id", id=task_id)


def task(task_id: UUID) -> Any:
    """The row of a task."""
    return one("SELECT * FROM background_task WHERE id = :id", id=task_id)


def lines(by: Actor) -> list[tuple[str, int]]:
    """Kind and amount of the person's lines about tasks, oldest first."""
    found = text(
        "SELECT type, amount FROM credit_transaction WHERE user_id = :user AND task_id IS NOT NULL ORDER BY id"
    )
    with transaction() as db:
        return [(row.type, row.amount) for row in db.execute(found, {"user": by.user_id})]


def set_to(**values: str) -> None:
    """Change settings."""
    with transaction() as db:
        for name, value in values.items():
            changes.change(db, SYSTEM, name, value)


def allow(by: Actor, limit: int, feature: PlanFeature = PlanFeature.IMPORT_PDF) -> None:
    """An exception for the person: so often a month, 0 never."""
    now = clock.now()
    with transaction() as db:
        db.add(
            LimitOverride(
                id=new_id(), user_id=by.owner_id, feature_name=feature, is_enabled=limit != 0, usage_limit=limit,
                reason="test", created_by=by.owner_id, valid_from=now - timedelta(days=1),
                ends_at=now + timedelta(days=30),
            )
        )  # fmt: skip


def counted(by: Actor) -> tuple[int, int]:
    """How many uses are counted and how many of them reserved, over all periods."""
    row = one(
        "SELECT coalesce(sum(count), 0) AS n, coalesce(sum(reserved), 0) AS r FROM feature_usage_counter"
        " WHERE user_id = :user", user=by.user_id,
    )  # fmt: skip
    return int(row.n), int(row.r)


CHARGED = (TaskOutcome.USABLE, TaskOutcome.CANCELLED_AFTER_OUTPUT)
