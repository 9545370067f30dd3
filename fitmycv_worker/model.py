"""The model that this installation's settings name, with the meter of one task attached."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fitmycv_admin.core.config import settings
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.vocabulary import CallName
from fitmycv_worker.context import TaskContext
from fitmycv_worker.llm.answers import Dialect
from fitmycv_worker.llm.client import Model
from fitmycv_worker.llm.errors import ModelMisconfigured


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
    name, feature_key = task.model_for(call_name), task.feature_of(call_name)
    with Model(
        api_key=now.openai_api_key or "none",
        base_url=now.openai_base_url or None,
        local_engine=now.has_local_engine,
        dialect=Dialect.CHAT if now.openai_dialect == "chat" else None,
    ) as model:
        yield Metered(model, task, name, feature_key, served=name)
