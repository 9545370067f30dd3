"""The SMTP adapter against a real SMTP server that says yes, later, no, or nothing."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from fitmycv_admin.domain.ports import MailRefused, MailUnavailable, Message
from fitmycv_admin.integrations.smtp_mailer import SmtpMailer

MESSAGE = Message("<1@fitmycv.example>", "FitMyCV <noreply@fitmycv.example>", "ada@example.org", "Été", "<p>é</p>", "é")


class Peer:
    """Answers what it was told to, and keeps what it was given."""

    def __init__(self, *, rcpt: str = "", data: str = "250 OK", cut: bool = False) -> None:
        self.rcpt, self.data, self.cut = rcpt, data, cut
        self.mails: list[Any] = []

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.cut and server.transport is not None:
            server.transport.abort()
        self.mails.append(message_from_bytes(bytes(envelope.content or b""), policy=default))
        return self.data


@contextmanager
def serving(factory: Callable[[], SMTP]) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:

        async def close() -> None:
            server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@contextmanager
def peer(**answers: Any) -> Iterator[tuple[Peer, SmtpMailer]]:
    found = Peer(**answers)
    with serving(lambda: SMTP(found, hostname="peer", enable_SMTPUTF8=True)) as url:
        yield found, SmtpMailer(url, timeout=3)


def test_a_message_arrives_with_its_headers_and_both_bodies() -> None:
    with peer() as (found, mailer):
        delivered = mailer.send(MESSAGE)
    mail = found.mails[0]
    assert (delivered.provider, delivered.provider_id) == ("smtp", MESSAGE.message_id)
    assert (mail["Message-ID"], mail["Subject"], mail["To"]) == (MESSAGE.message_id, "Été", "ada@example.org")
    assert mail["Date"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "é" in mail.get_body(("html",)).get_content()
    assert "é" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize("answers", [{"rcpt": "550 no such user"}, {"data": "554 content refused"}])
def test_a_permanent_answer_is_a_refusal(answers: dict[str, str]) -> None:
    with peer(**answers) as (_, mailer), pytest.raises(MailRefused, match=r"55\d"):
        mailer.send(MESSAGE)


@pytest.mark.parametrize("answers", [{"rcpt": "451 greylisted"}, {"data": "451 later"}, {"cut": True}])
def test_a_passing_trouble_is_tried_again(answers: dict[str, Any]) -> None:
    with peer(**answers) as (_, mailer), pytest.raises(MailUnavailable):
        mailer.send(MESSAGE)


def test_nobody_listening_is_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(MailUnavailable):
        SmtpMailer(f"smtp://127.0.0.1:{port}", timeout=1).send(MESSAGE)


def test_a_silent_server_is_given_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(MailUnavailable):
            SmtpMailer(f"smtp://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3).send(MESSAGE)


@pytest.mark.parametrize("field", ["sender", "recipient", "subject", "message_id"])
def test_no_header_can_be_smuggled_in(field: str) -> None:
    from dataclasses import replace

    evil = replace(MESSAGE, **{field: f"{getattr(MESSAGE, field)}\r\nBcc: victim@example.org"})
    with peer() as (found, mailer), pytest.raises(MailRefused):
        mailer.send(evil)
    assert found.mails == []
