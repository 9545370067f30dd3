"""One visit to one page with an empty cache: every byte until the network is quiet, and the first paint."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page

from tests import browser

SLOW_LINK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOW_CPU = 4
_QUIET_S = 1.0
_PATIENCE_MS = 30_000
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')"


@dataclass(frozen=True, slots=True)
class Visit:
    """A page to weigh.

    `shows` is a selector of what is there only when the page has its data; `lands_on` is the address where it must
    then be (its own when empty); `needs` is part of the name of a script that has to be among those fetched.
    """

    path: str
    shows: str
    most_js: int
    session: str = ""
    lands_on: str = ""
    needs: str = ""


@dataclass
class Traffic:
    """What went over the wire, counted as the browser received it: compressed, with headers."""

    devtools: CDPSession
    kinds: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)
    size: dict[str, float] = field(default_factory=lambda: {"script": 0.0, "style": 0.0})
    last: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.devtools.send("Network.enable")
        self.devtools.on("Network.requestWillBeSent", self._asked)
        self.devtools.on("Network.responseReceived", self._answered)
        self.devtools.on("Network.loadingFinished", self._finished)
        self.devtools.on("Network.loadingFailed", self._ended)

    def is_quiet(self) -> bool:
        """True when nothing is on its way and nothing was for a second."""
        return not self.open and time.monotonic() - self.last > _QUIET_S

    def _asked(self, event: dict[str, Any]) -> None:
        self.open[event["requestId"]] = event["request"]["url"]
        self.last = time.monotonic()

    def _answered(self, event: dict[str, Any]) -> None:
        path = urlsplit(event["response"]["url"]).path
        # Preloaded modules are reported as "Other".
        kind = "script" if path.endswith(".js") or event["type"] == "Script" else ""
        if kind:
            self.scripts.append(path)
        self.kinds[event["requestId"]] = kind or ("style" if event["type"] == "Stylesheet" else "")

    def _finished(self, event: dict[str, Any]) -> None:
        if kind := self.kinds.get(event["requestId"]):
            self.size[kind] += event["encodedDataLength"]
        self._ended(event)

    def _ended(self, event: dict[str, Any]) -> None:
        self.open.pop(event["requestId"], None)
        self.last = time.monotonic()


def weigh(chromium: Browser, address: str, visit: Visit) -> dict[str, float]:
    """Bytes of script and of style until the network is quiet; RuntimeError when it was not the page meant."""
    with _opened(chromium, address, visit) as (page, traffic):
        page.goto(address + visit.path)
        page.wait_for_selector(visit.shows, timeout=_PATIENCE_MS)
        until = time.monotonic() + _PATIENCE_MS / 1000
        while not traffic.is_quiet():
            page.wait_for_timeout(100)
            if time.monotonic() > until:
                raise RuntimeError(f"{visit.path} never stops loading: {sorted(traffic.open.values())}")
        at = urlsplit(page.url).path.rstrip("/") or "/"
        if at != (visit.lands_on or visit.path):
            raise RuntimeError(f"{visit.path} was meant, {at} was shown")
        if visit.needs and not any(visit.needs in script for script in traffic.scripts):
            raise RuntimeError(f"{visit.path} came without {visit.needs}: {traffic.scripts}")
        return traffic.size


def first_paint(chromium: Browser, address: str, visit: Visit) -> float:
    """Seconds until the first contentful paint on a slow link and a slow processor."""
    with _opened(chromium, address, visit) as (page, traffic):
        traffic.devtools.send("Network.emulateNetworkConditions", SLOW_LINK)
        traffic.devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
        page.goto(address + visit.path, wait_until="commit")
        page.wait_for_function(f"{_FIRST_PAINT}.length > 0", timeout=_PATIENCE_MS)
        return page.evaluate(f"{_FIRST_PAINT}[0].startTime") / 1000


@contextmanager
def _opened(chromium: Browser, address: str, visit: Visit) -> Iterator[tuple[Page, Traffic]]:
    context = chromium.new_context(locale="en-US")
    if visit.session:
        context.add_cookies([browser.session_cookie(address, visit.session)])
    page = context.new_page()
    yield page, Traffic(context.new_cdp_session(page))
    context.close()
