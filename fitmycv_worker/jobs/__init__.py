"""One thin function for each type of task, found by importing this package's modules."""

import importlib
import pkgutil

from fitmycv_admin.domain.tasks import registry


def load() -> None:
    """Import every job, so that a forked attempt finds them in memory."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def warm(queue: str) -> None:
    """Load what the first job of this queue would otherwise wait for; it takes half a second."""
    if queue == registry.TASKS:
        from fitmycv_worker.llm import client
        from fitmycv_worker.pipelines import languages

        languages.warm()
        client.warm()
