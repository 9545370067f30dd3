"""A message is sent once, tried for a day, and keeps no working link."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.emails import outbox
from fitmycv_admin.domain.ports import Delivered
from fitmycv_admin.models.emails import EmailLog, EmailTemplate, EmailTrigger
from fitmycv_admin.vocabulary import Language, MailState, Trigger

LINK = "https://fitmycv.example/verify-email#token=abc_DEF-123"
VARIABLES = {"userName": "Ada <b>", "verificationUrl": LINK}


def queue(db: Session, *, key: str | None = None, to: str = "ada@example.org") -> EmailLog:
    email_id = outbox.send(db, Trigger.EMAIL_VERIFICATION, to, VARIABLES, Language.EN, key)
    assert email_id is not None
    return db.exec(select(EmailLog).where(EmailLog.id == email_id)).one()


def reload(db: Session, row: EmailLog) -> EmailLog:
    db.flush()
    db.refresh(row)
    return row


def past(db: Session, row: EmailLog, *, created: timedelta = timedelta()) -> None:
    db.execute(
        text("UPDATE email_log SET next_attempt_at = clock_timestamp(), created_at = created_at - :age WHERE id = :id"),
        {"age": created, "id": row.id},
    )


def test_a_message_waits_with_its_words_and_one_id(db: Session) -> None:
    row = queue(db)
    assert row.status == MailState.QUEUED
    assert LINK in (row.text or "")
    assert "Ada &lt;b&gt;" in (row.html or "")
    assert row.message_id.startswith("<")
    assert row.id in outbox.due(db)


def test_the_same_key_is_sent_once(db: Session) -> None:
    queue(db, key="welcome:1")
    again = outbox.send(db, Trigger.EMAIL_VERIFICATION, "ada@example.org", VARIABLES, Language.EN, "welcome:1")
    assert again is None


@pytest.mark.parametrize(
    "address",
    ["", "ada", "ada@", "ada@example.org\r\nBcc: x@evil.example", "ada@example.org,bob@example.org",
     "Ada <ada@example.org>", "ada@exa mple.org", "a" * 250 + "@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(db: Session, address: str) -> None:
    with pytest.raises(Invalid):
        outbox.send(db, Trigger.EMAIL_VERIFICATION, address, VARIABLES, Language.EN)


def test_an_active_template_wins_over_the_default_words(database: object) -> None:
    with transaction() as db:
        trigger = EmailTrigger(name=Trigger.PASSWORD_RESET, label="x", variables=[], category="authentication")
        db.add(trigger)
        db.flush()
        db.add(
            EmailTemplate(
                name="Ours", trigger_id=trigger.id, language=Language.FR, subject="Bonjour {{userName}}",
                design_json={}, html_content="<p>Un</p><p>{{resetUrl}}</p>", variables=[], is_active=True,
            )
        )  # fmt: skip
        db.flush()
        outbox.send(
            db,
            Trigger.PASSWORD_RESET,
            "a@example.org",
            {"userName": "Zoé", "resetUrl": "https://x.example"},
            Language.FR,
        )
        row = db.exec(select(EmailLog).where(EmailLog.trigger_name == Trigger.PASSWORD_RESET)).one()
        assert (row.template_name, row.subject) == ("Ours", "Bonjour Zoé")
        assert row.text == "Un\nhttps://x.example\n"


def test_a_sent_message_keeps_no_working_link(db: Session) -> None:
    row = queue(db)
    message = outbox.claim(db, row.id)
    assert message is not None
    assert LINK in message.text
    outbox.sent(db, row.id, Delivered("smtp", "id-1"))
    row = reload(db, row)
    assert (row.status, row.provider_id, row.next_attempt_at) == (MailState.SENT, "id-1", None)
    assert "abc_DEF" not in f"{row.html}{row.text}"
    assert outbox.claim(db, row.id) is None


def test_attempts_keep_the_message_id_and_wait_longer(db: Session) -> None:
    row = queue(db)
    waits, message_ids = [], set()
    for _ in range(5):
        past(db, row)
        message = outbox.claim(db, row.id)
        assert message is not None
        message_ids.add(message.message_id)
        outbox.failed(db, row.id, "451 try again\r\nlater")
        row = reload(db, row)
        assert row.next_attempt_at is not None
        waits.append(row.next_attempt_at)
    assert message_ids == {row.message_id}
    assert waits == sorted(waits)
    assert (row.status, row.attempts, row.error) == (MailState.QUEUED, 5, "451 try again later")


def test_after_a_day_a_message_has_failed(db: Session) -> None:
    row = queue(db)
    past(db, row, created=timedelta(hours=23, minutes=59, seconds=50))
    assert outbox.claim(db, row.id) is not None
    outbox.failed(db, row.id, "no answer")
    row = reload(db, row)
    assert row.status == MailState.FAILED
    assert row.next_attempt_at is None
    assert "abc_DEF" not in f"{row.html}{row.text}"


def test_a_refused_message_is_not_tried_again(db: Session) -> None:
    row = queue(db)
    assert outbox.claim(db, row.id)
    outbox.refused(db, row.id, "550 no such user")
    row = reload(db, row)
    assert row.status == MailState.BOUNCED
    assert row.id not in outbox.due(db)


def test_a_sender_that_died_is_replaced_after_its_lease(db: Session) -> None:
    row = queue(db)
    assert outbox.claim(db, row.id)
    assert outbox.claim(db, row.id) is None
    past(db, row)
    assert row.id in outbox.due(db)
    assert outbox.claim(db, row.id) is not None


def test_eight_senders_take_a_message_once(database: object) -> None:
    for _ in range(10):
        with transaction() as db:
            email_id = queue(db).id
        taken: list[bool] = []
        barrier = threading.Barrier(8)

        def take(email_id=email_id, barrier=barrier, taken=taken) -> None:
            barrier.wait()
            with transaction() as db:
                taken.append(outbox.claim(db, email_id) is not None)

        threads = [threading.Thread(target=take) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert taken.count(True) == 1
