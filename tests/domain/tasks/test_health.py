"""What the console says of the work: what ended and how fast, what fails alike, what is stuck, what waits too long."""

import math
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.tasks import attempts, control, delays, health, heartbeats, incidents, line, usual
from fitmycv_admin.domain.tasks.control import Rule
from fitmycv_admin.domain.tasks.incidents import Wanted
from fitmycv_admin.vocabulary import Role
from tests.domain.tasks.conftest import make_person
from tests.domain.tasks.test_board import claim, row_of, set_row
from tests.domain.tasks.test_console import fail, submit
from tests.domain.tasks.test_queries import staff


@pytest.fixture(autouse=True)
def nothing_else(database: object) -> None:
    """No rule, no delay, no message and no process of another test."""
    with transaction() as db:
        for table in ("task_type_control", "queue_delay", "email_log", "process_heartbeat"):
            db.execute(text(f"DELETE FROM {table}"))
        db.execute(text("UPDATE app_user SET role = 'user'"))


def complete(task_id: UUID, *, wait_s: float = 0, run_s: float = 1) -> UUID:
    held = claim(task_id)
    with transaction() as db:
        attempts.complete(db, held)
    set_row(task_id, f"queued_at = finished_at - interval '{wait_s + run_s} s', "
                     f"started_at = finished_at - interval '{run_s} s'")  # fmt: skip
    return task_id


def shown(span: str = "24h") -> health.HealthScreen:
    with snapshot() as db:
        return health.health(db, staff(Role.VIEWER), span)


def test_what_ended_is_counted_with_its_waits_and_runs(person: Actor) -> None:
    for wait, run in ((1, 2), (1, 2), (9, 20)):
        complete(submit(person), wait_s=wait, run_s=run)
    fail(submit(person))
    screen = shown()
    assert len(screen.steps) == 24
    step = next(step for step in screen.steps if step.completed)
    assert (step.completed, step.failed, step.cancelled) == (3, 1, 0)
    assert (step.run_p50_ms, step.run_p95_ms) == (2000, 20000)
    assert step.wait_p95_ms == 9000
    for span, count in (("7d", 28), ("30d", 30)):
        steps = shown(span).steps
        assert len(steps) == count
        assert sum(step.completed for step in steps) == 3


def test_failures_alike_are_one_line_with_first_last_and_how_many_people(person: Actor) -> None:
    first = fail(submit(person), "f1")
    set_row(first, "finished_at = finished_at - interval '2 h', error = 'older'")
    last = fail(submit(make_person()), "f1")
    fail(submit(person), "f2")
    one, two = shown().failures
    assert (one.fingerprint, one.count, one.people) == ("f1", 2, 2)
    assert (one.first, one.last) == (row_of(first).finished_at, row_of(last).finished_at)
    assert (one.error_key, one.sample) == ("tasks.error.unexpected", "KeyError")
    assert (two.fingerprint, two.count) == ("f2", 1)


def test_among_very_many_failures_people_are_not_counted(person: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(submit(person), "f1")
    monkeypatch.setattr(health, "_PEOPLE_UP_TO", 0)
    monkeypatch.setattr(health, "_SAMPLE", 1)
    screen = shown()
    assert [(row.count, row.people) for row in screen.failures] == [(1, None)]
    assert screen.one_in == 2


_MANY = """
INSERT INTO background_task (id, title, type, status, user_id, queue, attempt, max_attempts, dispatch_seq, created_at,
    queued_at, started_at, finished_at, error_key, error, error_fingerprint)
SELECT gen_random_uuid(), 'CV', (ARRAY['match_score', 'import_pdf', 'extract_offer'])[1 + n % 3],
    state, CAST(:person AS uuid), 'tasks', 1, 3, 1, at, at, started, started + n % 29 * interval '0.9 s',
    CASE state WHEN 'failed' THEN 'tasks.error.unexpected' END, CASE state WHEN 'failed' THEN 'n' || n END,
    CASE WHEN state = 'failed' AND n % 4 > 0 THEN (ARRAY['', 'f1', 'f2', 'f3'])[1 + n % 7 % 4] END
FROM (SELECT n, (ARRAY['failed', 'completed', 'failed', 'completed', 'cancelled'])[1 + n % 5] AS state,
    now() - power(random(), 2) * interval '33 days' AS at,
    CASE WHEN n % 11 > 0 THEN now() - power(random(), 2) * interval '33 days' END AS started
    FROM generate_series(1, 1500) n) made"""


def disc(values: list[float], share: float) -> int | None:
    """The value that a share of all does not exceed, in milliseconds."""
    ordered = sorted(values)
    return int(ordered[max(0, math.ceil(share * len(ordered)) - 1)] * 1000) if ordered else None


@pytest.mark.parametrize("type_", ["", "import_pdf"])
@pytest.mark.parametrize(("sample", "people_up_to"), [(10_000, 10_000), (200, 10_000), (60, 0), (20, 0)])
def test_the_figures_are_those_of_every_single_task(
    person: Actor, monkeypatch: pytest.MonkeyPatch, type_: str, sample: int, people_up_to: int
) -> None:
    monkeypatch.setattr(health, "_SAMPLE", sample)
    monkeypatch.setattr(health, "_PEOPLE_UP_TO", people_up_to)
    with transaction() as db:
        db.execute(text("DELETE FROM task_attempt"))
        db.execute(text("DELETE FROM background_task"))
        db.execute(text(_MANY), {"person": person.user_id})
        db.execute(text("UPDATE background_task SET finished_at = coalesce(finished_at, created_at)"))
        rows = db.execute(text("SELECT * FROM background_task WHERE :type IN ('', type)"), {"type": type_}).all()
    for span in health.SPANS:
        with snapshot() as db:
            screen = health.health(db, staff(Role.VIEWER), span, type_)
        within = [row for row in rows if screen.since <= row.finished_at < screen.until]
        _same_steps(screen, within)
        _same_failures(screen, [row for row in within if row.status == "failed"], people_up_to)


def _same_steps(screen: health.HealthScreen, rows: list[Any]) -> None:
    for step in screen.steps:
        ended = [row for row in rows if step.at <= row.finished_at < step.until]
        counted = Counter(row.status for row in ended)
        assert (step.completed, step.failed, step.cancelled) == tuple(
            counted[word] for word in ("completed", "failed", "cancelled")
        )
        timed = [
            row for row in ended
            if row.started_at and (row.started_at.second * 10**6 + row.started_at.microsecond) % screen.one_in == 0
        ]  # fmt: skip
        waits = [max(0.0, (row.started_at - row.queued_at).total_seconds()) for row in timed]
        runs = [(row.finished_at - row.started_at).total_seconds() for row in timed if row.status == "completed"]
        assert (step.wait_p50_ms, step.wait_p95_ms) == pytest.approx((disc(waits, 0.5), disc(waits, 0.95)), abs=1)
        assert (step.run_p50_ms, step.run_p95_ms) == pytest.approx((disc(runs, 0.5), disc(runs, 0.95)), abs=1)


def _same_failures(screen: health.HealthScreen, failed: list[Any], people_up_to: int) -> None:
    alike: dict[str | None, list[Any]] = {}
    for row in failed:
        alike.setdefault(row.error_fingerprint, []).append(row)
    expected = []
    for word, those in alike.items():
        newest = max(those, key=lambda row: row.finished_at)
        people = len({row.user_id for row in those}) if len(failed) <= people_up_to else None
        first = min(row.finished_at for row in those)
        expected.append((word or "", newest.error, len(those), people, first, newest.finished_at))
    found = [(row.fingerprint, row.sample, row.count, row.people, row.first, row.last) for row in screen.failures]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert [row.count for row in screen.failures] == sorted((len(those) for those in alike.values()), reverse=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("lease_until = clock_timestamp() - interval '20 s'", "lease_over"),
        ("lease_until = clock_timestamp() + interval '20 s', progressed_at = clock_timestamp() - interval '9 m'",
         "no_progress"),
    ],
)  # fmt: skip
def test_a_task_that_runs_without_progress_or_without_its_worker_is_stuck(
    person: Actor, change: str, reason: str
) -> None:
    task_id = submit(person)
    claim(task_id)
    assert shown().stuck == ()
    set_row(task_id, change)
    assert [(row.type, row.reason, row.count) for row in shown().stuck] == [("noop", reason, 1)]


def test_what_is_usual_decides_what_is_stuck(person: Actor) -> None:
    running, waiting = submit(person), submit(person)
    claim(running)
    with transaction() as db:
        db.execute(text("UPDATE task_attempt SET started_at = started_at - interval '50 s'"))
    set_row(waiting, "queued_at = queued_at - interval '5 m'")
    for _ in range(3):
        complete(submit(person), wait_s=1, run_s=40)
    assert {row.reason for row in shown().stuck} == {"long_wait"}
    with transaction() as db:
        db.execute(text("UPDATE background_task SET started_at = finished_at - interval '2 s', "
                        "queued_at = finished_at - interval '4 m' WHERE status = 'completed'"))  # fmt: skip
    assert {row.reason for row in shown().stuck} == {"long_run"}


def test_a_paused_type_waits_on_purpose(person: Actor) -> None:
    set_row(submit(person), "queued_at = queued_at - interval '3 h'")
    ops = staff(Role.OPS)
    with transaction() as db:
        control.change(db, ops, "noop", Rule(is_paused=True), expected_version=0, reason="maintenance")
    assert shown().stuck == ()
    with transaction() as db:
        assert delays.watch(db) == 0


def mails() -> list[str]:
    with transaction() as db:
        found = "SELECT recipient_email FROM email_log WHERE trigger_name = 'queue_delay' ORDER BY 1"
        return list(db.execute(text(found)).scalars())


def test_a_delay_is_told_once_to_everybody_who_may_act_and_to_nobody_else(person: Actor) -> None:
    told = sorted([staff(Role.OPS).email, staff(Role.ADMIN).email])
    viewer = staff(Role.VIEWER)
    task_id = submit(person)
    with transaction() as db:
        assert delays.watch(db) == 0
    set_row(task_id, "queued_at = queued_at - interval '6 m'")
    for expected in (2, 0, 0):
        with transaction() as db:
            assert delays.watch(db) == expected
    assert mails() == told
    with snapshot() as db:
        (delay,) = delays.now(db, viewer)
    assert (delay.queue, delay.limit_s, delay.told) == ("tasks", 300, 2)
    assert delay.worst_s >= 360


def test_a_delay_that_goes_up_and_down_is_one_and_the_next_is_told_again(person: Actor) -> None:
    ops = staff(Role.OPS)
    task_id = submit(person)
    for wait, lasting, messages in ((6, 1, 1), (4, 1, 1), (6, 1, 1), (1, 0, 1), (6, 1, 2)):
        set_row(task_id, f"queued_at = clock_timestamp() - interval '{wait} m'")
        with transaction() as db:
            delays.watch(db)
        with snapshot() as db:
            assert len(delays.now(db, ops)) == lasting, wait
        assert len(mails()) == messages, wait
    with snapshot() as db:
        assert len(delays.lately(db, ops)) == 2


def test_a_rule_is_changed_by_who_may_and_only_on_what_they_saw() -> None:
    ops = staff(Role.OPS)
    with transaction() as db:
        rule = Rule(at_once=3, at_once_per_person=1)
        assert control.change(db, ops, "noop", rule, expected_version=0, reason="slow model") == 1
    with snapshot() as db:
        shown = {row.type: row for row in control.screen(db, ops).rules}
    assert (shown["noop"].rule, shown["noop"].version, shown["noop"].reason) == (rule, 1, "slow model")
    assert shown["*"].rule == Rule()
    wrong = [
        (ops, "noop", Rule(), 0, "x", Conflict),
        (ops, "*", Rule(), 3, "x", Conflict),
        (ops, "noop", Rule(at_once=0), 1, "x", Invalid),
        (ops, "noop", Rule(), 1, " ", Invalid),
        (ops, "nothing", Rule(), 0, "x", NotFound),
        (staff(Role.VIEWER), "noop", Rule(), 1, "x", Forbidden),
    ]
    for by, type_, given, version, reason, error in wrong:
        with pytest.raises(error), transaction() as db:
            control.change(db, by, type_, given, expected_version=version, reason=reason)
    with transaction() as db:
        before = "SELECT before, after FROM audit_event WHERE action = 'task_type.changed' ORDER BY created_at DESC"
        line_ = db.execute(text(before)).first()
    assert line_ is not None
    assert (line_.before["at_once"], line_.after["at_once"]) == (None, 3)


def test_the_list_of_workers_says_what_each_one_does(person: Actor) -> None:
    task_id = submit(person)
    claim(task_id, worker="box-41-ab12")
    with transaction() as db:
        heartbeats.beat(db, "worker.tasks-box-41", "worker.tasks", host="box", pid=41, version="deadbeef")
        heartbeats.beat(db, "worker.tasks-box-4", "worker.tasks", host="box", pid=4)
        db.execute(text("UPDATE process_heartbeat SET seen_at = seen_at - interval '1 m' WHERE pid = 4"))
    with snapshot() as db:
        busy, gone = control.screen(db, staff(Role.VIEWER)).processes
    assert (busy.host, busy.pid, busy.version, busy.task_id, busy.task_type) == ("box", 41, "deadbeef", task_id, "noop")
    assert (gone.pid, gone.is_gone, gone.task_id) == (4, True, None)


def wanted(**words: object) -> Wanted:
    return Wanted(clock.now() - timedelta(hours=1), clock.now() + timedelta(minutes=1), **words)  # type: ignore[arg-type]


def test_everybody_hit_between_two_instants_is_found_once_with_what_they_would_get(person: Actor) -> None:
    other, lucky, early = make_person(), make_person(), make_person()
    fail(submit(person), "f1")
    fail(submit(person), "f2")
    complete(submit(person), wait_s=50, run_s=30)
    complete(submit(other), wait_s=100, run_s=1)
    complete(submit(lucky))
    set_row(fail(submit(early)), "finished_at = finished_at - interval '2 h'")
    support = staff(Role.SUPPORT)
    with snapshot() as db:
        screen = incidents.hit(db, support, wanted(), PageRequest())
        first = incidents.hit(db, support, wanted(), PageRequest(size=1)).page
        second = incidents.hit(db, support, wanted(), PageRequest(size=1, after=first.next)).page
        by_error = incidents.hit(db, support, wanted(kinds=("failed",), fingerprint="f2"), PageRequest())
        each = incidents.amounts(db, support, wanted(), 2, per_task=False)
        per_task = incidents.amounts(db, support, wanted(), 2, per_task=True)
    assert (screen.totals.people, screen.totals.failed, screen.totals.slow) == (2, 2, 2)
    assert [(row.user_id, row.failed, row.slow, row.tasks) for row in screen.page.rows] == [
        (person.user_id, 2, 1, 3), (other.user_id, 0, 1, 1),
    ]  # fmt: skip
    assert [row.user_id for row in (*first.rows, *second.rows)] == [person.user_id, other.user_id]
    assert [row.user_id for row in by_error.page.rows] == [person.user_id]
    assert dict(each) == {person.user_id: 2, other.user_id: 2}
    assert dict(per_task) == {person.user_id: 6, other.user_id: 2}
    with pytest.raises(Invalid), snapshot() as db:
        incidents.amounts(db, support, wanted(), 0, per_task=False)
    with pytest.raises(Forbidden), snapshot() as db:
        incidents.amounts(db, staff(Role.VIEWER), wanted(), 2, per_task=False)


def place(by: Actor, task_id: UUID) -> tuple[int, int | None]:
    with snapshot() as db:
        return line.ahead_of(db, by, task_id)


def test_the_place_in_line_is_the_order_in_which_people_are_served(person: Actor) -> None:
    greedy = [submit(person) for _ in range(5)]
    modest = make_person()
    task_id = submit(modest)
    assert place(modest, task_id) == (2, None)
    assert [place(person, task)[0] for task in greedy] == [1, 3, 4, 5, 6]
    claim(greedy[0])
    assert place(person, greedy[0]) == (0, None)
    with pytest.raises(NotFound):
        place(make_person(), task_id)


def test_the_expected_time_comes_from_what_such_tasks_took_and_who_works(person: Actor) -> None:
    for _ in range(4):
        complete(submit(person), run_s=10)
    tasks = [submit(person) for _ in range(6)]
    assert place(person, tasks[0])[1] is None
    with transaction() as db:
        for pid in (1, 2):
            heartbeats.beat(db, f"w{pid}", "worker.tasks", host="box", pid=pid)
    assert place(person, tasks[0]) == (1, 10)
    assert place(person, tasks[4]) == (5, 30)
    claim(tasks[0])
    assert 1 <= (place(person, tasks[0])[1] or 0) <= 10
    with snapshot() as db:
        pace = usual.usual(db).paces["noop"]
    assert pace.run_mean == pytest.approx(10)


def test_everybody_hit_gets_one_gift_in_one_batch_and_the_next_look_says_so(person: Actor) -> None:
    fail(submit(person))
    fail(submit(make_person()))
    asked, admin = wanted(kinds=("failed",)), staff(Role.ADMIN)
    with pytest.raises(Conflict), transaction() as db:
        incidents.make_up(db, admin, asked, 3, per_task=False, note="models were away", expected=1)
    with transaction() as db:
        batch_id, started = incidents.make_up(db, admin, asked, 3, per_task=False, note="models were away", expected=2)
    assert (started.state, started.approval_id) == ("running", None)
    with snapshot() as db:
        (given,) = incidents.hit(db, admin, asked, PageRequest()).made_up
    assert (given.batch_id, given.people, given.total, given.note) == (batch_id, 2, 6, "models were away")
    with transaction() as db:
        _, asked_for = incidents.make_up(db, staff(Role.OPS), asked, 1, per_task=True, note="again", expected=2)
    assert asked_for.approval_id is not None
