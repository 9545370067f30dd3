"""Notices: what rules saw, and what staff did about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import FitMyCvError, Invalid, NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods
from fitmycv_admin.domain.ai_costs.names import NO_PLAN
from fitmycv_admin.domain.audit import trail
from fitmycv_admin.domain.budgets import outbox
from fitmycv_admin.domain.budgets.given import Driver, Found, end, give, note
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import AlertType, DeliveryKind, NoticeState, Permission

__all__ = [
    "Driver", "Found", "acknowledge", "comment", "end", "give", "note", "notice", "notices", "resolve", "rows",
    "seen", "snooze", "unseen",
]  # fmt: skip

LONGEST_SNOOZE = timedelta(days=1)


class AlreadyResolved(FitMyCvError):
    """The notice has ended; nothing more is done about it but writing."""

    key = "budget_rules.error.resolved"


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
    by.must(Permission.BUDGETS_READ)
    key = _position(request.before or request.after)
    backwards = bool(request.before) and key is not None
    sql, values = _query(filters, key, backwards=backwards, limit=request.limit)
    found = list(db.execute(text(sql), values))
    shown = [_row(row, by) for row in (reversed(found) if backwards else found)]
    return paging.page_of(shown, request, lambda row: (row.opened_at.isoformat(), str(row.id)))


def rows(db: Session, by: Actor, filters: NoticeFilters) -> Iterator[NoticeRow]:
    """Every notice that matches, newest first, for an export."""
    by.must(Permission.BUDGETS_READ)
    sql, values = _query(filters, None)
    for row in db.execute(text(sql), values, execution_options={"stream_results": True, "yield_per": 1000}):
        yield _row(row, by)


def notice(db: Session, by: Actor, notice_id: UUID) -> NoticeCard:
    """One notice. Raises NotFound."""
    by.must(Permission.BUDGETS_READ)
    found = db.execute(text(f"{_SELECT} WHERE n.id = :id"), {"id": notice_id}).one_or_none()
    if found is None:
        raise NotFound
    row = _row(found, by)
    events = db.execute(text(_EVENTS), {"id": notice_id})
    deliveries = db.execute(text(_DELIVERIES), {"id": notice_id})
    return NoticeCard(
        row=row,
        drivers=_drivers(db, by, found.drivers or {}),
        events=tuple(NoticeEvent(e.created_at, e.kind, e.who or "", e.comment) for e in events),
        deliveries=tuple(DeliveryLine(d.name, d.kind, d.state, d.created_at, d.last_error) for d in deliveries),
        calls=_calls(db, found, row),
    )


def acknowledge(db: Session, by: Actor, notice_id: UUID, *, comment: str = "") -> None:
    """Say that somebody takes care. Done twice it stays with the first. Raises AlreadyResolved, NotFound."""
    row = _held(db, by, notice_id)
    if row.state == NoticeState.ACKNOWLEDGED:
        return
    _set(db, notice_id, NoticeState.ACKNOWLEDGED, by, clock.now())
    _done(db, by, row, "acknowledged", NoticeState.ACKNOWLEDGED, comment)


def snooze(db: Session, by: Actor, notice_id: UUID, *, until: datetime | None = None, comment: str = "") -> datetime:
    """Put off until then, at most (and without a word) until the window's end; returns until when.

    Raises AlreadyResolved, Invalid when it is past, NotFound.
    """
    row = _held(db, by, notice_id)
    now = clock.now()
    end_at = row.window_ends_at if row.window_ends_at > now else now + LONGEST_SNOOZE
    chosen = end_at if until is None else min(until, end_at)
    if chosen <= now:
        raise Invalid("budget_rules.error.snooze_past", field="until")
    db.execute(
        text("UPDATE alert_notice SET state = 'snoozed', snoozed_until = :until WHERE id = :id"),
        {"id": notice_id, "until": chosen},
    )
    _done(db, by, row, "snoozed", NoticeState.SNOOZED, comment, until=chosen)
    return chosen


def comment(db: Session, by: Actor, notice_id: UUID, *, text: str) -> None:
    """Write something under a notice, also a resolved one. Raises Invalid when it is empty, NotFound."""
    if not text.strip():
        raise Invalid("budget_rules.error.comment", field="comment")
    row = _held(db, by, notice_id, any_state=True)
    _done(db, by, row, "commented", NoticeState(row.state), text)


def resolve(db: Session, by: Actor, notice_id: UUID, *, comment: str = "") -> None:
    """Close it. Raises AlreadyResolved, NotFound."""
    row = _held(db, by, notice_id)
    _set(db, notice_id, NoticeState.RESOLVED, by, clock.now())
    _done(db, by, row, "resolved", NoticeState.RESOLVED, comment)
    outbox.announce(db, notice_id, DeliveryKind.RESOLVED)


def unseen(db: Session, by: Actor) -> int:
    """How many notices were opened since this member of staff looked, 99 at most; 0 without budgets.read."""
    if by.user_id is None or not by.may(Permission.BUDGETS_READ):
        return 0
    return int(db.execute(text(_UNSEEN), {"user": by.user_id}).scalar_one())


def seen(db: Session, by: Actor) -> None:
    """This member of staff has seen all there is."""
    by.must(Permission.BUDGETS_READ)
    db.execute(text(_SEEN), {"user": by.owner_id})


def _held(db: Session, by: Actor, notice_id: UUID, *, any_state: bool = False) -> Any:
    """The notice, held: of two who act at once the second sees what the first did."""
    by.must(Permission.BUDGETS_WRITE)
    row = db.execute(text("SELECT * FROM alert_notice WHERE id = :id FOR UPDATE"), {"id": notice_id}).one_or_none()
    if row is None:
        raise NotFound
    if row.state == NoticeState.RESOLVED and not any_state:
        raise AlreadyResolved
    return row


def _set(db: Session, notice_id: UUID, state: NoticeState, by: Actor, now: datetime) -> None:
    resolved = state is NoticeState.RESOLVED
    db.execute(
        text(
            """UPDATE alert_notice SET state = :state, snoozed_until = NULL,
                 acknowledged_at = coalesce(acknowledged_at, :now), acknowledged_by = coalesce(acknowledged_by, :by),
                 resolved_at = CASE WHEN :resolved THEN cast(:now AS timestamptz) ELSE resolved_at END WHERE id = :id"""
        ),
        {"id": notice_id, "state": str(state), "now": now, "by": by.user_id, "resolved": resolved},
    )


def _done(
    db: Session, by: Actor, row: Any, kind: str, state: NoticeState, comment: str, **after: Any
) -> None:  # fmt: skip
    note(db, row.id, kind, now=clock.now(), by=by.user_id, comment=comment)
    trail.record(
        db, by, f"notice.{kind}", "alert_notice", row.id, {"state": row.state},
        {"state": str(state), "rule": row.rule_name, **after}, comment,
    )  # fmt: skip


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = paging.decode(token, 2) if token else None
    try:
        return (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
    except (TypeError, ValueError):
        return None


def _query(
    filters: NoticeFilters, key: tuple[datetime, UUID] | None, *, backwards: bool = False, limit: int | None = None
) -> tuple[str, dict[str, Any]]:
    where, values = ["true"], dict[str, Any]()
    for column, value in (("state", filters.state), ("type", filters.type), ("rule_id", filters.rule_id)):
        if value is not None:
            where.append(f"n.{column} = :{column}")
            values[column] = value
    if filters.live:
        where.append("n.state <> 'resolved'")
    if filters.search.strip():
        where.append("(n.rule_name ILIKE :search OR n.subject ILIKE :search OR u.email ILIKE :search)")
        values["search"] = f"%{filters.search.strip()}%"
    for word, sign in (("since", ">="), ("until", "<")):
        if getattr(filters, word) is not None:
            where.append(f"n.opened_at {sign} :{word}")
            values[word] = getattr(filters, word)
    if key is not None:
        values |= {"key_at": key[0], "key_id": key[1]}
        where.append(f"(n.opened_at, n.id) {'>' if backwards else '<'} (:key_at, :key_id)")
    direction = "ASC" if backwards else "DESC"
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    order = f"ORDER BY n.opened_at {direction}, n.id {direction}{bound}"
    return f"{_SELECT} WHERE {' AND '.join(where)} {order}", values


def _row(row: Any, by: Actor) -> NoticeRow:
    taken = None
    if row.acknowledged_at is not None:
        taken = int((row.acknowledged_at - row.opened_at).total_seconds())
    return NoticeRow(
        id=row.id, rule_id=row.rule_id, rule_name=row.rule_name, type=AlertType(row.type), subject=row.subject,
        email=_shown(row.email, by), user_id=row.user_id, starts_at=row.window_starts_at, ends_at=row.window_ends_at,
        step=row.step, value_nano=row.value_nano, limit_nano=row.limit_nano, facts=row.facts or {},
        state=NoticeState(row.state), opened_at=row.opened_at, acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.taken_by or "", seconds_to_acknowledge=taken, snoozed_until=row.snoozed_until,
        resolved_at=row.resolved_at,
    )  # fmt: skip


def _shown(email: str | None, by: Actor) -> str:
    if not email:
        return ""
    return email if by.may(Permission.PEOPLE_REVEAL) else addresses.masked(email)


def _drivers(db: Session, by: Actor, kept: Mapping[str, Any]) -> tuple[Driver, ...]:
    """People are named by their address now, as far as `by` may read it."""
    found = [Driver(**driver) for driver in kept.get("top", ())]
    people = [driver.key for driver in found if driver.kind == "user"]
    rows = db.execute(text("SELECT id, email FROM app_user WHERE id = ANY(cast(:ids AS uuid[]))"), {"ids": people})
    emails = {str(row.id): _shown(row.email, by) for row in rows}
    return tuple(replace(driver, label=emails.get(driver.key) or driver.label) for driver in found)


def _calls(db: Session, found: Any, row: NoticeRow) -> dict[str, str]:
    """The words of the call list that show what the notice counted: whole days, or one hour."""
    zone = db.execute(text("SELECT zone FROM fold_mark")).scalar_one_or_none() or "Europe/Paris"
    first = periods.day_of(row.starts_at, zone)
    last = periods.day_of(row.ends_at - timedelta(microseconds=1), zone)
    words = {"period": "custom", "from": first.isoformat(), "to": last.isoformat()}
    if row.ends_at - row.starts_at <= timedelta(hours=1):
        words["hour"] = row.starts_at.isoformat()
    narrowed = {
        "feature": found.feature_key,
        "model": found.model_name or row.facts.get("model"),
        "plan": NO_PLAN.key if found.plan_id == 0 else found.plan_name,
        "user": row.user_id or found.rule_user,
    }
    return words | {word: str(value) for word, value in narrowed.items() if value}


_SELECT = """
SELECT n.*, u.id AS user_id, u.email, coalesce(nullif(t.name, ''), t.email) AS taken_by, r.feature_key, m.model_name,
    r.plan_id, p.name AS plan_name, r.user_id AS rule_user
FROM alert_notice n JOIN openai_alert r ON r.id = n.rule_id
LEFT JOIN app_user u ON u.seq = CASE WHEN n.subject ~ '^user:[0-9]+$' THEN cast(substr(n.subject, 6) AS int) END
LEFT JOIN app_user t ON t.id = n.acknowledged_by
LEFT JOIN openai_pricing m ON m.id = r.model_id
LEFT JOIN subscription_plan p ON p.id = r.plan_id
"""
_EVENTS = """
SELECT e.created_at, e.kind, e.comment, coalesce(nullif(u.name, ''), u.email) AS who
FROM alert_notice_event e LEFT JOIN app_user u ON u.id = e.actor_id WHERE e.notice_id = :id ORDER BY e.id
"""
_DELIVERIES = """
SELECT c.name, d.kind, d.state, d.created_at, d.last_error
FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel_id WHERE d.notice_id = :id ORDER BY d.created_at, d.id
"""
_UNSEEN = """
SELECT count(*) FROM (
    SELECT 1 FROM alert_notice
    WHERE opened_at > coalesce((SELECT seen_at FROM alert_seen WHERE user_id = :user), '-infinity')
        AND state <> 'resolved'
    LIMIT 99) new
"""
_SEEN = """
INSERT INTO alert_seen (user_id, seen_at) VALUES (:user, clock_timestamp())
ON CONFLICT (user_id) DO UPDATE SET seen_at = clock_timestamp()
"""
