"""`fitmycv check`: tests the invariants of the data and tells what breaks them."""

from fitmycv_admin.core import db
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.insights import checks


def report() -> bool:
    """Print each rule; True when all hold."""
    healthy = True
    with db.snapshot(timeout_ms=60_000) as session:
        for row in checks.run(session, actors.system("command line")):
            told = f": {row.broken}, for example {', '.join(row.examples)}" if row.broken else ""
            print(f"{'FAIL' if row.broken else 'ok  '} {row.rule}{told}")
            healthy = healthy and not row.broken
    return healthy
