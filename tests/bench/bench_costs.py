"""The cost centre on ten million calls: every reading, the page, lists, files, writing, and the naive layout beside it.

`CALLS=` loads fewer (300000 for a quick look): then it prints without judging. `KEEP=directory` keeps the loaded
cluster there for the next run.
"""

from collections.abc import Iterator

from fitmycv_admin.core.db import transaction
from fitmycv_admin.local import valkey
from tests import cluster
from tests.bench import costs_budgets, costs_ground, costs_live, costs_naive, costs_reading, costs_writes
from tests.bench.costs_ground import Ground
from tests.bench.run import Figure, load
from tests.domain.ai_costs import readings


def run() -> dict[str, Figure]:
    """Every figure, on a cluster of its own, printed as it is known; raises NoRoom when the disk is too small."""
    figures: dict[str, Figure] = {}
    with costs_ground.loaded() as ground:
        for some in _measured(ground):
            figures |= some
            for name, value in some.items():
                print(f"  {name} {value['value']} {value['unit']}", flush=True)
        print(costs_naive.side_by_side(figures))
    return figures


def _measured(ground: Ground) -> Iterator[dict[str, Figure]]:
    yield {**ground.figures, "costs_machine_load_before": load()}
    with transaction() as db:
        about = readings.subject(db)
    for reading in readings.readings(about):
        yield costs_reading.timed(reading)
    cache = valkey.start(cluster.home() / "valkey-costs", fast=True)
    try:
        with cluster.environment(
            DATABASE_URL=ground.server.url, DATABASE_MIGRATE_URL=ground.server.owner_url, REDIS_URL=cache.url
        ):
            yield costs_live.run()
            yield costs_budgets.run()
    finally:
        cache.kill()
    yield costs_writes.run(ground.server)
    yield costs_naive.asked(ground.server)
    yield {"costs_machine_load_after": load()}
