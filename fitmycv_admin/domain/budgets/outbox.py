"""The outbox of notices: what a channel is to be told is a row of the change it reports, sent by a worker later."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, text

from fitmycv_admin.core.errors import Conflict, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.models import AlertDelivery
from fitmycv_admin.vocabulary import AlertType, ChannelKind, DeliveryKind, DeliveryState, Permission

# Waits before the second, third… attempt; the last one repeats.
BACKOFF = tuple(timedelta(seconds=wait) for wait in (10, 30, 120, 600, 1800, 3600))
MOST_ATTEMPTS = 28
"""About a day of them; then somebody has to look at the channel."""
LEASE = timedelta(minutes=2)
_AT_ONCE = 1000


class UnderWay(Conflict):
    """A test of this channel is still on its way."""

    key = "channels.error.test_under_way"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message whose turn has come, held for two minutes by who claimed it. `attempts` counts this one too."""

    id: UUID
    kind: DeliveryKind
    notice_id: UUID | None
    body: dict[str, object]
    attempts: int
    channel_id: int
    channel_kind: ChannelKind
    channel_name: str
    target: dict[str, object]


_TOLD = text("""
SELECT n.id AS notice_id, c.id AS channel_id, told.kind
FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[])) WITH ORDINALITY told (notice_id, kind, at)
JOIN alert_notice n ON n.id = told.notice_id
JOIN alert_channel c ON c.enabled AND c.deleted_at IS NULL AND c.kind <> :in_app
WHERE EXISTS (SELECT 1 FROM alert_route r WHERE r.rule_id = n.rule_id AND r.channel_id = c.id)
   OR (n.type = :stopped AND NOT EXISTS (SELECT 1 FROM alert_route r WHERE r.rule_id = n.rule_id))
ORDER BY told.at, c.id""")


def announce(db: Session, notice_id: UUID, kind: DeliveryKind) -> int:
    """Tell the channels of a notice's rule that it was opened or resolved, in this transaction.

    Said twice it is told once. Returns how many messages were written; what becomes of each is judged a second later.
    """
    return announce_all(db, [(notice_id, kind)])


def announce_all(db: Session, told: Iterable[tuple[UUID, DeliveryKind]]) -> int:
    """`announce` for many at once. That nobody looks at the rules goes to every channel unless its rule names some."""
    pairs = list(told)
    values = {
        "ids": [notice_id for notice_id, _ in pairs], "kinds": [str(kind) for _, kind in pairs],
        "in_app": str(ChannelKind.IN_APP), "stopped": str(AlertType.EVALUATOR_STOPPED),
    }  # fmt: skip
    rows = [
        {
            "id": new_id(), "once": f"{row.kind}:{row.notice_id.hex}:{row.channel_id}", "channel_id": row.channel_id,
            "notice_id": row.notice_id, "kind": row.kind, "state": DeliveryState.HELD, "body": {}, "attempts": 0,
            "last_error": "", "next_at": func.clock_timestamp(), "created_at": func.clock_timestamp(),
        }
        for row in db.execute(_TOLD, values)
    ]  # fmt: skip
    written = 0
    for first in range(0, len(rows), _AT_ONCE):
        added = insert(AlertDelivery).values(rows[first : first + _AT_ONCE]).on_conflict_do_nothing()
        written += len(db.execute(added.returning(col(AlertDelivery.id))).all())
    return written


def queue(
    db: Session, channel_id: int, kind: DeliveryKind, *, once: str, body: dict[str, object] | None = None
) -> UUID | None:
    """Put a message in the line that no storm holds back: a test, a digest. None when `once` was used before."""
    return db.execute(
        insert(AlertDelivery)
        .values(
            id=new_id(), once=once, channel_id=channel_id, kind=kind, state=DeliveryState.QUEUED, body=body or {},
            attempts=0, last_error="", next_at=func.clock_timestamp(), created_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
        .returning(col(AlertDelivery.id))
    ).scalar_one_or_none()  # fmt: skip


_DUE = text("""
SELECT d.id FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel_id
WHERE d.state IN ('queued', 'sending') AND d.next_at <= clock_timestamp()
  AND c.deleted_at IS NULL AND (c.enabled OR d.kind = 'test')
ORDER BY d.next_at, d.created_at LIMIT :most""")


def due(db: Session, limit: int = 50) -> tuple[UUID, ...]:
    """Messages whose next attempt has come, oldest first; also those whose sender died on the way."""
    return tuple(db.execute(_DUE, {"most": limit}).scalars())


_CLAIM = text("""
UPDATE alert_delivery d SET state = 'sending', attempts = d.attempts + 1,
    next_at = clock_timestamp() + CAST(:lease AS interval)
FROM alert_channel c
WHERE d.id = :id AND c.id = d.channel_id AND d.state IN ('queued', 'sending') AND d.next_at <= clock_timestamp()
  AND c.deleted_at IS NULL AND (c.enabled OR d.kind = 'test')
RETURNING d.id, d.kind, d.notice_id, d.body, d.attempts, c.id AS channel_id, c.kind AS channel_kind,
    c.name AS channel_name, c.target""")


def take_due(db: Session, delivery_id: UUID) -> Claimed | None:
    """Take a message for two minutes; None when it is not due or somebody else has it."""
    row = db.execute(_CLAIM, {"id": delivery_id, "lease": LEASE}).one_or_none()
    if row is None:
        return None
    return Claimed(
        row.id, DeliveryKind(row.kind), row.notice_id, row.body, row.attempts, row.channel_id,
        ChannelKind(row.channel_kind), row.channel_name, row.target,
    )  # fmt: skip


_SENT = text("""
UPDATE alert_delivery SET state = 'sent', sent_at = clock_timestamp(),
    last_error = CASE WHEN id = :id THEN '' ELSE last_error END
WHERE (id = :id AND state IN ('queued', 'sending')) OR (told_by = :id AND state = 'held')""")


def sent(db: Session, delivery_id: UUID) -> None:
    """The channel took the message, and with it what it told of others."""
    db.execute(_SENT, {"id": delivery_id})


def failed(db: Session, delivery_id: UUID, error: str, *, attempts: int, wait_s: int = 0) -> None:
    """It was not taken this time: wait longer each time, at least `wait_s`; give up after about a day."""
    if attempts >= MOST_ATTEMPTS:
        refused(db, delivery_id, error)
        return
    wait = max(BACKOFF[min(attempts, len(BACKOFF)) - 1], timedelta(seconds=wait_s))
    db.execute(
        text("""UPDATE alert_delivery SET state = 'queued', last_error = :error,
                next_at = clock_timestamp() + CAST(:wait AS interval) WHERE id = :id AND state = 'sending'"""),
        {"id": delivery_id, "error": error[:500], "wait": wait},
    )


def refused(db: Session, delivery_id: UUID, error: str) -> None:
    """It will not be taken as things are: kept until somebody has it sent again."""
    db.execute(
        text("UPDATE alert_delivery SET state = 'failed', last_error = :error WHERE id = :id AND state = 'sending'"),
        {"id": delivery_id, "error": error[:500]},
    )


def look_again(db: Session, delivery_id: UUID, body: dict[str, object], *, after: timedelta) -> None:
    """What carries it has it but did not say yet what became of it: asking is no further attempt."""
    held = (col(AlertDelivery.id) == delivery_id, col(AlertDelivery.state) == DeliveryState.SENDING)
    at = func.clock_timestamp() + after
    db.execute(update(AlertDelivery).where(*held).values(body=body, next_at=at, attempts=1))


def keep(db: Session, delivery_id: UUID, body: dict[str, object]) -> None:
    """Keep what the message says, as it is sent."""
    db.execute(update(AlertDelivery).where(col(AlertDelivery.id) == delivery_id).values(body=body))


def test(db: Session, by: Actor, channel_id: int) -> UUID:
    """Have a test message sent, also to a channel that is off. Audited; needs budgets.write.

    Raises NotFound, and UnderWay while the last one has not arrived or failed.
    """
    by.must(Permission.BUDGETS_WRITE)
    found = db.execute(
        text("SELECT name FROM alert_channel WHERE id = :id AND deleted_at IS NULL AND kind <> 'in_app' FOR UPDATE"),
        {"id": channel_id},
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    waiting = text("""SELECT 1 FROM alert_delivery WHERE channel_id = :id AND kind = 'test'
                      AND state IN ('queued', 'sending') AND attempts = 0 LIMIT 1""")
    if db.execute(waiting, {"id": channel_id}).scalar() is not None:
        raise UnderWay
    # An older one that still waits for its next attempt says nothing new.
    db.execute(
        text("""UPDATE alert_delivery SET state = 'failed' WHERE channel_id = :id AND kind = 'test'
                AND state = 'queued'"""),
        {"id": channel_id},
    )
    made = queue(db, channel_id, DeliveryKind.TEST, once=f"test:{new_id().hex}")
    assert made is not None
    trail.record(db, by, "alert_channel.tested", "alert_channel", channel_id, after={"name": found})
    return made


def retry(db: Session, by: Actor, delivery_id: UUID) -> None:
    """Send a message again that was given up. Audited; needs budgets.write. Raises NotFound unless it failed."""
    by.must(Permission.BUDGETS_WRITE)
    row = db.execute(
        text("""UPDATE alert_delivery d SET state = 'queued', attempts = 0, next_at = clock_timestamp()
                FROM alert_channel c WHERE d.id = :id AND d.state = 'failed' AND c.id = d.channel_id
                AND c.deleted_at IS NULL RETURNING d.kind, d.channel_id"""),
        {"id": delivery_id},
    ).one_or_none()
    if row is None:
        raise NotFound
    trail.record(
        db, by, "alert_delivery.retried", "alert_delivery", delivery_id,
        after={"kind": row.kind, "channel": row.channel_id},
    )  # fmt: skip
