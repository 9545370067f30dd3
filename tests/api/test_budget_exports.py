"""Budgets and alerts as files: the rows of the screens with their filters, and a line in the audit trail."""

import csv
import io

import pytest
from sqlmodel import col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.budgets import notices
from fitmycv_admin.models import AlertNotice, AuditEvent, User
from fitmycv_admin.vocabulary import BudgetWindow, Role
from tests.api.test_exports import fetch
from tests.domain.budgets import stand
from tests.domain.budgets.conftest import empty  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def database(quiet_database: object) -> object:
    """What is folded depends on everybody's open transactions."""
    return quiet_database


def token(role: Role) -> str:
    """The session of somebody."""
    with transaction() as db:
        user = User(email=f"{role}.export@example.org", role=role)
        db.add(user)
        db.flush()
        return sessions.open_session(db, user, "127.0.0.1", "test")


def rows(name: str, words: dict[str, str], cookie: str) -> list[dict[str, str]]:
    """The lines of a file."""
    answer = fetch(name, words, cookie)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.usefixtures("database", "empty")
def test_budgets_and_alerts_are_exported_with_their_filters_and_audited() -> None:
    stand.rule(10, name="One", window=BudgetWindow.DAY)
    stand.rule(1000, name="Two", window=BudgetWindow.MONTH)
    now = clock.now()
    stand.spend(8, now)
    stand.look(now)
    cookie = token(Role.OPS)
    budgets = rows("budgets", {}, cookie)
    assert [(row["name"], float(row["limit_usd"]), float(row["spent_usd"])) for row in budgets] == [
        ("One", 10, 8), ("Two", 1000, 8)
    ]  # fmt: skip
    assert [row["name"] for row in rows("budgets", {"q": "two"}, cookie)] == ["Two"]

    with transaction() as db:
        first = db.exec(select(AlertNotice).order_by(col(AlertNotice.step))).first()
        assert first is not None
        notices.resolve(db, stand.OPS, first.id)
    open_ones, every = rows("alerts", {}, cookie), rows("alerts", {"state": "all"}, cookie)
    assert [row["step_percent"] for row in open_ones] == ["75"]
    assert sorted(row["step_percent"] for row in every) == ["50", "75"]
    taken = next(row for row in every if row["step_percent"] == "50")
    assert (taken["state"], taken["seconds_to_acknowledge"] != "") == ("resolved", True)

    with transaction() as db:
        audited = db.exec(select(AuditEvent.target_id).where(AuditEvent.action == "export")).all()
    assert sorted(set(audited)) == ["alerts", "budgets"]


@pytest.mark.usefixtures("database", "empty")
def test_who_may_not_read_budgets_gets_no_file() -> None:
    assert fetch("budgets", {}).status_code == 401
    cookie = token(Role.SUPPORT)
    assert fetch("budgets", {}, cookie).status_code == 403
    assert fetch("alerts", {}, cookie).status_code == 403
