"""Times each reading of the cost pages on a loaded cluster, by one client that keeps its connection."""

import time

from fitmycv_admin.core.db import snapshot
from tests.bench.costs_ground import judged
from tests.bench.run import Figure, figure, percentile
from tests.domain.ai_costs.readings import Reading

ROUNDS, WARM_UP = 30, 3
# What takes seconds needs fewer repetitions to be known.
PATIENCE_S = 6.0


def timed(reading: Reading) -> dict[str, Figure]:
    """Milliseconds of one reading: its median and what 95 of 100 do not exceed."""
    for _ in range(WARM_UP):
        _once(reading)
    took: list[float] = []
    while len(took) < ROUNDS and (len(took) < 5 or sum(took) < PATIENCE_S * 1000):
        took.append(_once(reading))
    most = judged(reading.most) if reading.most is not None else None
    return {
        f"costs_{reading.name}_p50": figure(percentile(took, 0.5), "ms"),
        f"costs_{reading.name}_p95": figure(percentile(took, 0.95), "ms", most=most),
    }


def _once(reading: Reading) -> float:
    began = time.perf_counter()
    with snapshot(60_000) as db:
        reading.read(db)
    return (time.perf_counter() - began) * 1000
