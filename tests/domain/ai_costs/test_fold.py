"""The fold counts each call exactly once, whoever commits late, folds beside it or dies in the middle."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import adjusting, adjustments, drift, fold, meter
from fitmycv_admin.vocabulary import AdjustmentKind
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import usage

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROLLUPS = ("roll_hour", "roll_day", "roll_user_day", "roll_user_month")


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-b")


def record(at: datetime = NOON, count: int = 1) -> None:
    with transaction() as db:
        for number in range(count):
            meter.record(db, usage(at + timedelta(seconds=number), prompt=1000 + number))


def run() -> int:
    with transaction() as db:
        return fold.fold(db).calls


def run_until_dry() -> int:
    """Fold until all is counted: autovacuum and the like may hold the limit for a moment."""
    folded = 0
    for _ in range(50):
        folded += run()
        if waiting() == 0:
            break
    return folded


def waiting() -> int:
    with transaction() as db:
        return db.execute(
            text("SELECT count(*) FROM openai_call WHERE xid >= (SELECT folded_below FROM fold_mark)")
        ).scalar_one()


def sums(table: str) -> tuple[int, int]:
    with transaction() as db:
        row = db.execute(text(f"SELECT coalesce(sum(calls), 0), coalesce(sum(cost_nano), 0) FROM {table}")).one()
        return int(row[0]), int(row[1])


def recorded() -> tuple[int, int]:
    with transaction() as db:
        row = db.execute(text("SELECT count(*), coalesce(sum(cost_nano), 0) FROM openai_call")).one()
        return int(row[0]), int(row[1])


def assert_counted_once() -> None:
    truth = recorded()
    assert {table: sums(table) for table in ROLLUPS} == dict.fromkeys(ROLLUPS, truth)
    with transaction() as db:
        assert db.execute(text("SELECT folded_calls FROM fold_mark")).scalar_one() == truth[0]


def test_a_second_fold_adds_nothing():
    record(count=5)
    assert run_until_dry() == 5
    assert run() == 0
    assert_counted_once()


def test_a_call_that_commits_late_is_counted_by_the_next_fold():
    record()
    written, finish = Event(), Event()

    def late() -> None:
        with transaction() as db:
            meter.record(db, usage(NOON))
            written.set()
            finish.wait(10)

    thread = Thread(target=late)
    thread.start()
    assert written.wait(5)
    # Younger than the late one, and committed before it: must wait for it, not jump over it.
    record(count=2)
    first = run()
    assert first <= 1
    assert waiting() == 3 - first
    finish.set()
    thread.join(5)
    run_until_dry()
    assert_counted_once()
    assert recorded()[0] == 4


def test_folders_beside_each_other_and_writers_count_each_call_once():
    draw = random.Random(7)
    begin = Barrier(7)

    def write(seed: int) -> None:
        mine = random.Random(seed)
        begin.wait()
        for _ in range(12):
            record(NOON + timedelta(minutes=mine.randrange(3000)), count=mine.randrange(1, 6))

    def folder() -> None:
        begin.wait()
        for _ in range(15):
            run()

    with ThreadPoolExecutor(7) as pool:
        jobs = [pool.submit(write, draw.randrange(10**6)) for _ in range(4)] + [pool.submit(folder) for _ in range(3)]
        for job in jobs:
            job.result(60)
    run_until_dry()
    assert_counted_once()


def test_a_crash_in_the_middle_leaves_everything_as_it_was():
    record(count=3)

    class Crash(BaseException): ...

    def fold_and_crash() -> None:
        with transaction() as db:
            fold.fold(db)
            raise Crash

    with pytest.raises(Crash):
        fold_and_crash()
    assert sums("roll_day") == (0, 0)
    run_until_dry()
    assert_counted_once()


def test_a_backend_that_is_killed_while_it_folds_counts_nothing_twice():
    record(count=3)
    with pytest.raises(Exception, match=r"terminat|closed"), transaction() as db:  # noqa: PT012
        pid = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
        fold.fold(db)
        with transaction() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        db.execute(text("SELECT 1"))
    run_until_dry()
    assert_counted_once()


def test_a_rolled_back_call_is_never_counted():
    def record_and_fail() -> None:
        with transaction() as db:
            meter.record(db, usage(NOON))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    record()
    assert run_until_dry() == 1
    assert_counted_once()


def test_a_call_with_an_old_instant_lands_on_its_own_day():
    record(NOON)
    run_until_dry()
    record(NOON - timedelta(days=40))
    run_until_dry()
    with transaction() as db:
        days = [row[0].isoformat() for row in db.execute(text("SELECT day FROM roll_day ORDER BY day"))]
    assert days == ["2026-10-11", "2026-11-20"]
    assert_counted_once()


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-28T22:59:59+00:00", "2026-03-28"),  # the night of the spring change: 23 hours
        ("2026-03-28T23:00:00+00:00", "2026-03-29"),
        ("2026-03-29T21:59:59+00:00", "2026-03-29"),
        ("2026-03-29T22:00:00+00:00", "2026-03-30"),
        ("2026-10-24T22:00:00+00:00", "2026-10-25"),  # the autumn change: 25 hours
        ("2026-10-25T22:59:59+00:00", "2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "2026-10-26"),
        ("2026-11-22T22:30:00+00:00", "2026-11-22"),  # 23:30 in Paris
    ],
)
def test_a_call_falls_on_the_day_of_the_workspace(instant: str, day: str):
    record(datetime.fromisoformat(instant))
    run_until_dry()
    with transaction() as db:
        assert [str(row[0]) for row in db.execute(text("SELECT day FROM roll_day"))] == [day]


def test_the_reference_usage_table_holds_persons_features_models_and_days():
    with transaction() as db:
        mine = ledger.person(db, f"usage-{random.random()}@example.org")
        for _ in range(3):
            meter.record(db, usage(NOON, prompt=100, completion=0), user_id=mine)
        meter.record(db, usage(NOON, model="gpt-b", prompt=100, completion=0), user_id=mine)
        meter.record(db, usage(NOON))
    run_until_dry()
    with transaction() as db:
        rows = db.execute(
            text("SELECT feature_name, model, date, calls_count, estimated_cost_nano FROM openai_usage ORDER BY model")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("match_score", "gpt-a", NOON.date(), 3, 600_000),
        ("match_score", "gpt-b", NOON.date(), 1, 200_000),
    ]


def test_a_rebuild_in_another_zone_moves_calls_to_its_days_and_loses_none():
    record(datetime(2026, 11, 22, 22, 30, tzinfo=UTC), count=4)
    run_until_dry()
    with transaction() as db:
        fold.rebuild(db, "Asia/Tokyo")
    with transaction() as db:
        assert [str(row[0]) for row in db.execute(text("SELECT DISTINCT day FROM roll_day"))] == ["2026-11-23"]
    assert_counted_once()


@pytest.mark.slow
def test_sixteen_at_once_writing_folding_and_correcting_count_each_call_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adjusting, "CHUNK", 25)
    rounds, begin = 50, Barrier(16)

    def write(seed: int) -> None:
        mine = random.Random(seed)
        begin.wait()
        for _ in range(rounds):
            record(NOON + timedelta(minutes=mine.randrange(3000)), count=mine.randrange(1, 3))

    def folder() -> None:
        begin.wait()
        for _ in range(rounds):
            run()

    def corrector(seed: int) -> None:
        mine = random.Random(seed)
        begin.wait()
        for number in range(rounds):
            with transaction() as db:
                if number % 10 == 0:
                    lines = {"input": mine.randrange(10**10), "output": mine.randrange(10**10)}
                    span = NOON - timedelta(days=1), NOON + timedelta(days=3)
                    wanted = adjustments.Asked(AdjustmentKind.REPRICE, None, None, *span, lines)
                    adjustments.start(db, ledger.OPS, wanted, reason="race")
            with transaction() as db:
                adjustments.work(db)

    with ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(write, seed) for seed in range(8)] + [pool.submit(folder) for _ in range(4)]
        jobs += [pool.submit(corrector, seed) for seed in range(4)]
        for job in jobs:
            job.result(120)
    run_until_dry()
    ledger.work_all()
    calls, cost = recorded()
    with transaction() as db:
        delta = db.execute(text("SELECT sum(delta_nano) FROM cost_adjustment JOIN openai_call c ON c.id = call_id"))
        cost += int(delta.scalar_one())
        days = NOON.date() - timedelta(days=1), NOON.date() + timedelta(days=4)
        assert drift.of(db, fold.mark(db), *days) == drift.Drift(0, 0)
        assert db.execute(text("SELECT folded_calls FROM fold_mark")).scalar_one() == calls
    assert {table: sums(table) for table in ROLLUPS} == dict.fromkeys(ROLLUPS, (calls, cost))
