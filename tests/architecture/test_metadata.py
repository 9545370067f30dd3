"""The schema: every reference table, one history, and the same catalogs by both roads."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import fitmycv_admin.models  # noqa: F401
from tests import cluster
from tests.architecture.reference_model import TABLES

ROOT = Path(__file__).parents[2]
# One line for each thing of the schema that `alembic check` does not compare.
CATALOG = {
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND conrelid <> 0
          AND contype <> 'n' AND conrelid::regclass::text NOT LIKE 'openai_call\\_%'""",
    "indexes": """
        SELECT indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename NOT LIKE 'openai_call\\_%' AND tablename <> 'alembic_version'
          AND indexname <> 'ix_app_user_search'""",
    "columns": """
        SELECT concat_ws(' ', table_name, column_name, udt_name, is_nullable, column_default, is_identity,
                         identity_generation, generation_expression)
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE 'openai_call\\_%' AND table_name <> 'alembic_version'""",
}


def _config(connection: Connection) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    return config


@pytest.fixture
def empty() -> Iterator[Connection]:
    """A connection to an empty database, as the owner of the schema."""
    server = cluster.shared_postgres()
    name = "schema_by_the_other_road"
    server.drop_database(name)
    server.create_database(name)
    engine = create_engine(server.owner_url_of(name), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    server.drop_database(name)


def _catalog(connection: Connection) -> dict[str, set[str]]:
    found = {name: set(connection.scalars(text(query))) for name, query in CATALOG.items()}
    connection.commit()
    found["constraints"] -= {line for line in found["constraints"] if line.startswith("alembic_version")}
    return found


def _upgrade(connection: Connection, target: str) -> None:
    command.upgrade(_config(connection), target)
    connection.commit()


def test_every_table_of_the_reference_model_exists() -> None:
    assert len(set(TABLES.values())) == 34
    assert not set(TABLES.values()) - set(SQLModel.metadata.tables)


def test_the_history_is_one_line() -> None:
    script = ScriptDirectory(str(ROOT / "alembic"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert not (ROOT / "alembic" / "__init__.py").exists(), "it would hide the alembic package"


def test_migrations_give_exactly_what_the_models_declare(empty: Connection) -> None:
    _upgrade(empty, "head")
    command.check(_config(empty))
    empty.commit()
    migrated = _catalog(empty)
    assert any("EXCLUDE USING gist" in line for line in migrated["constraints"])
    assert any(" WHERE " in line for line in migrated["indexes"])
    empty.execute(text("DROP SCHEMA public CASCADE"))
    empty.execute(text("CREATE SCHEMA public"))
    SQLModel.metadata.create_all(empty)
    empty.commit()
    declared = _catalog(empty)
    for kind in CATALOG:
        assert migrated[kind] - declared[kind] == set(), f"{kind} only in the migrations"
        assert declared[kind] - migrated[kind] == set(), f"{kind} only in the models"


def test_a_database_at_the_previous_head_upgrades_with_its_rows(empty: Connection) -> None:
    script = ScriptDirectory(str(ROOT / "alembic"))
    head = script.get_revision("head")
    assert head is not None
    previous = head.down_revision
    if isinstance(previous, str):
        _upgrade(empty, previous)
        empty.execute(
            text("INSERT INTO app_user (id, email) VALUES ('0192a000-0000-7000-8000-000000000001', 'a@exemple.fr')")
        )
        empty.commit()
    _upgrade(empty, "head")
    command.check(_config(empty))
    empty.commit()
    if isinstance(previous, str):
        assert empty.scalar(text("SELECT count(*) FROM app_user")) == 1


def test_people_are_searched_by_trigrams_where_the_database_has_them(empty: Connection) -> None:
    _upgrade(empty, "head")
    made = empty.scalar(text("SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_app_user_search'"))
    available = empty.scalar(text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"))
    assert made == available


def test_it_goes_down_and_up_again(empty: Connection) -> None:
    _upgrade(empty, "head")
    command.downgrade(_config(empty), "base")
    empty.commit()
    left = empty.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    empty.commit()
    assert left == ["alembic_version"]
    _upgrade(empty, "head")


@pytest.mark.parametrize("table", ["audit_event", "consent_log", "credit_transaction"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = DEFAULT", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_a_ledger_refuses_every_change_even_by_its_owner(database: cluster.Database, table: str, change: str) -> None:
    engine = create_engine(database.owner_url, poolclass=NullPool)
    with engine.connect() as connection, pytest.raises(Exception, match="only grows"):
        connection.execute(text(change.format(table)))
    engine.dispose()


def test_a_call_of_any_time_finds_a_partition(database: cluster.Database) -> None:
    engine = create_engine(database.url, poolclass=NullPool)
    insert = text(
        "INSERT INTO openai_call (created_at, feature_id, model_id, tier_id, call_name, model_requested,"
        " model_served, attempt) VALUES (:at, 1, 1, 1, 'x', 'm', 'm', 1) RETURNING tableoid::regclass::text"
    )
    with engine.connect() as connection:
        assert connection.scalar(insert, {"at": "2031-05-04 00:00+00"}) == "openai_call_default"
        this_month = connection.scalar(text("SELECT 'openai_call_' || to_char(now(), 'YYYY_MM')"))
        assert connection.scalar(insert, {"at": connection.scalar(text("SELECT now()"))}) == this_month
        connection.rollback()
    engine.dispose()
