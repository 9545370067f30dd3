"""Budgets and alerts in a browser: a rule tried on the past before it is saved, acts on many taken back, an alert
treated from the bell to its calls."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Language, Role
from tests import cluster, testkit
from tests.domain.accounts.conftest import PASSWORD, make_user
from tests.domain.ai_costs import ledger
from tests.domain.budgets import stand
from tests.domain.budgets.conftest import TABLES

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PAGES = ("/ops/budgets", "/ops/alerts")
KEPT = ("app_user", "subscription")


@pytest.fixture(scope="module")
def site(quiet_database: cluster.Database, valkey_server: Valkey) -> Iterator[str]:
    """The whole application with its built pages."""
    valkey_server.flush()
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served(mounted=True) as there:
        yield there


@pytest.fixture(autouse=True)
def empty(site: str) -> None:
    """No rule, no call, no notice; one model with a price."""
    with transaction() as db:
        for table in TABLES:
            if table not in KEPT:
                db.execute(text(f"DELETE FROM {table}"))
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")


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


def crossed(usd: float = 6) -> int:
    """A budget of ten dollars of which so much is spent today, by one person."""
    rule = stand.rule(10, name="Everybody, today", window=BudgetWindow.DAY)
    with transaction() as db:
        person = make_user(db, Role.USER)
        user_id = person.id
    stand.spend(usd, clock.now() - timedelta(minutes=2), user=user_id)
    stand.look(clock.now())
    return rule


def limits() -> dict[str, tuple[float, bool]]:
    """Each rule's limit in dollars, and whether it is on."""
    with transaction() as db:
        rows = db.execute(text("SELECT name, threshold_nano, enabled FROM openai_alert WHERE deleted_at IS NULL"))
        return {row.name: (row.threshold_nano / stand.USD, row.enabled) for row in rows}


def audited(action: str) -> int:
    """How many lines of the audit trail tell of an act."""
    with transaction() as db:
        return db.execute(text("SELECT count(*) FROM audit_event WHERE action = :a"), {"a": action}).scalar_one()


def test_a_budget_is_tried_on_the_past_before_it_is_saved(site: str, chromium: Browser) -> None:
    now = clock.now()
    for day in range(1, 4):
        stand.spend(6, now - timedelta(days=day))
    stand.look(now)
    page = opened(chromium, site, Role.OPS)
    page.goto(f"{site}/ops/budgets")
    page.get_by_role("button", name="New budget").click()
    box = page.locator("dialog[open]")
    box.locator("[name=name]").fill("Everybody, a day")
    box.locator("[name=window]").select_option("day")
    box.locator("[name=limit]").fill("0")
    box.get_by_role("button", name="Look at the last 90 days").click()
    expect(box.locator("#limit-error")).to_be_visible()
    box.locator("[name=limit]").fill("10")
    box.locator("[name=steps]").fill("50, 100")
    box.get_by_role("button", name="Look at the last 90 days").click()
    expect(box).to_contain_text("3 alerts in")
    assert limits() == {}
    box.get_by_role("button", name="Back").click()
    expect(box.locator("[name=limit]")).to_have_value("10")
    box.locator("[name=limit]").fill("5")
    box.get_by_role("button", name="Look at the last 90 days").click()
    expect(box).to_contain_text("6 alerts in")
    box.get_by_role("button", name="Save").click()
    page.wait_for_url("**/ops/budgets/rule?id=*")
    expect(page.locator("h1")).to_have_text("Everybody, a day")
    expect(page.locator("main")).to_contain_text("$5.00")
    assert limits() == {"Everybody, a day": (5.0, True)}
    assert audited("budget.created") >= 1


def test_limits_that_were_scaled_are_as_before_after_undo(site: str, chromium: Browser) -> None:
    for name, usd in (("One", 10), ("Two", 20), ("Three", 30)):
        stand.rule(usd, name=name)
    before = limits()
    page = opened(chromium, site, Role.OPS)
    page.goto(f"{site}/ops/budgets")
    rows = page.locator("tbody tr[data-row]")
    expect(rows).to_have_count(3)
    for name in ("One", "Two"):
        rows.filter(has_text=name).locator("input[type=checkbox]").click()
    page.get_by_role("button", name="Scale limits").first.click()
    box = page.locator("dialog[open]")
    expect(box).to_contain_text("The limits of 2 budgets")
    box.locator("[name=percent]").fill("80")
    box.get_by_role("button", name="Scale limits").click()
    expect(page.get_by_text("2 limits were changed.")).to_be_visible()
    assert limits() == {"One": (8.0, True), "Two": (16.0, True), "Three": (30.0, True)}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 budgets are as they were.")).to_be_visible()
    assert limits() == before

    rows.filter(has_text="Three").locator("input[type=checkbox]").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("1 budget is off.")).to_be_visible()
    expect(rows.filter(has_text="Three")).to_contain_text("Off")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0, timeout=15_000)
    assert limits()["Three"] == (30.0, False)


def test_a_limit_that_rises_by_more_than_half_asks_a_second_person(site: str, chromium: Browser) -> None:
    stand.rule(10, name="One")
    page = opened(chromium, site, Role.OPS)
    page.goto(f"{site}/ops/budgets")
    page.locator("tbody tr[data-row] input[type=checkbox]").click()
    page.get_by_role("button", name="Scale limits").first.click()
    box = page.locator("dialog[open]")
    box.locator("[name=percent]").fill("200")
    box.get_by_role("button", name="Scale limits").click()
    expect(page.get_by_text("1 waits for a second person.")).to_be_visible()
    assert limits() == {"One": (10.0, True)}
    with transaction() as db:
        kind = db.execute(text("SELECT kind FROM approval WHERE state = 'pending'")).scalar_one()
        db.execute(text("DELETE FROM approval"))
    assert kind == "budget.raise"


def test_an_alert_is_followed_from_the_bell_to_its_calls_and_treated(site: str, chromium: Browser) -> None:
    crossed()
    page = opened(chromium, site, Role.OPS)
    bell = page.locator("#bell")
    expect(bell).to_have_attribute("aria-label", "Alerts, 1 new")
    bell.click()
    page.wait_for_url("**/ops/alerts")
    expect(bell).to_have_attribute("aria-label", "Alerts")
    page.get_by_role("link", name=re.compile("Everybody, today")).click()
    page.wait_for_url("**/ops/alerts/alert?id=*")
    expect(page.locator("h1")).to_have_text("Everybody, today")
    expect(page.locator("main")).to_contain_text("$6.00 of $10.00 spent.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("You take care of it.")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    page.locator("[name=comment]").fill("one importer went wild")
    page.get_by_role("button", name="Write").click()
    expect(page.locator("section.card", has_text="What was done")).to_contain_text("one importer went wild")
    expect(page.locator("[name=comment]")).to_have_value("")
    drivers = page.locator("section.card", has_text="What drove it").locator("tbody tr")
    expect(drivers.first).to_be_visible()
    drivers.filter(has_text="gpt-a").get_by_role("link").click()
    page.wait_for_url("**/ops/ai-costs/calls?*model=gpt-a*")
    expect(page.locator("tbody tr[data-row]")).to_have_count(1)
    page.go_back()
    page.get_by_role("button", name="Snooze").first.click()
    page.locator("dialog[open]").get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("The alert is snoozed.")).to_be_visible()
    page.get_by_role("button", name="Resolve").first.click()
    page.locator("dialog[open]").get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("The alert is resolved.")).to_be_visible()
    expect(page.get_by_role("button", name="Snooze")).to_have_count(0)
    with transaction() as db:
        kinds = db.execute(text("SELECT kind FROM alert_notice_event ORDER BY id")).scalars().all()
    assert kinds == ["opened", "acknowledged", "commented", "snoozed", "resolved"]
    assert audited("notice.acknowledged") >= 1


def test_many_alerts_are_acknowledged_at_once(site: str, chromium: Browser) -> None:
    crossed(8)
    page = opened(chromium, site, Role.OPS)
    page.goto(f"{site}/ops/alerts")
    rows = page.locator("tbody tr[data-row]")
    expect(rows).to_have_count(2)
    for place in (0, 1):
        rows.nth(place).locator("input[type=checkbox]").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("2 alerts acknowledged.")).to_be_visible()
    page.locator("select[name=state]").select_option("open")
    expect(page.get_by_text("Nothing waits")).to_be_visible()


def test_who_may_only_read_is_offered_no_act(site: str, chromium: Browser) -> None:
    rule = crossed()
    page = opened(chromium, site, Role.VIEWER)
    with transaction() as db:
        notice = db.execute(text("SELECT id FROM alert_notice")).scalar_one()
    for path in (*PAGES, f"/ops/budgets/rule?id={rule}", f"/ops/alerts/alert?id={notice}"):
        page.goto(site + path, wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()
        for name in ("New budget", "Change", "Remove", "Turn off", "Acknowledge", "Snooze", "Resolve", "Write"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_who_may_not_read_alerts_has_no_bell(site: str, chromium: Browser) -> None:
    crossed()
    page = opened(chromium, site, Role.SUPPORT)
    page.goto(f"{site}/ops/tasks", wait_until="networkidle")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#bell")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(0)


def test_what_does_not_exist_says_so(site: str, chromium: Browser) -> None:
    page = opened(chromium, site, Role.OPS)
    for path in ("/ops/budgets/rule?id=999999", "/ops/alerts/alert?id=none", "/ops/budgets/rule"):
        page.goto(site + path)
        expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_serious_barrier_and_fit_a_phone(site: str, chromium: Browser, scheme: str) -> None:
    rule = crossed(12)
    stand.rule(0, name="Unusual hour", type=AlertType.ANOMALY, ratio_percent=300, least_calls=10)
    page = opened(chromium, site, Role.ADMIN, color_scheme=scheme, viewport={"width": 390, "height": 844})
    with transaction() as db:
        notice = db.execute(text("SELECT id FROM alert_notice LIMIT 1")).scalar_one()
    found: dict[str, list[str]] = {}
    for path in (*PAGES, f"/ops/budgets/rule?id={rule}", f"/ops/alerts/alert?id={notice}"):
        page.goto(site + path, wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()
        if path == "/ops/budgets":
            page.get_by_role("button", name="New budget").click()
            expect(page.locator("dialog[open] [name=name]")).to_be_visible()
        barriers = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        names = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in barriers] + (["too wide"] if wide else [])
        if names:
            found[path] = names
    assert found == {}
