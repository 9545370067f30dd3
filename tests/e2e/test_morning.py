"""A morning of operations: an alert came, its driver is found, somebody takes it, a cheaper model is tried and
assigned, and tomorrow is expected to cost less."""

import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from tests.e2e.conftest import Visitor
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
STAFF = "ops@exemple.fr"
CALL, CHEAPER = "cv_classify", "gpt-4o-mini"
# All of the last thirty days is 95 % of the limit: the step of 90 is crossed as soon as somebody looks.
_RULE = """
INSERT INTO openai_alert (type, name, threshold_nano, enabled, each_user, window_kind, rolling_days, steps, enforcement,
    version, created_at, updated_at)
SELECT 'budget', :name, (sum(cost_nano) * 100 / 95)::bigint, true, false, 'rolling', 30, '{90}', 'notify', 1, now(),
    now()
FROM openai_call WHERE created_at > now() - interval '29 days'
RETURNING id
"""
_MODEL = "SELECT value FROM setting WHERE setting_name = :name"


@pytest.fixture
def tight(product: Stack) -> Iterator[str]:
    """A budget that is nearly used up; gone after the test, and with it the assignment that was changed."""
    name = f"Morning {secrets.token_hex(3)}"
    engine = create_engine(product.run().environment["DATABASE_URL"])
    with engine.begin() as connection:
        number = connection.execute(text(_RULE), {"name": name}).scalar_one()
        model = connection.execute(text(_MODEL), {"name": f"model_{CALL}"}).scalar_one()
    yield name
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE setting SET value = :value, version = version + 1 WHERE setting_name = :name"),
            {"value": model, "name": f"model_{CALL}"},
        )
        connection.execute(
            text("UPDATE openai_alert SET enabled = false, deleted_at = now() WHERE id = :id"), {"id": number}
        )
    engine.dispose()


def dollars(page: Page) -> float:
    """What the page expects of tomorrow."""
    found = re.search(r"[\d.]+", page.locator("#tomorrow").inner_text())
    assert found
    return float(found[0])


def test_from_an_alert_to_a_cheaper_tomorrow(visitor: Callable[..., Visitor], product: Stack, tight: str) -> None:
    someone = visitor("en")
    someone.sign_in(STAFF)
    someone.speak("en")
    page = someone.page

    # An alert came: nobody has to reload for it.
    expect(page.locator("#bell")).to_have_attribute("aria-label", re.compile(r"\d+ new"), timeout=45_000)
    page.click("#bell")
    page.wait_for_url("**/ops/alerts")
    row = page.locator("tbody tr[data-row]").filter(has_text=tight)
    expect(row).to_be_visible(timeout=30_000)
    expect(page.locator("#bell")).to_have_attribute("aria-label", "Alerts")
    row.get_by_role("link").click()
    page.wait_for_url("**/ops/alerts/alert?id=*")
    someone.settle()
    expect(page.locator("h1")).to_have_text(tight)
    alert = page.url

    # Its link opens the window: the same calls, in days.
    page.click("#open-window")
    page.wait_for_url("**/ops/ai-costs/calls?period=custom&from=*&to=*")
    someone.settle()
    expect(page.locator("tbody tr[data-row]").first).to_be_visible()

    # The driver is found in two clicks: the alert, the driver.
    page.goto(alert)
    someone.settle()
    drivers = page.locator("section.card", has_text=someone.say("budgets.drivers"))
    drivers.locator("tbody tr", has_text="Feature").get_by_role("link").click()
    page.wait_for_url("**/ops/ai-costs/calls?*feature=*")
    someone.settle()
    expect(page.locator("tbody tr[data-row]").first).to_be_visible()

    # Somebody takes it.
    page.goto(alert)
    someone.settle()
    page.get_by_role("button", name=someone.say("budgets.acknowledge")).click()
    expect(page.get_by_text(someone.say("budgets.acknowledged_one"))).to_be_visible()
    page.get_by_role("link", name=tight).first.click()
    page.wait_for_url("**/ops/budgets/rule?id=*")
    someone.settle()
    rule, before = page.url, dollars(page)
    assert before > 0

    # A cheaper model is tried with the tokens of the last days, and assigned.
    page.goto(f"{someone.address}/ops/ai-costs/models?call={CALL}")
    someone.settle()
    panel = page.get_by_role("complementary", name=CALL)
    panel.locator("select[name=to]").select_option(CHEAPER)
    assign = panel.get_by_role("button", name=someone.say("prices.assign"))
    expect(assign).to_be_visible()
    expect(panel).to_contain_text(someone.say("prices.month_saved"))
    assign.click()
    box = page.locator("dialog[open]")
    box.locator("[name=reason]").fill("the budget is nearly used up")
    box.get_by_role("button", name=someone.say("prices.assign")).click()
    expect(box).to_be_hidden()
    expect(page.locator(f"tr[data-row={CALL}]")).to_contain_text(CHEAPER)

    # Tomorrow is expected to cost less.
    page.goto(rule)
    # The tab still shows what it knew until the page was read again.
    page.wait_for_function(
        "before => parseFloat(document.querySelector('#tomorrow')?.innerText.match(/[\\d.]+/)?.[0]) < before",
        arg=before,
        timeout=20_000,
    )
    assert someone.complaints == []
