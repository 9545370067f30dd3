"""The list of calls: every call once whatever the way through it, and never by reading the whole table."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.ai_costs import call_list, catalogue, fold, partitions, queries
from fitmycv_admin.domain.ai_costs.call_list import CallFilters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import CallStatus
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS

pytestmark = pytest.mark.usefixtures("database")
AUTUMN = Period(date(2026, 9, 1), date(2026, 11, 20), "Europe/Paris")


@pytest.fixture(scope="module")
def people(database: object) -> list:
    """60,000 calls over 80 days; one in 3,000 failed."""
    with transaction() as db:
        ledger.wipe(db)
        partitions.ensure(db, date(2026, 8, 1), date(2026, 12, 1))
        people = [ledger.person(db, f"list{number}@example.org") for number in range(3)]
        seqs = list(db.execute(text("SELECT seq FROM app_user WHERE email LIKE 'list%' ORDER BY seq")).scalars())
        models = [catalogue.model_of(db, name).id for name in ("gpt-a", "gpt-b", "gpt-rare")]
        features = [catalogue.feature_id(db, name) for name in ("match_score", "import_pdf", "rare")]
        tier = catalogue.tier_id(db, "standard")
        db.execute(text(BULK), {"seqs": seqs, "models": models, "features": features, "tier": tier})
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        db.execute(text("ANALYZE openai_call"))
    return people


BULK = """
INSERT INTO openai_call (created_at, user_seq, feature_id, model_id, tier_id, call_name, model_requested, model_served,
    attempt, status, prompt_tokens, cost_nano, duration_ms, price_version_id)
SELECT timestamptz '2026-09-01 00:00+00' + (n / 2) * interval '230 seconds',
    (cast(:seqs AS int[]))[1 + n % 3], (cast(:features AS int[]))[CASE WHEN n % 4000 = 7 THEN 3 ELSE 1 + n % 2 END],
    (cast(:models AS int[]))[CASE WHEN n % 4000 = 7 THEN 3 ELSE 1 + n / 7 % 2 END], :tier, 'x', 'm', 'm', 1,
    CASE WHEN n % 3000 = 11 THEN 'failed' ELSE 'ok' END, 10, CASE WHEN n % 500 = 3 THEN NULL ELSE n END,
    n % 3000, CASE WHEN n % 1000 = 5 THEN 7 END
FROM generate_series(1, 60000) n
"""


def through(filters: CallFilters, size: int = 97) -> list[int]:
    """Every id by walking the pages, and the same ids on the way back."""
    seen: list[int] = []
    token = ""
    with snapshot(20_000) as db:
        while True:
            found = call_list.calls(db, OPS, filters, PageRequest(after=token, size=size))
            seen += [row.id for row in found.page.rows]
            token = found.page.next
            if not token:
                return seen


def every(db: Session, condition: str = "true") -> list[int]:
    sql = f"SELECT id FROM openai_call WHERE {condition} ORDER BY created_at DESC, id DESC"
    return list(db.execute(text(sql)).scalars())


def test_the_pages_hold_each_call_once_in_order(people):
    week = Period(date(2026, 11, 10), date(2026, 11, 12), "UTC")
    with snapshot() as db:
        expected = every(db, "created_at >= '2026-11-10' AND created_at < '2026-11-13'")
    assert len(expected) > 1000
    assert through(CallFilters(week)) == expected


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"status": CallStatus.FAILED}, "status = 'failed'"),
        ({"is_unpriced": True}, "cost_nano IS NULL AND price_version_id IS NULL"),
        ({"min_cost_nano": 59_990}, "cost_nano >= 59990"),
        ({"min_cost_nano": 30_000, "max_cost_nano": 30_020}, "cost_nano BETWEEN 30000 AND 30020"),
        ({"max_cost_nano": 9}, "cost_nano <= 9"),
        ({"min_ms": 2_990}, "duration_ms >= 2990"),
        ({"max_ms": 12}, "duration_ms <= 12"),
        ({"version_id": 7}, "price_version_id = 7"),
    ],
)
def test_filters_without_an_index_find_the_same_calls_window_by_window(people, filters, condition):
    with snapshot() as db:
        expected = every(db, condition)
    assert through(CallFilters(AUTUMN, **filters), size=7) == expected


def test_a_search_without_an_index_says_how_far_it_came(people):
    with snapshot() as db:
        found = call_list.calls(db, OPS, CallFilters(AUTUMN, status=CallStatus.ABORTED), PageRequest())
    assert found.page.rows == ()
    assert found.searched_to == AUTUMN.ends_at - 5 * call_list.WEEK
    assert found.page.next


@pytest.mark.parametrize(
    "keys", [{Dimension.FEATURE: "rare"}, {Dimension.MODEL: "gpt-rare"}, {Dimension.FEATURE: "import_pdf"}]
)
def test_the_count_of_a_segment_is_the_number_of_its_rows(people, keys):
    with snapshot() as db:
        filters = CallFilters(AUTUMN, cells=queries.filters_of(db, OPS, keys=keys))
        count = call_list.calls(db, OPS, filters, PageRequest()).count
        total = queries.totals(db, OPS, AUTUMN, filters.cells)
    assert count == total.calls == len(through(filters, size=100))


def test_the_way_back_shows_the_page_that_was_left(people):
    with snapshot() as db:
        first = call_list.calls(db, OPS, CallFilters(AUTUMN), PageRequest(size=20)).page
        second = call_list.calls(db, OPS, CallFilters(AUTUMN), PageRequest(after=first.next, size=20)).page
        back = call_list.calls(db, OPS, CallFilters(AUTUMN), PageRequest(before=second.previous, size=20)).page
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    assert back.previous == ""


def test_one_hour_holds_the_calls_of_its_bar(people):
    day = Period(date(2026, 11, 11), date(2026, 11, 11), "Europe/Paris")
    with snapshot() as db:
        for slot in queries.costs(db, OPS, day, None, Dimension.MODEL, queries.Filters()).slots:
            assert isinstance(slot.at, datetime)
            found = call_list.calls(db, OPS, CallFilters(day, hour=slot.at), PageRequest(size=100))
            assert len(found.page.rows) == slot.whole.calls


def test_a_broken_token_starts_at_the_top(people):
    with snapshot() as db:
        first = call_list.calls(db, OPS, CallFilters(AUTUMN), PageRequest(size=5)).page
        broken = call_list.calls(db, OPS, CallFilters(AUTUMN), PageRequest(after="no-token", size=5)).page
    assert [row.id for row in broken.rows] == [row.id for row in first.rows]


def test_an_export_gives_every_row_of_the_list(people):
    week = Period(date(2026, 11, 10), date(2026, 11, 12), "UTC")
    with snapshot() as db:
        assert [row.id for row in call_list.rows(db, OPS, CallFilters(week))] == every(
            db, "created_at >= '2026-11-10' AND created_at < '2026-11-13'"
        )


def test_calls_are_for_staff(people):
    with snapshot() as db, pytest.raises(Forbidden):
        call_list.calls(db, actors.VISITOR, CallFilters(AUTUMN), PageRequest())


def scans(plan: dict) -> list[tuple[str, str]]:
    found = [(plan["Node Type"], plan.get("Relation Name", ""))]
    for child in plan.get("Plans", []):
        found += scans(child)
    return found


DEEP = (datetime(2026, 9, 20, tzinfo=UTC), 10**9)


@pytest.mark.parametrize(
    "keys",
    [{}, {Dimension.FEATURE: "import_pdf"}, {Dimension.FEATURE: "rare"}, {Dimension.MODEL: "gpt-b"}, "user", "failed"],
)
def test_no_list_reads_the_whole_table_also_at_depth(people, keys):
    with snapshot() as db:
        filters = CallFilters(AUTUMN)
        if keys == "user":
            filters = CallFilters(AUTUMN, cells=queries.filters_of(db, OPS, keys={}, user_id=people[0]))
        elif keys == "failed":
            filters = CallFilters(AUTUMN, status=CallStatus.FAILED)
        elif keys:
            filters = CallFilters(AUTUMN, cells=queries.filters_of(db, OPS, keys=keys))
        start, end = filters.span if keys != "failed" else (DEEP[0] - timedelta(days=7), DEEP[0])
        sql, values = call_list._query(filters, start, min(end, DEEP[0]), DEEP, backwards=False, limit=51)
        plan = db.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"), values).scalar_one()
    plan = plan if isinstance(plan, list) else json.loads(plan)
    assert not [
        scan for scan in scans(plan[0]["Plan"]) if scan[0] == "Seq Scan" and scan[1].startswith("openai_call_20")
    ]
    assert "Disk" not in json.dumps(plan)


@pytest.mark.parametrize("dimension", list(Dimension))
def test_the_cost_page_reads_no_folded_calls(people, dimension):
    """Only the tail after the mark is read from calls, by the index of transactions."""
    month = Period(date(2026, 10, 15), date(2026, 11, 13), "Europe/Paris")
    with snapshot() as db:
        source = queries.cells.source(month, queries.Filters(), month.grain)
        sql = f"SELECT at, {dimension}_id, sum(cost_nano) FROM {source.sql} x GROUP BY 1, 2"
        plan = db.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"), source.values).scalar_one()
    assert not [
        scan for scan in scans(plan[0]["Plan"]) if scan[0] == "Seq Scan" and scan[1].startswith("openai_call_20")
    ]
