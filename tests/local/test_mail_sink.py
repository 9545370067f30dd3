"""The mail sink takes real mails over SMTP and gives them back decoded."""

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from fitmycv_admin.integrations import sink_mailbox
from fitmycv_admin.local import process
from tests import cluster


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    port = process.free_port()
    command = [sys.executable, "-m", "fitmycv_admin.local.mail_sink", "--port", str(port), "--home", str(tmp_path)]
    with subprocess.Popen(command, cwd=cluster.ROOT, stdout=subprocess.DEVNULL) as child:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield tmp_path, port
        child.terminate()


def mail(to: str, subject: str = "Bienvenue à Zoé") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "FitMyCV <noreply@example.org>", to, subject
    message.set_content("Voici votre lien : https://example.org/é")
    message.add_alternative("<p>Voici <b>votre</b> lien</p>", subtype="html")
    return message


def test_a_mail_comes_back_decoded_and_by_address(sink: tuple[Path, int]) -> None:
    home, port = sink
    with smtplib.SMTP("127.0.0.1", port) as link:
        link.send_message(mail("Zoe@example.org"))
        link.send_message(mail("max@example.org", "Other"))
    assert [caught.recipient for caught in sink_mailbox.read(home)] == ["max@example.org", "zoe@example.org"]
    caught = sink_mailbox.read(home, "ZOE@example.org")
    assert [found.subject for found in caught] == ["Bienvenue à Zoé"]
    assert "lien : https://example.org/é" in caught[0].text
    assert "<b>votre</b>" in caught[0].html
    assert sink_mailbox.one(home, caught[0].id) == caught[0]


def test_the_box_can_be_read_only_by_its_owner(sink: tuple[Path, int]) -> None:
    home, port = sink
    with smtplib.SMTP("127.0.0.1", port) as link:
        link.send_message(mail("zoe@example.org"))
    assert (home / sink_mailbox.FILE_NAME).stat().st_mode & 0o077 == 0


def test_an_empty_box_is_no_error(tmp_path: Path) -> None:
    assert sink_mailbox.read(tmp_path) == []
    assert sink_mailbox.one(tmp_path, 1) is None
