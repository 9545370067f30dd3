"""How many debits a second the ledger takes, on one balance and on a thousand, each in a transaction of its own."""

import itertools
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.local import postgres
from fitmycv_admin.vocabulary import CreditKind
from tests import cluster, money
from tests.bench.run import Figure, figure

CONNECTIONS = 16
DEBITS = 3_000
BALANCES = 1_000
_WARM_UP = 200


def run() -> dict[str, Figure]:
    """Debits of one credit by 16 connections, on a durable server: every debit is on the disk when it is counted."""
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=cluster.home()))
    place.chmod(0o711)
    server = postgres.start(place / "postgres")
    cluster.migrate(server.owner_url)
    environment = {"DATABASE_URL": server.url, "DATABASE_MIGRATE_URL": server.owner_url}
    try:
        with cluster.environment(**environment, DB_POOL_SIZE=str(CONNECTIONS)):
            one, many = _rich(1)[0], _rich(BALANCES)
            _rate(lambda _: one, _WARM_UP)
            figures = {
                "debits_per_second_one_balance": figure(_rate(lambda _: one, DEBITS), "/s", least=200),
                "debits_per_second_1000_balances": figure(
                    _rate(lambda number: many[number % BALANCES], DEBITS), "/s", least=400
                ),
            }
            money.assert_sound()
            return {**figures, "bare_updates_per_second_one_row": figure(_bare(one), "/s")}
    finally:
        server.kill()


def _rich(count: int) -> list[UUID]:
    """People with more credits than are going to be spent, each in two lots."""
    people = [new_id() for _ in range(count)]
    with transaction() as db:
        made = text("INSERT INTO app_user (id, email) VALUES (:id, :email)")
        db.execute(made, [{"id": id_, "email": f"{id_}@example.org"} for id_ in people])
        for id_ in people:
            ledger.grant(db, id_, Entry(CreditKind.GIFT, 2, "bench"))
            ledger.grant(db, id_, Entry(CreditKind.ADJUSTMENT, 10_000, "bench"))
    return people


def _rate(whose: Callable[[int], UUID], debits: int) -> float:
    """Debits a second by all connections together."""

    def debit(number: int) -> None:
        with transaction() as db:
            ledger.debit(db, whose(number), Entry(CreditKind.USAGE, 1, "bench"))

    return _together(debit, debits)


def _bare(user_id: UUID) -> float:
    """The same transactions with one update of one row each: what this machine does at this moment."""

    def update(_: int) -> None:
        with transaction() as db:
            db.execute(text("UPDATE app_user SET name = 'bench' WHERE id = :id"), {"id": user_id})

    return _together(update, DEBITS)


def _together(act: Callable[[int], None], count: int) -> float:
    """How often a second `act` is done when all connections do it `count` times together."""
    numbers = itertools.count()

    def work() -> None:
        while (number := next(numbers)) < count:
            act(number)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.monotonic() - started)
