"""The books must balance after every test that touched money."""

from fitmycv_admin.core.db import snapshot
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.insights import checks


def assert_sound() -> None:
    """Fails with the rules that are broken, and the first rows that break each."""
    with snapshot(timeout_ms=30_000) as db:
        broken = {row.rule: row.examples for row in checks.run(db, actors.system("test"), checks.MONEY) if row.broken}
    assert broken == {}, broken
