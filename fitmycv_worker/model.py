"""The model that this installation's settings name, with the meter of one task attached."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin.core import db, ids, log
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.ai_costs import breaker
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.domain.budgets import limits
from fitmycv_admin.domain.tasks import calls
from fitmycv_admin.vocabulary import CallName
from fitmycv_worker.context import TaskContext
from fitmycv_worker.llm.answers import Dialect
from fitmycv_worker.llm.client import Model, Permit
from fitmycv_worker.llm.errors import BudgetSpent, ModelMisconfigured

_log = log.get("model")


class SharedBreaker:
    """The breaker that all processes share. Without a database nobody is stopped: the work itself will be."""

    def may_call(self) -> bool:
        """Whether an attempt may be sent now."""
        with suppress(SQLAlchemyError), db.transaction() as session:
            return breaker.may_call(session)
        return True

    def failed(self, code: str) -> None:
        """An attempt got no answer, or an error of the server."""
        with suppress(SQLAlchemyError), db.transaction() as session:
            if breaker.failed(session, code):
                _log.error("the models do not answer: the breaker is open", error=code)

    def answered(self) -> None:
        """An attempt was answered."""
        with suppress(SQLAlchemyError), db.transaction() as session:
            breaker.answered(session)


class TaskPurse:
    """Asks the budgets for the money of each attempt of a task. Without a database nothing may be sent."""

    def __init__(self, task: TaskContext) -> None:
        self._task = task

    def permit(
        self, *, feature_key: str, model: str, tier: str, prompt_bytes: int, max_output_tokens: int | None
    ) -> Permit:
        """The leave to send an attempt; what it may cost is reserved until it is recorded."""
        key = ids.new_id()
        with db.transaction() as session:
            decision = calls.permit(
                session, self._task.claim, call_key=key, feature_key=feature_key, model=model, tier=tier,
                prompt_bytes=prompt_bytes, max_output_tokens=max_output_tokens,
            )  # fmt: skip
        if decision.kind is limits.Answer.DENY:
            _log.warning("a budget has no room for a call", rule=decision.reason)
            raise BudgetSpent
        return Permit(key, decision.model, decision.at)

    def free(self, permit: Permit) -> None:
        """The attempt was never sent."""
        with suppress(SQLAlchemyError), db.transaction() as session:
            limits.free(session, permit.key)


@dataclass(slots=True)
class Metered:
    """What a pipeline needs for its calls; `served` is the model that answered last."""

    model: Model
    task: TaskContext
    name: str
    feature_key: str
    served: str = ""
    tokens: int = 0

    def record(self, usage: CallUsage) -> None:
        """Store a call before its answer is used."""
        self.task.record(usage)
        self.served = usage.model_served or self.served
        self.tokens += usage.prompt_tokens + usage.completion_tokens


@contextmanager
def metered(task: TaskContext, call_name: CallName) -> Iterator[Metered]:
    """The model for one kind of call; raises ModelMisconfigured when there is no key and no other server."""
    now = settings()
    if not now.openai_api_key and not now.openai_base_url:
        raise ModelMisconfigured
    assigned, feature_key = task.assigned(call_name), task.feature_of(call_name)
    with Model(
        api_key=now.openai_api_key or "none",
        base_url=now.openai_base_url or None,
        local_engine=now.has_local_engine,
        dialect=Dialect.CHAT if now.openai_dialect == "chat" else None,
        gate=SharedBreaker(),
        tier=assigned.tier,
        purse=TaskPurse(task),
    ) as model:
        yield Metered(model, task, assigned.model, feature_key, served=assigned.model)
