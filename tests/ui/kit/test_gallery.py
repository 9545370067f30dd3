"""What the kit promises in a real browser: the keyboard, the address, the languages, the themes, small screens."""

import gzip
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.ui.kit.conftest import FOLDER
from tests.ui.kit.gallery.state import ROUTES

pytestmark = pytest.mark.e2e

Opened = Callable[..., Page]
CSS_LIMIT = 20 * 1024


@pytest.fixture
def opened(chromium: Browser, gallery: str) -> Iterator[Opened]:
    """Opens a route of the gallery in a fresh browser profile; errors of the page fail the test."""
    contexts, troubles = [], []

    def open_page(route: str, *, lang: str = "en", theme: str = "light", width: int = 1440) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.add_cookies([{"name": "lang", "value": lang, "url": gallery}])
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.goto(gallery + route)
        expect(page.locator("h1")).to_be_visible()
        if route.partition("?")[0] == "/":
            expect(page.locator("tr[data-row]").first).to_be_visible()
        elif route != ROUTES[4]:
            expect(page.locator(".avatar").first).to_have_text("LM")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_axe_finds_nothing_serious_on_any_screen(opened: Opened, theme: str, width: int):
    found = []
    for route in (*ROUTES, "/?open=evt_1QK896h8Eq2Fw7G004"):
        page = opened(route, theme=theme, width=width, lang="fr")
        page.wait_for_timeout(400)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found += [(route, violation["id"], node["html"][:200]) for node in violation["nodes"]]
    assert found == []


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("route", ROUTES)
def test_nothing_overflows_on_a_phone_of_360_pixels(opened: Opened, route: str, lang: str):
    page = opened(route, width=360, lang=lang)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_address_holds_sort_filter_search_and_page(opened: Opened):
    page = opened("/")
    page.click("th .sort >> text=Lag")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Lag")
    assert page.url.endswith("?sort=-lag")
    page.go_back()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Received")
    page.click("text=Older")
    page.wait_for_url("**?after=8")
    expect(page.locator("tr[data-row]").first).to_contain_text("…008")
    page.select_option("select[name=state]", "failed")
    page.wait_for_url("**?state=failed")  # a filter starts again at the first page
    expect(page.locator("tr[data-row] .pill").first).to_have_text("Failed")
    page.reload()
    expect(page.locator("tr[data-row] .pill").first).to_have_text("Failed")


def test_an_empty_list_says_why(opened: Opened):
    page = opened("/")
    page.fill("input[type=search]", "no such event")
    expect(page.locator(".state b")).to_have_text("Nothing here")


def test_typing_searches_once_and_keeps_the_history_clean(opened: Opened):
    page = opened("/")
    page.keyboard.press("/")
    page.keyboard.type("refund", delay=20)
    page.wait_for_url("**?q=refund")
    expect(page.locator("tr[data-row]").first).to_contain_text("charge.refunded")
    page.keyboard.type("ed", delay=20)
    page.wait_for_url("**?q=refunded")
    page.go_back()
    assert "refund" not in page.url


def test_rows_are_walked_ticked_and_opened_by_keys(opened: Opened):
    page = opened("/")
    for key in ("j", "j", "k", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("tr[aria-selected=true]")).to_have_count(1)
    expect(page.locator(".selection-bar")).to_contain_text("1 selected")
    page.keyboard.press("Enter")
    expect(page.locator(".panel h2")).to_have_text("invoice.payment_failed")
    assert "open=evt_1QK899" in page.url


def test_a_row_of_a_later_page_opens_beside_that_page(opened: Opened):
    page = opened("/?after=8")
    expect(page.locator("tr[data-row]").first).to_contain_text("…008")
    page.locator("tr[data-row] a.cell-link").first.click()
    expect(page.locator(".panel")).to_be_visible()
    assert "after=8&open=" in page.url
    expect(page.locator("tr[data-row]").first).to_contain_text("…008")


def test_the_panel_is_a_sheet_over_the_list_on_a_phone_and_leaves_the_filters(opened: Opened):
    page = opened("/?state=failed", width=390)
    link = page.locator("tr[data-row] a.cell-link").first
    for close in ("key", "scrim"):
        link.click()
        expect(page.locator(".panel")).to_be_focused()
        expect(page.locator(".panel h2")).to_be_in_viewport(ratio=1)
        if close == "key":
            page.keyboard.press("Escape")
        else:
            page.mouse.click(195, 40)
        expect(page.locator(".panel")).to_have_count(0)
        assert page.url.endswith("/?state=failed")
        expect(link).to_be_focused()


def test_hidden_columns_and_density_are_remembered(opened: Opened):
    page = opened("/")
    page.click("summary:has-text('Columns')")
    page.click(".menu-list >> text=Customer")
    page.click(".menu-list >> text=Compact rows")
    page.reload()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page.locator("th[data-col=customer]")).to_be_hidden()
    page.wait_for_function("document.querySelector('tr[data-row]').offsetHeight === 28")


def test_an_id_is_copied_whole(opened: Opened):
    page = opened("/")
    page.locator(".id-chip").first.click()
    expect(page.locator(".id-chip-done").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "evt_1QK900h8Eq2Fw7G000"


def test_a_dangerous_act_asks_for_the_word_and_hands_over_the_fields(opened: Opened):
    page = opened("/")
    page.click(".page-actions >> text=Replay selected")
    expect(page.locator("dialog[open]")).to_contain_text("No event would run again")
    page.fill("dialog[open] input[name=reason]", "asked by the customer")
    page.click("dialog[open] button[type=submit]")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.fill("dialog[open] label:has-text('Type demo') input", "demo")
    page.click("dialog[open] button[type=submit]")
    expect(page.locator(".toast")).to_contain_text("Your role does not allow this.")


def test_the_palette_finds_pages_and_records(opened: Opened):
    page = opened("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("plans")
    expect(page.locator("[role=option]").first).to_contain_text("Plans and limits")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Plans and limits")
    page.keyboard.press("Control+k")
    page.keyboard.type("refund")
    expect(page.locator("[role=option] small").first).to_have_text("charge.refunded")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_contain_text("Next and previous row")


def test_the_language_changes_at_once_and_is_remembered(opened: Opened):
    page = opened("/gallery/figures")
    expect(page.locator(".kpi-figure").first).to_have_text("$1,597.87")
    page.click("button[title=Language]")
    expect(page.locator("h1")).to_have_text("Coûts de l’IA")
    expect(page.locator(".kpi-figure").first).to_have_text("1\u202f597,87\u00a0$")
    assert page.evaluate("document.documentElement.lang") == "fr"
    page.reload()
    expect(page.locator("h1")).to_have_text("Coûts de l’IA")


def test_the_theme_follows_the_system_until_chosen(opened: Opened):
    page = opened("/", theme="dark")
    body, dark, light = page.locator("body"), "rgb(19, 20, 18)", "rgb(247, 247, 245)"
    expect(body).to_have_css("background-color", dark)
    page.click("[aria-label='Light or dark']")
    expect(body).to_have_css("background-color", light)
    page.reload()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(body).to_have_css("background-color", light)


def test_a_chart_shows_its_figures_as_a_table(opened: Opened):
    page = opened("/gallery/figures")
    expect(page.locator(".chart .bars .point").first).to_be_visible()
    page.locator("button:has-text('Table')").first.click()
    table = page.locator(".chart-table table").first
    expect(table.locator("thead th")).to_have_count(8)
    expect(table.locator("tbody tr")).to_have_count(30)
    expect(table.locator("tbody tr").first.locator("th")).to_have_text("24 Oct")


def test_a_period_of_ones_own_goes_into_the_address(opened: Opened):
    page = opened("/gallery/figures")
    expect(page.locator(".seg [aria-current=true]").first).to_have_text("30 days")
    page.click("text=Custom…")
    page.fill("dialog[open] input[name=from]", "2026-11-20")
    page.fill("dialog[open] input[name=to]", "2026-11-02")
    page.click("dialog[open] button[type=submit]")
    page.wait_for_url("**?period=custom&from=2026-11-02&to=2026-11-20")


def test_a_refused_form_says_what_is_wrong_and_keeps_what_was_typed(opened: Opened):
    page = opened("/gallery/forms")
    page.fill("textarea[name=note]", "kept")
    page.click("button:has-text('Save')")
    expect(page.locator("#name-error")).to_have_text("This value cannot be accepted.")
    expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#name")).to_have_attribute("aria-describedby", "name-error name-hint")
    expect(page.locator("textarea[name=note]")).to_have_value("kept")


def test_a_dialog_of_the_state_closes_by_escape(opened: Opened):
    page = opened("/gallery/forms")
    for _ in range(2):
        page.click("#check")
        expect(page.locator("dialog[open]")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(page.locator("#check")).to_have_attribute("aria-expanded", "false")


def test_a_file_of_the_wrong_kind_or_size_never_leaves_the_browser(opened: Opened):
    page = opened("/gallery/forms")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.set_input_files("input[type=file]", {"name": "cv.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.locator(".drop [role=alert]")).to_contain_text("cannot be read here")
    page.set_input_files(
        "input[type=file]", {"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"x" * 10_100_000}
    )
    expect(page.locator(".drop [role=alert]")).to_contain_text("10.1\u00a0MB; the limit is 10.0\u00a0MB")
    assert sent == []


def test_the_sidebar_is_a_drawer_on_a_phone(opened: Opened):
    page = opened("/", width=390)
    expect(page.locator(".app > .side")).to_be_hidden()
    page.click("[aria-label='Open the navigation']")
    page.click("dialog[open] >> text=Plans and limits")
    expect(page.locator("h1")).to_have_text("Plans and limits")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_styles_weigh_at_most_20_kilobytes(gallery: str):
    sheets = (FOLDER / ".web/build/client/assets").glob("*.css")
    assert sum(len(gzip.compress(sheet.read_bytes())) for sheet in sheets) <= CSS_LIMIT
