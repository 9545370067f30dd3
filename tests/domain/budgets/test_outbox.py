"""The outbox of notices: told once, kept until taken, tried again later, given up in sight of everybody."""

import threading
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Forbidden, NotFound
from fitmycv_admin.domain.actors import VISITOR, Actor
from fitmycv_admin.domain.budgets import outbox
from fitmycv_admin.vocabulary import AlertType, ChannelKind, DeliveryKind, Permission, Role
from tests.domain.budgets import desk

pytestmark = pytest.mark.usefixtures("database")
WRITER = Actor(None, Role.OPS, frozenset({Permission.BUDGETS_READ, Permission.BUDGETS_WRITE}), name="Ada")


@pytest.fixture(autouse=True)
def _nothing_before(database: object) -> None:
    with transaction() as db:
        db.execute(text("DELETE FROM alert_route"))
        db.execute(text("UPDATE alert_delivery SET told_by = NULL"))
        db.execute(text("DELETE FROM alert_delivery"))
        db.execute(text("UPDATE alert_channel SET enabled = false"))


def test_each_channel_of_the_rule_is_told_once_however_often_it_is_said() -> None:
    first, second, other = desk.channel(), desk.channel(), desk.channel()
    notice = desk.notice(desk.rule(first, second))
    with transaction() as db:
        assert outbox.announce(db, notice, DeliveryKind.OPENED) == 2
        assert outbox.announce(db, notice, DeliveryKind.OPENED) == 0
        assert outbox.announce(db, notice, DeliveryKind.RESOLVED) == 2
    assert [len(desk.states(each)) for each in (first, second, other)] == [2, 2, 0]


def test_a_rule_without_channels_and_a_channel_that_is_off_get_no_message() -> None:
    off = desk.channel()
    with transaction() as db:
        db.execute(text("UPDATE alert_channel SET enabled = false WHERE id = :id"), {"id": off})
    desk.channel()
    desk.told(desk.notice(desk.rule(off)))
    desk.told(desk.notice(desk.rule()))
    with transaction() as db:
        assert db.execute(text("SELECT count(*) FROM alert_delivery")).scalar() == 0


def test_that_nobody_looks_at_the_rules_goes_to_every_channel_unless_the_rule_names_some() -> None:
    first, second = desk.channel(), desk.channel(ChannelKind.MAIL)
    desk.channel(ChannelKind.IN_APP)
    desk.told(desk.notice(desk.rule(type_=AlertType.EVALUATOR_STOPPED)))
    assert [len(desk.states(each)) for each in (first, second)] == [1, 1]
    desk.told(desk.notice(desk.rule(second, type_=AlertType.EVALUATOR_STOPPED)))
    assert [len(desk.states(each)) for each in (first, second)] == [1, 2]


def test_a_rolled_back_notice_leaves_no_message() -> None:
    channel = desk.channel()
    notice = desk.notice(desk.rule(channel))
    with pytest.raises(RuntimeError), transaction() as db:  # noqa: PT012
        outbox.announce(db, notice, DeliveryKind.OPENED)
        raise RuntimeError
    assert desk.states(channel) == []


def test_of_sixteen_senders_one_has_the_message() -> None:
    for _ in range(50):
        channel = desk.channel()
        with transaction() as db:
            made = outbox.queue(db, channel, DeliveryKind.TEST, once=f"t{channel}")
        assert made is not None
        assert sum(_race(made)) == 1


def _race(delivery_id: UUID) -> list[bool]:
    gate, won = threading.Barrier(16), []

    def claim() -> None:
        gate.wait(10)
        with transaction() as db:
            won.append(outbox.take_due(db, delivery_id) is not None)

    threads = [threading.Thread(target=claim) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return won


def test_a_sender_that_dies_leaves_its_message_to_another_after_two_minutes() -> None:
    channel = desk.channel()
    with transaction() as db:
        made = outbox.queue(db, channel, DeliveryKind.TEST, once="t")
        assert made is not None
        assert outbox.take_due(db, made) is not None
    desk.later(seconds=115)
    with transaction() as db:
        assert outbox.due(db) == ()
    desk.later(seconds=10)
    with transaction() as db:
        assert outbox.due(db) == (made,)
        again = outbox.take_due(db, made)
    assert again is not None
    assert again.attempts == 2


def test_waits_grow_and_after_a_day_of_attempts_it_is_given_up_and_stays() -> None:
    channel = desk.channel()
    with transaction() as db:
        outbox.queue(db, channel, DeliveryKind.TEST, once="t")
    waits = []
    for _ in range(outbox.MOST_ATTEMPTS - 1):
        assert desk.carried(desk.down) == []
        with transaction() as db:
            waits.append(
                db.execute(text("SELECT extract(epoch FROM next_at - clock_timestamp()) FROM alert_delivery")).scalar()
            )
        desk.later(hours=2)
    assert [round(float(wait or 0)) for wait in waits[:6]] == [10, 30, 120, 600, 1800, 3600]
    assert desk.states(channel) == [("test", "queued", False)]
    assert 20 * 3600 < sum(float(wait or 0) for wait in waits) < 26 * 3600
    desk.carried(desk.down)
    assert desk.states(channel) == [("test", "failed", False)]
    with transaction() as db:
        assert db.execute(text("SELECT last_error FROM alert_delivery")).scalar() == "no answer"


def test_a_receiver_that_asks_for_more_time_gets_it() -> None:
    channel = desk.channel()
    with transaction() as db:
        made = outbox.queue(db, channel, DeliveryKind.TEST, once="t")
        assert made is not None
        claimed = outbox.take_due(db, made)
        assert claimed is not None
        outbox.failed(db, made, "429", attempts=claimed.attempts, wait_s=300)
    desk.later(seconds=290)
    with transaction() as db:
        assert outbox.due(db) == ()


def test_what_was_given_up_is_sent_again_when_somebody_asks_and_the_trail_says_who() -> None:
    channel = desk.channel()
    with transaction() as db:
        made = outbox.queue(db, channel, DeliveryKind.DIGEST, once="t")
        assert made is not None
        outbox.take_due(db, made)
        outbox.refused(db, made, "chat not found")
    with pytest.raises(Forbidden), transaction() as db:
        outbox.retry(db, VISITOR, made)
    with transaction() as db:
        outbox.retry(db, WRITER, made)
    with pytest.raises(NotFound), transaction() as db:
        outbox.retry(db, WRITER, made)
    assert [each.id for each in desk.carried(desk.up)] == [made]
    assert desk.states(channel) == [("digest", "sent", False)]
    with transaction() as db:
        trail = text("SELECT actor_name FROM audit_event WHERE action = 'alert_delivery.retried' AND target_id = :id")
        assert db.execute(trail, {"id": str(made)}).scalar() == "Ada"


def test_a_test_reaches_also_a_channel_that_is_off_and_there_is_one_at_a_time() -> None:
    channel = desk.channel()
    with transaction() as db:
        db.execute(text("UPDATE alert_channel SET enabled = false WHERE id = :id"), {"id": channel})
        made = outbox.test(db, WRITER, channel)
    with pytest.raises(outbox.UnderWay), transaction() as db:
        outbox.test(db, WRITER, channel)
    with pytest.raises(Forbidden), transaction() as db:
        outbox.test(db, VISITOR, channel)
    with pytest.raises(NotFound), transaction() as db:
        outbox.test(db, WRITER, 0)
    assert [each.id for each in desk.carried(desk.up)] == [made]
    with transaction() as db:
        assert outbox.test(db, WRITER, channel) != made


def test_what_waits_for_a_channel_that_was_switched_off_leaves_when_it_is_on_again() -> None:
    channel = desk.channel()
    desk.told(desk.notice(desk.rule(channel)))
    desk.judged()
    _switch(channel, "false")
    assert desk.carried(desk.up) == []
    _switch(channel, "true")
    assert len(desk.carried(desk.up)) == 1


def _switch(channel: int, on: str) -> None:
    with transaction() as db:
        db.execute(text(f"UPDATE alert_channel SET enabled = {on} WHERE id = :id"), {"id": channel})
