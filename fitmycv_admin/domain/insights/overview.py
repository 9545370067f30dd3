"""The numbers of the ops home page: what happened, and what waits for somebody."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from fitmycv_admin.core import clock
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import periods
from fitmycv_admin.domain.ai_costs import queries as costs
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.periods import Compare, Preset
from fitmycv_admin.domain.billing import inbox, reconciliation
from fitmycv_admin.domain.tasks import delays
from fitmycv_admin.domain.tasks.delays import DelayRow
from fitmycv_admin.models import BackgroundTask, EmailLog, Feedback, StripeWebhookLog, User
from fitmycv_admin.vocabulary import FeedbackState, MailState, Permission, TaskState

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `before` is the same over the span before it, None where there is nothing to compare."""

    key: str
    value: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """What this person may see. `costs` are nano-USD, all others counts; an empty part means no permission."""

    costs: tuple[Figure, ...]
    tasks: tuple[Figure, ...]
    people: tuple[Figure, ...]
    waiting: tuple[Figure, ...]
    late: tuple[DelayRow, ...]


def overview(db: Session, by: Actor) -> Overview:
    """Every figure of the home page that the actor's permissions open."""
    by.must(Permission.OVERVIEW_READ)
    return Overview(
        costs=_costs(db, by) if by.may(Permission.COSTS_READ) else (),
        tasks=_tasks(db) if by.may(Permission.TASKS_READ) else (),
        people=_people(db) if by.may(Permission.PEOPLE_READ) else (),
        waiting=_waiting(db, by),
        late=delays.now(db, by) if by.may(Permission.TASKS_READ) else (),
    )


def _costs(db: Session, by: Actor) -> tuple[Figure, ...]:
    zone, now = costs.zone(db, by), clock.now()
    figures = []
    for key, preset in (("today", Preset.TODAY), ("month", Preset.THIS_MONTH), ("days30", Preset.MONTH)):
        period = periods.of(preset, now, zone)
        earlier = periods.compared(period, Compare.PREVIOUS, now)
        before = costs.totals(db, by, earlier, Filters()).cost_nano if earlier else None
        figures.append(Figure(key, costs.totals(db, by, period, Filters()).cost_nano, before))
    return tuple(figures)


def _tasks(db: Session) -> tuple[Figure, ...]:
    since = clock.now() - DAY
    ended = col(BackgroundTask.finished_at) >= since
    earlier = col(BackgroundTask.finished_at).between(since - DAY, since)
    status = col(BackgroundTask.status)
    return (
        Figure(
            "completed",
            _count(db, BackgroundTask.id, status == TaskState.COMPLETED, ended),
            _count(db, BackgroundTask.id, status == TaskState.COMPLETED, earlier),
        ),
        Figure(
            "failed",
            _count(db, BackgroundTask.id, status == TaskState.FAILED, ended),
            _count(db, BackgroundTask.id, status == TaskState.FAILED, earlier),
        ),
        Figure("open", _count(db, BackgroundTask.id, status.in_([TaskState.QUEUED, TaskState.RUNNING]))),
    )


def _people(db: Session) -> tuple[Figure, ...]:
    week = clock.now() - WEEK
    created, seen = col(User.created_at), col(User.last_login_at)
    return (
        Figure(
            "registered",
            _count(db, User.id, created >= week),
            _count(db, User.id, created.between(week - WEEK, week)),
        ),
        Figure("active", _count(db, User.id, seen >= week)),
    )


def _waiting(db: Session, by: Actor) -> tuple[Figure, ...]:
    since = clock.now() - WEEK
    figures = []
    if by.may(Permission.FEEDBACK_READ):
        figures.append(Figure("feedback", _count(db, Feedback.id, col(Feedback.status) == FeedbackState.NEW)))
    if by.may(Permission.MAIL_READ):
        failed = col(EmailLog.status).in_([MailState.FAILED, MailState.BOUNCED])
        figures.append(Figure("mail", _count(db, EmailLog.id, failed, col(EmailLog.created_at) >= since)))
    if by.may(Permission.APPROVALS_READ):
        figures.append(Figure("approvals", inbox.waiting(db, by)))
    if by.may(Permission.CREDITS_READ):
        figures.append(Figure("differences", reconciliation.health(db, by).open))
    if by.may(Permission.WEBHOOKS_READ):
        figures.append(Figure("webhooks", _count(db, StripeWebhookLog.id, ~col(StripeWebhookLog.processed))))
    return tuple(figures)


def _count(db: Session, key: object, *conditions: ColumnElement[bool]) -> int:
    return db.execute(select(func.count(key)).where(*conditions)).scalar_one()  # type: ignore[arg-type]
