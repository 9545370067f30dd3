"""Plans edited by the keyboard alone, previewed, saved with a reason; a second editor loses and breaks nothing."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]
STAFF = "admin@exemple.fr"
HERE = "/ops/billing/plans"


def cell(someone: Visitor, feature: str, plan: str = "premium") -> str:
    """The selector of a cell by what it says of itself."""
    name = someone.say("plans.cell", feature=someone.say(f"plans.feature.{feature}"), plan=plan)
    return f'input[aria-label="{name}"]'


def at_the_plans(visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody of the staff in front of the grid, in English."""
    someone = visitor("en")
    someone.sign_in(STAFF)
    someone.speak("en")
    someone.go(HERE)
    return someone


def typed(page: Page, text: str) -> None:
    """Keys, one by one."""
    for key in text:
        page.keyboard.press(key)


def version_of(someone: Visitor, plan: str = "premium") -> int:
    """The version that the head of a column names."""
    head = someone.page.locator("th", has_text=plan).first.inner_text()
    found = re.search(r"Version (\d+)", head)
    assert found
    return int(found[1])


def test_limits_are_edited_by_the_keyboard_and_a_second_editor_sees_the_conflict(
    visitor: Callable[..., Visitor], product: Stack
) -> None:
    first, second = at_the_plans(visitor), at_the_plans(visitor)
    page, before = first.page, version_of(first)

    page.focus(cell(first, "match_score"))
    typed(page, "77")
    page.keyboard.press("ArrowDown")
    expect(page.locator(cell(first, "translate_cv"))).to_be_focused()
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    expect(page.locator(cell(first, "gpt_cv_generation"))).to_be_focused()
    typed(page, "5")
    page.keyboard.press("Escape")  # what is typed is dropped
    expect(page.locator(cell(first, "gpt_cv_generation"))).to_have_value("60")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")  # and so is a changed cell
    expect(page.locator(cell(first, "translate_cv"))).to_have_value("60")
    page.keyboard.press("Control+z")
    expect(page.locator(cell(first, "translate_cv"))).to_have_value("∞")
    expect(page.get_by_role("status").filter(has_text="2 cells changed")).to_be_visible()

    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"premium: version {before + 1}")
    expect(dialog).to_contain_text(re.compile(r"\d+ (person has|people have) this plan"))
    page.fill("dialog [name=reason]", "asked for by the survey")
    page.check("dialog [name=existing][value=move]")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("th", has_text="premium").first).to_contain_text(f"Version {before + 1}")
    expect(page.locator(cell(first, "match_score"))).to_have_value("77")

    other = second.page
    other.focus(cell(second, "import_pdf"))
    typed(other, "9")
    other.keyboard.press("Control+Enter")
    expect(other.get_by_role("alert")).to_contain_text(f"version {before + 1}")
    expect(other.locator(cell(second, "match_score"))).to_have_value("77")
    expect(other.locator(cell(second, "import_pdf"))).to_have_value("9")
    other.keyboard.press("Control+Enter")
    expect(other.get_by_role("dialog")).to_contain_text(f"premium: version {before + 2}")
    assert first.complaints == []
    assert second.complaints == []


def test_a_cell_takes_no_nonsense_and_the_history_tells_who_changed_what(
    visitor: Callable[..., Visitor], product: Stack
) -> None:
    someone = at_the_plans(visitor)
    page = someone.page
    page.focus(cell(someone, "edit_cv"))
    typed(page, "abc")
    page.keyboard.press("ArrowDown")
    wrong = page.locator(cell(someone, "edit_cv"))
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Escape")
    expect(wrong).to_have_value("∞")
    typed(page, "12")
    page.keyboard.press("Enter")
    page.click("th a:has-text('premium')")
    expect(page.get_by_role("complementary", name="premium")).to_contain_text(someone.say("plans.history"))
    # The panel beside the grid takes nothing of what is typed.
    expect(wrong).to_have_value("12")
    page.click(f"button:has-text('{someone.say('plans.drop_all')}')")
    expect(wrong).to_have_value("∞")
    assert someone.complaints == []
