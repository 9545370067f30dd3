"""What the domain needs from outside, as protocols; `wiring` says which adapter answers."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
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


class QueueUnavailable(Exception):
    """The queue did not answer; what was to be sent stays due."""


class Queue(Protocol):
    """Wakes a worker; the row in Postgres is the truth. Every method may raise QueueUnavailable."""

    def wake(self, queue: str, name: str, job: str, *ids: str | int, timeout_s: int) -> None:
        """Send one message, once per name; `job` is the function that a worker calls with the ids."""
        ...

    def waiting(self, queue: str) -> frozenset[str]:
        """Names of the messages that nobody has taken yet."""
        ...


class ProgressBus(Protocol):
    """Tells open tabs that a task of theirs moved; a hint that may get lost."""

    def publish(self, user_id: UUID, task_id: UUID) -> None:
        """Say that a task of this person changed; never raises."""
        ...

    def moves(self, user_id: UUID, *, every_s: float = 5.0) -> AsyncGenerator[UUID | None, None]:
        """The ids of this person's tasks as they move; None at least `every_s` seconds after the last one."""
        ...


class BooksUnavailable(Exception):
    """An outside book (a bill, exchange rates) was not read; its text says why, without secrets."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """What the vendor billed for one day (UTC) under one name, in nano-USD; the name is empty when it gave none."""

    day: date
    line_item: str
    amount_nano: int


class BillSource(Protocol):
    """The vendor's own account of what it bills."""

    def lines(self, first: date, last: date) -> tuple[BilledLine, ...]:
        """The lines of the days `first` to `last` (UTC), both included. Raises BooksUnavailable."""
        ...


class RateSource(Protocol):
    """Where exchange rates are published."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def published(self) -> str:
        """The publication as it came: CSV or JSON. Raises BooksUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Posting:
    """One message to a channel that is no mailbox: words for a reader, and the same as a document for a program.

    `id` stays the same over all attempts, so that a receiver can recognise what it has.
    """

    id: str
    target: str
    text: str
    document: Mapping[str, Any]
    secret: bytes


class PostRefused(Exception):
    """The message will never be taken as things are: somebody has to change the channel."""


class PostUnavailable(Exception):
    """The message was not taken this time: try again later, not before `wait_s` seconds when that is said."""

    def __init__(self, said: str, wait_s: int = 0) -> None:
        self.wait_s = wait_s
        super().__init__(said)


class Messenger(Protocol):
    """Hands one message to a channel; raises PostRefused or PostUnavailable."""

    def post(self, posting: Posting) -> None: ...
