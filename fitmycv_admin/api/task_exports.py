"""The list of tasks as a file."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import money
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import filters, queries
from fitmycv_admin.vocabulary import Permission

_HEAD = ("created_at", "id", "type", "state", "user", "start", "starts_allowed", "waited_ms", "took_ms", "calls",
         "cost_usd", "error", "fingerprint", "started_at", "ended_at")  # fmt: skip


def _tasks(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _HEAD
    for row in queries.rows(db, by, filters.asked(words)):
        yield (
            row.created_at.isoformat(), row.id, row.type, row.state, row.user, row.attempt, row.max_attempts,
            row.wait_ms, row.run_ms, row.calls,
            "" if row.cost_nano is None else f"{money.nano_to_usd(row.cost_nano):.9f}", row.error_key,
            row.fingerprint, row.started_at.isoformat() if row.started_at else "",
            row.finished_at.isoformat() if row.finished_at else "",
        )  # fmt: skip


EXPORTS = (Export("tasks", Permission.TASKS_READ, filters.WORDS, _tasks),)
