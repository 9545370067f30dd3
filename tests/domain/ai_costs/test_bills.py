"""The vendor's bill against what we counted: every part of the difference, files, readings that fail, days replaced."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import bill_imports, bill_reading, bills, fold, meter
from fitmycv_admin.domain.ai_costs.bill_imports import Reading
from fitmycv_admin.domain.ports import BilledLine, BooksUnavailable
from fitmycv_admin.vocabulary import CallStatus, Permission, Role
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
READER = Actor(None, Role.VIEWER, frozenset({Permission.COSTS_READ}))
DAY = date(2026, 11, 10)
NEXT = DAY + timedelta(days=1)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
COST = 2_800_000
"""One call of 1,000 prompt and 100 completion tokens at the ledger's price, in nano-USD."""
DOLLAR = 1_000_000_000


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        for table in ("billed_day", "bill_import", "exchange_rate"):
            db.execute(text(f"DELETE FROM {table}"))
        ledger.wipe(db)


def billed(db: Session, *lines: tuple[date, str, int], first: date = DAY, last: date = NEXT) -> int:
    found = tuple(BilledLine(*line) for line in lines)
    return bill_imports.store(db, OPS, Reading(bill_imports.ENDPOINT, first, last, found))


def day_of(db: Session, day: date = DAY) -> bills.DayRow:
    (row,) = bills.compare(db, READER, day, day).days
    return row


def test_a_bill_that_agrees_leaves_nothing_to_explain(db: Session):
    ledger.priced(db, "gpt-a")
    for _ in range(3):
        meter.record(db, usage(NOON))
    billed(db, (DAY, "gpt-a, input", 2 * COST), (DAY, "gpt-a, output", COST))
    row = day_of(db)
    assert (row.estimated_nano, row.billed_nano, row.calls) == (3 * COST, 3 * COST, 3)
    assert (row.difference_nano, row.ratio, row.rest_nano) == (0, 0.0, 0)
    assert row.is_settled
    assert not row.is_different


def test_the_estimate_is_the_same_before_and_after_the_fold(db: Session):
    ledger.priced(db, "gpt-a")
    meter.record(db, usage(datetime(2026, 11, 10, 0, 0, tzinfo=UTC)))
    meter.record(db, usage(datetime(2026, 11, 10, 23, 59, 58, tzinfo=UTC)))
    meter.record(db, usage(datetime(2026, 11, 11, 0, 0, tzinfo=UTC)))
    before = bills.compare(db, READER, DAY, NEXT).days
    db.commit()
    with transaction() as other:
        fold.fold(other)
    with transaction() as other:
        assert bills.compare(other, READER, DAY, NEXT).days == before
    assert [row.calls for row in before] == [2, 1]  # days of a bill are UTC, whatever the workspace's zone


def test_what_was_billed_under_names_that_no_call_has_is_untracked(db: Session):
    ledger.priced(db, "gpt-a")
    ledger.priced(db, "gpt-b")
    meter.record(db, usage(NOON))
    billed(db, (DAY, "gpt-a-2026-01-01, input", COST), (DAY, "web search tool calls | gpt-a", DOLLAR),
           (DAY, "gpt-b, output", 2 * DOLLAR), (DAY, "", 5))  # fmt: skip
    row = day_of(db)
    assert row.untracked_nano == 3 * DOLLAR  # a tool, and a model that we did not call
    assert row.rest_nano == 5  # a line without a name says nothing
    assert row.is_different
    rows = bills.models(db, READER, DAY)
    assert [(one.name, one.is_ours, one.billed_nano, one.estimated_nano, one.calls) for one in rows] == [
        ("gpt-b", True, 2 * DOLLAR, 0, 0), ("web search tool calls | gpt-a", False, DOLLAR, 0, 0),
        ("", False, 5, 0, 0), ("gpt-a", True, COST, COST, 1),
    ]  # fmt: skip


def test_calls_without_a_price_are_worth_what_their_model_costs_now(db: Session):
    meter.record(db, usage(NOON, model="gpt-new"))
    meter.record(db, usage(NOON, model="gpt-never"))
    ledger.priced(db, "gpt-new", since=datetime(2026, 11, 12, tzinfo=UTC))
    billed(db, (DAY, "gpt-new, input", COST))
    row = day_of(db)
    assert (row.estimated_nano, row.unpriced_calls, row.unpriced_nano) == (0, 2, COST)
    assert (row.difference_nano, row.rest_nano) == (COST, 0)


def test_calls_that_nobody_answered_may_have_been_billed_at_the_mean_of_their_model(db: Session):
    ledger.priced(db, "gpt-a")
    for _ in range(4):
        meter.record(db, usage(NOON))
    meter.record(db, usage(NOON, prompt=0, completion=0, status=CallStatus.ABORTED))
    meter.record(db, usage(NOON, prompt=0, completion=0, status=CallStatus.FAILED))
    billed(db, (DAY, "gpt-a, input", 5 * COST))
    row = day_of(db)
    assert (row.estimated_nano, row.aborted_calls, row.unpriced_calls) == (4 * COST, 1, 0)
    assert row.aborted_nano == 4 * COST // 5  # four that cost something and one refusal that cost nothing


def test_a_call_over_midnight_moves_its_cost_to_the_day_it_ended_on(db: Session):
    ledger.priced(db, "gpt-a")
    meter.record(db, usage(datetime(2026, 11, 10, 23, 59, 59, 500_000, tzinfo=UTC)))  # lasts 0.9 s
    meter.record(db, usage(datetime(2026, 11, 10, 23, 59, 58, tzinfo=UTC)))
    billed(db, (DAY, "gpt-a, input", COST), (NEXT, "gpt-a, input", COST))
    first, second = bills.compare(db, READER, DAY, NEXT).days
    assert (first.difference_nano, first.late_nano, first.late_calls, first.rest_nano) == (-COST, -COST, 1, 0)
    assert (second.difference_nano, second.late_nano, second.late_calls) == (COST, COST, 1)
    assert second.untracked_nano == COST  # no call began on that day: the two parts cancel in the rest
    assert day_of(db, NEXT) == second


def test_the_parts_and_the_rest_add_up_to_the_difference(db: Session):
    ledger.priced(db, "gpt-a")
    ledger.priced(db, "gpt-b")
    ledger.spread(db, datetime(2026, 11, 9, 20, tzinfo=UTC), 200, step=timedelta(minutes=13))
    billed(db, (DAY, "gpt-a, input", 987_654_321), (DAY, "file search", 7), (NEXT, "gpt-b", 1),
           first=date(2026, 11, 9))  # fmt: skip
    for row in bills.compare(db, READER, date(2026, 11, 9), NEXT).days:
        assert row.difference_nano is not None
        assert row.rest_nano is not None
        parts = row.untracked_nano + row.unpriced_nano + row.aborted_nano + row.late_nano + row.rest_nano
        assert parts == row.difference_nano


def test_a_day_without_a_bill_is_not_compared(db: Session):
    ledger.priced(db, "gpt-a")
    meter.record(db, usage(NOON))
    found = bills.compare(db, READER, DAY, NEXT)
    assert [(row.billed_nano, row.difference_nano, row.rest_nano) for row in found.days] == [(None, None, None)] * 2
    assert (found.without_bill, found.billed_nano, found.estimated_nano, found.ratio) == (2, 0, 0, None)


def test_a_day_is_judged_only_when_its_bill_had_time_to_settle(db: Session):
    ledger.priced(db, "gpt-a")
    number = billed(db, (DAY, "gpt-a", DOLLAR))
    for hours, settled in ((23, False), (24, True)):
        at = datetime(2026, 11, 11, tzinfo=UTC) + timedelta(hours=hours)
        db.execute(text("UPDATE bill_import SET imported_at = :at WHERE id = :id"), {"at": at, "id": number})
        row = day_of(db)
        assert (row.is_settled, row.is_different) == (settled, settled)


@pytest.mark.parametrize(("percent", "is_different"), [(2, False), (3, False), (4, True), (-4, True)])
def test_three_percent_is_the_limit(db: Session, percent: int, is_different: bool):
    ledger.priced(db, "gpt-a")
    for _ in range(97):
        meter.record(db, usage(NOON, prompt=100_000))
    estimated = day_of(db).estimated_nano
    billed(db, (DAY, "gpt-a", estimated * 100 // (100 - percent)))
    assert day_of(db).is_different is is_different


def test_less_than_a_cent_is_no_difference(db: Session):
    billed(db, (DAY, "gpt-a", 9_999_999), (NEXT, "gpt-a", 10_000_000))
    assert [row.is_different for row in bills.compare(db, READER, DAY, NEXT).days] == [False, True]


def test_the_sum_in_euros_uses_the_rate_of_each_day(db: Session):
    columns = "day, base, quote, rate, source"
    db.execute(text(f"INSERT INTO exchange_rate ({columns}) VALUES (:day, 'USD', 'EUR', 0.5, 'csv')"), {"day": DAY})
    billed(db, (DAY, "a", DOLLAR), (NEXT, "a", DOLLAR))
    euros = bills.compare(db, READER, DAY, NEXT).euros
    assert (euros.cents, euros.carried, euros.missing) == (100, 1, 0)


def test_a_reading_replaces_its_days_and_a_day_it_leaves_out_cost_nothing(db: Session):
    billed(db, (DAY, "gpt-a", DOLLAR), (NEXT, "gpt-a", DOLLAR))
    billed(db, (NEXT, "gpt-b", 2 * DOLLAR), last=date(2026, 11, 12))
    found = bills.compare(db, READER, date(2026, 11, 9), date(2026, 11, 13)).days
    assert [row.billed_nano for row in found] == [None, 0, 2 * DOLLAR, 0, None]


class Endpoint:
    def __init__(self, *lines: BilledLine, problem: str = "") -> None:
        self.told, self.problem = lines, problem

    def lines(self, first: date, last: date) -> tuple[BilledLine, ...]:
        if self.problem:
            raise BooksUnavailable(self.problem)
        return self.told


def test_a_reading_that_fails_keeps_the_bill_and_says_why(db: Session):
    billed(db, (DAY, "gpt-a", DOLLAR))
    reading = bill_imports.read(Endpoint(problem="HTTP 401: no such key"), DAY, NEXT)
    bill_imports.store(db, OPS, reading)
    assert day_of(db).billed_nano == DOLLAR
    state = bill_imports.reader(db, READER)
    assert state.problem == "HTTP 401: no such key"
    assert state.read_at is not None
    assert state.tried_at is not None
    first, second = bill_imports.imports(db, READER, PageRequest()).rows
    assert (first.problem, first.lines, second.problem, second.lines) == ("HTTP 401: no such key", 0, "", 1)


def test_the_endpoint_is_asked_again_after_twenty_hours_or_a_failure(db: Session):
    now = datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert bill_imports.due(db, now=now) == (date(2026, 10, 16), date(2026, 11, 20))
    number = billed(db, (DAY, "gpt-a", DOLLAR))
    db.execute(text("UPDATE bill_import SET imported_at = :at WHERE id = :id"), {"at": now, "id": number})
    assert bill_imports.due(db, now=now + timedelta(hours=19)) is None
    assert bill_imports.due(db, now=now + timedelta(hours=20)) is not None
    bill_imports.store(db, OPS, bill_imports.read(Endpoint(problem="gone"), DAY, DAY))
    assert bill_imports.due(db, now=now + timedelta(hours=20)) is not None


FILE = """start_time,end_time,amount_value,amount_currency,line_item,project_id
1794268800,1794355200,1.25,usd,"gpt-a, input",proj_1
1794268800,1794355200,0.75,usd,"gpt-a, input",proj_2
1794268800,1794355200,-0.5,usd,credit,proj_1
yesterday,1794355200,1,usd,x,proj_1
1794268800,1794355200,much,usd,x,proj_1
1794268800,1794355200,1,eur,x,proj_1
"""


def test_a_file_is_looked_at_before_anything_is_stored(db: Session):
    billed(db, (DAY, "gpt-a", DOLLAR), last=DAY)
    seen = bill_imports.preview(db, OPS, FILE)
    assert seen.days == (bill_imports.PreviewDay(DAY, 3, 1_500_000_000, DOLLAR),)
    assert [(one.line, one.problem.rpartition(".")[2]) for one in seen.problems] == [
        (5, "day"), (6, "amount"), (7, "currency"),
    ]  # fmt: skip
    assert day_of(db).billed_nano == DOLLAR


def test_a_file_replaces_the_days_it_names_and_no_others(db: Session):
    billed(db, (DAY, "gpt-b", DOLLAR), (NEXT, "gpt-b", DOLLAR))
    number = bill_imports.load(db, OPS, FILE, name="cost_export.csv")
    assert [row.billed_nano for row in bills.compare(db, READER, DAY, NEXT).days] == [1_500_000_000, DOLLAR]
    assert {row.name: row.billed_nano for row in bills.models(db, READER, DAY)} == {
        "gpt-a, input": 2 * DOLLAR, "credit": -500_000_000,
    }  # fmt: skip
    event = db.execute(text("SELECT * FROM audit_event WHERE action = 'bill.imported' ORDER BY id DESC")).first()
    assert event is not None
    assert (event.target_id, event.before, event.after["total_nano"]) == (
        str(number),
        {"total_nano": DOLLAR},
        1_500_000_000,
    )


@pytest.mark.parametrize(
    "content",
    [
        "2026-11-10,gpt-a,1.5", "2026-11-10;gpt-a;1,5", "day;line_item;amount\n2026-11-10;gpt-a;1,5",
        "2026-11-10,gpt-a,$1.50", "date,model,cost_usd\n2026-11-10T00:00:00Z,gpt-a,1.5",
        "start_time_iso,amount_value,line_item\n2026-11-10T00:00:00+00:00,1.5,gpt-a",
    ],
)  # fmt: skip
def test_every_shape_of_a_bill_is_read(content: str):
    (line,) = bill_reading.read(content)
    assert (line.day, line.line_item, line.amount_nano, line.problem) == (DAY, "gpt-a", 1_500_000_000, "")


@pytest.mark.parametrize("content", ["", "hello", "a,b\n1,2", "x" * 500_001, "2026-11-10,a,1\n" * 20_001])
def test_what_is_no_bill_is_refused_with_a_sentence(content: str):
    with pytest.raises(Invalid):
        bill_reading.read(content)


def test_a_file_without_one_good_line_is_refused(db: Session):
    with pytest.raises(Invalid, match="no_good_line"):
        bill_imports.load(db, OPS, "2026-11-10,gpt-a,much", name="x")


def test_who_may_only_read_brings_nothing_in(db: Session):
    for act in (
        lambda: bill_imports.load(db, READER, FILE, name="x"),
        lambda: bill_imports.preview(db, READER, FILE),
        lambda: bill_imports.store(db, READER, Reading("csv", DAY, DAY)),
    ):
        with pytest.raises(Forbidden):
            act()


def test_pages_of_readings_meet_without_gap(db: Session):
    for _ in range(5):
        billed(db, (DAY, "a", 1))
    first = bill_imports.imports(db, READER, PageRequest(size=2))
    second = bill_imports.imports(db, READER, PageRequest(size=2, after=first.next))
    numbers = [row.id for page in (first, second) for row in page.rows]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4
    assert bill_imports.imports(db, READER, PageRequest(size=2, before=second.previous)).rows == first.rows


def test_sixteen_readings_at_once_leave_the_bill_of_one_of_them(database: object):
    for _ in range(50):
        gate, problems = threading.Barrier(16), []

        def act(number: int, gate: threading.Barrier = gate, problems: list[BaseException] = problems) -> None:
            try:
                gate.wait()
                with transaction() as db:
                    billed(db, *((DAY, f"line {place} of {number % 3}", number) for place in range(3)))
            except BaseException as error:  # noqa: BLE001
                problems.append(error)

        threads = [threading.Thread(target=act, args=(number,)) for number in range(1, 17)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with transaction() as db:
            lines = db.execute(text("SELECT amount_nano FROM billed_day WHERE day = :day"), {"day": DAY}).scalars()
            found = list(lines)
            assert not problems
            assert len(found) == 3
            assert len(set(found)) == 1
            db.execute(text("DELETE FROM billed_day"))
