"""What cannot be read is refused where the person is, in a sentence that says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, Visitor, pdf_file

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PERSON = "user@exemple.fr"


def test_files_that_are_no_cv_are_refused_at_the_drop_zone(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    someone = visitor("fr", size=PHONE)
    someone.sign_in(PERSON)
    zone = someone.go("/cvs").locator("#import")
    expect(zone.locator("[data-price]")).to_be_visible()
    for name, content, key in (
        ("page.pdf", b"<html>not a PDF</html>", "imports.refused.not_pdf"),
        ("broken.pdf", b"%PDF-1.7\n" + b"x" * 500, "imports.refused.damaged"),
        ("empty.pdf", b"", "kit.upload.empty"),
        ("cv.docx", b"PK", "kit.upload.wrong_kind"),
    ):
        someone.page.set_input_files("input[type=file]", pdf_file(tmp_path, name, content))
        expect(zone.locator("[role=alert]")).to_have_text(someone.say(key), timeout=5_000)
    someone.page.set_input_files("input[type=file]", pdf_file(tmp_path, "big.pdf", b"%PDF-" + b" " * 10_100_000))
    expect(zone.locator("[role=alert]")).to_contain_text("10", timeout=5_000)


def test_a_text_that_is_no_offer_is_refused_under_its_field(visitor: Callable[..., Visitor]) -> None:
    someone = visitor("en")
    someone.sign_in(PERSON)
    someone.speak("en")
    page = someone.go("/offers")
    page.fill("#text", "too short")
    page.click("#new-offer button[type=submit]")
    wrong = page.locator("#text-error")
    expect(wrong).to_have_text(someone.say("cvs.error.offer_too_short", count=9, min=120))
    assert page.evaluate("document.activeElement.id") == "text"
    someone.speak("fr")
    expect(wrong).to_have_text(someone.say("cvs.error.offer_too_short", count=9, min=120))


def test_an_advert_without_any_requirement_fails_with_a_reason_and_can_be_deleted(
    visitor: Callable[..., Visitor],
) -> None:
    someone = visitor("fr")
    someone.sign_in(PERSON)
    page = someone.go("/offers")
    page.fill("#text", "Le ciel est bleu et la mer est calme ce matin sur la côte. " * 4)
    page.click("#new-offer button[type=submit]")
    page.wait_for_url("**/offers/*")
    expect(page.locator(".sheet .notice")).to_contain_text(someone.say("imports.refused.no_offer"), timeout=20_000)
    page.locator("button.btn-danger").click()
    page.locator("dialog[open] button[type=submit]").click()
    page.wait_for_url("**/offers")
