"""`fitmycv up` on real processes: it starts, watches, survives its own death and leaves nothing behind."""

import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from fitmycv_admin.local import postgres, process, valkey
from fitmycv_admin.local.home import Run
from tests import cluster
from tests.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def stack(own_directory: Path) -> Iterator[Stack]:
    """A directory where nothing has run yet."""
    made = Stack(own_directory / "home", PORT=str(process.free_port()))
    yield made
    made.close()


@pytest.fixture(scope="module")
def used() -> Iterator[Stack]:
    """One directory for the tests that need it running; a start costs seconds."""
    place = cluster.home() / "supervised"
    place.mkdir(mode=0o711)
    made = Stack(place / "home", PORT=str(process.free_port()))
    yield made
    made.close()
    cluster.close_home(place)


@pytest.fixture
def running(used: Stack) -> Stack:
    """It runs, whatever the test before did to it."""
    if not used.pid or not process.alive(used.pid):
        used.start()
    return used


def eventually(happened: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def database(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(stack.run().environment["DATABASE_URL"].replace("+psycopg", ""), autocommit=True)


def healthy(run: Run) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/health/ready", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_it_serves_and_writes_its_secrets_for_its_owner_only(running: Stack) -> None:
    assert healthy(running.run())
    assert "Demo accounts:" in running.said()
    assert running.home.path.joinpath("run.json").stat().st_mode & 0o077 == 0


def test_a_second_start_says_that_one_runs(running: Stack) -> None:
    second = running.call("up")
    assert second.returncode == 1
    assert f"already running at {running.run().address} (process {running.pid})" in second.stderr
    assert healthy(running.run())


def test_the_doctor_finds_everything_reachable(running: Stack) -> None:
    doctor = running.call("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "PostgreSQL 18" in doctor.stdout
    assert "Valkey 9" in doctor.stdout
    assert "FAIL" not in doctor.stdout


def test_what_dies_is_started_again(running: Stack) -> None:
    run = running.run()
    worker, web = run.programs["worker 1"]["pid"], run.programs["web"]["pid"]
    server, cache = postgres.running(running.home.postgres), valkey.running(running.home.valkey)
    assert server is not None
    assert cache is not None
    os.kill(worker, signal.SIGKILL)
    os.kill(web, signal.SIGKILL)
    server.kill()
    cache.kill()
    assert eventually(lambda: "PostgreSQL ended and is started again" in running.said())
    assert eventually(lambda: running.run().programs.get("worker 1", {}).get("pid", worker) != worker)
    assert eventually(lambda: running.run().programs.get("web", {}).get("pid", web) != web)
    assert eventually(lambda: healthy(run), 60)


def test_after_the_supervisor_was_killed_the_next_start_takes_over_and_nothing_is_lost(running: Stack) -> None:
    before = running.run()
    with database(running) as link:
        link.execute("UPDATE app_user SET name = 'Kept' WHERE email = 'user@exemple.fr'")
    server = postgres.running(running.home.postgres)
    running.kill()
    assert len(running.processes()) >= 7, "the programs did not outlive their supervisor: nothing to take over"

    after = running.start()
    adopted = postgres.running(running.home.postgres)
    assert server is not None
    assert adopted is not None
    assert adopted.pid == server.pid, "PostgreSQL was not adopted"
    assert after.port == before.port
    for name, record in before.programs.items():
        assert not process.runs(record["pid"], "fitmycv"), f"{name} of the first run still runs"
    with database(running) as link:
        kept = link.execute("SELECT name FROM app_user WHERE email = 'user@exemple.fr'").fetchone()
    assert kept == ("Kept",)


def test_ctrl_c_ends_everything_within_twenty_seconds(running: Stack) -> None:
    assert running.interrupt() < 20
    assert running.processes() == {}
    assert postgres.running(running.home.postgres) is None


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


def test_production_runs_on_given_servers_and_says_what_is_off(
    stack: Stack, fresh_cluster: postgres.Postgres, fresh_valkey: valkey.Valkey
) -> None:
    stack.environment |= {
        "FITMYCV_MODE": "production",
        "DATABASE_URL": fresh_cluster.url,
        "DATABASE_MIGRATE_URL": fresh_cluster.owner_url,
        "REDIS_URL": fresh_valkey.url,
    }
    run = stack.start()
    assert "AI features are off: OPENAI_API_KEY is not set." in stack.said()
    assert "No mail is sent: neither SMTP_URL nor RESEND_API_KEY is set." in stack.said()
    assert "Demo accounts" not in stack.said()
    assert set(run.programs) == {"web", "dispatcher", "scheduler", "worker 1", "mail worker"}
    assert not stack.home.postgres.exists()
    assert healthy(run)
    with psycopg.connect(fresh_cluster.url.replace("+psycopg", "")) as link:
        assert link.execute("SELECT count(*) FROM app_user").fetchone() == (0,)
        assert link.execute("SELECT count(*) > 0 FROM setting").fetchone() == (True,)
    assert stack.interrupt() < 20
    assert stack.processes() == {}
    assert fresh_cluster.running()
