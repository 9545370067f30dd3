"""Races have a connection for every thread."""

from collections.abc import Iterator

import pytest

from tests import cluster


@pytest.fixture
def many_connections(database: cluster.Database) -> Iterator[None]:
    """32 connections, so that as many threads are in the database at once."""
    with cluster.environment(DATABASE_URL=database.url, DATABASE_MIGRATE_URL=database.owner_url, DB_POOL_SIZE="32"):
        yield
