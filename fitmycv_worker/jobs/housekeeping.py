"""What is done again and again: give back lost tasks, fold costs, make partitions, erase what is left over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from fitmycv_admin import wiring
from fitmycv_admin.core import clock
from fitmycv_admin.core.config import settings
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.accounts import leftovers as links
from fitmycv_admin.domain.ai_costs import (
    adjustments,
    bill_imports,
    drift,
    exchange_changes,
    fold,
    partitions,
    retention,
    zone,
)
from fitmycv_admin.domain.billing import (
    approvals,
    batch_work,
    batches,
    expiry,
    grants,
    notices,
    reconciliation,
    welcome,
)
from fitmycv_admin.domain.budgets import bill_watch, digest, evaluation
from fitmycv_admin.domain.budgets import limits as budgets
from fitmycv_admin.domain.cvs import leftovers
from fitmycv_admin.domain.tasks import console, delays, dispatch, heartbeats

_MONTHS_AHEAD = timedelta(days=62)
_SCHEDULER = actors.system("scheduler")
# Imported for the kinds of requests they bring: one that ends too late lets go of what waited for it.
_ASKING = (batches, grants, reconciliation)


@dataclass(frozen=True, slots=True)
class Entry:
    """Recurring work, in a transaction of its own; it must be harmless when it runs twice at once."""

    name: str
    schedule: str
    act: Callable[[Session], object]


def entries() -> tuple[Entry, ...]:
    """All of it."""
    return (
        Entry("tasks.reap", f"every {settings().reap_seconds:g} s", dispatch.reap),
        Entry("tasks.sweeps", "every 1 s", console.go_on),
        Entry("tasks.delays", "every 10 s", delays.watch),
        Entry("costs.fold", "every 5 s", fold.fold),
        Entry("budgets.evaluate", "every 5 s", evaluation.evaluate),
        Entry("budgets.sweep", "every 60 s", budgets.sweep),
        Entry("costs.zone", "every 30 s", zone.follow),
        Entry("costs.adjust", "every 1 s", adjustments.work),
        Entry("costs.drift", "40 2 * * *", drift.check),
        # Made at seven on Monday; an installation that was off then makes it when it is back.
        Entry("costs.digest", "*/10 * * * *", digest.make_due),
        Entry("costs.retention", "*/10 3 * * *", retention.forget),
        Entry("costs.partitions", "10 0 * * *", _partitions),
        # Every hour of the night until one reading succeeds.
        Entry("costs.bill", "20 3-9 * * *", _bill),
        Entry("budgets.bill", "*/10 * * * *", bill_watch.watch),
        Entry("costs.exchange", "40 5,17 * * *", _exchange),
        Entry("credits.batches", "every 1 s", batch_work.work),
        Entry("credits.reconcile", "30 2 * * *", reconciliation.run),
        # Within one hour of the day, and whoever did not fit into one run is told in the next.
        Entry("credits.notices", "*/10 8 * * *", notices.expiring),
        Entry("approvals.expire", "*/15 * * * *", approvals.expire),
        Entry("files.leftovers", "*/5 * * * *", leftovers.erase),
        Entry("sessions.gone", "15 * * * *", sessions.sweep),
        Entry("links.gone", "25 * * * *", links.erase),
        Entry("welcome.gone", "35 0 * * *", welcome.forget),
        Entry("credits.expire", "*/10 * * * *", expiry.sweep),
        Entry("processes.gone", "20 0 * * *", heartbeats.forget_gone),
    )


def _partitions(db: Session) -> int:
    today = clock.now().date()
    return partitions.ensure(db, today, today + _MONTHS_AHEAD)


def _bill(db: Session) -> int:
    """Read the vendor's bill once a day; the transaction that asked whether it is time ends before the network."""
    source = wiring.bill_source()
    days = bill_imports.due(db) if source else None
    if source is None or days is None:
        return 0
    db.rollback()
    return bill_imports.store(db, _SCHEDULER, bill_imports.read(source, *days))


def _exchange(db: Session) -> int:
    """Fetch the published exchange rates; what went wrong is noted by the scheduler."""
    source = wiring.rate_source()
    return exchange_changes.take(db, _SCHEDULER, source.published(), name=source.name) if source else 0
