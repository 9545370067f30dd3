"""The cost pages as somebody has them open: the whole event of a page, a new call until it is on the screen, a file."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp

from fitmycv_admin import fitmycv_admin as application
from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.ai_costs import meter
from fitmycv_admin.models import User
from fitmycv_admin.ui.ops.ai_costs.usage import TICK_S
from fitmycv_admin.vocabulary import Role
from tests import testkit
from tests.bench.costs_ground import CALLS, FULL, judged
from tests.bench.run import Figure, figure, percentile
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.readings import PAGE

ROUNDS, SEEN_ROUNDS = 20, 6
PAGES = ("7d", "30d", "month", "365d")
LOAD, TICK = "____cost_state.load", "____cost_state.tick"
EXPORT_ROWS = 100_000
VISIBLE_S, EXPORT_S = 10, 2
PATIENCE_S = 30.0


def run() -> dict[str, Figure]:
    """Figures of one tab on one web process; settings must point at a loaded cluster and an empty Valkey."""
    assert application.app  # its handlers are known by their names here
    token = _session()
    with testkit.served() as address:
        figures = asyncio.run(_pages(address, token))
        figures |= asyncio.run(_visible(address, token))
        figures |= asyncio.run(_export(address, token))
    return figures


def _session() -> str:
    with transaction() as db:
        staff = db.query(User).filter_by(email="bench@exemple.fr").one_or_none()
        if staff is None:
            staff = User(name="Bench", email="bench@exemple.fr", role=Role.ADMIN, language="en")
            db.add(staff)
            db.flush()
        return sessions.open_session(db, staff, "127.0.0.1", "bench")


async def _pages(address: str, token: str) -> dict[str, Figure]:
    """From the event of the browser until the last figure of the page came back."""
    figures: dict[str, Figure] = {}
    async with testkit.tab(address, cookie=token) as tab:
        await tab.hydrate()
        for period in PAGES:
            path = f"/ops/ai-costs?period={period}"

            async def load(path: str = path) -> None:
                await tab.emit(_handler(LOAD), path=path)

            took = [await _until_shown(tab, load) * 1000 for _ in range(ROUNDS + 2)][2:]
            most = judged(PAGE) if period != "365d" else None
            figures |= {
                f"costs_page_event_{period}_p50": figure(percentile(took, 0.5), "ms"),
                f"costs_page_event_{period}_p95": figure(percentile(took, 0.95), "ms", most=most),
            }
    return figures


async def _visible(address: str, token: str) -> dict[str, Figure]:
    """From the commit of a call until an open page shows it, which asks every few seconds as a browser does."""
    path, took = "/ops/ai-costs?period=today", []
    async with testkit.tab(address, cookie=token) as tab:
        await tab.hydrate()
        await tab.send(_handler(LOAD), path=path)
        for number in range(SEEN_ROUNDS):
            ticking = asyncio.create_task(_ticks(tab, path))
            await asyncio.sleep(TICK_S * (number + 0.5) / SEEN_ROUNDS)
            took.append(await _until_shown(tab, _record))
            ticking.cancel()
    return {
        "costs_call_to_visible_p50": figure(percentile(took, 0.5), "s"),
        "costs_call_to_visible_max": figure(max(took), "s", most=judged(VISIBLE_S)),
    }


async def _ticks(tab: testkit.Tab, path: str) -> None:
    while True:
        await tab.emit(_handler(TICK), path=path)
        await asyncio.sleep(TICK_S)


async def _record() -> None:
    def record() -> None:
        with transaction() as db:
            meter.record(db, ledger.usage(clock.now(), model="model-1", call="feature_03"))

    await asyncio.to_thread(record)


async def _until_shown(tab: testkit.Tab, act: Callable[[], Awaitable[None]]) -> float:
    """Seconds from an act until the page has figures of a new reading."""
    before = len(tab.shown("complete_to"))
    await act()
    began = time.perf_counter()
    while len(tab.shown("complete_to")) == before:
        tab.arrived.clear()
        await asyncio.wait_for(tab.arrived.wait(), PATIENCE_S)
    return time.perf_counter() - began


async def _export(address: str, token: str) -> dict[str, Figure]:
    """The newest calls as a file, up to its hundred-thousandth line."""
    rows = min(EXPORT_ROWS, CALLS)
    took = []
    async with aiohttp.ClientSession(headers={"Cookie": f"{sessions.COOKIE}={token}"}) as http:
        for _ in range(3):
            began, lines = time.perf_counter(), 0
            async with http.get(f"{address}/api/exports/ai-costs-calls.csv?period=365d") as answer:
                answer.raise_for_status()
                async for chunk in answer.content.iter_any():
                    lines += chunk.count(b"\n")
                    if lines > rows:
                        break
            took.append(time.perf_counter() - began)
    bar = EXPORT_S if CALLS >= FULL else None
    return {f"costs_export_{rows}_rows": figure(percentile(took, 0.5), "s", most=bar)}


def _handler(ending: str) -> str:
    return next(name for name in testkit.handlers() if name.endswith(ending))
