"""Which tasks the operators ask for: the words of an address, and the conditions of a query that they mean."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import usual
from fitmycv_admin.domain.tasks.usual import Usual
from fitmycv_admin.vocabulary import Permission, TaskState

OPEN, STUCK, QUARANTINED = "open", "stuck", "quarantined"
"""What may be asked for besides the states themselves."""
STATES = (
    TaskState.QUEUED.value, TaskState.RUNNING.value, STUCK, TaskState.COMPLETED.value, TaskState.FAILED.value,
    QUARANTINED, TaskState.CANCELLED.value, OPEN,
)  # fmt: skip
AGES = ("60", "600", "3600", "86400")
"""The ages that the list offers to filter by, in seconds."""
WORDS = ("type", "state", "age", "user", "error", "payload", "from", "to", "sweep", "q")
"""What an address may say of the list."""
_PERSONAL = frozenset({"file_name", "title", "name", "email"})
"""Keys of a payload that hold a person's own words: only who may read addresses may ask for their values."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the operators' list shows; empty fields do not filter. `older_s` is the least age in seconds."""

    type: str = ""
    state: str = ""
    """A state, or `open`, `stuck` or `quarantined`."""
    user_id: UUID | None = None
    older_s: int = 0
    fingerprint: str = ""
    payload: str = ""
    """`path = value`: a key of what the task was asked with, dots between the keys of a path."""
    since: datetime | None = None
    until: datetime | None = None
    """Between which instants it ended."""
    sweep_id: UUID | None = None
    """The act on many tasks that it was part of."""
    search: str = ""
    """An id of a task or of a person; for who may read addresses also part of one."""

    def kept(self) -> dict[str, str]:
        """What is not empty, in plain words, to be kept with an act on the selection."""
        return {name: str(value) for name, value in asdict(self).items() if value}


def asked(words: Mapping[str, str]) -> Filters:
    """The filters that an address asks for; what makes no sense does not filter."""
    state = words.get("state", "")
    return Filters(
        type=words.get("type", ""),
        state=state if state in STATES else "",
        user_id=_id(words.get("user", "")),
        older_s=int(words.get("age", "")) if words.get("age") in AGES else 0,
        fingerprint=words.get("error", ""),
        payload=payload if payload_documents(payload := words.get("payload", "").strip()) else "",
        since=instant(words.get("from", "")),
        until=instant(words.get("to", "")),
        sweep_id=_id(words.get("sweep", "")),
        search=words.get("q", "").strip(),
    )


def _id(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


def instant(word: str) -> datetime | None:
    """An instant with its zone as an address writes it, else None."""
    try:
        found = datetime.fromisoformat(word.replace(" ", "+"))  # an address turns the + of a zone into a space
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def payload_documents(asked: str) -> tuple[str, ...]:
    """`path = value` as the JSON documents that contain it: a value may be a text, or a number, true, false, null."""
    path, equals, value = (part.strip() for part in asked.partition("="))
    keys = [key.strip() for key in path.split(".")]
    if not equals or not all(keys):
        return ()
    values: list[Any] = [value]
    try:
        known = json.loads(value)
    except ValueError:
        known = None if value == "null" else value
    if not isinstance(known, str | list | dict):
        values.append(known)
    return tuple(json.dumps(_nested(keys, one)) for one in values)


def _nested(keys: list[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


Where = tuple[list[str], dict[str, Any]]
"""Conditions over `background_task task`, to be joined by AND, with the values they name."""


def where(by: Actor, filters: Filters, known: Usual) -> Where:
    """The conditions of these filters; what an actor may not read they cannot ask for either."""
    given: dict[str, tuple[str, Any]] = {
        "type": ("task.type = :type", filters.type),
        "user": ("task.user_id = :user", filters.user_id),
        "older": ("task.created_at < statement_timestamp() - make_interval(secs => :older)", filters.older_s),
        "fingerprint": ("task.error_fingerprint = :fingerprint", filters.fingerprint),
        "since": ("task.finished_at >= :since", filters.since),
        "until": ("task.finished_at < :until", filters.until),
        "sweep": ("task.id IN (SELECT task_id FROM task_sweep_row WHERE sweep_id = :sweep)", filters.sweep_id),
    }
    conditions = [condition for condition, value in given.values() if value]
    values = {name: value for name, (_, value) in given.items() if value}
    others = (
        _of_state(filters.state, known, values),
        _of_payload(by, filters.payload, values),
        _searched(by, filters.search, values),
    )
    return [*conditions, *filter(None, others)], values


def _of_state(state: str, known: Usual, values: dict[str, Any]) -> str:
    if state == OPEN:
        return "task.status IN ('queued', 'running')"
    if state == QUARANTINED:
        return "task.quarantined_at IS NOT NULL AND task.discarded_at IS NULL"
    if state == STUCK:
        values |= known.values()
        return f"task.status IN ('queued', 'running') AND {usual.STUCK} <> ''"
    if state:
        values["state"] = state
        return "task.status = :state"
    return ""


def _of_payload(by: Actor, payload: str, values: dict[str, Any]) -> str:
    if not payload:
        return ""
    last = payload.partition("=")[0].rpartition(".")[2].strip()
    if last in _PERSONAL and not by.may(Permission.PEOPLE_REVEAL):
        return "false"
    documents = payload_documents(payload)
    values |= {f"payload_{number}": document for number, document in enumerate(documents)}
    asked = [f"task.payload @> CAST(:payload_{number} AS jsonb)" for number in range(len(documents))]
    return f"({' OR '.join(asked)})"


def _searched(by: Actor, search: str, values: dict[str, Any]) -> str:
    if not search:
        return ""
    found = _id(search)
    if found is not None:
        values["search_id"] = found
        return "(task.id = :search_id OR task.user_id = :search_id)"
    if not by.may(Permission.PEOPLE_REVEAL):
        return "false"  # else a search would tell what the mask hides
    escaped = search.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values["search"] = f"%{escaped}%"
    return "task.user_id IN (SELECT id FROM app_user WHERE lower(email) LIKE :search)"
