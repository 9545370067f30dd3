"""The fold: adds calls that nobody can still be writing to the rollups, each exactly once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import effective, rollups
from fitmycv_admin.domain.ai_costs.periods import start_of
from fitmycv_admin.domain.settings import lookups

_LOCK = 7_300


@dataclass(frozen=True, slots=True)
class Folded:
    """How many calls one fold added, and when."""

    calls: int
    folded_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """What is folded (everything below `low`), what may be (below `high`), and the zone of the days.

    Calls before `kept_from` were forgotten: what the rollups say of them stays as it is.
    """

    low: str
    high: str
    zone: str
    kept_from: datetime | None

    @property
    def whole_from(self) -> date | None:
        """The first day that no forgotten call can be on, in whatever zone it was counted; None: every day.

        The day before may hold forgotten and kept calls.
        """
        return None if self.kept_from is None else self.kept_from.date() + timedelta(days=1)


def fold(db: Session) -> Folded:
    """Add every call below the oldest running transaction to the rollups and move the mark, in this transaction.

    Call it in a transaction of its own (READ COMMITTED). A call that commits late has a transaction id that is not
    below the mark's limit yet, so the next fold takes it; two folders wait for each other; a crash leaves all as it
    was. When the workspace moved to another zone, everything is counted anew in it.
    """
    found = lock(db)
    wanted = lookups.zone(db).key
    # Nothing folded: what is there may have been folded before, and corrected since.
    return _add(db, found) if found.zone == wanted and found.low != "0" else rebuild(db, wanted)


def rebuild(db: Session, zone: str | None = None) -> Folded:
    """Count everything anew, in `zone` when the workspace moved to another one. Readers see the old until it ends.

    What is known of forgotten calls only from the rollups stays in them. Month by month, so that it fits in memory.
    """
    found = lock(db)
    to = zone or found.zone
    _clear(db, found)
    added = 0
    for start, end in _months(db):
        start = max(start, found.kept_from or start)
        where = "c.created_at >= :start AND c.created_at < :end AND c.xid < cast(:high AS xid8)"
        adjusted = effective.MANY.format(start=":start", end=":end")
        moved = rollups.move(
            db, rollups.of_calls(where, adjusted=adjusted),
            {"start": start, "end": end, "high": found.high, "zone": to}, but=frozenset({rollups.MONTHS}),
        )  # fmt: skip
        rollups.prune(db, moved.days)
        added += moved.rows
    rollups.months_anew(db, found.whole_from and found.whole_from - timedelta(days=2))
    if found.kept_from:
        db.execute(text("DELETE FROM roll_day WHERE calls = 0"))
        db.execute(text("DELETE FROM roll_user_day WHERE calls = 0"))
        db.execute(text("DELETE FROM roll_histogram WHERE calls = 0"))
        db.execute(text("DELETE FROM openai_usage WHERE calls_count = 0"))
    values = {"high": found.high, "zone": to, "calls": added}
    return Folded(added, db.execute(text(_RESET), values).scalar_one())


def lock(db: Session) -> Mark:
    """Keep everybody else from touching the rollups until this transaction ends; returns the mark."""
    # A statement of its own: what comes after must take its snapshot after the lock is held.
    db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    db.execute(text("INSERT INTO fold_mark (one, folded_below) VALUES (true, '0') ON CONFLICT DO NOTHING"))
    return mark(db)


def mark(db: Session) -> Mark:
    """How far calls are folded now."""
    row = db.execute(text(_MARK)).one_or_none()
    return Mark(*row) if row else Mark("0", "0", lookups.zone(db).key, None)


def _add(db: Session, found: Mark) -> Folded:
    where = "c.xid >= cast(:low AS xid8) AND c.xid < cast(:high AS xid8)"
    values = {"low": found.low, "high": found.high, "zone": found.zone}
    moved = rollups.move(db, rollups.of_calls(where), values)
    rollups.prune(db, moved.days)
    folded_at = db.execute(text(_MOVE_ON), {"high": found.high, "calls": moved.rows}).scalar_one()
    return Folded(moved.rows, folded_at)


def _clear(db: Session, found: Mark) -> None:
    """Take every kept call out of the rollups; what remains is known of forgotten ones."""
    if found.kept_from is None or found.whole_from is None:
        for table in ("roll_hour", "roll_day", "roll_user_day", "roll_user_month", "roll_histogram", "call_outlier"):
            db.execute(text(f"DELETE FROM {table}"))
        db.execute(text("DELETE FROM openai_usage"))
        return
    end = start_of(found.whole_from, found.zone)
    where = "c.created_at >= :start AND c.created_at < :end AND c.xid < cast(:low AS xid8)"
    rollups.move(
        db,
        rollups.of_calls(where, sign=-1, adjusted=effective.MANY.format(start=":start", end=":end")),
        {"start": found.kept_from, "end": end, "low": found.low, "zone": found.zone},
        but=frozenset({rollups.HOURS, rollups.MONTHS, rollups.OUTLIERS}),
    )
    db.execute(text("DELETE FROM roll_hour WHERE hour >= :at"), {"at": found.kept_from})
    db.execute(text("DELETE FROM call_outlier WHERE call_created_at >= :at"), {"at": found.kept_from})
    for table in ("roll_day", "roll_user_day", "roll_histogram"):
        db.execute(text(f"DELETE FROM {table} WHERE day >= :day"), {"day": found.whole_from})
    db.execute(text("DELETE FROM openai_usage WHERE date >= :day"), {"day": found.whole_from})


def _months(db: Session) -> Iterator[tuple[datetime, datetime]]:
    """The months (UTC) in which there are calls."""
    for row in db.execute(text(_MONTHS)).all():
        yield row.start, row.end


_MARK = """
SELECT folded_below::text, pg_snapshot_xmin(pg_current_snapshot())::text, zone, kept_from FROM fold_mark
"""
_MOVE_ON = """
UPDATE fold_mark SET folded_below = cast(:high AS xid8), folded_calls = folded_calls + :calls,
    folded_at = clock_timestamp() RETURNING folded_at
"""
_RESET = """
UPDATE fold_mark SET folded_below = cast(:high AS xid8), folded_calls = :calls, zone = cast(:zone AS text),
    folded_at = clock_timestamp() RETURNING folded_at
"""
_MONTHS = """
SELECT month AT TIME ZONE 'UTC' AS start, (month + interval '1 month') AT TIME ZONE 'UTC' AS end
FROM (SELECT min(created_at) AS first, max(created_at) AS last FROM openai_call) known, generate_series(
    date_trunc('month', first AT TIME ZONE 'UTC'), date_trunc('month', last AT TIME ZONE 'UTC'), interval '1 month'
) month ORDER BY month
"""
