"""One caller cannot flood a process, and does not slow anybody else."""

from fitmycv_admin.core.pace import Pace


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_only_the_rate():
    watch = Watch()
    pace = Pace(burst=5, rate=2, clock=watch)
    assert [pace.allows("tab") for _ in range(7)] == [True] * 5 + [False] * 2
    watch.now = 1.0
    assert [pace.allows("tab") for _ in range(3)] == [True, True, False]


def test_one_flooding_caller_leaves_the_others_alone():
    pace = Pace(burst=1, rate=1, clock=Watch())
    assert pace.allows("flood")
    assert not pace.allows("flood")
    assert pace.allows("other")


def test_memory_stays_bounded_whatever_names_come():
    watch = Watch()
    pace = Pace(burst=2, rate=1, clock=watch, most=100)
    for number in range(1000):
        watch.now += 0.001
        pace.allows(f"tab-{number}")
    assert len(pace._buckets) <= 100
