"""What the screens show of rules: how each stands, where it will end, what its windows were and who changed it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.core import clock, paging
from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.core.paging import Page, PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets import forecast, spending, subjects, windows
from fitmycv_admin.domain.budgets.forecast import Forecast
from fitmycv_admin.domain.budgets.subjects import Draft, Rule
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement, Permission

PAST = 12
"""How many past windows a card shows."""
_NEAREST = 10


@dataclass(frozen=True, slots=True)
class RuleFilters:
    """Which rules are listed: a type, an enforcement, on or off, a feature, and words of the name."""

    type: AlertType | None = None
    enforcement: Enforcement | None = None
    enabled: bool | None = None
    feature_key: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one subject spent in one window, in nano-USD; `email` names the person of a rule for each person.

    `over_nano` is what calls cost beyond their reservations, `denied` how many calls were refused or degraded.
    """

    subject: str
    email: str
    starts_at: datetime
    ends_at: datetime
    limit_nano: int
    spent_nano: int
    reserved_nano: int = 0
    over_nano: int = 0
    denied: int = 0

    @property
    def percent(self) -> int:
        """Of the limit, rounded down; 0 without a limit."""
        return self.spent_nano * 100 // self.limit_nano if self.limit_nano else 0


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One line of the list. `now` is its current window (the subject that is nearest to its limit), None for a rule
    that is no budget; `resets_at` its end; `subjects` how many have spent in it; `open` counts open notices and
    `failing` messages that could not be sent."""

    id: int
    version: int
    says: Draft
    feature: str
    model: str
    plan: str
    email: str
    now: Spent | None
    resets_at: datetime | None
    forecast: Forecast | None
    subjects: int
    open: int
    failing: int
    snoozed_until: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RuleCard:
    """One rule: its line, the subjects nearest to their limit now, its past windows and its history."""

    row: RuleRow
    now: tuple[Spent, ...]
    past: tuple[Spent, ...]
    changes: tuple["Change", ...]
    is_removed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a rule's history."""

    at: datetime
    by: str
    action: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str


def rules(db: Session, by: Actor, filters: RuleFilters, request: PageRequest) -> Page[RuleRow]:
    """The rules that match, by name. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    where, values = _narrowed(filters)
    key = paging.decode(request.before or request.after, 2) if request.before or request.after else None
    backwards = bool(request.before) and key is not None
    if key is not None:
        where += f" AND (lower(r.name), r.id) {'<' if backwards else '>'} (:name, :id)"
        values |= {"name": str(key[0]), "id": int(key[1])}
    direction = "DESC" if backwards else "ASC"
    order = f"ORDER BY lower(r.name) {direction}, r.id {direction} LIMIT {request.limit}"
    found = db.execute(text(f"{_SELECT} WHERE {where} {order}"), values).all()
    shape = forecast.shape_of(db, spending.zone(db), clock.now())
    shown = [_row(db, by, row, shape, tested=False) for row in (reversed(found) if backwards else found)]
    return paging.page_of(shown, request, lambda row: (row.says.name.lower(), row.id))


def rule(db: Session, by: Actor, rule_id: int) -> RuleCard:
    """One rule with its windows and history. Raises NotFound."""
    by.must(Permission.BUDGETS_READ)
    found = db.execute(text(f"{_SELECT} WHERE r.id = :id"), {"id": rule_id}).one_or_none()
    stored = subjects.one(db, rule_id)
    if found is None or stored is None:
        raise NotFound
    return RuleCard(
        row=_row(db, by, found, forecast.shape_of(db, spending.zone(db), clock.now()), tested=True),
        now=tuple(_nearest(db, by, stored)),
        past=tuple(_past(db, by, stored)),
        changes=_changes(db, rule_id),
        is_removed=stored.is_removed,
    )


def _narrowed(filters: RuleFilters) -> tuple[str, dict[str, Any]]:
    where, values = ["r.deleted_at IS NULL"], dict[str, Any]()
    for column in ("type", "enforcement", "enabled"):
        if getattr(filters, column) is not None:
            where.append(f"r.{column} = :{column}")
            values[column] = getattr(filters, column)
    if filters.feature_key:
        where.append("r.feature_key = :feature")
        values["feature"] = filters.feature_key
    if filters.search.strip():
        where.append("r.name ILIKE :search")
        values["search"] = f"%{filters.search.strip()}%"
    return " AND ".join(where), values


def _row(db: Session, by: Actor, row: Any, shape: forecast.Shape, *, tested: bool) -> RuleRow:
    stored = subjects.one(db, row.id)
    assert stored is not None
    now = _nearest(db, by, stored, most=1)
    nearest = now[0] if now else None
    return RuleRow(
        id=row.id,
        version=row.version,
        says=stored.says,
        feature=row.feature or row.feature_key or "",
        model=row.model_name or "",
        plan=row.plan_name or "",
        email=_shown(row.email, by),
        now=nearest,
        resets_at=nearest.ends_at if nearest else None,
        forecast=_forecast(db, stored, nearest, shape, tested=tested),
        subjects=row.subjects,
        open=row.open,
        failing=row.failing,
        snoozed_until=row.snoozed_until,
        updated_at=row.updated_at,
    )


def _forecast(db: Session, rule: Rule, now: Spent | None, shape: forecast.Shape, *, tested: bool) -> Forecast | None:
    if now is None:
        return None
    return forecast.of(db, rule, now.subject, shape=shape, spent=now.spent_nano, tested=tested)


def _nearest(db: Session, by: Actor, rule: Rule, most: int = _NEAREST) -> list[Spent]:
    """The subjects that are nearest to their limit in their current window; a rule for everybody has one."""
    if not rule.says.is_budget:
        return []
    now = clock.now()
    rows = db.execute(text(f"{_SPENT} {_CURRENT}"), {"rule": rule.id, "now": now, "most": most}).all()
    kept = [_spent(row, by) for row in rows]
    if kept:
        return kept
    window = windows.of(rule.says, now, spending.zone(db), _anchor(db, rule, now))
    spent = 0
    if not rule.says.each_user:
        scope = spending.scope_of(db, rule.says, rule.user_seq)
        spent = spending.total(db, scope, window, spending.zone(db))
    return [Spent("", "", *window, rule.says.threshold_nano, spent)]


def _past(db: Session, by: Actor, rule: Rule) -> list[Spent]:
    """The windows before the current one, newest first, counted from the calls; of each person's what was kept."""
    if not rule.says.is_budget:
        return []
    now, zone = clock.now(), spending.zone(db)
    rows = db.execute(text(f"{_SPENT} {_ENDED}"), {"rule": rule.id, "now": now, "most": 3 * PAST}).all()
    kept = [_spent(row, by) for row in rows]
    if rule.says.each_user:
        return kept
    anchor, known = _anchor(db, rule, now), {spent.starts_at: spent for spent in kept}
    scope = spending.scope_of(db, rule.says, rule.user_seq)
    window, found = windows.of(rule.says, now, zone, anchor), list[Spent]()
    spans = list[windows.Window]()
    for _ in range(PAST):
        window = windows.before(rule.says, window, zone, anchor)
        spans.append(window)
    for window, spent in zip(spans, spending.totals(db, scope, spans, zone), strict=True):
        was = known.get(window[0])
        found.append(
            Spent(
                "", "", *window, was.limit_nano if was else rule.says.threshold_nano, spent, 0,
                was.over_nano if was else 0, was.denied if was else 0,
            )
        )  # fmt: skip
    return found


def _anchor(db: Session, rule: Rule, now: datetime) -> datetime | None:
    if rule.user_seq is None or rule.says.window is not BudgetWindow.BILLING_PERIOD:
        return None
    return spending.anchors(db, [rule.user_seq], now).get(rule.user_seq)


def _spent(row: Any, by: Actor) -> Spent:
    return Spent(
        row.subject, _shown(row.email, by), row.starts_at, row.ends_at, row.limit_nano, row.spent_nano,
        row.reserved_nano, row.over_nano, row.denied,
    )  # fmt: skip


def _shown(email: str | None, by: Actor) -> str:
    if not email:
        return ""
    return email if by.may(Permission.PEOPLE_REVEAL) else addresses.masked(email)


def _changes(db: Session, rule_id: int) -> tuple[Change, ...]:
    rows = db.execute(text(_HISTORY), {"id": str(rule_id), "since": clock.now() - timedelta(days=3660)})
    return tuple(
        Change(row.created_at, row.actor_name or "", row.action, row.before or {}, row.after or {}, row.reason)
        for row in rows
    )


_SELECT = """
SELECT r.*, coalesce(f.display_name, r.feature_key) AS feature, m.model_name, p.name AS plan_name, u.email,
    (SELECT count(*) FROM budget_spending s WHERE s.rule_id = r.id AND s.starts_at <= now() AND s.ends_at > now()
        AND s.subject <> '') AS subjects,
    (SELECT count(*) FROM alert_notice n WHERE n.rule_id = r.id AND n.state <> 'resolved') AS open,
    (SELECT count(*) FROM alert_delivery d JOIN alert_notice n ON n.id = d.notice_id
        WHERE n.rule_id = r.id AND d.state = 'failed' AND d.created_at > now() - interval '7 days') AS failing
FROM openai_alert r
LEFT JOIN feature_mapping f ON f.feature_key = r.feature_key
LEFT JOIN openai_pricing m ON m.id = r.model_id
LEFT JOIN subscription_plan p ON p.id = r.plan_id
LEFT JOIN app_user u ON u.id = r.user_id
"""
_SPENT = """
SELECT s.*, u.email FROM budget_spending s
LEFT JOIN app_user u ON u.seq = CASE WHEN s.subject ~ '^user:[0-9]+$' THEN cast(substr(s.subject, 6) AS int) END
"""
_CURRENT = """WHERE s.rule_id = :rule AND s.starts_at <= :now AND s.ends_at > :now AND s.starts_at = (
    SELECT max(l.starts_at) FROM budget_spending l
    WHERE l.rule_id = s.rule_id AND l.subject = s.subject AND l.starts_at <= :now)
ORDER BY s.spent_nano::numeric / greatest(s.limit_nano, 1) DESC, s.subject LIMIT :most"""
_ENDED = """WHERE s.rule_id = :rule AND s.ends_at <= :now
ORDER BY s.starts_at DESC, s.spent_nano DESC LIMIT :most"""
_HISTORY = """
SELECT created_at, actor_name, action, before, after, reason FROM audit_event
WHERE target_type = 'budget_rule' AND target_id = :id AND created_at > :since ORDER BY created_at DESC LIMIT 50
"""
