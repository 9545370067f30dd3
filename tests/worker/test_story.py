"""The whole of slow work on real input: a PDF, an offer and a score, by real processes and the local engine."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import typst
from sqlalchemy import text

from fitmycv_admin import wiring  # noqa: F401 - as in every process of ours
from fitmycv_admin.core.config import LOCAL_ENGINE_KEY
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.cvs import imports, matching, offers
from fitmycv_admin.domain.tasks import board, queries
from fitmycv_admin.local import process
from tests import cluster
from tests.domain.tasks.conftest import make_person
from tests.worker.stack import Stack, eventually, running

pytestmark = pytest.mark.slow
CV = Path(__file__).with_name("cv.typ")
OFFER = """Ingénieur logiciel Python (H/F)
Nordlys recrute à Lyon, en CDI.
Missions :
- Concevoir des API en Python
- Maintenir les bases de données PostgreSQL
Profil recherché :
- Au moins 5 ans d'expérience en développement
- Python, PostgreSQL et Docker indispensables
- Kubernetes apprécié
- Master en informatique
- Anglais courant (B2)
"""


@pytest.fixture(scope="module")
def stack(
    database: cluster.Database, valkey_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One worker and the engine on this machine."""
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


def answers(port: int) -> bool:
    """Whether the engine listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def ended(by: Actor, task_id: UUID) -> queries.ProgressCard:
    """A task when it has ended."""

    def look() -> queries.ProgressCard:
        with snapshot() as db:
            return queries.progress_of(db, by, task_id)

    assert eventually(lambda: look().is_over, 60), look()
    return look()


def test_a_pdf_an_offer_and_a_score(stack: Stack) -> None:
    person = make_person()
    with transaction() as db:
        task_id = imports.request(
            db, person, typst.compile(str(CV)), file_name="CV Camille.pdf", pages=1, idempotency_key="a1"
        )
        added = offers.add_text(db, person, OFFER, idempotency_key="a2")
    imported, read = ended(person, task_id), ended(person, added.task_id)
    assert (imported.state, read.state) == ("completed", "completed"), (imported, read, stack.log("worker-0"))
    with transaction() as db:
        matched = matching.request(
            db, person, UUID(imported.result["cv_id"]), added.offer_id, idempotency_key=str(new_id())
        )
    score = ended(person, matched)
    assert score.state == "completed", score
    assert 0 < score.result["score"] <= 100
    assert score.result["model"].startswith("offline-")
    with snapshot() as db:
        found = db.execute(
            text("""SELECT task.type, count(call.id) AS calls, sum(call.total_tokens) AS tokens
                    FROM background_task task JOIN openai_call call ON call.task_id = task.id
                    WHERE task.user_id = :user GROUP BY 1 ORDER BY 1"""),
            {"user": person.user_id},
        ).all()
        content = db.execute(text("SELECT content FROM cv_file WHERE user_id = :u"), {"u": person.user_id}).scalar_one()
        files = db.execute(text("SELECT count(*) FROM stored_file")).scalar_one()
    assert [(row.type, row.calls) for row in found] == [("extract_offer", 1), ("import_pdf", 1), ("match_score", 1)]
    assert all(row.tokens > 0 for row in found)
    assert content["header"]["full_name"] == "Camille Renard"
    assert files == 0


def test_an_offer_that_is_none_fails_with_its_sentence(stack: Stack) -> None:
    person = make_person()
    with transaction() as db:
        added = offers.add_text(db, person, "lorem ipsum dolor sit amet " * 12, idempotency_key="b1")
    card = ended(person, added.task_id)
    assert card.state == "failed"
    assert card.error_key.startswith("imports.")


def test_a_cancelled_import_keeps_no_file(stack: Stack) -> None:
    person = make_person()
    stack.kill_with_children("worker-0")
    with transaction() as db:
        task_id = imports.request(
            db, person, typst.compile(str(CV)), file_name="CV.pdf", pages=1, idempotency_key="c1"
        )  # fmt: skip
    with transaction() as db:
        board.cancel(db, person, task_id)
    assert ended(person, task_id).state == "cancelled"
    stack.start("worker-0")
    with snapshot() as db:
        assert db.execute(text("SELECT count(*) FROM stored_file")).scalar_one() == 0


def test_an_import_whose_worker_is_lost_for_good_keeps_no_file(stack: Stack) -> None:
    person = make_person()
    stack.kill_with_children("worker-0")
    with transaction() as db:
        task_id = imports.request(
            db, person, typst.compile(str(CV)), file_name="CV.pdf", pages=1, idempotency_key="d1"
        )  # fmt: skip
        lost = (
            "UPDATE background_task SET status = 'running', attempt = max_attempts, lease_until = now() WHERE id = :id"
        )
        db.execute(text(lost), {"id": task_id})
    stack.start("scheduler", "fitmycv_worker.scheduler")
    card = ended(person, task_id)
    assert (card.state, card.error_key) == ("failed", "tasks.error.worker_lost")
    with snapshot() as db:
        assert db.execute(text("SELECT count(*) FROM stored_file")).scalar_one() == 0
