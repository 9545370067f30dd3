"""What a browser waits for: page weight, first paint on a slow link, and the round trip of an event."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright
from sqlmodel import Session, select

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core import db
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.local import demo, frontend, valkey
from fitmycv_admin.models import CvFile, User
from fitmycv_admin.vocabulary import Language, Role
from tests import browser, cluster, testkit
from tests.bench import page_load
from tests.bench.page_load import Visit
from tests.bench.run import Figure, figure, percentile

# What an open cost page sends every few seconds: through the guard, one `ask` of the newest version, and nothing
# back while nothing changed. An event that the guard refuses follows it, so that there is an answer to wait for:
# the events of a tab are strictly in order.
LOAD, TICK = "____cost_state.load", "____cost_state.tick"
REFUSED = {"argument_nobody_declared": 1}
# Scripts as they travel, in KB of 1,024 bytes; a page with a chart has the chart's library on top.
PLAIN_KB, WITH_CHART_KB, STYLES_KB = 200, 560, 20
FIRST_PAINT_S = 1.0


def run() -> dict[str, Figure]:
    """Figures of the prebuilt application on two web processes that keep their state in Valkey."""
    assert application.app  # its handlers are known by their names here
    frontend.build()
    figures: dict[str, Figure] = {}
    with _ground() as ground, testkit.served(workers=2, mounted=True) as address:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(**browser.launch_options())
            for name, visit in _visits(ground).items():
                figures |= _page(chromium, address, name, visit)
            chromium.close()
        for clients in (1, 200):
            figures |= asyncio.run(_events(address, ground.staff, clients))
    return figures


@dataclass(frozen=True, slots=True)
class Ground:
    """The sessions of somebody who runs the place and of somebody who has CVs, and one of these CVs."""

    staff: str
    person: str
    cv_id: str


def _visits(ground: Ground) -> dict[str, Visit]:
    library = "a[href^='/cvs/']"
    return {
        "sign_in": Visit("/sign-in", "input[name=password]", PLAIN_KB),
        "cost": Visit("/ops/ai-costs", ".js-plotly-plot .bars .point", WITH_CHART_KB, ground.staff, needs="plotly"),
        "call_list": Visit("/ops/ai-costs/calls", "tr[data-row]", PLAIN_KB, ground.staff),
        "people": Visit("/ops/accounts/users", "tr[data-row]", PLAIN_KB, ground.staff),
        "portal_home": Visit("/", library, PLAIN_KB, ground.person, lands_on="/cvs"),
        "cv_library": Visit("/cvs", library, PLAIN_KB, ground.person),
        "cv_detail": Visit(f"/cvs/{ground.cv_id}", ".sheet-name", PLAIN_KB, ground.person),
    }


@contextmanager
def _ground() -> Iterator[Ground]:
    """A seeded database with the demo's data and an empty Valkey."""
    database = cluster.clone(cluster.shared_postgres())
    cache = valkey.start(cluster.home() / "valkey-bench", fast=True)
    with cluster.environment(DATABASE_URL=database.url, DATABASE_MIGRATE_URL=database.owner_url, REDIS_URL=cache.url):
        with transaction() as session:
            seeding.run(session, actors.system("bench"))
        with transaction() as session:
            demo.load(session, allowed=True)
        with transaction() as session:
            staff = User(name="Bench", email="bench@exemple.fr", role=Role.ADMIN, language="en")
            session.add(staff)
            session.flush()
            found = session.exec(select(User, CvFile.id).join(CvFile).where(User.language == Language.EN)).first()
            assert found, "the demo has nobody who reads English and has a CV"
            ground = Ground(_session_of(session, staff), _session_of(session, found[0]), str(found[1]))
        yield ground
        db.dispose()
    cache.kill()


def _session_of(session: Session, user: User) -> str:
    return sessions.open_session(session, user, "127.0.0.1", "bench")


def _page(chromium: Browser, address: str, name: str, visit: Visit) -> dict[str, Figure]:
    size = page_load.weigh(chromium, address, visit)
    paints = [page_load.first_paint(chromium, address, visit) for _ in range(5)]
    return {
        f"{name}_page_js_gzip": figure(size["script"] / 1024, "KB", most=visit.most_js),
        f"{name}_page_css_gzip": figure(size["style"] / 1024, "KB", most=STYLES_KB),
        f"{name}_page_first_contentful_paint_slow_link_p50": figure(percentile(paints, 0.5), "s", most=FIRST_PAINT_S),
    }


async def _events(address: str, cookie: str, clients: int) -> dict[str, Figure]:
    """The round trip of an event, each client sending one a second."""
    seconds = 10
    name = _handler(TICK)
    async with _Tabs(address, cookie, clients) as tabs:
        rounds = await asyncio.gather(*[_pace(tab, name, index / clients, seconds) for index, tab in enumerate(tabs)])
    times = [milliseconds for each in rounds for milliseconds in each]
    named = f"event_round_trip_{clients}_client{'s' if clients > 1 else ''}"
    return {
        f"{named}_p50": figure(percentile(times, 0.5), "ms"),
        f"{named}_p95": figure(percentile(times, 0.95), "ms", most=30),
    }


def _handler(ending: str) -> str:
    return next(name for name in testkit.handlers() if name.endswith(ending))


async def _pace(tab: testkit.Tab, name: str, offset: float, rounds: int) -> list[float]:
    times = []
    await asyncio.sleep(offset)
    for _ in range(rounds):
        started = time.perf_counter()
        await tab.emit(name)
        answer = await tab.send(name, REFUSED, settle=0.0)
        times.append((time.perf_counter() - started) * 1000)
        if not answer:
            raise RuntimeError("an event was not answered within a second")
        await asyncio.sleep(max(0.0, 1 - (time.perf_counter() - started)))
    return times


class _Tabs:
    """Many open tabs, connected at most twenty a second."""

    def __init__(self, address: str, cookie: str, count: int) -> None:
        self.contexts = [testkit.tab(address, cookie=cookie) for _ in range(count)]

    async def __aenter__(self) -> list[testkit.Tab]:
        tabs = []
        for context in self.contexts:
            tab = await context.__aenter__()
            await tab.hydrate()
            await tab.send(_handler(LOAD), path="/ops/ai-costs")
            tabs.append(tab)
        return tabs

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.gather(*[context.__aexit__(None, None, None) for context in self.contexts])
