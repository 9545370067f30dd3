"""`fitmycv check` is quiet about the demo data and finds each kind of damage."""

import pytest
from sqlalchemy import NullPool
from sqlmodel import Session, create_engine

from fitmycv_admin.core.db import snapshot
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.insights import checks
from fitmycv_admin.local import data
from tests.cluster import Database


@pytest.fixture(scope="module")
def demo(database: Database) -> Database:
    data.seed()
    assert data.load_demo()
    return database


def broken() -> dict[str, int]:
    with snapshot(timeout_ms=30_000) as db:
        return {row.rule: row.broken for row in checks.run(db, actors.system("test")) if row.broken}


def test_the_demo_data_breaks_no_rule(demo: Database) -> None:
    assert broken() == {}


DAMAGE = {
    "a credit balance is the sum of its lines": "UPDATE credit_balance SET balance = balance + 1",
    "a finished task has an end and no worker": (
        "UPDATE background_task SET finished_at = NULL WHERE status = 'completed'"
    ),
    "no task waits for more than a day": (
        "UPDATE background_task SET status = 'queued', finished_at = NULL, created_at = now() - interval '2 days'"
        " WHERE status = 'failed'"
    ),
    "the hours hold every folded call": "UPDATE roll_hour SET cost_nano = cost_nano + 1",
    "the days hold every folded call": "DELETE FROM roll_day WHERE day = (SELECT max(day) FROM roll_day)",
    "somebody can administer the product": "UPDATE app_user SET role = 'ops' WHERE role = 'admin'",
}


@pytest.mark.parametrize("rule", DAMAGE)
def test_damage_is_found(demo: Database, rule: str) -> None:
    with Session(create_engine(demo.owner_url, poolclass=NullPool)) as db:
        db.connection().exec_driver_sql(DAMAGE[rule])
        found = {row.rule for row in checks.run(db, actors.system("test")) if row.broken}
        db.rollback()
    assert rule in found
    assert broken() == {}
