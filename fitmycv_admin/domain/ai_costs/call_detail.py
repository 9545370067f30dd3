"""One call with everything that moved its cost since it was recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, text

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import call_list, price_list
from fitmycv_admin.domain.ai_costs.call_list import CallFilters, CallRow
from fitmycv_admin.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class Correction:
    """What one batch added to the cost of the call."""

    batch_id: int
    kind: str
    reason: str
    at: datetime
    delta_nano: int


@dataclass(frozen=True, slots=True)
class CallDetail:
    """The call, the prices of the version that it was recorded with (nano-USD per million tokens), its corrections.

    Its own cost and all corrections are its cost.
    """

    row: CallRow
    lines: Mapping[str, int]
    corrections: tuple[Correction, ...]


def detail(
    db: Session, by: Actor, filters: CallFilters, call_id: int, seen: Sequence[CallRow]
) -> CallDetail | None:  # fmt: skip
    """A call by its id: one of those seen, else one of the same hour or task; None when it is neither."""
    by.must(Permission.COSTS_READ)
    row = next((one for one in seen if one.id == call_id), None)
    if row is None and (filters.hour is not None or filters.task_id is not None):
        # Within one hour or task an id is found quickly; within a year it would not be.
        wanted = CallFilters(filters.period, filters.hour, task_id=filters.task_id, call_id=call_id)
        row = next(iter(list(call_list.rows(db, by, wanted))), None)
    if row is None:
        return None
    known = [row.price_version_id] if row.price_version_id is not None else []
    lines = price_list.lines_of(db, by, known)
    return CallDetail(row, lines.get(row.price_version_id or 0, {}), _corrections(db, row))


def _corrections(db: Session, row: CallRow) -> tuple[Correction, ...]:
    rows = db.execute(
        text(
            """SELECT b.id, b.kind, b.reason, b.created_at, a.delta_nano
               FROM cost_adjustment a JOIN adjustment_batch b ON b.id = a.batch_id
               WHERE a.call_created_at = :at AND a.call_id = :id ORDER BY b.id"""
        ),
        {"at": row.at, "id": row.id},
    )
    return tuple(Correction(*one) for one in rows)
