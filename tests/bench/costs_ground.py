"""The ground of the cost benchmark: a cluster with a year of model calls, loaded fast and measured durable.

`CALLS=` says how many (10,000,000 unless said), `KEEP=directory` keeps the loaded cluster there and uses it again.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.local import postgres
from tests import cluster
from tests.bench.run import Figure, figure
from tests.domain.ai_costs import year

FULL = 10_000_000
CALLS = int(os.environ.get("CALLS", str(FULL)).replace("_", "").replace(",", ""))
KEEP = os.environ.get("KEEP", "")
NEEDED_GB = 20
_SETTINGS = {
    "shared_buffers": "2GB", "effective_cache_size": "6GB", "maintenance_work_mem": "512MB", "max_wal_size": "8GB",
    "checkpoint_timeout": "15min", "random_page_cost": "1.1",
}  # fmt: skip


class NoRoom(SystemExit):
    """The disk is too small for what was asked."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A loaded cluster. `began` and `ended` are the instants of its first and last call."""

    server: postgres.Postgres
    began: datetime
    ended: datetime
    figures: dict[str, Figure]


def judged(bar: float) -> float | None:
    """The bar of a figure; a smaller set is printed without being judged."""
    return bar if CALLS >= FULL else None


@contextmanager
def loaded() -> Iterator[Ground]:
    """The cluster with its calls, their rollups and the naive layout; settings point at it. Raises NoRoom."""
    place = Path(KEEP) if KEEP else Path(tempfile.mkdtemp(prefix="bench-", dir=cluster.home()))
    kept = (place / "loaded").exists()
    if not kept:
        _check_room(place)
        place.mkdir(exist_ok=True, parents=True)
        place.chmod(0o711)
    figures = {} if kept else _made(place)
    server = postgres.start(place / "postgres")
    if kept:
        cluster.migrate(server.owner_url)
    try:
        with cluster.environment(DATABASE_URL=server.url, DATABASE_MIGRATE_URL=server.owner_url):
            yield Ground(server, *_span(), figures)
    finally:
        server.stop() if KEEP else server.kill()


def _check_room(place: Path) -> None:
    there = next(path for path in (place, *place.parents) if path.exists())
    free, needed = shutil.disk_usage(there).free / 1e9, max(1.0, NEEDED_GB * CALLS / FULL)
    if free < needed:
        raise NoRoom(
            f"{CALLS:,} calls need {needed:.0f} GB on the disk of {there}, and {free:.1f} GB are free. Make room, set "
            f"TMPDIR to a larger disk, or load fewer: make bench ONLY=costs CALLS=300000"
        )


def _made(place: Path) -> dict[str, Figure]:
    server = postgres.start(place / "postgres", fast=True)
    _set(server, {**_SETTINGS, "autovacuum": "off"})
    server.stop()
    server = postgres.start(place / "postgres", fast=True)
    cluster.migrate(server.owner_url)
    try:
        with cluster.environment(DATABASE_URL=server.url, DATABASE_MIGRATE_URL=server.owner_url):
            figures = _load(server)
    except BaseException:
        server.kill()
        raise
    _set(server, {"autovacuum": "on"})
    server.stop()
    (place / "loaded").touch()
    return figures


def _set(server: postgres.Postgres, values: dict[str, str]) -> None:
    with server.connect() as connection:
        for name, value in values.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())


def _load(server: postgres.Postgres) -> dict[str, Figure]:
    started = time.perf_counter()
    with server.connect(postgres.DATABASE) as owner:
        counted = year.load(owner, CALLS)
    return {
        "costs_calls": figure(counted, "calls"),
        "costs_load_and_fold": figure(time.perf_counter() - started, "s"),
    }


def _span() -> tuple[datetime, datetime]:
    with transaction() as db:
        ended = db.execute(text("SELECT max(created_at) FROM openai_call")).scalar_one()
    return ended - timedelta(days=year.DAYS), ended
