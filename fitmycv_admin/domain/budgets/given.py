"""The giving of notices: each crossing told once, whoever sees it, and its end."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import ids
from fitmycv_admin.domain.budgets import outbox
from fitmycv_admin.vocabulary import DeliveryKind

ENDED = "ended"
"""In the history of a notice: what it told of is over."""
LONGEST_COMMENT = 2_000


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


def give(db: Session, found: Found, *, now: datetime) -> UUID | None:
    """Open a notice and tell its channels; None when there is one for this rule, subject, window and step.

    Of many at once exactly one opens it. Whether the rule is snoozed is the caller's question.
    """
    made = db.execute(
        text(_GIVE),
        {
            "id": ids.new_id(), "rule": found.rule_id, "subject": found.subject, "starts": found.starts_at,
            "ends": found.ends_at, "step": found.step, "value": found.value_nano, "limit": found.limit_nano,
            "facts": json.dumps(dict(found.facts), default=str),
            "drivers": json.dumps({"top": [asdict(driver) for driver in found.drivers]}), "now": now,
        },
    ).scalar_one_or_none()  # fmt: skip
    if made is None:
        return None
    note(db, made, "opened", now=now)
    outbox.announce(db, made, DeliveryKind.OPENED)
    return made


def end(db: Session, notice_id: UUID, *, now: datetime) -> bool:
    """What it told of is over: resolve it and tell its channels. False when a person had resolved it before."""
    changed = db.execute(text(_END), {"id": notice_id, "now": now}).one_or_none()
    note(db, notice_id, ENDED, now=now)
    if changed is None:
        return False
    outbox.announce(db, notice_id, DeliveryKind.RESOLVED)
    return True


def note(db: Session, notice_id: UUID, kind: str, *, now: datetime, by: UUID | None = None, comment: str = "") -> None:
    """Add a line to the history of a notice."""
    db.execute(
        text(
            "INSERT INTO alert_notice_event (notice_id, kind, actor_id, comment, created_at)"
            " VALUES (:id, :kind, :by, :comment, :now)"
        ),
        {"id": notice_id, "kind": kind, "by": by, "comment": comment.strip()[:LONGEST_COMMENT], "now": now},
    )


_GIVE = """
INSERT INTO alert_notice (id, rule_id, type, rule_name, subject, window_starts_at, window_ends_at, step, value_nano,
    limit_nano, facts, drivers, state, opened_at)
SELECT :id, r.id, r.type, r.name, :subject, :starts, :ends, :step, :value, :limit, cast(:facts AS jsonb),
    cast(:drivers AS jsonb), 'open', :now
FROM openai_alert r WHERE r.id = :rule
ON CONFLICT (rule_id, subject, window_starts_at, step) DO NOTHING RETURNING id
"""
_END = """
UPDATE alert_notice SET state = 'resolved', resolved_at = :now, snoozed_until = NULL
WHERE id = :id AND state <> 'resolved' RETURNING id
"""
