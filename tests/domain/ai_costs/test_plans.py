"""No reading of the cost pages reads the calls from end to end or sorts on disk, and a page of a list reads a page."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from fitmycv_admin.core.db import transaction
from tests import cluster
from tests.domain.ai_costs import plans, readings, year
from tests.domain.ai_costs.plans import Statement
from tests.domain.ai_costs.readings import Reading

CALLS = 200_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A reading and the statements it made."""

    reading: Reading
    statements: list[Statement]

    def problems(self, connection: psycopg.Connection) -> list[str]:
        """What is wrong with its plans."""
        return plans.problems(connection, self.statements, is_page=self.reading.is_indexed_page)


@pytest.fixture(scope="module")
def asked(quiet_database: cluster.Database) -> list[Asked]:
    """Every reading, on a database with a year of calls."""
    with psycopg.connect(quiet_database.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        assert year.load(owner, CALLS) == CALLS
    with transaction() as db:
        about = readings.subject(db)
    return [Asked(one, plans.statements(one.read)) for one in readings.readings(about)]


@pytest.fixture
def as_it_is(quiet_database: cluster.Database) -> Iterator[psycopg.Connection]:
    with plans.without(quiet_database.owner_url) as connection:
        yield connection


def test_no_reading_of_the_cost_pages_scans_all_calls_or_sorts_on_disk(as_it_is, asked):
    found = {one.reading.name: one.problems(as_it_is) for one in asked}
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE openai_call DROP CONSTRAINT pk_openai_call",
        "DROP INDEX ix_openai_call_user_seq_created_at",
        "DROP INDEX ix_openai_call_feature_id_created_at",
        "DROP INDEX ix_openai_call_model_id_created_at",
        "DROP INDEX ix_openai_call_task_id",
        "DROP INDEX ix_openai_call_xid",
    ],
)
def test_an_index_that_is_missing_is_noticed(quiet_database, asked, change):
    with plans.without(quiet_database.owner_url, change) as connection:
        assert any(one.problems(connection) for one in asked)
