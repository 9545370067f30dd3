"""Runs migrations: as the schema's owner, over the whole metadata, without ever importing Reflex."""

import sys

WAS_LOADED = "reflex" in sys.modules

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, pool
from sqlmodel import SQLModel

import fitmycv_admin.models  # noqa: F401
from fitmycv_admin.core.config import settings
from fitmycv_admin.models.base import Xid8

# Reflex registers tables of its own in the metadata; a migration must never see them.
assert WAS_LOADED or "reflex" not in sys.modules, "the models import Reflex"

PARTITION_PREFIX = "openai_call_"
WHERE_POSSIBLE = ("ix_app_user_search",)
"""Indexes that need an extension: made by a migration where the database has it, and never required."""


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Partitions are made by a procedure, not by migrations; some indexes only where the database can have them."""
    if type_ == "index":
        return name not in WHERE_POSSIBLE
    return not (type_ == "table" and name is not None and name.startswith(PARTITION_PREFIX))


def run(connection: Connection) -> None:
    """Bring the schema to the target revision in one transaction."""
    connection.dialect.ischema_names["xid8"] = Xid8  # type: ignore[attr-defined]
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=include_name,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Use the connection a test hands over, else connect as the owner."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    url = context.config.attributes.get("url") or settings().database_migrate_url
    if not url:
        raise SystemExit("Set DATABASE_MIGRATE_URL or DATABASE_URL.")
    engine = create_engine(
        url, poolclass=pool.NullPool, connect_args={"options": "-c timezone=UTC -c lock_timeout=10000"}
    )
    with engine.connect() as connection:
        # Two deployments at once: the second waits, then finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('fitmycv-migrate'))")
        connection.commit()
        run(connection)
    engine.dispose()


main()
