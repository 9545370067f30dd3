"""The demo's mailbox: readable in the demo, harmless whatever a mail holds, and nothing in production."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from fitmycv_admin.integrations import sink_mailbox
from tests import cluster
from tests.api.conftest import Browser

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Path]:
    mail = EmailMessage()
    mail["Subject"] = f"Hello {HOSTILE}"
    mail.set_content(f"Open https://fitmycv.example/x#token=a&b {HOSTILE}")
    mail.add_alternative(f"<p>{HOSTILE}</p>", subtype="html")
    sink_mailbox.store(tmp_path, "us@example.org", ["ada@example.org"], mail.as_bytes())
    with cluster.environment(FITMYCV_HOME=str(tmp_path)):
        yield tmp_path


@pytest.mark.usefixtures("box")
def test_a_caught_mail_is_listed_and_opened(browser: Browser) -> None:
    listed = browser.get("/demo/mail?to=ada@example.org")
    assert '<a class=line href="/demo/mail/1">' in listed.body
    assert browser.get("/demo/mail?to=bob@example.org").body.count("class=line") == 0
    opened = browser.get("/demo/mail/1")
    assert '<a href="https://fitmycv.example/x#token=a&amp;b">' in opened.body
    assert 'sandbox="allow-top-navigation-by-user-activation"' in opened.body
    assert browser.get("/demo/mail/99").status == 404


@pytest.mark.usefixtures("box")
def test_what_a_mail_holds_stays_text(browser: Browser) -> None:
    for path in ("/demo/mail", "/demo/mail/1", f"/demo/mail?to={HOSTILE.replace(' ', '%20')}"):
        body = browser.get(path).body
        assert "<script>alert" not in body
        assert "<img" not in body


@pytest.mark.usefixtures("box")
def test_in_production_there_is_no_such_page(browser: Browser) -> None:
    with cluster.environment(FITMYCV_MODE="production"):
        assert browser.get("/demo/mail").status == 404
        assert browser.get("/demo/mail/1").status == 404
