"""Accounts in a browser: forms that post, links that wait for a person, pages that everybody can read."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, select

from fitmycv_admin.core.db import transaction
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.models.emails import EmailLog
from fitmycv_admin.vocabulary import Language, Role
from tests import cluster, testkit
from tests.domain.accounts.conftest import PASSWORD, address, make_user

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
GUEST = (
    "/sign-in?error=accounts.error.wrong_credentials",
    "/register?error=accounts.error.password_short&field=password",
    "/check-mail?why=verify",
    "/forgot-password",
    "/reset-password",
    "/verify-email",
    "/confirm-email",
)
SIGNED_IN = ("/accounts/profile", "/ops/accounts/users", "/ops/access/roles", "/ops/access/audit")


@pytest.fixture(scope="module")
def site(database: cluster.Database, valkey_server: Valkey) -> Iterator[str]:
    """The whole application with its built pages."""
    valkey_server.flush()
    with cluster.environment(REDIS_URL=valkey_server.url), testkit.served(mounted=True) as there:
        yield there


def tab(chromium: Browser, **options: Any) -> Page:
    opened = chromium.new_context(**{"locale": "en-GB", **options}).new_page()
    opened.set_default_timeout(20_000)
    return opened


def link_in_mail(to: str) -> str:
    with transaction() as db:
        query = select(EmailLog.text).where(EmailLog.recipient_email == to).order_by(col(EmailLog.created_at).desc())
        found = re.search(r"http\S+#token=\S+", db.exec(query).first() or "")
    assert found is not None
    return found[0]


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def sign_in(page: Page, site: str, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{site}/sign-in")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("button.btn-primary")


def test_a_person_signs_up_follows_the_link_and_is_in(site: str, chromium: Browser) -> None:
    page, email = tab(chromium), address()
    page.goto(f"{site}/register")
    page.fill("#name", "Zoé")
    page.fill("#email", email)
    page.fill("#password", "motdepasse")
    page.check("#privacy")
    page.click("button.btn-primary")
    expect(page.locator("#password-error")).to_contain_text("first that are tried")
    expect(page.locator("#email")).to_have_value(email)
    expect(page.locator("#password")).to_have_value("")
    expect(page.locator("#password")).to_be_focused()
    page.fill("#password", PASSWORD)
    page.check("#privacy")
    page.click("button.btn-primary")
    page.wait_for_url("**/check-mail?why=verify")
    link = path_of(link_in_mail(email))
    scanner = tab(chromium)
    scanner.goto(site + link)
    expect(scanner.locator("button.btn-primary")).to_be_visible()
    page.goto(site + link)
    expect(page).to_have_url(f"{site}/verify-email")
    page.click("button.btn-primary")
    page.wait_for_url(lambda url: "verify" not in url)
    assert page.evaluate("document.cookie").find("sid") == -1
    page.goto(f"{site}/accounts/profile")
    expect(page.locator("#name")).to_have_value("Zoé")


def test_a_wrong_password_says_so_and_a_new_one_is_chosen_by_mail(site: str, chromium: Browser) -> None:
    with transaction() as db:
        email = make_user(db).email or ""
    page = tab(chromium, locale="fr-FR")
    sign_in(page, site, email, "pas le bon")
    expect(page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    page.goto(f"{site}/forgot-password")
    page.fill("#email", email)
    page.click("button.btn-primary")
    page.wait_for_url("**/check-mail?why=reset")
    page.goto(site + path_of(link_in_mail(email)))
    page.fill("#password", "une phrase toute neuve")
    page.click("button.btn-primary")
    page.wait_for_url("**/sign-in?done=reset")
    sign_in(page, site, email, "une phrase toute neuve")
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_an_admin_gives_a_role_and_finds_it_in_the_trail(site: str, chromium: Browser) -> None:
    with transaction() as db:
        admin, other = make_user(db, Role.ADMIN), make_user(db)
        admin.language = Language.EN
    page = tab(chromium)
    sign_in(page, site, admin.email or "")
    page.wait_for_url("**/ops")
    page.goto(f"{site}/ops/accounts/users?open={other.id}")
    page.get_by_role("button", name="Change role").first.click()
    box = page.locator("dialog[open]")
    box.locator("select").select_option("support")
    box.locator("input[name=reason_role]").fill("joins the desk")
    box.get_by_role("button", name="Change role").click()
    expect(page.locator(".panel .facts").first).to_contain_text("Support")
    page.goto(f"{site}/ops/access/audit?target_id={other.id}")
    expect(page.locator("tbody")).to_contain_text("account.role_changed")
    expect(page.locator("tbody")).to_contain_text("joins the desk")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_serious_barrier_and_fit_a_phone(site: str, chromium: Browser, scheme: str) -> None:
    with transaction() as db:
        admin = make_user(db, Role.ADMIN)
    page = tab(chromium, color_scheme=scheme, viewport={"width": 390, "height": 844})
    sign_in(page, site, admin.email or "")
    page.wait_for_url("**/ops")
    found: dict[str, list[str]] = {}
    for path in (*GUEST, *SIGNED_IN):
        page.goto(site + path, wait_until="networkidle")
        expect(page.locator("h1")).to_be_visible()
        barriers = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        names = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in barriers] + (["too wide"] if wide else [])
        if names:
            found[path] = names
    assert found == {}
