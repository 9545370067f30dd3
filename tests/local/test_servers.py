"""The embedded servers start anywhere, survive a kill and are recognised by whoever starts them next."""

import os
import re
from pathlib import Path

import psycopg
import pytest

from fitmycv_admin.local import postgres, process, valkey
from fitmycv_admin.local.process import LocalError
from tests.cluster import Database


def test_a_killed_postgres_keeps_what_was_committed(fresh_cluster: postgres.Postgres) -> None:
    with fresh_cluster.connect("fitmycv") as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        fresh_cluster.kill()
    again = postgres.start(fresh_cluster.data_dir, fresh_cluster.port)
    assert again.pid != fresh_cluster.pid
    assert again.url == fresh_cluster.url
    with again.connect("fitmycv") as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_running_postgres_is_adopted_not_started_twice(fresh_cluster: postgres.Postgres) -> None:
    again = postgres.start(fresh_cluster.data_dir)
    assert (again.pid, again.port, again.adopted) == (fresh_cluster.pid, fresh_cluster.port, True)


def test_a_pid_file_of_a_stranger_does_not_stop_postgres_from_starting(
    fresh_cluster: postgres.Postgres,
) -> None:
    pid_file = fresh_cluster.data_dir / "postmaster.pid"
    kept = pid_file.read_text()
    fresh_cluster.kill()
    pid_file.write_text(kept.replace(str(fresh_cluster.pid), str(os.getpid()), 1))
    again = postgres.start(fresh_cluster.data_dir)
    assert process.runs(again.pid, "postgres", fresh_cluster.data_dir)


def test_another_major_version_is_refused_and_nothing_is_changed(fresh_cluster: postgres.Postgres) -> None:
    fresh_cluster.stop()
    version = fresh_cluster.data_dir / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(LocalError, match=re.escape("belongs to PostgreSQL 17, but PostgreSQL 18 is installed")):
        postgres.start(fresh_cluster.data_dir)
    assert version.read_text() == "17\n"


def test_postgres_listens_on_loopback_and_runs_unprivileged(fresh_cluster: postgres.Postgres) -> None:
    with fresh_cluster.connect() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)
    if process.is_root():
        assert Path(f"/proc/{fresh_cluster.pid}").stat().st_uid == process.NOBODY


def test_the_application_cannot_change_the_schema(database: Database) -> None:
    with (
        psycopg.connect(database.url.replace("+psycopg", "")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE sneaky (n int)")


def test_a_killed_valkey_keeps_what_was_written_more_than_a_second_ago(fresh_valkey: valkey.Valkey) -> None:
    import redis

    client = redis.Redis.from_url(fresh_valkey.url)
    client.set("kept", "1")
    client.execute_command("WAITAOF", "1", "0", "3000")
    client.close()
    fresh_valkey.kill()
    again = valkey.start(fresh_valkey.data_dir, fresh_valkey.port)
    client = redis.Redis.from_url(again.url)
    assert client.get("kept") == b"1"
    client.close()


def test_a_running_valkey_is_adopted_not_started_twice(fresh_valkey: valkey.Valkey) -> None:
    again = valkey.start(fresh_valkey.data_dir)
    assert (again.pid, again.url, again.adopted) == (fresh_valkey.pid, fresh_valkey.url, True)


def test_valkey_wants_a_password(fresh_valkey: valkey.Valkey) -> None:
    import redis

    client = redis.Redis(port=fresh_valkey.port)
    with pytest.raises(redis.AuthenticationError):
        client.ping()
    client.close()
