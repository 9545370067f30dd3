"""Single commands against a configured database, as in production."""

import os
import subprocess
import sys

import pytest
from sqlmodel import select

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.accounts import passwords
from fitmycv_admin.models import AuditEvent, User
from tests import cluster
from tests.cluster import Database

pytestmark = pytest.mark.usefixtures("database")


def fitmycv(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fitmycv_admin.cli", *arguments],
        cwd=cluster.ROOT,
        env={**os.environ, **environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def person(email: str) -> User:
    with transaction() as db:
        return db.exec(select(User).where(User.email == email)).one()


def trail_of(user: User) -> list[tuple[str, str]]:
    with transaction() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.target_id == str(user.id)))
        return [(event.action, event.reason) for event in events]


def test_a_new_member_of_staff_is_an_admin_with_the_password_that_was_shown() -> None:
    done = fitmycv("user", "first@example.org")
    assert done.returncode == 0, done.stderr
    made = person("first@example.org")
    assert made.role == "admin"
    assert made.email_verified is not None
    assert passwords.matches(made.password_hash, done.stdout.split("Its password is ")[1].strip())
    assert trail_of(made) == [("account.created", "fitmycv user")]


def test_a_role_and_then_a_password_can_be_changed_and_both_leave_a_trace() -> None:
    assert fitmycv("user", "keep@example.org").returncode == 0
    assert fitmycv("user", "other@example.org", "--role", "support").returncode == 0
    assert "is finance" in fitmycv("user", "other@example.org", "--role", "finance").stdout
    done = fitmycv("user", "other@example.org", "--password-stdin", typed="sept-lampes-vertes-9\n")
    assert done.returncode == 0, done.stderr
    changed = person("other@example.org")
    assert changed.role == "finance"
    assert passwords.matches(changed.password_hash, "sept-lampes-vertes-9")
    assert [action for action, _ in trail_of(changed)] == [
        "account.created",
        "account.role_changed",
        "account.password_reset",
    ]


def test_a_weak_password_and_an_unknown_role_are_refused_in_words() -> None:
    weak = fitmycv("user", "weak@example.org", "--password-stdin", typed="password\n")
    assert weak.returncode == 1
    assert "Traceback" not in weak.stderr
    unknown = fitmycv("user", "weak@example.org", "--role", "king")
    assert unknown.returncode == 1
    assert "Roles: user, viewer, support, ops, finance, admin" in unknown.stderr


def test_seed_inserts_once(database: Database) -> None:
    def counted() -> list[int]:
        with transaction() as db:
            return [db.connection().exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables]

    tables = ("setting", "subscription_plan", "credit_pack", "email_template", "openai_pricing")
    assert fitmycv("seed").returncode == 0
    first = counted()
    assert all(first)
    assert fitmycv("seed").returncode == 0
    assert counted() == first


def test_migrate_brings_an_empty_database_to_the_newest_schema() -> None:
    server = cluster.shared_postgres()
    server.create_database("empty_one")
    try:
        addresses = {
            "DATABASE_URL": server.url_of("empty_one"),
            "DATABASE_MIGRATE_URL": server.owner_url_of("empty_one"),
        }
        before = fitmycv("doctor", **addresses)
        assert "FAIL schema" in before.stdout
        done = fitmycv("migrate", **addresses)
        assert done.returncode == 0, done.stderr
        assert "ok   schema" in fitmycv("doctor", **addresses).stdout
    finally:
        server.drop_database("empty_one")


def test_a_program_in_production_says_what_it_needs() -> None:
    for program in ("web", "worker", "dispatcher", "scheduler"):
        refused = fitmycv(program, FITMYCV_MODE="production", REDIS_URL="")
        assert refused.returncode == 1
        assert "REDIS_URL is not set" in refused.stderr


def test_the_doctor_tells_an_address_that_does_not_answer_and_shows_no_password() -> None:
    told = fitmycv(
        "doctor",
        FITMYCV_MODE="production",
        DATABASE_URL="postgresql://joe:hunter2@127.0.0.1:1/x",
        REDIS_URL="redis://:hunter3@127.0.0.1:1/0",
        OPENAI_API_KEY="sk-hunter4",
        OPENAI_BASE_URL="http://127.0.0.1:1/v1",
        OPENAI_ADMIN_KEY="sk-hunter5",
        OPENAI_ADMIN_URL="http://127.0.0.1:1/v1",
        EXCHANGE_RATES_URL="http://joe:hunter6@127.0.0.1:1/rates.csv",
    )
    assert told.returncode == 1
    for subject in ("database", "valkey", "AI", "bill", "rates"):
        assert f"FAIL {subject}" in told.stdout
    assert told.stdout.count("cannot be reached") == 3
    assert "hunter" not in told.stdout + told.stderr


def test_with_hands_the_addresses_to_another_command(database: Database, valkey: str) -> None:
    shown = fitmycv("with", sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])")
    assert shown.stdout.strip() == database.url
    assert fitmycv("with", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
