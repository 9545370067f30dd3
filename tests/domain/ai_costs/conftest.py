"""Tests of costs run in a cluster of their own: what is folded depends on everybody's open transactions."""

import pytest

from tests import cluster


@pytest.fixture(scope="module")
def database(quiet_database: cluster.Database) -> cluster.Database:
    """The module's own database, in a cluster that nobody else uses."""
    return quiet_database
