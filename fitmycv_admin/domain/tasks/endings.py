"""What other subjects do when a task ends without a result, in the transaction that ends it."""

from collections.abc import Callable
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.vocabulary import TaskType

Abandon = Callable[[Session, UUID], None]
"""Called with the session and the id of a task that failed or was cancelled."""

_on_abandon: dict[TaskType, Abandon] = {}


def on_abandon(type_: TaskType, act: Abandon) -> None:
    """Install what happens when a task of this type fails or is cancelled; `wiring` does, in every process."""
    _on_abandon[type_] = act


def abandon(db: Session, task_id: UUID, type_: str) -> None:
    """Tell the task's subject that nothing comes of it."""
    act = _on_abandon.get(TaskType(type_))
    if act is not None:
        act(db, task_id)
