"""How long the pages of staff take to read: 200,000 failed tasks, 1,000,000 ledger lines and 100,000 people.

`CONSOLE_SHARE=` loads a part of it (0.1 for a tenth); only the whole is judged.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest, encode
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.accounts import queries as accounts
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.insights import ledger, overview
from fitmycv_admin.domain.tasks import console, control, filters, health, incidents, queries, timeline
from fitmycv_admin.domain.tasks.filters import Filters
from fitmycv_admin.local import postgres
from fitmycv_admin.vocabulary import Role
from tests import cluster
from tests.bench.run import Figure, figure, percentile

SHARE = float(os.environ.get("CONSOLE_SHARE", "1"))
PEOPLE, FAILED, OTHERS, LINES = (int(SHARE * count) for count in (100_000, 200_000, 100_000, 1_000_000))
BAR_MS = 100
ROUNDS = 20
ADMIN = Actor(new_id(), Role.ADMIN, matrix.MATRIX[Role.ADMIN], email="admin@staff.example")

_PEOPLE = """
INSERT INTO app_user (id, email, name, role, state, language, created_at, email_verified, last_login_at)
SELECT gen_random_uuid(), 'u' || n || '@example.org', 'Person ' || n, 'user', 'active', 'fr',
    now() - n * interval '5 minutes', now(), now() - (n % 60) * interval '1 day' FROM generate_series(1, :count) n"""
_NUMBERED = "CREATE TEMPORARY TABLE numbered AS SELECT id, row_number() OVER () AS place FROM app_user"
_INDEX = "CREATE UNIQUE INDEX ON numbered (place)"
# Over ninety days, the newest most; forty kinds of failure, some far more frequent.
_TASKS = """
INSERT INTO background_task (id, title, type, status, user_id, queue, attempt, max_attempts, dispatch_seq,
    dispatched_at, created_at, queued_at, started_at, finished_at, error_key, error, error_fingerprint, payload,
    feature_name, quarantined_at)
SELECT gen_random_uuid(), 'CV', (ARRAY['match_score', 'import_pdf', 'extract_offer'])[1 + n % 3], CAST(:status AS text),
    numbered.id, 'tasks', 1, 3, 1, made.at, made.at, made.at, made.at + waited, made.at + waited + ran,
    CASE WHEN CAST(:status AS text) = 'failed' THEN 'tasks.error.unexpected' END,
    CASE WHEN CAST(:status AS text) = 'failed' THEN 'KeyError in scoring.py:count < pipeline.py:run (line 41)' END,
    CASE WHEN CAST(:status AS text) = 'failed' THEN 'f' || floor(power(random(), 3) * 40) END,
    jsonb_build_object('file_id', gen_random_uuid(), 'pages', n % 10, 'source', (ARRAY['pdf', 'url'])[1 + n % 2]),
    'match_score', CASE WHEN CAST(:status AS text) = 'failed' AND n % 20000 = 0 THEN made.at END
FROM (SELECT n, now() - power(random(), 1.5) * interval '90 days' - interval '1 minute' AS at,
        random() * interval '20 seconds' AS waited, random() * interval '30 seconds' AS ran,
        1 + floor(power(random(), 3) * :people)::int AS who FROM generate_series(1, :count) n) made
JOIN numbered ON numbered.place = made.who"""
_WAITING = """
INSERT INTO background_task (id, title, type, status, user_id, queue, attempt, max_attempts, dispatch_seq,
    dispatch_after, created_at, queued_at, payload)
SELECT gen_random_uuid(), 'CV', 'match_score', 'queued', numbered.id, 'tasks', 0, 3, 1, now(),
    now() - n * interval '1 second', now() - n * interval '1 second', jsonb_build_object('pages', 3)
FROM generate_series(1, :count) n JOIN numbered ON numbered.place = n"""
_LINES = """
INSERT INTO credit_transaction (user_id, amount, balance_after, type, source, feature_name, task_id, cause,
    request_key, created_at)
SELECT numbered.id, CASE WHEN n % 5 = 0 THEN 10 ELSE -1 END, 10,
    CASE WHEN n % 5 = 0 THEN 'gift' ELSE 'usage' END, CASE WHEN n % 5 = 0 THEN 'staff' ELSE 'task' END,
    CASE WHEN n % 5 = 0 THEN NULL ELSE 'match_score' END, CASE WHEN n % 5 = 0 THEN NULL ELSE gen_random_uuid() END,
    '', 'bench-' || n, now() - (CAST(:count AS int) - n) * interval '8 seconds'
FROM (SELECT n, 1 + floor(power(random(), 3) * :people)::int AS who FROM generate_series(1, :count) n) made
JOIN numbered ON numbered.place = made.who"""


def run() -> dict[str, Figure]:
    """Each page's queries on a cluster of its own, in milliseconds."""
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=cluster.home()))
    place.chmod(0o711)
    server = postgres.start(place / "postgres", fast=True)
    cluster.migrate(server.owner_url)
    try:
        with cluster.environment(DATABASE_URL=server.url, DATABASE_MIGRATE_URL=server.owner_url):
            return {**_load(server), **_readings()}
    finally:
        server.kill()


def _load(server: postgres.Postgres) -> dict[str, Figure]:
    began = time.perf_counter()
    with transaction() as db:
        db.execute(text("SET LOCAL synchronous_commit = off"))
        db.execute(text(_PEOPLE), {"count": PEOPLE})
        db.execute(text(_NUMBERED))
        db.execute(text(_INDEX))
        db.execute(text("ANALYZE numbered"))
        for status, count in (("failed", FAILED), ("completed", OTHERS), ("cancelled", OTHERS // 20)):
            db.execute(text(_TASKS), {"status": status, "count": count, "people": PEOPLE})
        db.execute(text(_WAITING), {"count": min(2000, PEOPLE)})
        db.execute(text(_LINES), {"count": LINES, "people": PEOPLE})
    with psycopg.connect(server.owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        for table in ("app_user", "background_task", "credit_transaction"):
            connection.execute(f"VACUUM ANALYZE {table}")
    took = time.perf_counter() - began
    return {"console_failed_tasks": figure(FAILED, "tasks"), "console_ledger_lines": figure(LINES, "lines"),
            "console_load": figure(took, "s")}  # fmt: skip


def _readings() -> dict[str, Figure]:
    with transaction() as db:
        task, user, at = db.execute(text(
            "SELECT id, user_id, created_at FROM background_task WHERE status = 'failed'"
            " ORDER BY created_at OFFSET (SELECT count(*) / 2 FROM background_task WHERE status = 'failed') LIMIT 1"
        )).one()  # fmt: skip
    deep = PageRequest(after=encode(at.isoformat(), str(task)))
    hour = incidents.Wanted(clock.now() - timedelta(hours=6), clock.now())
    failed = Filters(state="failed")
    asked: dict[str, Filters] = {
        "failed": failed,
        "type": Filters(type="import_pdf", state="failed"),
        "error": Filters(state="failed", fingerprint="f39"),
        "user": Filters(user_id=user),
        "older": Filters(older_s=86_400),
        "payload_rare": filters.asked({"payload": "pages = 3", "state": "cancelled"}),
        "payload_often": filters.asked({"payload": "source = pdf"}),
        "address": Filters(search="u4242@"),
        "between": Filters(state="failed", since=hour.since, until=hour.until),
        "stuck": Filters(state="stuck"),
        "quarantined": Filters(state="quarantined"),
    }

    def listed(given: Filters, page: PageRequest) -> Callable[[Any], object]:
        return lambda db: queries.page(db, ADMIN, given, page)

    figures: dict[str, Figure] = {}
    for name, given in asked.items():
        figures |= _timed(f"console_list_{name}", listed(given, PageRequest()))
    figures |= _timed("console_list_deep", listed(failed, deep))
    figures |= _timed("console_page", lambda db: queries.board(db, ADMIN, failed, PageRequest()))
    for span in health.SPANS:
        figures |= _timed(f"console_health_{span}", lambda db, span=span: health.health(db, ADMIN, span))
    figures |= _timed("console_control", lambda db: control.screen(db, ADMIN))
    figures |= _timed("console_incident", lambda db: incidents.hit(db, ADMIN, hour, PageRequest()))
    figures |= _timed("console_timeline", lambda db: timeline.of_task(db, ADMIN, task))
    figures |= _timed("console_preview", lambda db: console.preview(db, ADMIN, "retry", asked["error"]))
    figures |= _timed("console_overview", lambda db: overview.overview(db, ADMIN))
    return {**figures, **_others()}


def _others() -> dict[str, Figure]:
    """The ledger and the list of people."""
    figures: dict[str, Figure] = {}
    with transaction() as db:
        line, at, user = db.execute(text(
            "SELECT id, created_at, user_id FROM credit_transaction ORDER BY id OFFSET :half LIMIT 1"
        ), {"half": LINES // 2}).one()  # fmt: skip
    deep, top = PageRequest(after=encode(at.isoformat(), line)), PageRequest()
    year = {"period": "custom", "from": "2026-01-01", "to": "2026-12-31"}
    pages: dict[str, tuple[dict[str, str], PageRequest]] = {
        "month": ({}, top), "year_deep": (year, deep), "kind_deep": ({**year, "type": "gift"}, deep),
        "source": ({**year, "source": "staff"}, top), "person": ({"user": str(user)}, top),
        "address": ({"q": "u77@example.org"}, top), "line": ({"line": str(line)}, top),
    }  # fmt: skip
    for name, (words, page) in pages.items():
        figures |= _timed(
            f"ledger_{name}", lambda db, words=words, page=page: ledger.screen(db, ADMIN, words, page, str(line))
        )
    for name, found in {"": accounts.Filters(), "_search": accounts.Filters(search="u4242")}.items():
        figures |= _timed(
            f"people_list{name}", lambda db, found=found: accounts.people_page(db, ADMIN, found, PageRequest())
        )
    return figures


def _timed(name: str, read: Callable[[Any], object]) -> dict[str, Figure]:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with snapshot() as db:
            read(db)
        took.append((time.perf_counter() - began) * 1000)
    judged = BAR_MS if SHARE >= 1 else None
    return {f"{name}_p95": figure(percentile(took, 0.95), "ms", most=judged)}
