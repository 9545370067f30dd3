"""The cost centre on ten million calls: every reading, the page, lists, files, writing, and the naive layout beside it.

`CALLS=` loads fewer (300000 for a quick look): then it prints without judging. `KEEP=directory` keeps the loaded
cluster there for the next run.
"""

from fitmycv_admin.core.db import transaction
from fitmycv_admin.local import valkey
from tests import cluster
from tests.bench import costs_budgets, costs_ground, costs_live, costs_naive, costs_reading, costs_writes
from tests.bench.run import Figure, load
from tests.domain.ai_costs import readings


def run() -> dict[str, Figure]:
    """Every figure, on a cluster of its own; raises NoRoom when the disk is too small."""
    with costs_ground.loaded() as ground:
        figures = {**ground.figures, "costs_machine_load_before": load()}
        with transaction() as db:
            about = readings.subject(db)
        for reading in readings.readings(about):
            figures |= costs_reading.timed(reading)
        cache = valkey.start(cluster.home() / "valkey-costs", fast=True)
        try:
            with cluster.environment(
                DATABASE_URL=ground.server.url, DATABASE_MIGRATE_URL=ground.server.owner_url, REDIS_URL=cache.url
            ):
                figures |= costs_live.run()
                figures |= costs_budgets.run()
        finally:
            cache.kill()
        figures |= costs_writes.run(ground.server)
        figures |= costs_naive.asked(ground.server)
        print(costs_naive.side_by_side(figures))
    return {**figures, "costs_machine_load_after": load()}
