"""A production without mail says so where a message would be needed, and to staff."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.local.valkey import Valkey
from fitmycv_admin.vocabulary import Language, Role
from tests import browser, cluster, testkit
from tests.domain.accounts.conftest import address, make_user
from tests.ui.test_accounts import tab

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(database: cluster.Database, valkey_server: Valkey) -> Iterator[str]:
    """The application as production runs it, without SMTP_URL or RESEND_API_KEY."""
    valkey_server.flush()
    production = {"REDIS_URL": valkey_server.url, "FITMYCV_MODE": "production"}
    with cluster.environment(**production), testkit.served(mounted=True) as there:
        yield there


@pytest.mark.parametrize(
    ("path", "locale", "sentence"),
    [
        ("/register", "en-GB", "Sign-up is closed for now"),
        ("/register", "fr-FR", "Les inscriptions sont fermées"),
        ("/forgot-password", "en-GB", "No link can be sent for now"),
        ("/forgot-password", "fr-FR", "Aucun lien ne peut être envoyé"),
    ],
)
def test_a_form_that_needs_a_message_gives_way_to_the_reason(
    site: str, chromium: Browser, path: str, locale: str, sentence: str
) -> None:
    page = tab(chromium, locale=locale)
    page.goto(site + path)
    expect(page.locator(".notice")).to_contain_text(sentence)
    expect(page.locator("form input")).to_have_count(0)


def test_a_form_that_was_open_before_is_answered_with_the_reason(site: str, chromium: Browser) -> None:
    page = tab(chromium)
    answer = page.request.post(
        f"{site}/auth/forgot", form={"email": address()}, headers={"origin": site}, max_redirects=0
    )
    assert re.search(r"^/forgot-password\?error=accounts\.error\.mail_off", answer.headers["location"])


def test_staff_read_it_on_the_first_page(site: str, chromium: Browser) -> None:
    with transaction() as db:
        admin = make_user(db, Role.ADMIN)
        admin.language = Language.EN
        token = sessions.open_session(db, admin, "127.0.0.1", "Firefox")
    page = tab(chromium)
    page.context.add_cookies([browser.session_cookie(site, token)])
    page.goto(f"{site}/ops")
    expect(page.locator(".notice")).to_contain_text("neither SMTP_URL nor RESEND_API_KEY is set")
