"""Every registered page: nothing sticks out, nothing complains, and axe finds nothing serious in either theme."""

import json
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import create_engine, text

from fitmycv_admin.ui.ops import pages as ops
from fitmycv_admin.ui.portal import pages as portal
from tests.e2e.conftest import PHONE, WIDE, Visitor
from tests.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

PERSON, STAFF = "user@exemple.fr", "admin@exemple.fr"
NARROW = (360, 740)
AXE = Axe()
RULES = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def example_ids(product: Stack) -> dict[str, str]:
    """Ids for the pages of one record: those of the demo's person."""
    engine = create_engine(product.run().environment["DATABASE_URL"])
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT m.cv_file_id, m.job_offer_id FROM match_result m JOIN cv_file c ON c.id = m.cv_file_id "
                "JOIN app_user u ON u.id = c.user_id WHERE u.email = :email ORDER BY m.created_at LIMIT 1"
            ),
            {"email": PERSON},
        ).one()
        task = connection.execute(text("SELECT id FROM background_task ORDER BY created_at DESC LIMIT 1")).scalar()
        batch = connection.execute(text("SELECT id FROM credit_batch ORDER BY created_at DESC LIMIT 1")).scalar()
    engine.dispose()
    return {"cv_id": str(found[0]), "offer_id": str(found[1]), "task_id": str(task), "batch_id": str(batch)}


def routes(area: str) -> Iterator[str]:
    """The routes of an area."""
    for page in (*portal.PAGES, *ops.PAGES):
        if page.area == area:
            yield page.route


def filled(route: str, ids: dict[str, str]) -> str:
    """A route with an example in the place of each name."""
    for name, value in ids.items():
        route = route.replace(f"[{name}]", value)
    assert "[" not in route, f"no example for {route}"
    return route


def overflow(someone: Visitor) -> int:
    """How many pixels the page is wider than the window."""
    return someone.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def serious(someone: Visitor) -> list[str]:
    """What axe finds that is serious or critical, with the elements it is about."""
    found = AXE.run(someone.page, options=RULES).response["violations"]
    return [
        f"{one['id']}: {json.dumps([node['html'][:160] for node in one['nodes'][:3]], ensure_ascii=False)}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def problems_of(someone: Visitor, path: str, *, axe: bool) -> list[str]:
    """Everything wrong with one page: light and wide, dark and narrow, and the widths between."""
    found: list[str] = []
    someone.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    someone.page.emulate_media(color_scheme="light")
    someone.go(path)
    # A colour on its way to the other theme is nobody's colour.
    someone.page.add_style_tag(content="*, ::before, ::after { transition: none !important; }")
    if axe:
        found += [f"light: {one}" for one in serious(someone)]
    for width, height in (WIDE, PHONE, NARROW):
        someone.page.set_viewport_size({"width": width, "height": height})
        someone.page.wait_for_timeout(100)
        if (wider := overflow(someone)) > 0:
            found.append(f"{width}: {wider} px too wide")
    if axe:
        someone.page.emulate_media(color_scheme="dark")
        someone.page.wait_for_timeout(100)
        found += [f"dark and narrow: {one}" for one in serious(someone)]
    found += someone.complaints
    someone.complaints.clear()
    return [f"{path} {one}" for one in found]


@pytest.mark.parametrize(("area", "email"), [("guest", ""), ("portal", PERSON), ("ops", STAFF)])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_page_is_whole(visitor: Callable[..., Visitor], product: Stack, area: str, email: str, lang: str) -> None:
    someone = visitor(lang)
    if email:
        someone.sign_in(email)
        someone.speak(lang)
    ids = example_ids(product)
    problems = [one for route in routes(area) for one in problems_of(someone, filled(route, ids), axe=lang == "fr")]
    assert not problems, "\n".join(problems)


def test_an_address_that_does_not_exist_says_so(visitor: Callable[..., Visitor]) -> None:
    someone = visitor("fr")
    answer = someone.page.goto(someone.address + "/nothing/here")
    assert answer is not None
    assert answer.status == 404
    someone.page.wait_for_selector(f"text={someone.say('common.missing.title')}")


def test_the_keyboard_alone_reaches_and_opens_a_cv(visitor: Callable[..., Visitor]) -> None:
    someone = visitor("en")
    someone.sign_in(PERSON)
    page = someone.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(15):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "rows-link":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/cvs/*")
    page.wait_for_selector(".sheet-name")
