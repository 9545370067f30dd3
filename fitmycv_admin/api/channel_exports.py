"""The messages to channels as a file."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.budgets import deliveries
from fitmycv_admin.vocabulary import Permission

_HEAD = ("created_at", "id", "channel", "by", "what", "about", "state", "attempts", "error", "sent_at", "told_by",
         "tells", "notice_id")  # fmt: skip


def _deliveries(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _HEAD
    for row in deliveries.rows(db, by, deliveries.asked(words)):
        yield (
            row.created_at.isoformat(), str(row.id), row.channel, str(row.channel_kind), str(row.kind), row.about,
            str(row.state), row.attempts, row.error, row.sent_at.isoformat() if row.sent_at else "",
            str(row.told_by or ""), row.tells, str(row.notice_id or ""),
        )  # fmt: skip


EXPORTS = (Export("alert-deliveries", Permission.BUDGETS_READ, deliveries.WORDS, _deliveries),)
