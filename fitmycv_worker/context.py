"""What a job may do while it works: tell its progress, keep paid steps, record model calls, read settings."""

import contextlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin import wiring
from fitmycv_admin.core import db
from fitmycv_admin.domain.ai_costs import assignment
from fitmycv_admin.domain.ai_costs.assignment import Assigned
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.settings import features
from fitmycv_admin.domain.tasks import attempts, calls
from fitmycv_admin.domain.tasks.attempts import Claim
from fitmycv_admin.vocabulary import CallName


class TaskContext:
    """One attempt as its job sees it. Each method is a transaction of its own; LostLease ends the attempt."""

    def __init__(self, held: Claim) -> None:
        self.claim = held
        self._calls = 0
        self._steps: dict[str, dict[str, Any]] | None = None

    @property
    def task_id(self) -> UUID:
        """The task's id."""
        return self.claim.task_id

    @property
    def payload(self) -> Mapping[str, Any]:
        """What the task was asked with."""
        return self.claim.payload

    def progress(self, percent: int, step_key: str = "") -> None:
        """Tell the person how far it is (0 to 100) and what is being done."""
        with contextlib.suppress(SQLAlchemyError), db.transaction() as session:
            attempts.progress(session, self.claim, percent, step_key)
        if self.claim.user_id is not None:
            wiring.progress().publish(self.claim.user_id, self.task_id)

    def step(self, percent: int, word: str) -> None:
        """The same, as pipelines tell it: `word` is reading, understanding, checking, matching, counting or done."""
        self.progress(percent, f"tasks.step.{word}")

    def done(self, step: str) -> dict[str, Any] | None:
        """The result of a step that an earlier attempt finished; None when it is to be done."""
        if self._steps is None:
            with db.transaction() as session:
                self._steps = attempts.steps(session, self.task_id)
        return self._steps.get(step)

    def checkpoint(self, step: str, result: Mapping[str, Any]) -> None:
        """Keep the result of a finished step: a later attempt does not pay for it again."""
        with db.transaction() as session:
            attempts.checkpoint(session, self.claim, step, result)

    def record(self, usage: CallUsage) -> None:
        """Store one model call with its cost, before its answer is used; also when the attempt was lost meanwhile."""
        self._calls += 1
        with db.transaction() as session:
            calls.record(session, self.claim, usage, number=self._calls)

    def assigned(self, call_name: CallName) -> Assigned:
        """The model and tier of a kind of call, as they are at this moment."""
        with db.transaction() as session:
            return assignment.of_call(session, call_name)

    def feature_of(self, call_name: CallName) -> str:
        """The feature that a kind of call is counted under."""
        with db.transaction() as session:
            return features.of_call(session, call_name)
