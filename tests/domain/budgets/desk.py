"""Channels, rules and notices for tests of what reaches somebody, and a clock that can be moved."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id, short_code
from fitmycv_admin.domain.budgets import outbox, storm
from fitmycv_admin.domain.budgets.outbox import Claimed
from fitmycv_admin.vocabulary import AlertType, ChannelKind, DeliveryKind

DAY = datetime(2026, 11, 2, tzinfo=UTC)


def channel(kind: ChannelKind = ChannelKind.WEBHOOK, *, digest: bool = False, **target: object) -> int:
    """A channel that is on."""
    given = {"language": "en", "url": "https://hooks.example/", **target}
    with transaction() as db:
        return db.execute(
            text("""INSERT INTO alert_channel (kind, name, target, enabled, gets_digest)
                    VALUES (:kind, :name, CAST(:target AS jsonb), true, :digest) RETURNING id"""),
            {"kind": kind, "name": f"c-{short_code()}", "target": json.dumps(given), "digest": digest},
        ).scalar_one()


def rule(*channels: int, type_: AlertType = AlertType.BUDGET, name: str = "") -> int:
    """A rule that tells these channels."""
    with transaction() as db:
        made = db.execute(
            text("""INSERT INTO openai_alert (type, name, threshold_nano, enabled, window_kind)
                    VALUES (:type, :name, 10000000000, true, 'day') RETURNING id"""),
            {"type": type_, "name": name or f"r-{short_code()}"},
        ).scalar_one()
        for each in channels:
            db.execute(text("INSERT INTO alert_route (rule_id, channel_id) VALUES (:r, :c)"), {"r": made, "c": each})
        return made


def notice(
    rule_id: int, subject: str = "", *, step: int = 100, starts: datetime = DAY, drivers: object = None,
    spent_nano: int = 12_000_000_000,
) -> UUID:  # fmt: skip
    """A notice that is open; nobody is told of it yet."""
    made = new_id()
    with transaction() as db:
        db.execute(
            text("""INSERT INTO alert_notice (id, rule_id, type, rule_name, subject, window_starts_at, window_ends_at,
                        step, value_nano, limit_nano, facts, drivers)
                    SELECT :id, id, type, name, :subject, :starts, CAST(:starts AS timestamptz) + interval '1 day',
                        :step, :spent, 10000000000, '{}', CAST(:drivers AS jsonb)
                    FROM openai_alert WHERE id = :rule"""),
            {"id": made, "rule": rule_id, "subject": subject, "starts": starts, "step": step, "spent": spent_nano,
             "drivers": json.dumps(drivers or {})},
        )  # fmt: skip
    return made


def over(notice_id: UUID) -> None:
    """The notice is resolved, and its channels are told."""
    with transaction() as db:
        db.execute(
            text("UPDATE alert_notice SET state = 'resolved', resolved_at = clock_timestamp() WHERE id = :id"),
            {"id": notice_id},
        )
        outbox.announce(db, notice_id, DeliveryKind.RESOLVED)


def told(notice_id: UUID) -> None:
    """The channels of the notice are told that it was opened."""
    with transaction() as db:
        outbox.announce(db, notice_id, DeliveryKind.OPENED)


def later(**span: float) -> None:
    """So much time passes for every message."""
    with transaction() as db:
        db.execute(
            text("""UPDATE alert_delivery SET created_at = created_at - CAST(:span AS interval),
                    next_at = next_at - CAST(:span AS interval), sent_at = sent_at - CAST(:span AS interval)"""),
            {"span": timedelta(**span)},
        )


def judged() -> int:
    """What the dispatcher does each second."""
    with transaction() as db:
        return storm.judge(db)


def carried(take: Callable[[Claimed], str]) -> list[Claimed]:
    """Claim and send everything that is due; `take` says what went wrong, nothing when it was taken."""
    taken = []
    with transaction() as db:
        due = outbox.due(db)
    for each in due:
        with transaction() as db:
            claimed = outbox.take_due(db, each)
        if claimed is None:
            continue
        problem = take(claimed)
        with transaction() as db:
            if problem:
                outbox.failed(db, each, problem, attempts=claimed.attempts)
            else:
                outbox.sent(db, each)
                taken.append(claimed)
    return taken


def up(_claimed: Claimed) -> str:
    """A channel that takes everything."""
    return ""


def down(_claimed: Claimed) -> str:
    """A channel that takes nothing."""
    return "no answer"


def states(channel_id: int) -> list[tuple[str, str, bool]]:
    """Kind, state and whether another message tells it, in the order in which they were written."""
    with transaction() as db:
        rows = db.execute(
            text("""SELECT kind, state, told_by IS NOT NULL FROM alert_delivery WHERE channel_id = :id
                    ORDER BY created_at, kind, id"""),
            {"id": channel_id},
        ).all()
    return [tuple(row) for row in rows]
