"""The dead-man alarm: told once when nobody looks at the rules, ended when somebody does, never for a night's rest."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.budgets import evaluation
from fitmycv_admin.domain.budgets.watch import Watch
from fitmycv_admin.vocabulary import AlertType, DeliveryKind
from tests.domain.budgets import desk

pytestmark = pytest.mark.usefixtures("database")


class Ticks:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture(autouse=True)
def _no_channel(database: object) -> None:
    with transaction() as db:
        db.execute(text("UPDATE alert_channel SET enabled = false"))


def last_look(**ago: float) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM alert_evaluation"))
        db.execute(
            text("""INSERT INTO alert_evaluation (one, evaluated_at, took_ms, rules)
                    VALUES (true, clock_timestamp() - CAST(:ago AS interval), 0, 0)"""),
            {"ago": timedelta(**ago)},
        )


def look(watch: Watch) -> UUID | None:
    with transaction() as db:
        return watch.look(db)


def notices() -> list[tuple[str, str]]:
    with transaction() as db:
        rows = db.execute(text("SELECT type, state FROM alert_notice ORDER BY opened_at"))
        return [tuple(row) for row in rows]


def test_an_evaluator_that_stopped_is_told_once_to_every_channel_and_its_return_too(ticks: Ticks) -> None:
    channel, watch = desk.channel(), Watch(ticks)
    last_look(seconds=50)
    assert look(watch) is None
    last_look(seconds=90)
    assert look(watch) is None
    ticks.now = 61
    assert look(watch) is not None
    ticks.now = 200
    assert look(watch) is None
    desk.judged()
    assert [each.kind for each in desk.carried(desk.up)] == [DeliveryKind.OPENED]
    with transaction() as db:
        evaluation.evaluate(db)
    look(watch)
    assert notices() == [(AlertType.EVALUATOR_STOPPED, "resolved")]
    desk.later(seconds=61)
    desk.judged()
    assert [(each.channel_id, each.kind) for each in desk.carried(desk.up)] == [(channel, DeliveryKind.RESOLVED)]


def test_after_a_night_in_which_everything_was_off_nothing_has_stopped(ticks: Ticks) -> None:
    last_look(hours=12)
    watch = Watch(ticks)
    assert look(watch) is None
    ticks.now = 55
    assert look(watch) is None
    last_look(seconds=1)
    ticks.now = 62
    assert look(watch) is None
    assert notices() == []


def test_where_nobody_ever_looked_the_minute_runs_from_the_first_watch(ticks: Ticks) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM alert_evaluation"))
    watch = Watch(ticks)
    look(watch)
    look(watch)
    with transaction() as db:
        db.execute(text("UPDATE alert_evaluation SET evaluated_at = evaluated_at - interval '70 seconds'"))
    look(watch)
    ticks.now = 70
    assert look(watch) is not None


def test_sixteen_watchers_at_once_give_one_notice() -> None:
    for turn in range(50):
        last_look(minutes=2 + turn)
        watchers = []
        for _ in range(16):
            ticks = Ticks()
            watch = Watch(ticks)
            look(watch)
            ticks.now = 61
            watchers.append(watch)
        gate = threading.Barrier(16)
        threads = [threading.Thread(target=_look, args=(gate, watch)) for watch in watchers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(notices()) == turn + 1
    with transaction() as db:
        found = db.execute(text("SELECT count(*) FROM openai_alert WHERE type = 'evaluator_stopped'")).scalar()
        opened = db.execute(text("SELECT count(*) FROM alert_notice_event WHERE kind = 'opened'")).scalar()
    assert (found, opened) == (1, 50)


def _look(gate: threading.Barrier, watch: Watch) -> None:
    gate.wait(10)
    look(watch)


def test_who_switched_the_alarm_off_is_not_told_and_a_name_that_is_taken_does_not_stop_it(ticks: Ticks) -> None:
    desk.rule(name="Rule evaluator")
    watch = Watch(ticks)
    last_look(minutes=2)
    look(watch)
    ticks.now = 61
    assert look(watch) is not None
    with transaction() as db:
        db.execute(text("UPDATE openai_alert SET enabled = false WHERE type = 'evaluator_stopped'"))
    last_look(minutes=3)
    look(watch)
    ticks.now = 200
    assert look(watch) is None
