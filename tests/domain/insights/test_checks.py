"""`fitmycv check` is quiet about the demo data and finds each kind of damage."""

import pytest
from sqlalchemy import NullPool
from sqlmodel import Session, create_engine

from fitmycv_admin.core.db import snapshot
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.insights import checks
from fitmycv_admin.local import data
from tests.cluster import Database


@pytest.fixture(scope="module")
def demo(database: Database) -> Database:
    data.seed()
    assert data.load_demo()
    return database


def broken() -> dict[str, int]:
    with snapshot(timeout_ms=30_000) as db:
        return {row.rule: row.broken for row in checks.run(db, actors.system("test")) if row.broken}


def test_the_demo_data_breaks_no_rule(demo: Database) -> None:
    assert broken() == {}


_LINES_OPEN = "ALTER TABLE credit_transaction DISABLE TRIGGER USER; "
_SOMEBODY_ELSE = "(SELECT min(user_id::text)::uuid FROM credit_balance)"

DAMAGE = {
    "a credit balance is the sum of its lines": "UPDATE credit_balance SET balance = balance + 1",
    "every credit line says the balance after it": (
        _LINES_OPEN + "UPDATE credit_transaction SET balance_after = balance_after + 1"
        " WHERE id = (SELECT max(id) FROM credit_transaction)"
    ),
    "the totals of a balance are its lines by kind": "UPDATE credit_balance SET total_used = total_used + 1",
    "lots hold the balance and the debt": "UPDATE credit_debt SET amount = amount + 1",
    "no more is held or owed than there is": "UPDATE credit_balance SET held = balance + 1 WHERE balance > 0",
    "what a balance holds is held in its lots": "UPDATE credit_balance SET held = held + 1",
    "what a lot holds is reserved": "DELETE FROM reserved_lot",
    "an open reservation of credits holds its amount, a settled one nothing": (
        "UPDATE reserved_lot SET amount = amount + 1"
    ),
    "what left a lot was spent or came back elsewhere": "UPDATE credit_lot SET granted = granted + 1",
    "a lot belongs to the person of its line and holds no more than it brought": (
        f"UPDATE credit_lot SET user_id = {_SOMEBODY_ELSE}"
    ),
    "lots paid each debit in full": "UPDATE lot_use SET amount = amount + 1",
    "a debit is given back as often as its returns say, never more than was taken": (
        "UPDATE lot_use SET returned = 0 WHERE returned > 0"
    ),
    "a purchase is taken back as often as its reversals say, never more than was bought": (
        "UPDATE purchase_reversal SET taken = taken + 1"
    ),
    "a task that ended holds nothing": (
        "UPDATE reservation SET state = 'held', settled_at = NULL WHERE state = 'captured'"
    ),
    "a task of a person that ended was settled": "DELETE FROM reservation WHERE state <> 'held'",
    "what a task took follows how it ended": "UPDATE reservation SET state = 'captured' WHERE state = 'released'",
    "a reservation that took credits has the line that says so, no other has one": (
        "UPDATE reservation SET line_id = NULL WHERE line_id IS NOT NULL"
    ),
    "credits that a task took were reserved": "DELETE FROM reservation WHERE line_id IS NOT NULL",
    "what a quota counts as reserved is reserved": "UPDATE feature_usage_counter SET reserved = 1 WHERE count > 0",
    "the periods of a counter do not overlap": (
        "ALTER TABLE feature_usage_counter DROP CONSTRAINT ex_feature_usage_counter_period;"
        " UPDATE feature_usage_counter SET period_end = period_end + interval '40 days'"
    ),
    "a finished task has an end and no worker": (
        "UPDATE background_task SET finished_at = NULL WHERE status = 'completed'"
    ),
    "a task is completed by one attempt": (
        "UPDATE task_attempt SET outcome = 'completed' WHERE task_id IN"
        " (SELECT task_id FROM task_attempt WHERE attempt = 2)"
    ),
    "no ended attempt belongs to an earlier start than the task's last": "UPDATE background_task SET attempt = 0",
    "no lease is over for more than a minute": (
        "UPDATE background_task SET lease_until = now() - interval '2 minutes' WHERE status = 'running'"
    ),
    "no task waits for more than a day": (
        "UPDATE background_task SET status = 'queued', finished_at = NULL, created_at = now() - interval '2 days'"
        " WHERE status = 'failed'"
    ),
    "an answered call has a cost exactly when it has a price": (
        "UPDATE openai_call SET cost_nano = NULL WHERE status = 'ok'"
    ),
    "the hours hold every folded call": "UPDATE roll_hour SET cost_nano = cost_nano + 1",
    "the days hold every folded call": "DELETE FROM roll_day WHERE day = (SELECT max(day) FROM roll_day)",
    "the days of people hold every folded call": "UPDATE roll_user_day SET calls = calls + 1",
    "the months of people hold every folded call": "UPDATE roll_user_month SET cost_nano = cost_nano + 1",
    "somebody can administer the product": "UPDATE app_user SET role = 'ops' WHERE role = 'admin'",
}


def test_every_rule_is_shown_to_speak() -> None:
    assert set(DAMAGE) == set(checks.RULES)


@pytest.mark.parametrize("rule", DAMAGE)
def test_damage_is_found(demo: Database, rule: str) -> None:
    with Session(create_engine(demo.owner_url, poolclass=NullPool)) as db:
        db.connection().exec_driver_sql(DAMAGE[rule])
        found = {row.rule for row in checks.run(db, actors.system("test"), {rule: checks.RULES[rule]}) if row.broken}
        db.rollback()
    assert found == {rule}


def test_after_all_that_nothing_is_broken(demo: Database) -> None:
    assert broken() == {}
