"""What is missing: calls for some time, or the price of a model that is called."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import cells, effective
from fitmycv_admin.domain.budgets import given, spending
from fitmycv_admin.domain.budgets.given import Found
from fitmycv_admin.domain.budgets.subjects import Rule

MODEL = "model:"
_STANDARD_MINUTES = 60
_LONG_AGO = timedelta(days=365)


def look(db: Session, rule: Rule, now: datetime) -> tuple[int, int]:
    """Give notice when no call came for the rule's minutes, once for each silence; end it when calls come again.

    Returns how many were opened and ended.
    """
    scope = spending.scope_of(db, rule.says, rule.user_seq)
    last = _last_call(db, scope, now)
    if last is None:
        return 0, 0
    allowed = timedelta(minutes=rule.says.minutes or _STANDARD_MINUTES)
    ended = sum(given.end(db, row.id, now=now) for row in _live(db, rule) if row.window_starts_at < last)
    if now - last < allowed:
        return 0, ended
    found = Found(
        rule.id, "", last, last + allowed, 100, facts={"last_call_at": last, "minutes": allowed.seconds // 60}
    )
    return int(given.give(db, found, now=now) is not None), ended


def unpriced(db: Session, rule: Rule, now: datetime) -> tuple[int, int]:
    """Give notice of each model that was called without a price in the last two days; end it when it has one.

    Returns how many were opened and ended.
    """
    zone = spending.zone(db)
    since = spending.start_of_day(now - timedelta(days=1), zone)
    rows = db.execute(text(_UNPRICED), {"since": since, "now": now, "zone": zone}).all()
    missing = {f"{MODEL}{row.model_id}": row for row in rows}
    live = {row.subject: row.id for row in _live(db, rule)}
    ended = sum(given.end(db, live[subject], now=now) for subject in live if subject not in missing)
    opened = 0
    for subject, row in sorted(missing.items()):
        if subject in live:
            continue
        start = spending.start_of_day(now, zone)
        facts = {"model": row.model_name, "calls": row.calls}
        found = Found(rule.id, subject, start, start + timedelta(days=1), 100, facts=facts)
        opened += given.give(db, found, now=now) is not None
    return opened, ended


def _last_call(db: Session, scope: spending.Scope, now: datetime) -> datetime | None:
    wanted = spending.values(scope, (now - _LONG_AGO, now + timedelta(minutes=1)))
    return db.execute(text(spending.newest(scope)), wanted).scalar_one_or_none()


def _live(db: Session, rule: Rule) -> list[Any]:
    return list(db.execute(text(_LIVE), {"rule": rule.id}))


_LIVE = """
SELECT id, subject, window_starts_at FROM alert_notice WHERE rule_id = :rule AND state <> 'resolved' ORDER BY id
"""
# A model with a price now has all its later calls priced; those before wait for a correction of their own.
_UNPRICED = f"""
SELECT m.id AS model_id, m.model_name, sum(u.unpriced)::bigint AS calls FROM (
    SELECT model_id, tier_id, unpriced FROM roll_day
    WHERE day >= (cast(:since AS timestamptz) AT TIME ZONE cast(:zone AS text))::date AND unpriced > 0
    UNION ALL
    SELECT c.model_id, c.tier_id, 1 FROM openai_call c
    WHERE c.xid >= {cells.MARK} AND c.created_at >= :since AND {effective.OWN_UNPRICED}
) u JOIN openai_pricing m ON m.id = u.model_id
WHERE NOT EXISTS (SELECT 1 FROM price_version v WHERE v.model_id = u.model_id AND v.tier_id = u.tier_id
    AND v.valid @> cast(:now AS timestamptz))
GROUP BY 1, 2
"""
