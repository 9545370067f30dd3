"""What others wait beside somebody with 2,000 tasks in line, compared with what they wait alone."""

from uuid import UUID

from tests.bench import ground
from tests.bench.run import Figure, figure, load, percentile
from tests.domain.tasks.conftest import make_person
from tests.worker.stack import eventually

GREEDY = 2_000
OTHERS, EACH = 20, 5
WORKERS = 2
_PATIENCE_S = 120


def run() -> dict[str, Figure]:
    """Twenty people with five tasks each, twice: alone, and while the 2,000 of another person are being worked off."""
    with ground.processes(workers=WORKERS):
        _waits_of_others()
        alone = percentile(_waits_of_others(), 0.95)
        many = ground.submit(make_person(), GREEDY)
        if not eventually(lambda: ground.completed(many) > GREEDY / 100, _PATIENCE_S):
            raise RuntimeError("the many tasks were not begun")
        beside = percentile(_waits_of_others(), 0.95)
        left = GREEDY - ground.completed(many)
    if left == 0:
        raise RuntimeError("the many tasks ended too early: nothing was compared")
    return {
        "fairness_wait_alone_p95": figure(alone, "ms"),
        "fairness_wait_beside_2000_p95": figure(beside, "ms"),
        "fairness_wait_ratio": figure(beside / alone, "x", most=2),
        "fairness_left_of_2000": figure(left, "tasks"),
        "fairness_machine_load": load(),
    }


def _waits_of_others() -> list[float]:
    people = [make_person() for _ in range(OTHERS)]
    tasks: list[UUID] = [task for by in people for task in ground.submit(by, EACH)]
    if not eventually(lambda: ground.starts(tasks) == len(tasks), _PATIENCE_S):
        raise RuntimeError("the tasks of the others did not start")
    return ground.waits(tasks)
