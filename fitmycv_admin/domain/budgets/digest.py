"""The report of each week: made on Monday at seven in the workspace's zone, with the figures of the cost page."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Compare, Period
from fitmycv_admin.domain.budgets import letters, outbox
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.models import CostDigest
from fitmycv_admin.vocabulary import DeliveryKind, Permission

HOUR = time(7)
FEATURES = 5
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DigestState:
    """When the next report is made, and which week (its Monday) the last one was about."""

    next_at: datetime
    last_week: date | None
    last_cost_nano: int | None
    channels: int


def make_due(db: Session, *, now: datetime | None = None) -> date | None:
    """Make the report of last week once it is due, and put it in the line of every channel that gets it.

    Returns the Monday of that week; None when it is not due or was made. Several at once make one.
    """
    now = now or clock.now()
    zone = lookups.zone(db)
    monday = _monday(now, zone)
    if now < datetime.combine(monday, HOUR, zone):
        return None
    week = monday - _WEEK
    if db.execute(text("SELECT 1 FROM cost_digest WHERE week = :week"), {"week": week}).scalar():
        return None
    body = figures(db, week, now=now)
    made = db.execute(
        insert(CostDigest).values(week=week, body=body).on_conflict_do_nothing().returning(col(CostDigest.week))
    ).scalar_one_or_none()
    if made is None:
        return None
    wanted = text("SELECT id FROM alert_channel WHERE gets_digest AND enabled AND deleted_at IS NULL ORDER BY id")
    for channel_id in db.execute(wanted).scalars().all():
        outbox.queue(db, channel_id, DeliveryKind.DIGEST, once=f"digest:{week}:{channel_id}", body=body)
    return week


def figures(db: Session, week: date, *, now: datetime | None = None) -> dict[str, Any]:
    """The figures of the seven days from `week`, as the cost page shows them; amounts in nano-USD."""
    by = letters.READER
    period = Period(week, week + _WEEK - timedelta(days=1), queries.zone(db, by))
    before = periods.compared(period, Compare.PREVIOUS, now or clock.now())
    costs = queries.costs(db, by, period, before, Dimension.FEATURE, Filters({}, None), top=1)
    opened = text("SELECT count(*) FROM alert_notice WHERE opened_at >= :from AND opened_at < :until")
    return {
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "zone": period.zone,
        "cost_nano": costs.now.cost_nano,
        "before_nano": costs.before.cost_nano if costs.before else 0,
        "calls": costs.now.calls,
        "unpriced": costs.now.unpriced,
        "tokens": costs.now.tokens,
        "features": [
            {"key": part.name.key, "label": part.name.label, "cost_nano": part.now.cost_nano, "calls": part.now.calls}
            for part in costs.parts[:FEATURES]
            if part.now.calls
        ],
        "notices": db.execute(opened, {"from": period.starts_at, "until": period.ends_at}).scalar_one(),
    }


def state(db: Session, by: Actor, *, now: datetime | None = None) -> DigestState:
    """When the report comes next and what the last one said. Needs budgets.read."""
    by.must(Permission.BUDGETS_READ)
    now = now or clock.now()
    zone = lookups.zone(db)
    monday = _monday(now, zone)
    due = datetime.combine(monday, HOUR, zone)
    row = db.execute(text("SELECT week, body FROM cost_digest ORDER BY week DESC LIMIT 1")).one_or_none()
    wanted = text("SELECT count(*) FROM alert_channel WHERE gets_digest AND enabled AND deleted_at IS NULL")
    return DigestState(
        next_at=due if now < due else datetime.combine(monday + _WEEK, HOUR, zone),
        last_week=row.week if row else None,
        last_cost_nano=row.body["cost_nano"] if row else None,
        channels=db.execute(wanted).scalar_one(),
    )


def _monday(now: datetime, zone: ZoneInfo) -> date:
    today = now.astimezone(zone).date()
    return today - timedelta(days=today.weekday())
