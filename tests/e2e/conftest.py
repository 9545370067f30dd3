"""One Chromium and one running product for the browser tests, and a person who uses them."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from fitmycv_admin.copy import text
from tests.cluster import ROOT
from tests.stack import Stack

SCREENSHOTS = ROOT / "docs" / "screenshots"
PASSWORD = "vitrine-brume-42-tulipe"
WIDE, PHONE = (1440, 900), (390, 844)


@dataclass
class Visitor:
    """Somebody at a browser, in one language; whatever the browser complains about is kept."""

    context: BrowserContext
    page: Page
    address: str
    lang: str
    complaints: list[str] = field(default_factory=list)

    def say(self, key: str, **params: object) -> str:
        """The words of the catalogue in this person's language."""
        return text(self.lang, key, **params)

    def go(self, path: str) -> Page:
        """Open a page and wait until its first data is there."""
        self.page.goto(self.address + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until nothing loads any more: no skeleton, no busy part."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector("[aria-busy=true]:not(button)", state="detached", timeout=15_000)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """By the form, as a person does."""
        self.go("/sign-in")
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", password)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"/(cvs|ops)/?$"))
        self.settle()
        # The language of the profile wins over the one this browser had.
        self.lang = self.page.evaluate("document.documentElement.lang")

    def speak(self, lang: str) -> None:
        """Choose a language at the switch of the frame, unless it is chosen already."""
        if self.lang != lang:
            self.page.click("button.lang")
            self.page.wait_for_selector(f"html[lang={lang}]", state="attached")
            self.lang = lang
            self.page.wait_for_timeout(300)

    def picture(self, name: str) -> None:
        """Keep a picture when asked to by SCREENSHOTS=1."""
        if os.environ.get("SCREENSHOTS"):
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            self.page.mouse.move(0, 0)
            self.page.wait_for_timeout(250)
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


def listening(page: Page, complaints: list[str]) -> None:
    """Keep what the page complains about: errors in the console, in scripts, and failed requests to ourselves."""

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def crash(error: Error) -> None:
        complaints.append(f"script: {error}")

    page.on("console", console)
    page.on("pageerror", crash)


@pytest.fixture
def visitor(chromium: Browser, product: Stack) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: `visitor("fr")`, `visitor("en", size=PHONE, theme="dark")`."""
    made: list[Visitor] = []

    def make(lang: str, *, size: tuple[int, int] = WIDE, theme: str = "light") -> Visitor:
        address = product.run().address
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="fr-FR" if lang == "fr" else "en-GB",
            color_scheme="dark" if theme == "dark" else "light",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        context.add_cookies([{"name": "lang", "value": lang, "url": address}])
        context.set_default_timeout(20_000)
        someone = Visitor(context, context.new_page(), address, lang)
        listening(someone.page, someone.complaints)
        made.append(someone)
        return someone

    yield make
    for someone in made:
        someone.context.close()


def mail_link(visitor: Visitor, address: str) -> str:
    """The link in the newest message to an address, read at the demo's mail page as a person would."""
    for _ in range(60):
        visitor.page.goto(f"{visitor.address}/demo/mail?to={address}")
        lines = visitor.page.locator("a.line")
        if lines.count():
            lines.first.click()
            return visitor.page.locator("pre a").first.get_attribute("href") or ""
        visitor.page.wait_for_timeout(250)
    raise AssertionError(f"no message came for {address}")


def pdf_file(folder: Path, name: str, content: bytes) -> Path:
    """A file to choose in a form."""
    file = folder / name
    file.write_bytes(content)
    return file
