"""Credits and tasks in a browser: what only an open tab can show."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from fitmycv_admin.copy import text as sentence
from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.models import User
from fitmycv_admin.ui.portal.tasks import watching
from fitmycv_admin.vocabulary import TaskState
from tests import cluster, testkit
from tests.domain.billing import purses
from tests.ui.portal.test_watching import ended, moved, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def valkey_url(database: cluster.Database, valkey_server: Valkey) -> Iterator[str]:
    valkey_server.flush()
    with cluster.environment(REDIS_URL=valkey_server.url):
        yield valkey_server.url


@pytest.fixture(scope="module")
def site(valkey_url: str) -> Iterator[str]:
    """The whole application with its built pages."""
    with testkit.served(mounted=True) as there:
        yield there


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens tabs of somebody who is signed in; they close with the test."""
    made = []

    def open_tab(site: str, user_id: UUID, path: str, **options: Any) -> Page:
        context = chromium.new_context(**{"locale": "en-GB", "timezone_id": "Europe/Paris", **options})
        made.append(context)
        with transaction() as db:
            token = sessions.open_session(db, db.get_one(User, user_id), "127.0.0.1", "test")
        context.add_cookies(
            [
                {
                    "name": "__Host-sid", "value": token, "domain": "localhost", "path": "/", "secure": True,
                    "httpOnly": True, "sameSite": "Lax",
                }
            ]
        )  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(site + path)
        return page

    yield open_tab
    for context in made:
        context.close()


@pytest.fixture
def ada(database: cluster.Database) -> UUID:
    """Somebody who reads English and has twelve credits."""
    user_id = purses.rich(12)
    with transaction() as db:
        db.execute(
            text("UPDATE app_user SET language = 'en', email_verified = :now WHERE id = :id"),
            {"now": clock.now(), "id": user_id},
        )
    return user_id


def say(key: str, **params: object) -> str:
    return sentence("en", key, **params)


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_an_open_tab_goes_on_longer_than_one_watcher_and_after_the_server_was_restarted(
    valkey_url: str, ada: UUID, tab: Callable[..., Page]
) -> None:
    task_id, port = started(ada), testkit.free_port()
    with testkit.served(mounted=True, port=port) as site:
        page = tab(site, ada, "/activity")
        bar = page.locator("#now [role=progressbar]")
        expect(bar).to_have_attribute("aria-valuenow", "10")
        page.wait_for_timeout((watching.LONGEST_S + 2) * 1000)
        moved(ada, task_id, 40)
        expect(bar).to_have_attribute("aria-valuenow", "40")
    moved(ada, task_id, 55)
    with testkit.served(mounted=True, port=port):
        expect(bar).to_have_attribute("aria-valuenow", "55")
        moved(ada, task_id, 80)
        expect(bar).to_have_attribute("aria-valuenow", "80")
        purses.spend(ada, 2, task_id=task_id, feature="import_pdf")
        ended(ada, task_id)
        expect(page.locator("#before [data-ended=completed]")).to_be_visible()
        expect(page.locator("#credits-left")).to_have_text(say("wallet.chip", n=10))
        page.get_by_role("link", name=say("wallet.task.receipt_what", title="Engineer")).click()
        page.wait_for_url(f"**/credits?task={task_id}")
        expect(page.locator("#history [data-line]")).to_have_count(1)


def test_a_task_is_cancelled_with_the_keyboard(site: str, ada: UUID, tab: Callable[..., Page]) -> None:
    started(ada, TaskState.QUEUED, 0)
    page = tab(site, ada, "/activity", viewport=PHONE)
    button = page.get_by_role("button", name=say("wallet.task.cancel_what", title="Engineer"))
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#before [data-ended=cancelled]")).to_be_visible()
    expect(page.locator("#now")).to_have_count(0)


def test_the_history_is_filtered_in_the_address_and_the_file_has_the_same_filter(
    site: str, ada: UUID, tab: Callable[..., Page]
) -> None:
    purses.spend(ada, 1, feature="match_score")
    page = tab(site, ada, "/credits", viewport=PHONE)
    expect(page.locator("#history [data-line]")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator("#history select[name=type]").select_option("usage")
    expect(page.locator("#history [data-line]")).to_have_count(1)
    expect(page.locator("#history [data-kind=usage]")).to_contain_text("1 × Gift")
    assert query_of(page) == {"type": ["usage"]}
    with page.expect_download() as download:
        page.locator("#history a[download]").click()
    assert download.value.suggested_filename == "my-credits_type-usage.csv"
    content = download.value.path().read_text()
    assert content.count("\n") == 2
    assert "Use,-1,11,Match score" in content
    page.reload()
    expect(page.locator("#history [data-line]")).to_have_count(1)


def test_a_notice_is_closed_for_good(site: str, ada: UUID, tab: Callable[..., Page]) -> None:
    purses.spend(ada, 11)
    page = tab(site, ada, "/offers")
    notice = page.locator(".wallet-notices .notice")
    expect(notice).to_contain_text(say("wallet.notice.low", n=1))
    notice.get_by_role("button", name=say("wallet.notice.hide")).click()
    expect(notice).to_have_count(0)
    page.goto(f"{site}/credits")
    expect(page.locator("#history [data-line]")).to_have_count(2)
    expect(notice).to_have_count(0)
