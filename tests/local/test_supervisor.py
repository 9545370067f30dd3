"""`fitmycv up` on real processes: it starts, watches, survives its own death and leaves nothing behind."""

import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from fitmycv_admin.local import postgres, process
from tests.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def stack(own_directory: Path) -> Iterator[Stack]:
    made = Stack(own_directory / "home", PORT=str(process.free_port()))
    yield made
    made.close()


def eventually(happened: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def database(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(stack.run().environment["DATABASE_URL"].replace("+psycopg", ""), autocommit=True)


def count_settings(stack: Stack) -> int:
    with database(stack) as link:
        row = link.execute("SELECT count(*) FROM app_user").fetchone()
        assert row is not None
        return int(row[0])


def test_it_serves_refuses_a_second_start_answers_the_doctor_and_ends_with_ctrl_c(stack: Stack) -> None:
    run = stack.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/healthz", timeout=10) as answer:
        assert answer.status == 200

    second = stack.call("up")
    assert second.returncode == 1
    assert f"already running at {run.address} (process {stack.pid})" in second.stderr

    doctor = stack.call("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "PostgreSQL 18" in doctor.stdout
    assert "FAIL" not in doctor.stdout

    assert stack.home.path.joinpath("run.json").stat().st_mode & 0o077 == 0
    seconds = stack.interrupt()
    assert seconds < 20
    assert stack.processes() == {}


def test_what_dies_is_started_again(stack: Stack) -> None:
    run = stack.start()
    worker = run.programs["worker 1"]["pid"]
    server = postgres.running(stack.home.postgres)
    assert server is not None
    os.kill(worker, signal.SIGKILL)
    server.kill()
    assert eventually(lambda: stack.run().programs.get("worker 1", {}).get("pid", worker) != worker)
    assert eventually(lambda: postgres.running(stack.home.postgres) is not None)
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/healthz", timeout=10) as answer:
        assert answer.status == 200
    assert count_settings(stack) >= 0
    stack.interrupt()
    assert stack.processes() == {}


def test_after_the_supervisor_was_killed_the_next_start_takes_over_and_nothing_is_lost(stack: Stack) -> None:
    before = stack.start()
    with database(stack) as link:
        link.execute("INSERT INTO setting (key, value, category) VALUES ('test.kept', '1', 'test')")
    server = postgres.running(stack.home.postgres)
    stack.kill()
    orphans = stack.processes()
    assert len(orphans) >= 6

    after = stack.start()
    adopted = postgres.running(stack.home.postgres)
    assert (server and server.pid) == (adopted and adopted.pid), "PostgreSQL was not adopted"
    assert after.port == before.port
    for name, record in before.programs.items():
        assert not process.runs(record["pid"], "fitmycv"), f"{name} of the first run still runs"
    with database(stack) as link:
        assert link.execute("SELECT count(*) FROM setting WHERE key = 'test.kept'").fetchone() == (1,)
    stack.interrupt()
    assert stack.processes() == {}


def test_a_taken_port_is_told_before_anything_starts(stack: Stack) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stack.environment["PORT"] = str(taken.getsockname()[1])
        refused = stack.call("up")
    assert refused.returncode == 1
    assert "is taken. Choose another: PORT=" in refused.stderr
    assert stack.processes() == {}


def test_production_embeds_nothing(stack: Stack) -> None:
    stack.environment["FITMYCV_MODE"] = "production"
    refused = stack.call("up")
    assert refused.returncode == 1
    assert "FITMYCV_MODE=production needs DATABASE_URL" in refused.stderr
    assert not stack.home.postgres.exists()
    assert stack.call("web").returncode == 1


def test_doctor_says_what_is_missing_in_production(stack: Stack) -> None:
    stack.environment["FITMYCV_MODE"] = "production"
    doctor = stack.call("doctor")
    assert doctor.returncode == 1
    assert "DATABASE_URL is not set" in doctor.stdout
    assert "off: OPENAI_API_KEY is not set" in doctor.stdout
    assert "off: neither SMTP_URL nor RESEND_API_KEY is set" in doctor.stdout
