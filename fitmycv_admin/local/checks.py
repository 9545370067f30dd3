"""`fitmycv check`: the invariants of the data, each told with what breaks it."""

import importlib
import importlib.util

from fitmycv_admin.core import db

CHECKS = "fitmycv_admin.domain.insights.checks"


def report() -> bool:
    """Print each invariant; True when all hold. The list is `CHECKS`' `run(db)`, which yields (name, found)."""
    if not importlib.util.find_spec("fitmycv_admin.domain.insights") or not importlib.util.find_spec(CHECKS):
        print("There is no invariant to check yet.")
        return True
    checks = importlib.import_module(CHECKS)
    healthy = True
    with db.snapshot(timeout_ms=60_000) as session:
        for name, found in checks.run(session):
            print(f"{'FAIL' if found else 'ok  '} {name}{f': {found}' if found else ''}")
            healthy = healthy and not found
    return healthy
