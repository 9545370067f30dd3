"""The exceptions that staff see: those that run, will be over soon or are over, and how much of each is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import periods
from fitmycv_admin.domain.billing.limits import GRACE, entitlement
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import AccountState, Permission

WORDS = ("state", "feature", "user")
STATES = ("running", "soon", "over", "all")
SOON = timedelta(days=7)
_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One exception. `used` counts this month's uses; `plan_limit` is what the plan would allow (-1: no limit)."""

    id: UUID
    user_id: UUID
    email: str
    feature: str
    usage_limit: int
    plan_name: str
    plan_limit: int
    used: int
    state: str
    reason: str
    by: str
    valid_from: datetime
    ends_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonCard:
    """Who an exception would be for. `email` is masked for those who see people so."""

    id: UUID
    number: int
    email: str


@dataclass(frozen=True, slots=True)
class OverrideScreen:
    """Everything the page shows. `person` is the one whose exceptions the address asks for."""

    page: Page[OverrideRow]
    person: PersonCard | None
    may_write: bool


def screen(db: Session, by: Actor, words: Mapping[str, str], request: PageRequest) -> OverrideScreen:
    """A page of exceptions, newest first. Needs plans.read."""
    who = words.get("user", "")
    try:
        card = person(db, by, who) if who else None
    except NotFound:
        card = None
    return OverrideScreen(overrides(db, by, words, request), card, by.may(Permission.LIMITS_WRITE))


def overrides(db: Session, by: Actor, words: Mapping[str, str], request: PageRequest) -> Page[OverrideRow]:
    """Those that fit `state` (running, soon, over; all), `feature` and `user` (an id). Needs plans.read."""
    by.must(Permission.PLANS_READ)
    where, values = _where(words)
    after, before = paging.decode(request.after, 1), paging.decode(request.before, 1)
    if point := before or after:
        where.append("o.id > :point" if before else "o.id < :point")
        values["point"] = _uuid(str(point[0]))
    rows = _rows(db, by, where, {**values, "limit": request.limit}, backwards=before is not None)
    return paging.page_of(rows, request, lambda row: (str(row.id),))


def every(db: Session, by: Actor, words: Mapping[str, str]) -> Iterator[OverrideRow]:
    """All of them, in the order of the list. Needs plans.read."""
    by.must(Permission.PLANS_READ)
    where, values = _where(words)
    after: list[str] = []
    while rows := _rows(db, by, [*where, *after], {**values, "limit": _EVERY}):
        yield from rows
        after, values["after"] = ["o.id < :after"], rows[-1].id


def person(db: Session, by: Actor, words: str) -> PersonCard:
    """Somebody by id, by number, or, for those who see addresses, by e-mail. Needs plans.read; raises NotFound."""
    by.must(Permission.PLANS_READ)
    typed, clear = words.strip(), by.may(Permission.PEOPLE_REVEAL)
    if typed.isdecimal() and len(typed) < 10:
        where, value = "seq = :value", int(typed)
    elif "@" in typed and clear:
        where, value = "lower(email) = :value", typed.lower()
    else:
        where, value = "id = :value", _uuid(typed)
    found = db.execute(
        text(f"SELECT id, seq, email FROM app_user WHERE {where} AND state <> '{AccountState.ERASED}'"),
        {"value": value},
    ).one_or_none()
    if found is None:
        raise NotFound
    return PersonCard(found.id, found.seq, shown(by, found.email))


def shown(by: Actor, email: str | None) -> str:
    """An address as this member of staff may see it."""
    return (email or "") if by.may(Permission.PEOPLE_REVEAL) else addresses.masked(email or "")


def _uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        return UUID(int=0)


def _where(words: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    now = clock.now()
    values: dict[str, Any] = {"now": now, "since": now - GRACE, "soon": now + SOON}
    runs = "o.ended_at IS NULL AND o.ends_at > :now"
    state = words.get("state") or "running"
    known = {"running": runs, "soon": f"{runs} AND o.ends_at <= :soon", "over": f"NOT ({runs})"}
    where = [known[state]] if state in known else ["true"]
    if feature := words.get("feature"):
        where.append("o.feature_name = :feature")
        values["feature"] = feature
    if user := words.get("user"):
        where.append("o.user_id = :user")
        values["user"] = _uuid(user)
    return where, values


def _rows(
    db: Session, by: Actor, where: list[str], values: dict[str, Any], *, backwards: bool = False
) -> list[OverrideRow]:
    order = "ASC" if backwards else "DESC"
    sql = f"""
WITH picked AS (
    SELECT o.* FROM limit_override o WHERE {" AND ".join(where)} ORDER BY o.id {order} LIMIT :limit
), plans AS ({entitlement("u.id IN (SELECT user_id FROM picked)")})
SELECT o.id, o.user_id, u.email, o.feature_name, o.usage_limit, o.reason, o.valid_from, o.ends_at, o.ended_at,
    coalesce(m.name, m.email, '') AS made_by, p.name AS plan_name, coalesce(l.usage_limit, 0) AS plan_limit, e.anchor,
    (SELECT jsonb_object_agg(to_char(c.period_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), c.count)
        FROM feature_usage_counter c
        WHERE c.user_id = o.user_id AND c.feature_name = o.feature_name
            AND c.period_start > cast(:now AS timestamptz) - interval '32 days') AS counts
FROM picked o JOIN app_user u ON u.id = o.user_id JOIN app_user m ON m.id = o.created_by
JOIN plans e ON e.user_id = o.user_id
LEFT JOIN subscription_plan p ON p.id = e.plan_id
LEFT JOIN subscription_plan_feature_limit l
    ON l.plan_version_id = e.plan_version_id AND l.feature_name = o.feature_name
ORDER BY o.id DESC"""
    return [_row(row, by, values["now"]) for row in db.execute(text(sql), values)]


def _row(row: Any, by: Actor, now: datetime) -> OverrideRow:
    start = periods.monthly(row.anchor, now)[0]
    used = (row.counts or {}).get(start.strftime("%Y-%m-%dT%H:%M:%S.%f"), 0)
    is_over = row.ended_at is not None or row.ends_at <= now
    state = "over" if is_over else "soon" if row.ends_at <= now + SOON else "running"
    return OverrideRow(
        row.id, row.user_id, shown(by, row.email), row.feature_name, row.usage_limit, row.plan_name or "",
        row.plan_limit, used, state, row.reason, row.made_by, row.valid_from, row.ends_at, row.ended_at,
    )  # fmt: skip
