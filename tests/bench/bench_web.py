"""What a browser waits for: page weight, first paint on a slow link, and the round trip of an event."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core import db
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.local import demo, frontend, valkey
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role
from tests import browser, cluster, testkit
from tests.bench.run import Figure, figure, percentile

SLOW_LINK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOW_CPU = 4
# What an open cost page sends every few seconds: through the guard, one `ask` of the newest version, and nothing
# back while nothing changed. An event that the guard refuses follows it, so that there is an answer to wait for:
# the events of a tab are strictly in order.
LOAD, TICK = "____cost_state.load", "____cost_state.tick"
REFUSED = {"argument_nobody_declared": 1}
PAGES = {"sign_in": ("/sign-in", False, 200), "cost": ("/ops/ai-costs", True, 560)}


def run() -> dict[str, Figure]:
    """Figures of the prebuilt application on two web processes that keep their state in Valkey."""
    assert application.app  # its handlers are known by their names here
    frontend.build()
    figures: dict[str, Figure] = {}
    with _ground() as cookie, testkit.served(workers=2, mounted=True) as address:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(**browser.launch_options())
            for name, (path, signed_in, bar) in PAGES.items():
                figures |= _page(chromium, address + path, cookie if signed_in else "", name, bar)
            chromium.close()
        for clients in (1, 200):
            figures |= asyncio.run(_events(address, cookie, clients))
    return figures


@contextmanager
def _ground() -> Iterator[str]:
    """A seeded database with the demo's data and an empty Valkey; yields an admin's session token."""
    database = cluster.clone(cluster.shared_postgres())
    cache = valkey.start(cluster.home() / "valkey-bench", fast=True)
    with cluster.environment(DATABASE_URL=database.url, DATABASE_MIGRATE_URL=database.owner_url, REDIS_URL=cache.url):
        with transaction() as session:
            seeding.run(session, actors.system("bench"))
        with transaction() as session:
            demo.load(session, allowed=True)
        with transaction() as session:
            admin = User(name="Bench", email="bench@exemple.fr", role=Role.ADMIN, language="en")
            session.add(admin)
            session.flush()
            token = sessions.open_session(session, admin, "127.0.0.1", "bench")
        yield token
        db.dispose()
    cache.kill()


def _page(chromium: Browser, url: str, cookie: str, name: str, bar: int) -> dict[str, Figure]:
    weights = _load(chromium, url, cookie, slow=False)
    paints = [_load(chromium, url, cookie, slow=True)["paint"] for _ in range(5)]
    return {
        f"{name}_page_js_gzip": figure(weights["script"] / 1024, "KB", most=bar),
        f"{name}_page_css_gzip": figure(weights["style"] / 1024, "KB", most=20),
        f"{name}_page_first_contentful_paint_slow_link_p50": figure(percentile(paints, 0.5), "s", most=1.0),
    }


def _load(chromium: Browser, url: str, cookie: str, *, slow: bool) -> dict[str, float]:
    """Bytes of script and style until the network is idle, and the first contentful paint in seconds; cold cache."""
    context = chromium.new_context(locale="en-US")
    if cookie:
        context.add_cookies([browser.session_cookie(url, cookie)])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    kinds: dict[str, str] = {}
    size = {"script": 0.0, "style": 0.0}

    def responded(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = {"Script": "script", "Stylesheet": "style"}.get(event["type"], "")
        path = event["response"]["url"].partition("?")[0]
        if path.endswith(".js"):  # module preloads are reported as "Other"
            kinds[event["requestId"]] = "script"

    def finished(event: dict[str, Any]) -> None:
        if kind := kinds.get(event["requestId"]):
            size[kind] += event["encodedDataLength"]

    devtools.on("Network.responseReceived", responded)
    devtools.on("Network.loadingFinished", finished)
    if slow:
        devtools.send("Network.emulateNetworkConditions", SLOW_LINK)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
    page.goto(url, wait_until="load")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    if not slow:
        page.wait_for_load_state("networkidle")
    context.close()
    return {**size, "paint": paint}


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
