"""The task console in a browser: filters in the address, an act on many from its preview to its result, a pause."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.tasks import board
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.vocabulary import Language, Role, TaskType
from tests import cluster, testkit
from tests.domain.accounts.conftest import PASSWORD, make_user
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.test_console import fail, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PAGES = ("/ops/tasks", "/ops/tasks/health", "/ops/tasks/control", "/ops/tasks/incidents")


@pytest.fixture(scope="module")
def site(database: cluster.Database, valkey_server: Valkey) -> Iterator[str]:
    """The whole application with its built pages."""
    valkey_server.flush()
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served(mounted=True) as there:
        yield there


def opened(chromium: Browser, site: str, role: Role, **options: Any) -> Page:
    """A page of somebody of the staff who is signed in."""
    with transaction() as db:
        person = make_user(db, role)
        person.language = Language.EN
        email = person.email or ""
    page = chromium.new_context(**{"locale": "en-GB", **options}).new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{site}/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_url("**/ops")
    return page


def test_tasks_that_a_payload_selects_are_cancelled_after_they_were_shown(site: str, chromium: Browser) -> None:
    person = make_person()
    with transaction() as db:
        db.execute(text("DELETE FROM background_task"))
        for batch in (1, 1, 1, 2):
            board.submit(db, person, TaskType.NOOP, title="", payload={"batch": batch})
    page = opened(chromium, site, Role.SUPPORT)
    page.goto(f"{site}/ops/tasks")
    expect(page.locator("tbody tr[data-row]")).to_have_count(4)
    page.locator("input[name=payload]").fill("batch = 1")
    expect(page.locator("tbody tr[data-row]")).to_have_count(3)
    assert "payload=batch" in page.url
    page.get_by_text("Act on all of these").first.click()
    page.get_by_role("button", name="Cancel all of these").click()
    box = page.locator("dialog[open]")
    expect(box).to_contain_text("3 tasks of 1 person")
    expect(box).to_contain_text(person.email)
    box.locator("textarea[name=reason]").fill("sent by mistake")
    box.get_by_role("button", name="Cancel 3 tasks").click()
    expect(page.get_by_text("3 done, 0 refused, of 3")).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("Cancelled")
    with transaction() as db:
        left = db.execute(text("SELECT payload FROM background_task WHERE status = 'queued'")).scalars().all()
    assert left == [{"batch": 2}]


def test_a_type_is_paused_with_a_reason_that_stays_to_be_read(site: str, chromium: Browser) -> None:
    page = opened(chromium, site, Role.OPS)
    page.goto(f"{site}/ops/tasks/control")
    row = page.locator("tr[data-row=match_score]")
    row.get_by_role("button", name="Change").click()
    box = page.locator("dialog[open]")
    box.locator("input[name=is_paused]").check()
    box.locator("input[name=at_once]").fill("2")
    box.locator("textarea[name=reason]").fill("the model is slow")
    box.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Paused")
    expect(row).to_contain_text("the model is slow")
    with transaction() as db:
        rule = db.execute(text("SELECT is_paused, at_once FROM task_type_control WHERE type = 'match_score'")).one()
        db.execute(text("DELETE FROM task_type_control"))
    assert tuple(rule) == (True, 2)


def test_who_may_only_read_is_offered_no_act(site: str, chromium: Browser) -> None:
    fail(submit(make_person()))
    page = opened(chromium, site, Role.VIEWER)
    for path in PAGES:
        page.goto(site + path, wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()
        for name in ("Act on all of these", "Change", "Give"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_serious_barrier_and_fit_a_phone(site: str, chromium: Browser, scheme: str) -> None:
    task_id = fail(submit(make_person()))
    page = opened(chromium, site, Role.ADMIN, color_scheme=scheme, viewport={"width": 390, "height": 844})
    found: dict[str, list[str]] = {}
    for path in (*PAGES, f"/ops/tasks/{task_id}"):
        page.goto(site + path, wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()
        barriers = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        names = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in barriers] + (["too wide"] if wide else [])
        if names:
            found[path] = names
    assert found == {}
