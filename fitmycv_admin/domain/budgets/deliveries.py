"""The messages to channels as staff see them: what was sent, what waits, what failed and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import paging
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets import channels, digest
from fitmycv_admin.domain.budgets.channels import ChannelCard, ChannelRow
from fitmycv_admin.domain.budgets.digest import DigestState
from fitmycv_admin.vocabulary import ChannelKind, DeliveryKind, DeliveryState, Permission

WORDS = ("channel", "what", "state")


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """Which messages are listed."""

    channel_id: int | None = None
    kind: DeliveryKind | None = None
    state: DeliveryState | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message. `about` names its rule, empty for one of none; `tells` counts others that it stands for, `told_by`
    is the message that stands for it. `next_at` is of those that wait."""

    id: UUID
    channel_id: int
    channel: str
    channel_kind: ChannelKind
    kind: DeliveryKind
    state: DeliveryState
    about: str
    notice_id: UUID | None
    tells: int
    told_by: UUID | None
    attempts: int
    error: str
    created_at: datetime
    next_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the page of channels shows, from one snapshot. `stand_in` is where a demo's messages can be read."""

    channels: tuple[ChannelRow, ...]
    opened: ChannelCard | None
    digest: DigestState
    page: Page[DeliveryRow]
    may_write: bool
    stand_in: str


def screen(
    db: Session, by: Actor, filters: DeliveryFilters, request: PageRequest, *, opened: int | None = None
) -> Screen:
    """The page. Only who may change a channel sees where it really leads. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    may_write = by.may(Permission.BUDGETS_WRITE)
    every = channels.channels(db, by)
    is_there = any(each.id == opened for each in every)
    return Screen(
        channels=every,
        opened=channels.channel(db, by, opened) if opened is not None and may_write and is_there else None,
        digest=digest.state(db, by),
        page=deliveries(db, by, filters, request),
        may_write=may_write,
        stand_in=settings().stand_in_channels_url,
    )


def asked(words: Mapping[str, str]) -> DeliveryFilters:
    """The words of an address; what nobody declared narrows nothing."""
    kind, state, channel = words.get("what", ""), words.get("state", ""), words.get("channel", "")
    return DeliveryFilters(
        channel_id=int(channel) if channel.isascii() and channel.isdecimal() and len(channel) < 18 else None,
        kind=DeliveryKind(kind) if kind in list(DeliveryKind) else None,
        state=DeliveryState(state) if state in list(DeliveryState) else None,
    )


def deliveries(db: Session, by: Actor, filters: DeliveryFilters, request: PageRequest) -> Page[DeliveryRow]:
    """The messages that match, newest first. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    key = _position(request.before or request.after)
    backwards = bool(request.before) and key is not None
    sql, values = _query(filters, key, backwards=backwards, limit=request.limit)
    found = list(db.execute(text(sql), values))
    shown = [_row(row) for row in (reversed(found) if backwards else found)]
    return paging.page_of(shown, request, lambda row: (row.created_at.isoformat(), str(row.id)))


def rows(db: Session, by: Actor, filters: DeliveryFilters) -> Iterator[DeliveryRow]:
    """Every message that matches, newest first, for an export. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    sql, values = _query(filters, None)
    for row in db.execute(text(sql), values, execution_options={"stream_results": True, "yield_per": 1000}):
        yield _row(row)


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def _query(
    filters: DeliveryFilters, key: tuple[datetime, UUID] | None, *, backwards: bool = False, limit: int | None = None
) -> tuple[str, dict[str, Any]]:
    where, values = ["true"], dict[str, Any]()
    for column, value in (("channel_id", filters.channel_id), ("kind", filters.kind), ("state", filters.state)):
        if value is not None:
            where.append(f"d.{column} = :{column}")
            values[column] = value
    if key is not None:
        values |= {"key_at": key[0], "key_id": key[1]}
        where.append(f"(d.created_at, d.id) {'>' if backwards else '<'} (:key_at, :key_id)")
    direction = "ASC" if backwards else "DESC"
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    order = f"ORDER BY d.created_at {direction}, d.id {direction}{bound}"
    return f"{_SELECT} WHERE {' AND '.join(where)} {order}", values


def _row(row: Any) -> DeliveryRow:
    is_waiting = row.state in (DeliveryState.QUEUED, DeliveryState.SENDING)
    return DeliveryRow(
        id=row.id, channel_id=row.channel_id, channel=row.channel, channel_kind=ChannelKind(row.channel_kind),
        kind=DeliveryKind(row.kind), state=DeliveryState(row.state), about=row.rule_name or "",
        notice_id=row.notice_id, tells=row.tells, told_by=row.told_by, attempts=row.attempts, error=row.last_error,
        created_at=row.created_at, next_at=row.next_at if is_waiting else None, sent_at=row.sent_at,
    )  # fmt: skip


_SELECT = """
SELECT d.*, c.name AS channel, c.kind AS channel_kind, n.rule_name,
    (SELECT count(*) FROM alert_delivery o WHERE o.told_by = d.id) AS tells
FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel_id LEFT JOIN alert_notice n ON n.id = d.notice_id"""
