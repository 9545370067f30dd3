"""What each page about tasks shows, from one snapshot."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.settings import lookups
from fitmycv_admin.domain.tasks import console, control, delays, health, incidents, queries
from fitmycv_admin.domain.tasks.console import SweepRow
from fitmycv_admin.domain.tasks.control import ControlScreen
from fitmycv_admin.domain.tasks.delays import DelayRow
from fitmycv_admin.domain.tasks.filters import QUARANTINED, Filters
from fitmycv_admin.domain.tasks.health import HealthScreen
from fitmycv_admin.domain.tasks.incidents import IncidentScreen, Wanted
from fitmycv_admin.domain.tasks.queries import BoardScreen, TaskRow
from fitmycv_admin.vocabulary import Permission

_ASIDE = 100


@dataclass(frozen=True, slots=True)
class ListScreen:
    """The list with its figures, the delays that last and the newest acts on many."""

    board: BoardScreen
    late: tuple[DelayRow, ...]
    sweeps: tuple[SweepRow, ...]


def tasks(db: Session, by: Actor, filters: Filters, request: PageRequest) -> ListScreen:
    """The list of tasks. Needs tasks.read."""
    return ListScreen(queries.board(db, by, filters, request), delays.now(db, by), console.sweeps(db, by))


def work(db: Session, by: Actor, span: str, type_: str) -> tuple[HealthScreen, tuple[DelayRow, ...]]:
    """How the work goes, and its delays. Needs tasks.read."""
    return health.health(db, by, span, type_), delays.lately(db, by)


def rules(db: Session, by: Actor) -> tuple[ControlScreen, tuple[TaskRow, ...]]:
    """Rules, processes and what was set aside. Needs tasks.read."""
    aside = queries.page(db, by, Filters(state=QUARANTINED), PageRequest(size=_ASIDE))
    return control.screen(db, by), aside.rows


def incident(db: Session, by: Actor, wanted: Wanted, request: PageRequest) -> tuple[IncidentScreen, ZoneInfo]:
    """Who was hit, and the workspace's zone. Needs tasks.read."""
    return incidents.hit(db, by, wanted, request), lookups.zone(db)


def zone(db: Session, by: Actor) -> ZoneInfo:
    """The workspace's zone. Needs tasks.read."""
    by.must(Permission.TASKS_READ)
    return lookups.zone(db)


def first_chunk(db: Session, by: Actor, sweep_id: UUID) -> int:
    """Do the first tasks of an act on many at once. Needs tasks.write."""
    by.must(Permission.TASKS_WRITE)
    return console.go_on(db, sweep_id)
