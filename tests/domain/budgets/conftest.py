"""Tests of budgets run in a cluster of their own: what is folded depends on everybody's open transactions."""

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from tests import cluster
from tests.domain.ai_costs import ledger

TABLES = (
    "budget_reservation", "budget_spending", "alert_delivery", "alert_notice_event", "alert_notice", "alert_seen",
    "alert_route", "alert_evaluation", "openai_alert", "subscription", "approval",
)  # fmt: skip


@pytest.fixture(scope="module")
def database(quiet_database: cluster.Database) -> cluster.Database:
    """The module's own database, in a cluster that nobody else uses."""
    return quiet_database


@pytest.fixture(autouse=True)
def empty(request: pytest.FixtureRequest) -> None:
    """No rule, no call, no person; two models whose price is known."""
    if "database" in request.fixturenames:
        with transaction() as db:
            for table in TABLES:
                db.execute(text(f"DELETE FROM {table}"))
            ledger.wipe(db)
            db.execute(text("DELETE FROM app_user"))
            ledger.priced(db, "gpt-a")
            ledger.priced(db, "gpt-b")
