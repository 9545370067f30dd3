"""A person's own ledger as a file, in their language."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.copy import text
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import history
from fitmycv_admin.vocabulary import Permission

_HEAD = ("line", "at", "type", "credits", "balance_after", "feature", "task", "cv", "paid_by", "came_back")


def _lines(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    def say(key: str, **params: object) -> str:
        return text(by.language, key, **params)

    yield tuple(say(f"wallet.server.csv.{name}") for name in _HEAD)
    for row in history.every(db, by, history.asked(db, words)):
        paid_by = (
            say("wallet.history.part", n=part.amount, kind=say(f"wallet.kind.{part.kind}")) for part in row.paid_by
        )
        yield (
            row.id, row.at.isoformat(), say(f"wallet.kind.{row.kind}"), row.amount, row.balance_after,
            say(f"settings.credits_{row.feature}.label") if row.feature else "", row.title, row.cv_name,
            ", ".join(paid_by), row.came_back,
        )  # fmt: skip


EXPORTS = (Export("my-credits", Permission.OWN_DATA, history.WORDS, _lines),)
