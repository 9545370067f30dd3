"""What the domain needs from outside, as protocols; `wiring` says which adapter answers."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail, ready to be sent."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Who took the message, and under which id."""

    provider: str
    provider_id: str


class MailRefused(Exception):
    """The message will never be taken: bad address, refused content. Do not try again."""


class MailUnavailable(Exception):
    """The message was not taken this time: try again later, under the same Message-ID."""


class Mailer(Protocol):
    """Sends one message; raises MailRefused or MailUnavailable."""

    def send(self, message: Message) -> Delivered: ...


class Queue(Protocol):
    """Wakes a worker; the row in Postgres is the truth."""

    def wake(self, queue: str, task_id: UUID, dispatch_seq: int) -> None: ...


class ProgressBus(Protocol):
    """Tells open tabs that a task moved."""

    def publish(self, user_id: UUID, task_id: UUID) -> None: ...
