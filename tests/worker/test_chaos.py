"""Everything is killed again and again, and every task still ends exactly once."""

import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Conflict
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.insights import checks
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.local import postgres as local_postgres
from fitmycv_admin.local import valkey as local_valkey
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import PlanFeature, Role, TaskType
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.paying import allow
from tests.worker.stack import SHORT_LEASE, Stack, running

WORKERS = 2
STUCK_AFTER_S = 30
"""Without a kill, something must end within this time, until everything has."""


class Chaos:
    """Kills one thing at a time, as often as it is told, in an order that a seed decides."""

    def __init__(self, stack: Stack, postgres: local_postgres.Postgres, valkey: local_valkey.Valkey, seed: int) -> None:
        self.stack = stack
        self.postgres = postgres
        self.valkey = valkey
        self.random = random.Random(seed)
        self.count: dict[str, int] = {}
        self.strikes = 0

    def strike(self) -> None:
        """Kill something, and start it again as a supervisor would."""
        acts: list[Callable[[], object]] = [
            self.horse, self.horse, self.worker, self.worker, self.worker_alone, self.dispatcher, self.scheduler,
            self.valkey_dies, self.valkey_forgets, self.postgres_dies,
        ]  # fmt: skip
        first: list[Callable[[], object]] = [self.worker, self.postgres_dies, self.valkey_forgets]
        act = first[self.strikes] if self.strikes < len(first) else self.random.choice(acts)
        self.strikes += 1
        if act() is not False:
            self.count[act.__name__] = self.count.get(act.__name__, 0) + 1
        self.stack.restart_ended()

    def _any_worker(self) -> str:
        return f"worker-{self.random.randrange(WORKERS)}"

    def horse(self) -> bool:
        return self.stack.kill_horse(self._any_worker())

    def hit_one_at_work(self) -> None:
        """Kill children until one of them was at work: a run in which nothing was hit would prove nothing."""
        end = time.monotonic() + 30
        while not lost_starts() and time.monotonic() < end:
            self.horse()
            time.sleep(0.05)

    def worker(self) -> None:
        self.stack.kill_with_children(self._any_worker())

    def worker_alone(self) -> None:
        """The parent dies, the child that does the work lives on."""
        name = self._any_worker()
        self.stack.children[name].kill()
        self.stack.children[name].wait(10)

    def dispatcher(self) -> None:
        self.stack.kill_with_children("dispatcher")

    def scheduler(self) -> None:
        self.stack.kill_with_children("scheduler")

    def valkey_dies(self) -> None:
        self.valkey.kill()
        self.valkey = local_valkey.start(self.valkey.data_dir, self.valkey.port)

    def valkey_forgets(self) -> None:
        self.valkey.flush()

    def postgres_dies(self) -> None:
        self.postgres.kill()
        self.postgres = local_postgres.start(self.postgres.data_dir, self.postgres.port)


def submit(count: int, seed: int) -> list[UUID]:
    """Tasks of 20 to 250 ms."""
    chosen = random.Random(seed)
    with transaction() as db:
        return [
            board.submit(db, actors.system("chaos"), TaskType.NOOP, title="", payload={"ms": chosen.randint(20, 250)})
            for _ in range(count)
        ]


def submit_paid(count: int, seed: int) -> list[UUID]:
    """Tasks of people that cost a credit each, of 20 to 250 ms; some people have a quota instead."""
    chosen = random.Random(seed)
    people = [make_person(count) for _ in range(4)]
    allow(people[0], count, PlanFeature.MATCH_SCORE)
    with transaction() as db:
        db.add(User(email="admin@example.org", name="Admin", role=Role.ADMIN, email_verified=clock.now()))
        return [
            board.submit(
                db, people[number % 4], TaskType.MATCH_SCORE, title="", payload={"ms": chosen.randint(20, 250)}
            )
            for number in range(count)
        ]


def give_up_some(tasks: list[UUID]) -> None:
    """Every fifth is cancelled, but for those that were quicker."""
    for task_id in tasks[::5]:
        with contextlib.suppress(SQLAlchemyError, Conflict), transaction() as db:
            board.cancel_for(db, actors.system("chaos"), task_id, reason="chaos")


def settled(tasks: list[UUID]) -> Counter[tuple[str, str]]:
    """How many ended in which state with which end of their reservation."""
    found = text("""SELECT t.status, r.state, count(*) AS n FROM background_task t
                    LEFT JOIN reservation r ON r.task_id = t.id WHERE t.id = ANY(:ids) GROUP BY 1, 2""")
    with transaction() as db:
        return Counter({(row.status, row.state): row.n for row in db.execute(found, {"ids": tasks})})


def broken_rules() -> dict[str, tuple[str, ...]]:
    """Every rule of the data that does not hold."""
    with snapshot(timeout_ms=30_000) as db:
        return {row.rule: row.examples for row in checks.run(db, actors.system("chaos")) if row.broken}


def ended(tasks: list[UUID]) -> int:
    """How many have ended; -1 while the database is away."""
    done = "SELECT count(*) FROM background_task WHERE id = ANY(:ids) AND status IN ('completed','failed','cancelled')"
    try:
        with transaction() as db:
            return db.execute(text(done), {"ids": tasks}).scalar_one()
    except SQLAlchemyError:
        return -1


def lost_starts() -> int:
    """How many attempts did not end by themselves."""
    with transaction() as db:
        return db.execute(text("SELECT count(*) FROM task_attempt WHERE outcome IN ('lost', 'retried')")).scalar_one()


def verdict(tasks: list[UUID]) -> dict[str, int]:
    """What became of them."""
    found = text("""
        SELECT count(*) AS tasks, count(*) FILTER (WHERE status = 'completed') AS completed,
            (SELECT count(*) FROM effect WHERE task_id = ANY(:ids)) AS effects,
            (SELECT count(DISTINCT task_id) FROM effect WHERE task_id = ANY(:ids)) AS with_effect,
            (SELECT count(*) FROM task_attempt WHERE task_id = ANY(:ids)) AS starts,
            (SELECT count(*) FROM task_attempt WHERE task_id = ANY(:ids) AND outcome = 'completed') AS completions,
            (SELECT count(*) FROM task_attempt WHERE task_id = ANY(:ids) AND outcome IS NULL) AS open_attempts,
            (SELECT count(*) FROM task_step WHERE task_id = ANY(:ids)) AS steps, max(attempt) AS most_attempts
        FROM background_task WHERE id = ANY(:ids)""")
    with transaction() as db:
        return dict(db.execute(found, {"ids": tasks}).mappings().one())


def play(postgres: local_postgres.Postgres, valkey: local_valkey.Valkey, place: Path, *, tasks: int, kills: int,
         every_s: float) -> None:  # fmt: skip
    """Submit, kill, wait, judge."""
    seed = int(os.environ.get("CHAOS_SEED", time.time_ns() % 100_000))
    with postgres.connect(local_postgres.DATABASE) as owner:
        owner.execute("CREATE TABLE effect (id bigserial PRIMARY KEY, task_id uuid NOT NULL, attempt int NOT NULL)")
    environment = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, **SHORT_LEASE}
    with running(place, environment, workers=WORKERS, work="tests.worker.effects") as stack:
        chaos = Chaos(stack, postgres, valkey, seed)
        started = time.monotonic()
        mine, paid = submit(tasks, seed), submit_paid(tasks // 2, seed)
        both = mine + paid
        chaos.hit_one_at_work()
        for _ in range(kills):
            time.sleep(chaos.random.uniform(0.3, 1.7) * every_s)
            chaos.strike()
        give_up_some(paid)
        last_kill = time.monotonic()
        known, since = -1, last_kill
        while (now_ended := ended(both)) < len(both) and time.monotonic() - since < STUCK_AFTER_S:
            if now_ended != known:
                known, since = now_ended, time.monotonic()
            stack.restart_ended()
            time.sleep(0.1)
        if ended(both) < len(both):
            stack.say_where_they_stand()
        figures, money = verdict(mine), settled(paid)
        print(
            f"seed {seed}, {time.monotonic() - started:.0f} s, {time.monotonic() - last_kill:.1f} s after the last kill"
        )
        print("kills", chaos.count, "verdict", figures, "money", dict(money))
    assert figures["completed"] == tasks, figures
    assert (figures["effects"], figures["with_effect"], figures["completions"]) == (tasks, tasks, tasks)
    assert figures["open_attempts"] == 0
    assert figures["steps"] == 2 * tasks
    assert figures["starts"] > tasks, "nothing was hit: this proves nothing"
    assert set(money) <= {
        ("completed", "captured"), ("failed", "released"), ("cancelled", "released"), ("cancelled", "captured"),
    }, money  # fmt: skip
    assert money["completed", "captured"] > 0
    assert broken_rules() == {}


@pytest.mark.slow
def test_forty_tasks_survive_a_dozen_kills(
    fresh_cluster: local_postgres.Postgres, fresh_valkey: local_valkey.Valkey, tmp_path: Path
) -> None:
    play(fresh_cluster, fresh_valkey, tmp_path, tasks=40, kills=12, every_s=0.7)


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_two_hundred_tasks_survive_a_minute_of_kills(
    fresh_cluster: local_postgres.Postgres, fresh_valkey: local_valkey.Valkey, tmp_path: Path
) -> None:
    play(fresh_cluster, fresh_valkey, tmp_path, tasks=200, kills=60, every_s=1.0)
