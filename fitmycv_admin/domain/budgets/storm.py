"""What a channel is told at once and what is told together later, so that no storm of notices buries anybody.

In an hour a channel gets at most three single messages, two of them of openings of different rules (or of a higher step
of what it was told), and one summary of the rest. Messages that wait for a channel that is down count too. Nothing is
dropped: what is held back is in a summary or in the message that says the same of more.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, text

from fitmycv_admin.core.ids import new_id
from fitmycv_admin.models import AlertDelivery
from fitmycv_admin.vocabulary import AlertType, DeliveryKind, DeliveryState

MOST = 3
"""Single messages to a channel in an hour."""
OPENINGS = 2
"""Of these, how many say that something began: one is kept to say that it is over."""
OVER = timedelta(hours=1)
CALM = timedelta(seconds=60)
"""How long something must be over before that is told: what begins again until then never ended."""
SUMMARY_AFTER = timedelta(minutes=2)
SUMMARY_LATEST = timedelta(minutes=5)
_AT_ONCE = 5000

Key = tuple[int, str]
"""A rule and its subject: what begins and ends as one for a reader."""


@dataclass(frozen=True, slots=True)
class _New:
    id: UUID
    kind: DeliveryKind
    key: Key
    window: datetime
    step: int
    urgent: bool
    age: timedelta


@dataclass(slots=True)
class Used:
    """The single messages of the last hour: how many, of how many openings, and which windows these were of."""

    singles: int = 0
    openings: int = 0
    windows: set[tuple[Key, datetime]] = field(default_factory=set)

    def add(self, kind: str, key: Key, window: datetime) -> None:
        """One more."""
        self.singles += 1
        if kind == DeliveryKind.OPENED:
            self.openings += 1
            self.windows.add((key, window))


@dataclass(slots=True)
class _Verdict:
    """What becomes of each message: let out, told by another one, told by the summary, or judged later."""

    used: Used
    believed: dict[Key, DeliveryKind]
    out: list[UUID] = field(default_factory=list)
    with_other: list[tuple[UUID, UUID]] = field(default_factory=list)
    held: list[UUID] = field(default_factory=list)

    def has_room(self, new: _New) -> bool:
        """Whether one more single message may leave; a rule that had its own leaves the room to others."""
        if self.used.singles >= MOST:
            return False
        if new.kind == DeliveryKind.RESOLVED or new.urgent:
            return True
        is_higher_step = (new.key, new.window) in self.used.windows
        has_spoken = any(key[0] == new.key[0] for key, _window in self.used.windows)
        return self.used.openings < OPENINGS and (is_higher_step or not has_spoken)

    def let_out(self, new: _New) -> bool:
        """Let it out if there is room, else it is told by the summary."""
        if not self.has_room(new):
            self.held.append(new.id)
            return False
        self.out.append(new.id)
        self.used.add(new.kind, new.key, new.window)
        self.believed[new.key] = new.kind
        return True


def judge(db: Session) -> int:
    """Decide about every new message; returns how many were let out. Several at once judge different channels."""
    channels = db.execute(
        text("SELECT DISTINCT channel_id FROM alert_delivery WHERE state = 'held' AND told_by IS NULL")
    ).scalars()
    return sum(_judge(db, channel_id) for channel_id in list(channels))


def _judge(db: Session, channel_id: int) -> int:
    locked = db.execute(
        text("SELECT 1 FROM alert_channel WHERE id = :id AND enabled AND deleted_at IS NULL FOR UPDATE SKIP LOCKED"),
        {"id": channel_id},
    ).scalar()
    # A summary on its way says what was held until now: what is new waits the moment it takes.
    summary = db.execute(_OPEN_SUMMARY, {"channel": channel_id}).one_or_none()
    if not locked or (summary is not None and summary.state == DeliveryState.SENDING):
        return 0
    new = _news(db, channel_id)
    if not new:
        return 0
    verdict = decide(new, _used(db, channel_id), _believed(db, channel_id, {one.key for one in new}))
    _write(db, verdict)
    if verdict.held:
        by = _summary(db, channel_id, summary)
        db.execute(_HELD, {"by": by, "ids": verdict.held})
    return len(verdict.out)


def decide(new: list[_New], used: Used, believed: dict[Key, DeliveryKind]) -> _Verdict:
    """The verdict about messages in the order in which they came."""
    verdict = _Verdict(used, believed)
    ended: dict[Key, list[_New]] = {}
    for one in sorted(_without_lower_steps(new, verdict), key=lambda each: not each.urgent):
        if one.kind == DeliveryKind.RESOLVED:
            ended.setdefault(one.key, []).append(one)
        elif one.key in ended:
            # It began again before anybody was told that it had ended: for the channel it goes on.
            verdict.held += [each.id for each in ended.pop(one.key)] + [one.id]
        else:
            verdict.let_out(one)
    for key, ones in ended.items():
        _end(verdict, key, ones)
    return verdict


def _end(verdict: _Verdict, key: Key, ones: list[_New]) -> None:
    """Something is over: said once for all its steps, when it stayed over, to who was told that it began."""
    last = ones[-1]
    if verdict.believed.get(key) != DeliveryKind.OPENED:
        verdict.held += [each.id for each in ones]
    elif last.age >= CALM:
        told = verdict.let_out(last)
        rest = [each.id for each in ones[:-1]]
        if told:
            verdict.with_other += [(each, last.id) for each in rest]
        else:
            verdict.held += rest


def _without_lower_steps(new: list[_New], verdict: _Verdict) -> list[_New]:
    """Of steps of one window that were crossed together the highest says it all."""
    highest: dict[tuple[Key, datetime], _New] = {}
    for one in new:
        place = (one.key, one.window)
        if one.kind == DeliveryKind.OPENED and (place not in highest or highest[place].step < one.step):
            highest[place] = one
    kept = []
    for one in new:
        top = highest.get((one.key, one.window))
        if one.kind == DeliveryKind.OPENED and top is not None and top is not one:
            verdict.with_other.append((one.id, top.id))
        else:
            kept.append(one)
    return kept


_NEWS = text("""
SELECT d.id, d.kind, n.rule_id, n.subject, n.type, n.window_starts_at, n.step, clock_timestamp() - d.created_at AS age
FROM alert_delivery d JOIN alert_notice n ON n.id = d.notice_id
WHERE d.channel_id = :channel AND d.state = 'held' AND d.told_by IS NULL
ORDER BY d.created_at, d.kind, d.id LIMIT :most""")


def _news(db: Session, channel_id: int) -> list[_New]:
    rows = db.execute(_NEWS, {"channel": channel_id, "most": _AT_ONCE})
    return [
        _New(row.id, DeliveryKind(row.kind), (row.rule_id, row.subject), row.window_starts_at, row.step,
             row.type == AlertType.EVALUATOR_STOPPED, row.age)
        for row in rows
    ]  # fmt: skip


_USED = text("""
SELECT d.kind, n.rule_id, n.subject, n.window_starts_at FROM alert_delivery d JOIN alert_notice n ON n.id = d.notice_id
WHERE d.channel_id = :channel AND d.kind IN ('opened', 'resolved') AND d.told_by IS NULL
  AND (d.state IN ('queued', 'sending')
       OR (d.state = 'sent' AND d.sent_at > clock_timestamp() - CAST(:over AS interval)))""")


def _used(db: Session, channel_id: int) -> Used:
    used = Used()
    for row in db.execute(_USED, {"channel": channel_id, "over": OVER}):
        used.add(row.kind, (row.rule_id, row.subject), row.window_starts_at)
    return used


# What the channel was told last about each: by a single message, waiting ones too, or by a summary that left.
_BELIEVED = text("""
SELECT DISTINCT ON (n.rule_id, n.subject) n.rule_id, n.subject, d.kind
FROM unnest(CAST(:rules AS bigint[]), CAST(:subjects AS text[])) wanted (rule_id, subject)
JOIN alert_notice n ON n.rule_id = wanted.rule_id AND n.subject = wanted.subject
JOIN alert_delivery d ON d.notice_id = n.id AND d.channel_id = :channel AND d.kind IN ('opened', 'resolved')
WHERE d.state = 'sent' OR (d.told_by IS NULL AND d.state IN ('queued', 'sending'))
ORDER BY n.rule_id, n.subject, d.created_at DESC, d.kind DESC""")


def _believed(db: Session, channel_id: int, keys: set[Key]) -> dict[Key, DeliveryKind]:
    ordered = sorted(keys)
    values = {"channel": channel_id, "rules": [key[0] for key in ordered], "subjects": [key[1] for key in ordered]}
    return {(row.rule_id, row.subject): DeliveryKind(row.kind) for row in db.execute(_BELIEVED, values)}


_OUT = text("UPDATE alert_delivery SET state = 'queued', next_at = clock_timestamp() WHERE id = ANY(:ids)")
_TOLD = text("""
UPDATE alert_delivery d SET told_by = pair.other
FROM unnest(CAST(:ones AS uuid[]), CAST(:others AS uuid[])) pair (one, other) WHERE d.id = pair.one""")
_HELD = text("UPDATE alert_delivery SET told_by = :by WHERE id = ANY(:ids)")


def _write(db: Session, verdict: _Verdict) -> None:
    """What stands for others goes first; who stands for one that is held is held with it."""
    held = set(verdict.held)
    verdict.held += [one for one, other in verdict.with_other if other in held]
    pairs = [(one, other) for one, other in verdict.with_other if other not in held]
    db.execute(_OUT, {"ids": verdict.out})
    db.execute(_TOLD, {"ones": [one for one, _ in pairs], "others": [other for _, other in pairs]})


_OPEN_SUMMARY = text("""
SELECT id, state, attempts FROM alert_delivery
WHERE channel_id = :channel AND kind = 'summary' AND state IN ('queued', 'sending')
ORDER BY created_at DESC LIMIT 1 FOR UPDATE""")
_LAST_SUMMARY = text("""
SELECT max(coalesce(sent_at, created_at)) FROM alert_delivery
WHERE channel_id = :channel AND kind = 'summary' AND state IN ('sent', 'failed')""")
_WHEN = text("""
UPDATE alert_delivery SET next_at = greatest(
    least(clock_timestamp() + CAST(:after AS interval), created_at + CAST(:latest AS interval)),
    CAST(:last AS timestamptz) + CAST(:over AS interval))
WHERE id = :id""")


def _summary(db: Session, channel_id: int, waiting: Any) -> UUID:
    """The summary that has not left yet; it waits for calm, not long, and comes once an hour."""
    if waiting is not None and waiting.attempts:
        return waiting.id
    summary_id = waiting.id if waiting is not None else new_id()
    if waiting is None:
        db.execute(
            insert(AlertDelivery).values(
                id=summary_id, once=f"summary:{summary_id.hex}", channel_id=channel_id, kind=DeliveryKind.SUMMARY,
                state=DeliveryState.QUEUED, body={}, attempts=0, last_error="", next_at=func.clock_timestamp(),
                created_at=func.clock_timestamp(),
            )
        )  # fmt: skip
    last = db.execute(_LAST_SUMMARY, {"channel": channel_id}).scalar()
    values = {"id": summary_id, "after": SUMMARY_AFTER, "latest": SUMMARY_LATEST, "last": last, "over": OVER}
    db.execute(_WHEN, values)
    return summary_id
