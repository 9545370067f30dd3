"""What a person waits for: a PDF of three pages until it is a CV, then its score, over every process of the product."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import aiohttp

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core.config import LOCAL_ENGINE_KEY
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.cvs import offers
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.domain.tasks import queries
from fitmycv_admin.local import process
from fitmycv_admin.models import User
from tests import testkit
from tests.bench import ground
from tests.bench.run import Figure, figure, load, percentile
from tests.domain.tasks.conftest import make_person
from tests.evals import fixtures
from tests.evals.adverts import ADVERTS
from tests.worker.stack import eventually

RUNS = 10
WORKERS = 2
PATIENCE_S = 30.0
SENT, LOAD, REQUEST = "____library.sent", "____match_page.load", "____match_page.request"


def run() -> dict[str, Figure]:
    """Seconds until the import, the score and both are on the screen of an open tab; a new person each time."""
    assert application.app  # its handlers are known by their names here
    pdf = fixtures.three_pages()
    with _product() as address:
        _story(address, pdf)
        told = [_story(address, pdf) for _ in range(RUNS)]
    figures: dict[str, Figure] = {}
    for name, values in zip(("import", "score", "both"), zip(*told, strict=True), strict=True):
        figures[f"slice_{name}_p50"] = figure(percentile(list(values), 0.5), "s")
        figures[f"slice_{name}_p95"] = figure(percentile(list(values), 0.95), "s", most=2 if name == "both" else None)
    return {**figures, "slice_machine_load": load()}


@contextmanager
def _product() -> Iterator[str]:
    """The processes of slow work, the local engine and the web process; yields the address."""
    port = process.free_port()
    engine = {"OPENAI_API_KEY": LOCAL_ENGINE_KEY, "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    with ground.processes(workers=WORKERS, **engine) as (stack, _):
        with transaction() as db:
            seeding.run(db, actors.system("bench"))
        stack.start("engine", "fitmycv_worker.offline", "--port", str(port))
        with testkit.served() as address:
            yield address


def _story(address: str, pdf: bytes) -> tuple[float, float, float]:
    """One person, one PDF, one score: seconds of the import, of the score, of both."""
    by, token = _person()
    with transaction() as db:
        added = offers.add_text(db, by, ADVERTS[0].text, idempotency_key="bench-offer")
    if not eventually(lambda: _is_over(by, added.task_id), PATIENCE_S):
        raise RuntimeError("the offer was not read")
    return asyncio.run(_wait_for_both(address, token, pdf, added.offer_id))


async def _wait_for_both(address: str, token: str, pdf: bytes, offer_id: UUID) -> tuple[float, float, float]:
    async with testkit.tab(address, cookie=token) as tab:
        await tab.hydrate()
        began = time.perf_counter()
        answer = await _upload(address, token, pdf)
        await tab.emit(_handler(SENT), {"answer": answer}, path="/cvs")
        rows = await _shown(tab, "tasks", lambda rows: rows and rows[0]["state"] == "completed")
        imported = time.perf_counter() - began
        page = f"/cvs/{rows[0]['cv_id']}/match/{offer_id}"
        await tab.send(_handler(LOAD), path=page)
        began = time.perf_counter()
        await tab.emit(_handler(REQUEST), path=page)
        await _shown(tab, "has_score", bool)
        scored = time.perf_counter() - began
    return imported, scored, imported + scored


async def _upload(address: str, token: str, pdf: bytes) -> dict[str, str]:
    form = aiohttp.FormData({"key": "bench-import"})
    form.add_field("file", pdf, filename="CV.pdf", content_type="application/pdf")
    headers = {"Origin": address, "Cookie": f"{sessions.COOKIE}={token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{address}/api/cvs/import", data=form, headers=headers) as answer,
    ):
        if answer.status != 202:
            raise RuntimeError(f"the file was refused: {await answer.text()}")
        return await answer.json()


async def _shown(tab: testkit.Tab, var: str, wanted: Callable[[Any], object]) -> Any:
    """What the tab shows, when it is what one waits for."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        tab.arrived.clear()
        for value in reversed(tab.shown(var)):
            if wanted(value):
                return value
        try:
            await asyncio.wait_for(tab.arrived.wait(), 1)
        except TimeoutError:
            continue
    raise RuntimeError(f"{var} never became what was waited for: {tab.shown(var)[-1:]}")


def _person() -> tuple[Actor, str]:
    by = make_person()
    with transaction() as db:
        user = db.get_one(User, by.user_id)
        return by, sessions.open_session(db, user, "127.0.0.1", "bench")


def _is_over(by: Actor, task_id: UUID | None) -> bool:
    assert task_id is not None
    with snapshot() as db:
        return queries.progress_of(db, by, task_id).is_over


def _handler(ending: str) -> str:
    return next(name for name in testkit.handlers() if name.endswith(ending))
