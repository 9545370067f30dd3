"""A total outage of the model server: the breaker opens early, new work is refused before a hold, then all is well."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin import wiring  # noqa: F401 - as in every process of ours
from fitmycv_admin.core.config import LOCAL_ENGINE_KEY
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import breaker
from fitmycv_admin.domain.cvs import offers
from fitmycv_admin.domain.tasks import decision
from fitmycv_admin.domain.tasks.decision import Refused
from fitmycv_admin.local import process
from fitmycv_admin.vocabulary import PlanFeature
from tests import cluster, money
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.paying import may, wallet
from tests.worker.stack import Stack, eventually, running
from tests.worker.test_story import OFFER, answers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
MOST_FAILURES = 20
RECOVERY_S = 60


@pytest.fixture
def outage(
    database: cluster.Database, valkey_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, int]]:
    """Two workers whose model server does not exist yet."""
    valkey_server.flush()
    port = process.free_port()
    environment = {
        "REDIS_URL": valkey_server.url,
        "OPENAI_API_KEY": LOCAL_ENGINE_KEY,
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
    }
    place = tmp_path_factory.mktemp("logs")
    with cluster.environment(**environment), running(place, environment, workers=2, scheduler=False) as stack:
        yield stack, port


def submit(by: Actor, number: int) -> UUID:
    with transaction() as db:
        added = offers.add_text(db, by, f"{OFFER}\nRef. {number}", idempotency_key=f"o{number}")
    assert added.task_id is not None
    return added.task_id


def failures() -> int:
    with snapshot() as db:
        return db.execute(text("SELECT coalesce(max(failures), 0) FROM model_breaker")).scalar_one()


def state(task_id: UUID) -> str:
    with snapshot() as db:
        return db.execute(text("SELECT status FROM background_task WHERE id = :id"), {"id": task_id}).scalar_one()


def is_open() -> bool:
    with snapshot() as db:
        return breaker.open_until(db) is not None


def test_an_outage_stops_new_work_early_takes_nothing_and_is_over_within_a_minute(outage: tuple[Stack, int]) -> None:
    stack, port = outage
    person = make_person(50)
    tasks = [submit(person, number) for number in range(15)]
    assert eventually(is_open, 60), stack.log("worker-0")
    refused = may(person, PlanFeature.IMPORT_PDF)
    assert refused.reason_key == "entitlement.refused.models_down"
    assert refused.act is not None
    assert refused.act.kind is decision.Act.WAIT_UNTIL
    with pytest.raises(Refused):
        submit(person, 99)
    assert wallet(person).held == 0
    assert eventually(lambda: all(state(task) == "failed" for task in tasks), 60)
    seen = failures()
    assert breaker.OPENS_AT <= seen <= MOST_FAILURES, seen
    stack.start("engine", "fitmycv_worker.offline", "--port", str(port))
    assert eventually(lambda: answers(port), 30)
    began = time.monotonic()
    assert eventually(lambda: not is_open(), RECOVERY_S)
    again = submit(person, 100)
    assert eventually(lambda: state(again) == "completed", RECOVERY_S), stack.log("worker-0")
    took = time.monotonic() - began
    print(f"\noutage: {seen} failures in all, recovery {took:.1f} s after the server was back")
    assert took <= RECOVERY_S
    assert failures() == 0
    money.assert_sound()
