"""Messages leave by the mail worker, wait when nobody takes them, and keep their Message-ID."""

import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.integrations import sink_mailbox
from fitmycv_admin.local import process
from fitmycv_admin.vocabulary import Language, Trigger
from tests import cluster
from tests.worker.stack import Stack, eventually, running

pytestmark = pytest.mark.slow
PORT = process.free_port()


@pytest.fixture(scope="module")
def stack(
    database: cluster.Database, valkey_server: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A mail worker whose server is not there yet."""
    valkey_server.flush()
    environment = {"REDIS_URL": valkey_server.url, "SMTP_URL": f"smtp://127.0.0.1:{PORT}"}
    place = tmp_path_factory.mktemp("logs")
    with cluster.environment(**environment), running(place, environment, workers=0, scheduler=False) as stack:
        stack.start("mail", "fitmycv_worker.worker", "--queue", "emails")
        yield stack


def send(to: str) -> UUID:
    with transaction() as db:
        made = outbox.send(db, Trigger.WELCOME, to, {"userName": "Camille"}, Language.FR)
    assert made is not None
    return made


def is_listening() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def row(email_id: UUID):
    with transaction() as db:
        return db.execute(text("SELECT * FROM email_log WHERE id = :id"), {"id": email_id}).one()


def test_a_message_waits_for_its_server_and_is_sent_once(stack: Stack, tmp_path: Path) -> None:
    email_id = send("camille@exemple.fr")
    assert eventually(lambda: row(email_id).attempts == 1 and row(email_id).status == "queued", 20), row(email_id)
    message_id = row(email_id).message_id
    stack.start("sink", "fitmycv_admin.local.mail_sink", "--port", str(PORT), "--home", str(tmp_path))
    # a try before it listens would be the last one for minutes
    assert eventually(is_listening, 20), stack.log("sink")
    with transaction() as db:
        db.execute(text("UPDATE email_log SET next_attempt_at = now() WHERE id = :id"), {"id": email_id})
    assert eventually(lambda: row(email_id).status == "sent", 40), (row(email_id), stack.log("sink"))
    assert (row(email_id).attempts, row(email_id).message_id) == (2, message_id)
    assert [mail.recipient for mail in sink_mailbox.read(tmp_path)] == ["camille@exemple.fr"]
