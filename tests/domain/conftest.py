"""Tests that touch money end with books that balance."""

from collections.abc import Iterator

import pytest

from tests import money


@pytest.fixture
def sound_money(database: object) -> Iterator[None]:
    """After the test no rule about money is broken."""
    yield
    money.assert_sound()
