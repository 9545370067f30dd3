"""One thin function for each type of task, found by importing this package's modules."""

import importlib
import pkgutil


def load() -> None:
    """Import every job, so that a forked attempt finds them in memory."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
