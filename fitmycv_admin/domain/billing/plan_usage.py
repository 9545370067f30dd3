"""How much of their plan people use this month: the spread for each plan and feature, and who is near the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import override_list, periods
from fitmycv_admin.domain.billing.limits import GRACE, entitlement
from fitmycv_admin.vocabulary import AccountState, Permission

WORDS = ("plan", "feature", "at")
NEAR, REACHED = 90, 100
STEPS = ("low", "half", "most", "near", "reached")
"""Under 50 %, 50 to 74, 75 to 89, 90 to 99, and all of it or more."""
_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One feature of one plan this month. `spread` counts people by STEPS; without a limit there is none to reach.

    `limit` is that of the version sold now (-1 without limit, 0 never); people on another one count by their own.
    """

    plan_id: int
    plan: str
    feature: str
    limit: int
    people: int
    uses: int
    spread: Mapping[str, int]
    near: int
    reached: int


@dataclass(frozen=True, slots=True)
class NearRow:
    """Somebody who used much of what they have; `share` is in thousandths. A new month begins at `renews_at`."""

    counter_id: int
    user_id: UUID
    email: str
    plan: str
    feature: str
    used: int
    limit: int
    share: int
    is_override: bool
    renews_at: datetime


@dataclass(frozen=True, slots=True)
class UsageScreen:
    """Everything the page shows."""

    plans: tuple[str, ...]
    rows: tuple[UsageRow, ...]
    people: Page[NearRow]


def screen(db: Session, by: Actor, words: Mapping[str, str], request: PageRequest) -> UsageScreen:
    """The spread of each plan and feature, and the people near their limit. Needs plans.read."""
    by.must(Permission.PLANS_READ)
    names = tuple(db.execute(text("SELECT name FROM subscription_plan ORDER BY tier")).scalars())
    return UsageScreen(names, usage(db, by, words), near(db, by, words, request))


def usage(db: Session, by: Actor, words: Mapping[str, str]) -> tuple[UsageRow, ...]:
    """A line for each plan and feature that somebody used this month, by plan and number of people."""
    by.must(Permission.PLANS_READ)
    values = _values(words)
    in_bulk(db)
    rows = db.execute(text(_SPREAD), values).all()
    return tuple(
        UsageRow(
            row.plan_id, row.plan, row.feature, row.sold_limit, row.people, row.uses,
            {step: getattr(row, step) for step in STEPS}, row.near + row.reached, row.reached,
        )
        for row in rows
    )  # fmt: skip


def near(db: Session, by: Actor, words: Mapping[str, str], request: PageRequest) -> Page[NearRow]:
    """Those who used at least `at` percent (90 unless told) of a limited feature, the fullest first."""
    by.must(Permission.PLANS_READ)
    values = {**_values(words), "limit": request.limit}
    after, before = paging.decode(request.after, 2), paging.decode(request.before, 2)
    where = ""
    if point := before or after:
        where = f"AND (share, counter_id) {'>' if before else '<'} (:share, :counter)"
        values |= {"share": _whole(point[0]), "counter": _whole(point[1])}
    rows = _near(db, by, where, values, backwards=before is not None)
    return paging.page_of(rows, request, lambda row: (row.share, row.counter_id))


def every_near(db: Session, by: Actor, words: Mapping[str, str]) -> Iterator[NearRow]:
    """All of them, in the order of the list. Needs plans.read."""
    by.must(Permission.PLANS_READ)
    values = {**_values(words), "limit": _EVERY}
    where = ""
    while rows := _near(db, by, where, values):
        yield from rows
        where = "AND (share, counter_id) < (:share, :counter)"
        values |= {"share": rows[-1].share, "counter": rows[-1].counter_id}


def month_start(anchor: str) -> str:
    """SQL: where the month of :now begins that is counted from an anchor, as `periods.monthly` computes it."""
    now = "cast(:now AS timestamptz)"
    months = (
        f"((extract(year FROM {now}) - extract(year FROM {anchor})) * 12"
        f" + extract(month FROM {now}) - extract(month FROM {anchor}))::int"
    )
    moved = f"{anchor} + make_interval(months => {months}"
    return f"CASE WHEN {moved}) > {now} THEN {moved} - 1) ELSE {moved}) END"


def current(where: str = "true") -> str:
    """SQL: the counters of this month (:now, :since) with the limit that holds for each.

    `where` may speak of `e` (plan_id) and `c` (feature_name). A subscriber's month is the one that runs and began
    under their subscription; without one it is counted from the account's first day.
    """
    now = "cast(:now AS timestamptz)"
    return f"""
SELECT c.id AS counter_id, c.user_id, c.feature_name AS feature, c.count AS used, c.period_start, e.plan_id, e.anchor,
    e.email, o.id IS NOT NULL AS is_override,
    coalesce(CASE WHEN o.id IS NOT NULL THEN o.usage_limit WHEN l.is_enabled THEN l.usage_limit END, 0) AS allowed
FROM feature_usage_counter c
JOIN ({entitlement(f"u.state <> '{AccountState.ERASED}'")}) e ON e.user_id = c.user_id
LEFT JOIN subscription_plan_feature_limit l
    ON l.plan_version_id = e.plan_version_id AND l.feature_name = c.feature_name
LEFT JOIN limit_override o ON o.user_id = c.user_id AND o.feature_name = c.feature_name
    AND o.ended_at IS NULL AND o.valid_from <= :now AND o.ends_at > :now
WHERE c.count > 0 AND c.period_start > {now} - interval '32 days' AND c.period_start <= {now}
    AND CASE WHEN e.is_subscriber THEN c.period_start >= e.anchor AND c.period_end > {now}
        ELSE c.period_start = {month_start("e.anchor")} END
    AND {where}"""


def in_bulk(db: Session) -> None:
    """For the rest of this transaction join whole tables: the planner expects few counters where there are most."""
    db.execute(text("SET LOCAL enable_nestloop = off"))


def _values(words: Mapping[str, str]) -> dict[str, Any]:
    now = clock.now()
    at = REACHED if words.get("at") == str(REACHED) else NEAR
    return {
        "now": now, "since": now - GRACE, "plan": words.get("plan", ""), "feature": words.get("feature", ""),
        "at": at * 10,
    }  # fmt: skip


def _whole(typed: object) -> int:
    try:
        return int(str(typed))
    except ValueError:
        return 0


def _near(db: Session, by: Actor, where: str, values: dict[str, Any], *, backwards: bool = False) -> list[NearRow]:
    in_bulk(db)
    order = "ASC" if backwards else "DESC"
    rows = db.execute(text(_NEAR.format(where=where, order=order)), values).all()
    return [_row(row, by) for row in (rows[::-1] if backwards else rows)]


def _row(row: Any, by: Actor) -> NearRow:
    return NearRow(
        row.counter_id, row.user_id, override_list.shown(by, row.email), row.plan, row.feature, row.used, row.allowed,
        row.share, row.is_override, periods.monthly(row.anchor, row.period_start)[1],
    )  # fmt: skip


_SHARE = "CASE WHEN allowed > 0 THEN (used * 1000::bigint) / allowed WHEN allowed = 0 THEN 1000 END"
_NARROW = "(:plan = '' OR p.name = :plan) AND (:feature = '' OR m.feature = :feature)"
_SPREAD = f"""
WITH month AS ({current()}), shares AS (
    SELECT m.*, p.name AS plan, p.tier, {_SHARE} AS share
    FROM month m JOIN subscription_plan p ON p.id = m.plan_id WHERE {_NARROW}
)
SELECT s.plan_id, s.plan, s.feature, count(*) AS people, sum(s.used)::bigint AS uses,
    coalesce((SELECT CASE WHEN l.is_enabled THEN l.usage_limit ELSE 0 END FROM subscription_plan_feature_limit l
        WHERE l.feature_name = s.feature AND l.plan_version_id =
            (SELECT n.id FROM plan_version n WHERE n.plan_id = s.plan_id AND n.valid_from <= :now
                ORDER BY n.version DESC LIMIT 1)), 0) AS sold_limit,
    count(*) FILTER (WHERE share < 500) AS low,
    count(*) FILTER (WHERE share >= 500 AND share < 750) AS half,
    count(*) FILTER (WHERE share >= 750 AND share < 900) AS most,
    count(*) FILTER (WHERE share >= 900 AND share < 1000) AS near,
    count(*) FILTER (WHERE share >= 1000) AS reached
FROM shares s GROUP BY s.plan_id, s.plan, s.tier, s.feature ORDER BY s.tier, people DESC, s.feature"""
_NEAR = f"""
WITH month AS ({current()}), shares AS (
    SELECT m.*, p.name AS plan, {_SHARE} AS share
    FROM month m JOIN subscription_plan p ON p.id = m.plan_id WHERE {_NARROW}
)
SELECT * FROM shares WHERE share >= :at {{where}} ORDER BY share {{order}}, counter_id {{order}} LIMIT :limit"""
