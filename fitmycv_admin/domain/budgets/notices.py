"""Notices: what a rule saw, once for each subject, window and step, and what staff did about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import AlertType, NoticeState


class AlreadyResolved(FitMyCvError):
    """The notice has ended; nothing more is done about it but writing."""

    key = "budget_rules.error.resolved"


@dataclass(frozen=True, slots=True)
class Driver:
    """One of the parts that cost most: `kind` is feature, model or user, `key` what a filter of the calls takes."""

    kind: str
    key: str
    label: str
    cost_nano: int
    calls: int


@dataclass(frozen=True, slots=True)
class Found:
    """Something to give notice of. `value_nano` and `limit_nano` are nano-USD; other figures go into `facts`."""

    rule_id: int
    subject: str
    starts_at: datetime
    ends_at: datetime
    step: int
    value_nano: int = 0
    limit_nano: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    drivers: tuple[Driver, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeFilters:
    """Which notices are listed; `live` are those that are not resolved. `search` is in the rule's name or subject."""

    state: NoticeState | None = None
    live: bool = False
    type: AlertType | None = None
    rule_id: int | None = None
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One line of the inbox. `subject` is the raw word, `email` the person when it names one (else the model of an
    unpriced one is in `facts`). `seconds_to_acknowledge` is None while nobody did."""

    id: UUID
    rule_id: int
    rule_name: str
    type: AlertType
    subject: str
    email: str
    user_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    step: int
    value_nano: int
    limit_nano: int
    facts: Mapping[str, Any]
    state: NoticeState
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    seconds_to_acknowledge: int | None
    snoozed_until: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """What happened: opened, acknowledged, snoozed, woke, commented, resolved, ended (by itself: no `by`)."""

    at: datetime
    kind: str
    by: str
    comment: str


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One message about a notice, and what became of it."""

    channel: str
    kind: str
    state: str
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """One notice with its three drivers, its history and its messages.

    `calls` are the words of the address of the call list that show exactly what it counted (feature, model, plan,
    user, from, to, hour …).
    """

    row: NoticeRow
    drivers: tuple[Driver, ...]
    events: tuple[NoticeEvent, ...]
    deliveries: tuple[DeliveryLine, ...]
    calls: Mapping[str, str]


def notices(db: Session, by: Actor, filters: NoticeFilters, request: PageRequest) -> Page[NoticeRow]:
    """The notices that match, newest first. Needs budgets.read."""
    raise NotImplementedError


def rows(db: Session, by: Actor, filters: NoticeFilters) -> Iterator[NoticeRow]:
    """Every notice that matches, newest first, for an export."""
    raise NotImplementedError


def notice(db: Session, by: Actor, notice_id: UUID) -> NoticeCard:
    """One notice. Raises NotFound."""
    raise NotImplementedError


def acknowledge(db: Session, by: Actor, notice_id: UUID, *, comment: str = "") -> None:
    """Say that somebody takes care. Done twice it stays with the first. Raises AlreadyResolved, NotFound."""
    raise NotImplementedError


def snooze(db: Session, by: Actor, notice_id: UUID, *, until: datetime | None = None, comment: str = "") -> datetime:
    """Put off until then, at most (and without a word) until the window's end; returns until when.

    Raises AlreadyResolved, Invalid when it is past, NotFound.
    """
    raise NotImplementedError


def comment(db: Session, by: Actor, notice_id: UUID, *, text: str) -> None:
    """Write something under a notice, also a resolved one. Raises Invalid when it is empty, NotFound."""
    raise NotImplementedError


def resolve(db: Session, by: Actor, notice_id: UUID, *, comment: str = "") -> None:
    """Close it. Raises AlreadyResolved, NotFound."""
    raise NotImplementedError


def unseen(db: Session, by: Actor) -> int:
    """How many notices were opened since this member of staff looked; 0 without budgets.read."""
    raise NotImplementedError


def seen(db: Session, by: Actor) -> None:
    """This member of staff has seen all there is."""
    raise NotImplementedError


def give(db: Session, found: Found, *, now: datetime) -> UUID | None:
    """Open a notice and tell its channels; None when there is one for this rule, subject, window and step.

    Of many at once exactly one opens it. A snoozed rule opens none.
    """
    raise NotImplementedError


def end(db: Session, notice_id: UUID, *, now: datetime) -> bool:
    """What it told of is over: resolve it, tell its channels. False when it was resolved before."""
    raise NotImplementedError
