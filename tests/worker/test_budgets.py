"""Hard limits of spending as a worker meets them: never beyond the limit, another model, a sentence, nothing taken."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import typst
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from fitmycv_admin import wiring  # noqa: F401 - as in every process of ours
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import ledger as ledger_of_credits
from fitmycv_admin.domain.budgets import evaluation, limits, notices
from fitmycv_admin.domain.cvs import imports
from fitmycv_admin.domain.tasks import attempts, board
from fitmycv_admin.domain.tasks.attempts import Failure
from fitmycv_admin.vocabulary import AlertType, CallName, Enforcement, TaskType
from fitmycv_worker.context import TaskContext
from fitmycv_worker.llm.errors import BudgetSpent
from fitmycv_worker.model import metered
from tests import cluster
from tests.domain.ai_costs import ledger
from tests.domain.budgets import stand
from tests.domain.budgets.stand import OPS, USD
from tests.domain.tasks.conftest import make_person
from tests.worker import model_server
from tests.worker.stack import Stack, eventually, running
from tests.worker.test_story import CV, ended

pytestmark = pytest.mark.slow
TASKS = 50
DEAR, CHEAP = "gpt-dear", "gpt-cheap"
# An answer of unknown length is taken to have 8,192 tokens: 0.60 USD; one of 6,900 is 0.51 USD.
NANO_PER_MTOKEN = round(0.6 * USD * 1_000_000 / limits.MOST_OUTPUT)


class Word(BaseModel):
    """What these tests ask for."""

    model_config = ConfigDict(extra="forbid")
    word: str


@pytest.fixture(autouse=True)
def prices(database: cluster.Database) -> Iterator[None]:
    """A dear and a cheap model; the dear one is assigned to everything. No rules, no calls."""
    with transaction() as db:
        for table in ("budget_reservation", "budget_spending", "alert_notice_event", "alert_notice", "openai_alert"):
            db.execute(text(f"DELETE FROM {table}"))
        ledger.wipe(db)
        ledger.priced(db, DEAR, lines={"input": 0, "output": NANO_PER_MTOKEN})
        ledger.priced(db, CHEAP, lines={"input": 0, "output": NANO_PER_MTOKEN // 100})
        for name in ("model_match_score", "model_import_pdf"):
            db.execute(text("DELETE FROM setting WHERE setting_name = :name"), {"name": name})
            db.execute(
                text(
                    "INSERT INTO setting (id, setting_name, value, category, version)"
                    " VALUES (gen_random_uuid(), :name, :model, 'models', 1)"
                ),
                {"name": name, "model": DEAR},
            )
    with cluster.environment(DB_POOL_SIZE="20"):
        yield


def one_call(task_id: UUID) -> str:
    """Claim a task, make its call as its job would, end it; how it ended."""
    with transaction() as db:
        held = attempts.claim(db, task_id, 0, "w")
    assert held is not None
    try:
        with metered(TaskContext(held), CallName.MATCH_SCORE) as calls:
            calls.model.complete(
                call_name=CallName.MATCH_SCORE, feature_key=calls.feature_key, model=calls.name, schema=Word,
                system="Say a word.", text="one", record=calls.record,
            )  # fmt: skip
    except FitMyCvError as error:
        with transaction() as db:
            attempts.fail(db, held, Failure(error.key, error.params, detail=type(error).__name__))
        return type(error).__name__
    with transaction() as db:
        attempts.complete(db, held, {})
    return "completed"


def all_at_once(person: Actor) -> tuple[list[str], list[Any]]:
    """Fifty tasks in fifty threads; how they ended, and every state of the counter that was seen meanwhile."""
    with transaction() as db:
        tasks = [board.submit(db, person, TaskType.MATCH_SCORE, title="Match", payload={}) for _ in range(TASKS)]
    ends: list[str] = []
    seen: list[Any] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            with snapshot() as db:
                seen.extend(db.execute(text("SELECT * FROM budget_spending")).all())

    gate = threading.Barrier(TASKS)

    def work(task_id: UUID) -> None:
        gate.wait(30)
        ends.append(one_call(task_id))

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=work, args=(task_id,)) for task_id in tasks]
    for thread in (watcher, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    over.set()
    watcher.join()
    with snapshot() as db:
        seen.extend(db.execute(text("SELECT * FROM budget_spending")).all())
    return ends, seen


def server(used: model_server.Usage, wait_s: float = 0.2) -> Any:
    return model_server.answering(used, '{"word": "yes"}', wait_s=wait_s)


def spent_by_calls() -> int:
    with snapshot() as db:
        return int(db.execute(text("SELECT coalesce(sum(cost_nano), 0) FROM openai_call")).scalar_one())


def test_fifty_tasks_at_once_never_spend_more_than_a_hard_budget() -> None:
    rule = stand.rule(10, type=AlertType.GLOBAL_DAILY, enforcement=Enforcement.DENY, steps=(100,))
    person = make_person(TASKS * 5)
    with server(lambda _model: (100, 6_900)) as (address, asked), cluster.environment(
        OPENAI_API_KEY="k", OPENAI_BASE_URL=address
    ):  # fmt: skip
        ends, seen = all_at_once(person)
    assert set(ends) == {"completed", "BudgetSpent"}
    assert len(asked) == ends.count("completed") >= 16  # as many as were let in at once
    assert len(seen) > 5
    assert max(row.spent_nano + row.reserved_nano for row in seen) <= 10 * USD
    last = stand.rows("budget_spending", rule)[0]
    assert last.spent_nano == spent_by_calls() == len(asked) * round(0.6 * USD * 6_900 / limits.MOST_OUTPUT)
    assert (last.reserved_nano, last.over_nano, last.denied) == (0, 0, ends.count("BudgetSpent"))
    for _ in range(3):
        with transaction() as db:
            evaluation.evaluate(db)
    assert [step for _subject, _at, step in stand.noticed(rule)] == [100]
    with snapshot() as db:
        (row,) = notices.rows(db, OPS, notices.NoticeFilters())
    assert row.facts == {"denied": ends.count("BudgetSpent")}
    assert not stand.rows("budget_reservation")


def test_what_calls_cost_beyond_their_reservations_is_shown() -> None:
    rule = stand.rule(10, type=AlertType.GLOBAL_DAILY, enforcement=Enforcement.DENY, steps=(100,))
    person = make_person(TASKS * 5)
    with server(lambda _model: (100, 9_192)) as (address, asked), cluster.environment(
        OPENAI_API_KEY="k", OPENAI_BASE_URL=address
    ):  # fmt: skip
        _ends, seen = all_at_once(person)
    assert max(row.spent_nano + row.reserved_nano - row.over_nano for row in seen) <= 10 * USD
    assert max(row.reserved_nano for row in seen) > 0
    last = stand.rows("budget_spending", rule)[0]
    each = 9_192 * NANO_PER_MTOKEN / 1_000_000 - limits.MOST_OUTPUT * NANO_PER_MTOKEN / 1_000_000
    assert last.over_nano == pytest.approx(len(asked) * each, abs=2 * len(asked))
    assert last.spent_nano == spent_by_calls()


@pytest.fixture
def worker(valkey_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, list[str]]]:
    """A worker process, and the models its server was asked for."""
    valkey_server.flush()
    said = '{"title": "x"}'
    with model_server.answering(lambda _model: (1_000, 500), said) as (address, asked):
        environment = {"REDIS_URL": valkey_server.url, "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": address}
        place = tmp_path_factory.mktemp("logs")
        with cluster.environment(**environment), running(place, environment, workers=1, scheduler=False) as stack:
            yield stack, asked


def submit(person: Actor) -> UUID:
    """An import, which costs credits."""
    with transaction() as db:
        return imports.request(
            db, person, typst.compile(str(CV)), file_name="CV.pdf", pages=1, idempotency_key=str(person.user_id)
        )


def test_a_denied_call_ends_its_task_with_a_sentence_and_costs_nothing(worker: tuple[Stack, list[str]]) -> None:
    stack, asked = worker
    person = make_person(10)
    stand.rule(0.1, type=AlertType.USER_DAILY, enforcement=Enforcement.DENY)
    card = ended(person, submit(person))
    assert (card.state, card.error_key) == ("failed", BudgetSpent.key), stack.log("worker-0")
    assert asked == []
    assert spent_by_calls() == 0
    with snapshot() as db:
        assert ledger_of_credits.balance_of(db, person.owner_id).available == 10


def test_a_degraded_call_is_made_of_the_other_model_and_its_row_says_both(worker: tuple[Stack, list[str]]) -> None:
    stack, asked = worker
    person = make_person(10)
    stand.rule(0.1, type=AlertType.USER_DAILY, enforcement=Enforcement.DEGRADE, degrade_model=CHEAP)
    ended(person, submit(person))
    assert eventually(lambda: spent_by_calls() > 0, 10), stack.log("worker-0")
    assert set(asked) == {CHEAP}
    with snapshot() as db:
        rows = db.execute(
            text(
                "SELECT DISTINCT c.model_requested, c.model_served, m.model_name FROM openai_call c"
                " JOIN openai_pricing m ON m.id = c.model_id"
            )
        ).all()
    assert [tuple(row) for row in rows] == [(DEAR, CHEAP, CHEAP)]
