"""Recurring work: when each entry runs next. A missed run happens once, as soon as somebody looks."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from croniter import croniter
from sqlalchemy import text
from sqlmodel import Session

EVERY = "every "
"""A schedule is `every 2.5 s`, or the five fields of cron in UTC."""


def next_after(schedule: str, moment: datetime) -> datetime:
    """The first run after an instant. Raises ValueError for a schedule that says nothing."""
    if schedule.startswith(EVERY):
        seconds = float(schedule.removeprefix(EVERY).removesuffix(" s"))
        if seconds <= 0:
            raise ValueError(schedule)
        return moment + timedelta(seconds=seconds)
    return croniter(schedule, moment).get_next(datetime)


def declare(db: Session, schedules: Mapping[str, str]) -> None:
    """Make the rows of these entries; a new entry, or one whose schedule changed, is due at once."""
    keep = text("""INSERT INTO cron_entry (name, schedule, next_run_at) VALUES (:name, :schedule, clock_timestamp())
                   ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, next_run_at = excluded.next_run_at
                   WHERE cron_entry.schedule <> excluded.schedule""")
    for name, schedule in schedules.items():
        db.execute(keep, {"name": name, "schedule": schedule})


def take_due(db: Session, names: Collection[str]) -> list[str]:
    """The entries among `names` that are due now, moved on to their next run: each run is taken once."""
    found = text("""SELECT name, schedule, clock_timestamp() AS now FROM cron_entry
                    WHERE name = ANY(:names) AND next_run_at <= clock_timestamp()
                    ORDER BY next_run_at FOR UPDATE SKIP LOCKED""")
    due = db.execute(found, {"names": list(names)}).all()
    move = text("UPDATE cron_entry SET next_run_at = :next, last_run_at = :now WHERE name = :name")
    for row in due:
        db.execute(move, {"name": row.name, "now": row.now, "next": next_after(row.schedule, row.now)})
    return [row.name for row in due]


def ended(db: Session, name: str, problem: str) -> None:
    """Keep how the last run of an entry ended; an empty problem means well."""
    kept = "UPDATE cron_entry SET last_error = :problem WHERE name = :name AND last_error IS DISTINCT FROM :problem"
    db.execute(text(kept), {"name": name, "problem": problem or None})
