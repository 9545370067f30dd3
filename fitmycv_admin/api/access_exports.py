"""The audit trail as a file."""

import json
from collections.abc import Iterator
from typing import Any

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.domain.accounts import trail
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.vocabulary import Permission

_HEAD = (
    "at",
    "id",
    "actor",
    "actor_id",
    "role",
    "action",
    "target_type",
    "target_id",
    "reason",
    "before",
    "after",
    "ip",
)


def _trail(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _HEAD
    for row in trail.every(db, by, words):
        yield (
            row.at.isoformat(), row.id, row.actor_name, row.actor_id, row.actor_role, row.action, row.target_type,
            row.target_id, row.reason, _json(row.before), _json(row.after), row.ip,
        )  # fmt: skip


def _json(document: dict[str, Any] | None) -> str:
    return "" if document is None else json.dumps(document, ensure_ascii=False, sort_keys=True)


EXPORTS = (Export("audit", Permission.AUDIT_READ, trail.WORDS, _trail),)
