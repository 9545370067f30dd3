"""Another model or tier for a kind of call is what a running worker asks for at its very next call."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin import wiring  # noqa: F401 - as in every process of ours
from fitmycv_admin.core.config import LOCAL_ENGINE_KEY
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import assignment
from fitmycv_admin.domain.cvs import offers
from fitmycv_admin.local import process
from tests import cluster
from tests.domain.ai_costs import ledger
from tests.domain.tasks.conftest import make_person
from tests.worker.stack import Stack, eventually, running
from tests.worker.test_story import OFFER, answers, ended

pytestmark = pytest.mark.slow
OPS = actors.system("test")


@pytest.fixture
def stack(
    database: cluster.Database, valkey_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One worker, which stays the same process all the time, and the engine on this machine."""
    valkey_server.flush()
    port = process.free_port()
    environment = {
        "REDIS_URL": valkey_server.url,
        "OPENAI_API_KEY": LOCAL_ENGINE_KEY,
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
    }
    place = tmp_path_factory.mktemp("logs")
    with cluster.environment(**environment), running(place, environment, workers=1, scheduler=False) as stack:
        stack.start("engine", "fitmycv_worker.offline", "--port", str(port))
        assert eventually(lambda: answers(port), 30), stack.log("engine")
        yield stack


def read(person: Actor, number: int) -> tuple[str, str, bool]:
    """Let an offer be read: which model was asked, at which tier it was served, and whether that had a price."""
    with transaction() as db:
        added = offers.add_text(db, person, f"{OFFER}\nRef. {number}", idempotency_key=f"o{number}")
    assert added.task_id is not None
    ended(person, added.task_id)
    return asked(added.task_id)


def asked(task_id: UUID) -> tuple[str, str, bool]:
    with snapshot() as db:
        row = db.execute(
            text(
                "SELECT c.model_requested, t.key, c.cost_nano IS NOT NULL FROM openai_call c"
                " JOIN ai_tier t ON t.id = c.tier_id WHERE c.task_id = :id"
            ),
            {"id": task_id},
        ).one()
    return tuple(row)


def assign(model: str, tier: str, expected: tuple[int, int]) -> None:
    with transaction() as db:
        assignment.change(db, OPS, "extract_job_offer", model, tier, expected=expected, reason="test")


def test_the_next_call_of_a_running_worker_uses_what_was_assigned_a_moment_before(stack: Stack) -> None:
    person = make_person(50)
    with transaction() as db:
        for model in ("o4-mini", "gpt-4o-mini", "offline-rules-1"):
            ledger.priced(db, model)
        for model in ("gpt-4o-mini", "offline-rules-1"):
            ledger.priced(db, model, tier="flex")
    worker = stack.children["worker-0"].pid
    assert read(person, 1) == ("o4-mini", "standard", True)
    assign("gpt-4o-mini", "standard", (0, 0))
    assert read(person, 2) == ("gpt-4o-mini", "standard", True)
    assign("gpt-4o-mini", "flex", (1, 1))
    assert read(person, 3) == ("gpt-4o-mini", "flex", True)
    assert stack.children["worker-0"].pid == worker
    assert stack.children["worker-0"].poll() is None
