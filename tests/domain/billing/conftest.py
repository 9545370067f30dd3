"""Tests of money end with books that balance; races have a connection for every thread."""

from collections.abc import Iterator

import pytest

from tests import cluster, money


@pytest.fixture
def sound_money(database: object) -> Iterator[None]:
    """After the test no rule about money is broken."""
    yield
    money.assert_sound()


@pytest.fixture
def many_connections(database: cluster.Database) -> Iterator[None]:
    """32 connections, so that as many threads are in the database at once."""
    with cluster.environment(DATABASE_URL=database.url, DATABASE_MIGRATE_URL=database.owner_url, DB_POOL_SIZE="32"):
        yield
