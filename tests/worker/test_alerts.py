"""Notices reach their channels by the real processes: a webhook's receiver, Telegram's stand-in, the mail sink."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.budgets import channels, outbox
from fitmycv_admin.integrations import sink_mailbox
from fitmycv_admin.local import channel_stand_in, process
from fitmycv_admin.vocabulary import AlertType, ChannelKind, DeliveryKind
from fitmycv_worker.dispatcher import Dispatcher
from fitmycv_worker.jobs import alerts
from tests import cluster
from tests.domain.budgets import desk
from tests.integrations.receiver import Receiver, receiving
from tests.worker.stack import Stack, eventually, running

pytestmark = pytest.mark.slow
SMTP = process.free_port()


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture(scope="module")
def telegram() -> Iterator[tuple[str, channel_stand_in.Box]]:
    box = channel_stand_in.Box()
    server = channel_stand_in.server(0, box)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", box
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alerts")


@pytest.fixture(scope="module")
def environment(
    database: cluster.Database, valkey_server: object, hook: Receiver, telegram: tuple[str, object], place: Path
) -> Iterator[dict[str, str]]:
    valkey_server.flush()
    given = {
        "REDIS_URL": valkey_server.url, "SMTP_URL": f"smtp://127.0.0.1:{SMTP}", "WEBHOOK_INSIDE": hook.place,
        "TELEGRAM_BOT_TOKEN": channel_stand_in.TOKEN, "TELEGRAM_API_URL": telegram[0],
        "FITMYCV_SECRET": "a secret of tests that is long enough",
    }  # fmt: skip
    with cluster.environment(**given):
        yield given


@pytest.fixture(scope="module")
def stack(environment: dict[str, str], place: Path) -> Iterator[Stack]:
    """A dispatcher and a mail worker; the mail server too."""
    with running(place, environment, workers=0, scheduler=False) as stack:
        stack.start("mail", "fitmycv_worker.worker", "--queue", "emails")
        stack.start("sink", "fitmycv_admin.local.mail_sink", "--port", str(SMTP), "--home", str(place))
        yield stack


@pytest.fixture(autouse=True)
def _quiet(environment: dict[str, str], hook: Receiver) -> None:
    hook.got.clear()
    hook.answers.status = 200
    with transaction() as db:
        db.execute(text("UPDATE alert_channel SET enabled = false"))


def state_of(channel: int) -> list[str]:
    return [state for _, state, _ in desk.states(channel)]


def test_a_notice_reaches_a_webhook_a_chat_and_mailboxes_by_the_real_processes(
    stack: Stack, hook: Receiver, telegram: tuple[str, channel_stand_in.Box], place: Path
) -> None:
    web = desk.channel(url=f"http://{hook.place}/finance")
    chat = desk.channel(ChannelKind.TELEGRAM, chat="-100123", language="fr")
    mail = desk.channel(ChannelKind.MAIL, to=["ada@exemple.fr", "bob@exemple.fr"], language="fr")
    notice = desk.notice(desk.rule(web, chat, mail, name="Budget du jour"))
    desk.told(notice)
    done = eventually(lambda: [state_of(each) for each in (web, chat, mail)] == [["sent"]] * 3, 90)
    assert done, ([state_of(each) for each in (web, chat, mail)], stack.log("mail"), stack.log("dispatcher"))
    ((path, headers, body),) = hook.got
    said = json.loads(body)
    assert path == "/finance"
    assert (said["kind"], said["notice"]["id"]) == ("opened", str(notice))
    mark = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signed = base64.b64encode(hmac.digest(channels.signing_secret(web), mark, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{signed}"
    _, to, words = telegram[1].messages[0]
    assert to.endswith("-100123")
    assert "Budget du jour\u00a0: 100" in words
    caught = sink_mailbox.read(place)
    assert sorted(each.recipient for each in caught) == ["ada@exemple.fr", "bob@exemple.fr"]
    assert "Budget du jour" in caught[0].subject
    assert f"/ops/alerts/alert?id={notice}" in caught[0].text
    assert "12,00" in caught[0].html


def test_a_receiver_in_trouble_is_tried_again_and_gets_the_same_message(hook: Receiver) -> None:
    hook.answers.status = 503
    web = desk.channel(url=f"http://{hook.place}/again")
    with transaction() as db:
        made = outbox.queue(db, web, DeliveryKind.TEST, once=f"test:{web}")
    alerts.deliver(str(made))
    alerts.deliver(str(made))  # not due yet
    assert (len(hook.got), state_of(web)) == (1, ["queued"])
    hook.answers.status = 200
    desk.later(seconds=11)
    alerts.deliver(str(made))
    assert state_of(web) == ["sent"]
    first, second = hook.got
    assert first[1]["webhook-id"] == second[1]["webhook-id"]
    assert first[2] == second[2]


def test_a_channel_that_leads_inward_fails_in_sight_without_a_connection(hook: Receiver) -> None:
    web = desk.channel(url="https://localhost:1/")
    with transaction() as db:
        made = outbox.queue(db, web, DeliveryKind.TEST, once=f"test:{web}")
    alerts.deliver(str(made))
    with transaction() as db:
        row = db.execute(text("SELECT state, last_error FROM alert_delivery WHERE id = :id"), {"id": made}).one()
    assert row.state == "failed"
    assert "inward" in row.last_error


def test_without_a_bot_a_chat_fails_in_sight() -> None:
    chat = desk.channel(ChannelKind.TELEGRAM, chat="1")
    with transaction() as db:
        made = outbox.queue(db, chat, DeliveryKind.TEST, once=f"test:{chat}")
    with cluster.environment(TELEGRAM_BOT_TOKEN=""):
        alerts.deliver(str(made))
    assert state_of(chat) == ["failed"]


def test_a_mail_that_bounces_fails_its_message_and_is_sent_again_only_where_it_did_not_leave() -> None:
    mail = desk.channel(ChannelKind.MAIL, to=["cleo@exemple.fr", "dan@exemple.fr"])
    with transaction() as db:
        made = outbox.queue(db, mail, DeliveryKind.TEST, once=f"test:{mail}")
    alerts.deliver(str(made))
    assert _end("cleo@exemple.fr", "sent") == 1
    assert _end("dan@exemple.fr", "bounced") == 1
    desk.later(seconds=6)
    alerts.deliver(str(made))
    assert state_of(mail) == ["failed"]
    with transaction() as db:
        assert "dan@exemple.fr" in str(
            db.execute(text("SELECT last_error FROM alert_delivery WHERE id = :id"), {"id": made}).scalar()
        )
        outbox.retry(db, channels_writer(), made)
    alerts.deliver(str(made))
    assert (_end("cleo@exemple.fr", "sent"), _end("dan@exemple.fr", "sent")) == (0, 1)
    desk.later(seconds=6)
    alerts.deliver(str(made))
    assert state_of(mail) == ["sent"]


def channels_writer():
    from fitmycv_admin.domain import actors

    return actors.system("test")


def _end(address: str, state: str) -> int:
    """What became of the mails to an address that wait; how many there were."""
    with transaction() as db:
        return db.execute(
            text("""UPDATE email_log SET status = :state, error = 'no such box' WHERE recipient_email = :to
                    AND status IN ('queued', 'sending')"""),
            {"state": state, "to": address},
        ).rowcount


def test_the_dispatcher_tells_every_channel_that_nobody_looks_at_the_rules(hook: Receiver) -> None:
    """The scheduler is not there at all: the alarm does not depend on it."""
    web = desk.channel(url=f"http://{hook.place}/alarm")
    with transaction() as db:
        db.execute(text("DELETE FROM alert_evaluation"))
        db.execute(
            text("""INSERT INTO alert_evaluation (one, evaluated_at, took_ms, rules)
                    VALUES (true, clock_timestamp() - interval '2 minutes', 0, 0)""")
        )
    dispatcher = Dispatcher()
    dispatcher.round()
    assert state_of(web) == []
    dispatcher._watch._since -= 61
    dispatcher._next_watch = dispatcher._next_care = 0.0
    dispatcher.round()
    with transaction() as db:
        opened = db.execute(text("SELECT type FROM alert_notice WHERE state = 'open' AND type = :t"),
                            {"t": AlertType.EVALUATOR_STOPPED}).scalars().all()  # fmt: skip
        made = db.execute(text("SELECT id FROM alert_delivery WHERE channel_id = :id"), {"id": web}).scalar_one()
    assert len(opened) == 1
    alerts.deliver(str(made))
    assert eventually(lambda: state_of(web) == ["sent"], 30), state_of(web)
    assert "Nobody looks at the rules" in json.loads(hook.got[-1][2])["text"]
