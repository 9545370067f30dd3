"""Lines of the ledger stay as they were written, whoever asks; an older database gets its lots."""

import pytest
from alembic import command
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.local import data
from tests import cluster, money
from tests.domain.billing.purses import rich, spend

CHANGES = (
    "UPDATE credit_transaction SET amount = amount + 1",
    "UPDATE credit_transaction SET reason = 'x' WHERE id = -1",
    "DELETE FROM credit_transaction",
    "TRUNCATE credit_transaction CASCADE",
    "ALTER TABLE credit_transaction DISABLE TRIGGER ALL",
    "DROP TABLE credit_transaction CASCADE",
    "SET session_replication_role = replica",
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_cannot_change_a_line(database: cluster.Database, change: str) -> None:
    spend(rich(3), 1)
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"only grows|permission denied|must be owner"):
        connection.execute(text(change))
    engine.dispose()


def test_a_database_from_before_lots_knows_afterwards_who_paid() -> None:
    server = cluster.shared_postgres()
    server.create_database("before_lots")
    owner = server.owner_url_of("before_lots")
    try:
        with cluster.environment(DATABASE_URL=owner, DATABASE_MIGRATE_URL=owner):
            command.upgrade(data.alembic_config(), "4178354e0435")
            with transaction() as db:
                db.execute(text(_BEFORE))
            command.upgrade(data.alembic_config(), "head")
            money.assert_sound()
            ada, bob = "0192a000-0000-7000-8000-00000000000a", "0192a000-0000-7000-8000-00000000000b"
            with transaction() as db:
                line = db.execute(text("SELECT id FROM credit_transaction WHERE amount = -3")).scalar_one()
                assert ledger.give_back(db, line, cause="complaint", source="test") is not None
                assert ledger.balance_of(db, ada).balance == 15  # type: ignore[arg-type]
                assert ledger.balance_of(db, bob).debt == 4  # type: ignore[arg-type]
            money.assert_sound()
    finally:
        server.drop_database("before_lots")


_BEFORE = """
INSERT INTO app_user (id, email) VALUES ('0192a000-0000-7000-8000-00000000000a', 'a@exemple.fr'),
    ('0192a000-0000-7000-8000-00000000000b', 'b@exemple.fr');
INSERT INTO credit_transaction (user_id, amount, balance_after, type, related_transaction_id) VALUES
    ('0192a000-0000-7000-8000-00000000000a', 15, 15, 'welcome', NULL),
    ('0192a000-0000-7000-8000-00000000000a', -2, 13, 'usage', NULL),
    ('0192a000-0000-7000-8000-00000000000a', 2, 15, 'return', 2),
    ('0192a000-0000-7000-8000-00000000000a', -3, 12, 'usage', NULL),
    ('0192a000-0000-7000-8000-00000000000b', 5, 5, 'welcome', NULL),
    ('0192a000-0000-7000-8000-00000000000b', -9, -4, 'usage', NULL);
INSERT INTO credit_balance (user_id, balance, total_used, total_refunded, total_gifted) VALUES
    ('0192a000-0000-7000-8000-00000000000a', 12, 5, 2, 15),
    ('0192a000-0000-7000-8000-00000000000b', -4, 9, 0, 5)"""


