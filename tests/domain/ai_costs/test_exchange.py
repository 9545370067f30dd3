"""Exchange rates: the day's own or the last one before it, files that are looked at first, and what is kept."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, Invalid, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import exchange, exchange_changes, exchange_reading
from fitmycv_admin.vocabulary import Permission, Role
from tests.domain.ai_costs.ledger import OPS

pytestmark = pytest.mark.usefixtures("database")
MONDAY, TUESDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 20)
READER = Actor(None, Role.VIEWER, frozenset({Permission.COSTS_READ}))


@pytest.fixture(autouse=True)
def _clean(database: object) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM exchange_rate"))


def store(db: Session, day: date, rate: str, source: str = "csv") -> None:
    db.execute(
        text("INSERT INTO exchange_rate (day, base, quote, rate, source) VALUES (:day, 'USD', 'EUR', :rate, :source)"),
        {"day": day, "rate": rate, "source": source},
    )


def stored(db: Session) -> dict[date, tuple[Decimal, str]]:
    return {row.day: (row.rate, row.source) for row in db.execute(text("SELECT * FROM exchange_rate"))}


def test_a_day_without_a_rate_uses_the_last_one_before_it_and_says_which(db: Session):
    store(db, MONDAY, "0.9")
    store(db, FRIDAY, "0.95")
    assert exchange.rate_on(db, MONDAY) == exchange.Rate(Decimal("0.9"), MONDAY, "csv")
    assert exchange.rate_on(db, date(2026, 11, 19)) == exchange.Rate(Decimal("0.9"), MONDAY, "csv")
    assert exchange.rate_on(db, date(2027, 1, 1)) == exchange.Rate(Decimal("0.95"), FRIDAY, "csv")
    assert exchange.rate_on(db, MONDAY - timedelta(days=1)) is None
    assert exchange.rate_on(db, MONDAY, quote="GBP") is None


def test_between_says_the_same_as_each_day_asked_alone(db: Session):
    for day, rate in ((MONDAY, "0.9"), (TUESDAY, "0.91"), (FRIDAY, "0.95")):
        store(db, day, rate)
    first = MONDAY - timedelta(days=3)
    days = [first + timedelta(days=n) for n in range(12)]
    alone = {day: rate for day in days if (rate := exchange.rate_on(db, day))}
    assert exchange.between(db, first, days[-1]) == alone


def test_amounts_are_turned_at_the_rate_of_their_day_and_rounded_once(db: Session):
    store(db, MONDAY, "0.5")
    store(db, FRIDAY, "0.9", "demo")
    third = 3_333_333
    got = exchange.convert(
        db, {MONDAY: third, TUESDAY: third, FRIDAY: third, MONDAY - timedelta(days=1): 1, date(2026, 1, 1): 0}
    )
    # 3 333 333 nano-dollars × (0.5 + 0.5 + 0.9) = 6 333 332.7 nano-euros = 0.63 cents
    assert got == exchange.Converted(cents=1, carried=1, missing=1, is_demo=True)
    assert exchange.Rate(Decimal("0.92345678"), MONDAY, "csv").cents(10_000_000_000) == 923


def test_a_rate_by_hand_is_stored_with_who_and_why(db: Session):
    exchange_changes.set_rate(db, OPS, "2026-11-16", "0,9234", reason="from the bank")
    exchange_changes.set_rate(db, OPS, "2026-11-16", "0.93", reason="a typing error")
    assert stored(db) == {MONDAY: (Decimal("0.93"), "hand")}
    lines = db.execute(
        text("SELECT before, after, reason FROM audit_event WHERE action = 'exchange.set' ORDER BY id")
    ).all()
    assert [(line.before or {}).get("rate") for line in lines[-2:]] == [None, "0.92340000"]
    assert [line.reason for line in lines[-2:]] == ["from the bank", "a typing error"]


@pytest.mark.parametrize(
    ("day", "rate", "reason", "field"),
    [
        ("soon", "0.9", "why", "day"), ("2999-01-01", "0.9", "why", "day"), ("2026-11-16", "0", "why", "rate"),
        ("2026-11-16", "-1", "why", "rate"), ("2026-11-16", "NaN", "why", "rate"), ("2026-11-16", "0.9", " ", "reason"),
    ],
)  # fmt: skip
def test_a_rate_that_makes_no_sense_is_refused_with_its_field(db: Session, day, rate, reason, field):
    with pytest.raises(Invalid) as caught:
        exchange_changes.set_rate(db, OPS, day, rate, reason=reason)
    assert caught.value.field == field
    db.rollback()


def test_a_rate_taken_away_leaves_the_one_before_it(db: Session):
    store(db, MONDAY, "0.9")
    store(db, TUESDAY, "9")
    exchange_changes.remove(db, OPS, "2026-11-17", reason="ten times too high")
    assert exchange.rate_on(db, TUESDAY) == exchange.Rate(Decimal("0.9"), MONDAY, "csv")
    with pytest.raises(NotFound):
        exchange_changes.remove(db, OPS, "2026-11-17", reason="again")


def test_who_may_only_read_changes_nothing(db: Session):
    exchange.rates(db, READER, PageRequest())
    for act in (
        lambda: exchange_changes.set_rate(db, READER, "2026-11-16", "0.9", reason="x"),
        lambda: exchange_changes.remove(db, READER, "2026-11-16", reason="x"),
        lambda: exchange_changes.load(db, READER, "2026-11-16,0.9", name="x"),
        lambda: exchange_changes.take(db, READER, "2026-11-16,0.9", name="x"),
        lambda: exchange_changes.preview(db, READER, "2026-11-16,0.9"),
    ):
        with pytest.raises(Forbidden):
            act()


FILE = """day,rate
2026-11-16,0.91
2026-11-17,0.92
2026-11-18,nothing
2026-13-01,0.9
2026-11-17,0.99
2999-01-01,0.9

2026-11-20,"0,95"
"""


def test_a_file_is_looked_at_before_anything_is_stored(db: Session):
    store(db, MONDAY, "0.91")
    store(db, TUESDAY, "0.90")
    seen = exchange_changes.preview(db, OPS, FILE)
    assert (seen.new, seen.changed, seen.same, seen.bad) == (1, 1, 1, 4)
    assert (seen.first, seen.last) == (MONDAY, FRIDAY)
    assert [(line.line, line.state, line.problem.rpartition(".")[2]) for line in seen.lines] == [
        (4, "bad", "rate"), (5, "bad", "day"), (6, "bad", "twice"), (7, "bad", "future"), (3, "changed", ""),
        (9, "new", ""), (2, "same", ""),
    ]  # fmt: skip
    assert stored(db) == {MONDAY: (Decimal("0.91"), "csv"), TUESDAY: (Decimal("0.90"), "csv")}


def test_loading_a_file_does_what_its_preview_said(db: Session):
    store(db, MONDAY, "0.91")
    store(db, TUESDAY, "0.90", "hand")
    assert exchange_changes.load(db, OPS, FILE, name="rates.csv") == 2
    assert stored(db) == {
        MONDAY: (Decimal("0.91"), "csv"), TUESDAY: (Decimal("0.92"), "csv"), FRIDAY: (Decimal("0.95"), "csv"),
    }  # fmt: skip
    assert exchange_changes.load(db, OPS, FILE, name="rates.csv") == 0
    line = db.execute(text("SELECT * FROM audit_event WHERE action = 'exchange.loaded' ORDER BY id DESC")).first()
    assert line is not None
    assert (line.after["rates"], line.before) == (2, {"2026-11-17": "0.90000000"})


def test_what_is_fetched_replaces_demo_and_fetched_rates_only(db: Session):
    store(db, MONDAY, "0.90", "hand")
    store(db, TUESDAY, "0.92", "demo")
    store(db, date(2026, 11, 18), "0.90", "fetched")
    assert exchange_changes.take(db, OPS, FILE.replace("nothing", "0.93"), name="publisher") == 3
    assert stored(db) == {
        MONDAY: (Decimal("0.90"), "hand"), TUESDAY: (Decimal("0.92"), "fetched"),
        date(2026, 11, 18): (Decimal("0.93"), "fetched"), FRIDAY: (Decimal("0.95"), "fetched"),
    }  # fmt: skip


def test_a_file_without_one_good_line_is_refused(db: Session):
    with pytest.raises(Invalid, match="no_good_line"):
        exchange_changes.load(db, OPS, "day,rate\n2026-11-16,much", name="x")


ECB_WIDE = "Date,USD,JPY\n2026-11-17,1.25,160\n2026-11-16,N/A,161\n"
ECB_SERIES = (
    "KEY,FREQ,CURRENCY,CURRENCY_DENOM,TIME_PERIOD,OBS_VALUE,TITLE\n"
    'EXR.D.USD.EUR.SP00.A,D,USD,EUR,2026-11-17,1.25,"US dollar/Euro"\n'
    'EXR.D.JPY.EUR.SP00.A,D,JPY,EUR,2026-11-17,160,"Yen/Euro"\n'
)


@pytest.mark.parametrize(
    "content",
    [
        "2026-11-17,0.8", "2026-11-17;0,8", "\ufeffDATE;RATE\r\n2026-11-17;0,8\r\n", "2026-11-17,USD,EUR,0.8",
        "2026-11-17,EUR,USD,1.25", "day,base,quote,rate\n2026-11-17,EUR,USD,1.25", ECB_WIDE, ECB_SERIES,
        '{"base": "USD", "date": "2026-11-17", "rates": {"EUR": 0.8, "JPY": 150}}',
        '{"base": "EUR", "rates": {"2026-11-17": {"USD": 1.25}}}',
        '[{"day": "2026-11-17", "base": "USD", "quote": "EUR", "rate": "0.8"}]',
    ],
)  # fmt: skip
def test_every_shape_of_a_publication_is_read(content: str):
    (line,) = exchange_reading.read(content, base="USD", quote="EUR")
    assert (line.day, line.rate, line.problem) == (TUESDAY, Decimal("0.8"), "")


@pytest.mark.parametrize(
    "content",
    ["", "  ", "hello", "a,b\n1,2", "{", "[]", '{"rates": 3}', '{"base": "USD", "rates": {"GBP": 1}}',
     "x" * 500_001, "[" * 100_000, "day,rate\n" + "2026-11-17,0.8\n" * 20_001],
)  # fmt: skip
def test_what_is_no_publication_is_refused_with_a_sentence(content: str):
    with pytest.raises(Invalid):
        exchange_reading.read(content, base="USD", quote="EUR")


def test_pages_of_rates_meet_without_gap_in_both_directions(db: Session):
    for number in range(7):
        store(db, MONDAY + timedelta(days=number), f"0.9{number}", "csv" if number % 2 else "hand")
    first = exchange.rates(db, READER, PageRequest(size=3))
    second = exchange.rates(db, READER, PageRequest(size=3, after=first.next))
    third = exchange.rates(db, READER, PageRequest(size=3, after=second.next))
    days = [row.day for page in (first, second, third) for row in page.rows]
    assert days == [MONDAY + timedelta(days=number) for number in range(6, -1, -1)]
    assert third.next == ""
    assert exchange.rates(db, READER, PageRequest(size=3, before=third.previous)).rows == second.rows
    assert {row.source for row in exchange.rates(db, READER, PageRequest(), source="hand").rows} == {"hand"}
    assert exchange.rates(db, READER, PageRequest(after="nonsense")).rows[0].day == days[0]


def test_the_standing_counts_the_days_without_a_rate_of_their_own(db: Session):
    today = clock.now().astimezone(UTC).date()
    store(db, today - timedelta(days=3), "0.9", "fetched")
    store(db, today - timedelta(days=1), "0.91", "fetched")
    found = exchange.standing(db, READER)
    assert found.rate == exchange.Rate(Decimal("0.91"), today - timedelta(days=1), "fetched")
    assert (found.missing, len(found.series)) == (28, 90)
    assert found.series[-4:] == (90_000_000, 90_000_000, 91_000_000, 91_000_000)
    assert found.fetched_at is not None
    assert found.fetched_at <= datetime.now(UTC) + timedelta(seconds=5)


def test_sixteen_files_at_once_leave_the_rates_of_one_of_them(database: object):
    days = [(MONDAY - timedelta(days=n)).isoformat() for n in range(5)]
    for _ in range(50):
        gate, problems = threading.Barrier(16), []

        def act(number: int, gate: threading.Barrier = gate, problems: list[BaseException] = problems) -> None:
            try:
                gate.wait()
                with transaction() as db:
                    order = days if number % 2 else days[::-1]
                    lines = "\n".join(f"{day},0.{900 + number}" for day in order)
                    exchange_changes.load(db, OPS, lines, name="race")
            except BaseException as error:  # noqa: BLE001
                problems.append(error)

        threads = [threading.Thread(target=act, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with transaction() as db:
            assert not problems
            assert len({rate for rate, _ in stored(db).values()}) == 1
            db.execute(text("DELETE FROM exchange_rate"))


def test_who_set_a_rate_is_shown(db: Session):
    person = UUID(int=7)
    db.execute(
        text("INSERT INTO app_user (id, email, name, role) VALUES (:id, 'f@example.org', 'Fay', 'finance')"),
        {"id": person},
    )
    by = Actor(person, Role.FINANCE, frozenset(Permission))
    exchange_changes.set_rate(db, by, "2026-11-16", "0.9", reason="bank")
    assert exchange.rates(db, READER, PageRequest()).rows[0].by == "Fay"
    db.rollback()


def test_a_rate_far_from_the_one_before_it_is_asked_about(db: Session):
    store(db, MONDAY, "0.9")
    with pytest.raises(Invalid, match="far"):
        exchange_changes.set_rate(db, OPS, "2026-11-17", "9.1", reason="typed in a hurry")
    slip = "2026-11-17,0.91\n2026-11-18,9.2\n2026-11-19,0.92"
    seen = exchange_changes.preview(db, OPS, slip)
    assert (seen.far, seen.new, seen.lines[0].day, seen.lines[0].is_far) == (1, 3, date(2026, 11, 18), True)
    with pytest.raises(Invalid, match="far"):
        exchange_changes.load(db, OPS, slip, name="x")
    assert exchange_changes.take(db, OPS, slip, name="publisher") == 2
    assert exchange_changes.load(db, OPS, slip, name="x", confirmed=True) == 1
    assert stored(db)[date(2026, 11, 18)] == (Decimal("9.2"), "csv")
