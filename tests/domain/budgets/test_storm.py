"""Storms: whatever happens, a channel gets three messages and a summary an hour, hears the end, and nothing is lost."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.budgets import outbox, storm
from fitmycv_admin.domain.budgets.outbox import Claimed
from fitmycv_admin.vocabulary import AlertType, DeliveryKind
from tests.domain.budgets import desk

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _nothing_before(database: object) -> None:
    with transaction() as db:
        db.execute(text("UPDATE alert_delivery SET told_by = NULL"))
        db.execute(text("DELETE FROM alert_delivery"))


def kinds(claimed: list[Claimed]) -> list[str]:
    return [str(each.kind) for each in claimed]


def waiting(channel: int) -> int:
    """Messages that were neither sent nor told by one that was."""
    return sum(state != "sent" for _, state, _ in desk.states(channel))


def test_a_notice_and_its_end_are_told_at_once_one_each() -> None:
    channel = desk.channel()
    notice = desk.notice(desk.rule(channel))
    desk.told(notice)
    assert desk.judged() == 1
    assert kinds(desk.carried(desk.up)) == ["opened"]
    desk.later(minutes=5)
    desk.over(notice)
    desk.judged()
    desk.later(seconds=61)
    assert desk.judged() == 1
    assert kinds(desk.carried(desk.up)) == ["resolved"]


def test_five_thousand_crossings_in_a_minute_give_three_messages_at_most_and_one_summary_of_all() -> None:
    channel = desk.channel()
    rule = desk.rule(channel)
    with transaction() as db:
        made = db.execute(
            text("""INSERT INTO alert_notice
                        (id, rule_id, type, rule_name, subject, window_starts_at, window_ends_at, step)
                    SELECT gen_random_uuid(), id, type, name, 'user:' || n, :day,
                        CAST(:day AS timestamptz) + interval '1 day', 100
                    FROM openai_alert, generate_series(1, 5000) n WHERE id = :rule RETURNING id"""),
            {"rule": rule, "day": desk.DAY},
        ).scalars().all()  # fmt: skip
    sent: list[Claimed] = []
    for second in range(60):
        with transaction() as db:
            part = made[second * 84 : (second + 1) * 84]
            assert outbox.announce_all(db, [(each, DeliveryKind.OPENED) for each in part]) == len(part)
        desk.judged()
        sent += desk.carried(desk.up)
        desk.later(seconds=1)
    assert kinds(sent) == ["opened"]
    for _ in range(60):
        desk.judged()
        sent += desk.carried(desk.up)
        desk.later(seconds=10)
    assert kinds(sent) == ["opened", "summary"]
    assert waiting(channel) == 0
    assert len(desk.states(channel)) == 5001


def test_a_rule_that_flaps_while_its_channel_is_down_gives_three_messages_at_most_a_summary_and_its_end() -> None:
    channel = desk.channel()
    rule = desk.rule(channel)
    sent: list[Claimed] = []
    for turn in range(240):  # twenty minutes
        notice = desk.notice(rule, starts=desk.DAY + timedelta(seconds=turn))
        desk.told(notice)
        desk.judged()
        desk.over(notice)
        desk.judged()
        desk.carried(desk.down)
        desk.later(seconds=5)
    for _ in range(30):
        desk.judged()
        desk.carried(desk.down)
        desk.later(seconds=10)
    assert len([1 for _, state, told in desk.states(channel) if state in ("queued", "sending") and not told]) <= 4
    for _ in range(12):
        desk.later(minutes=20)
        desk.judged()
        sent += desk.carried(desk.up)
    assert sorted(kinds(sent)) == ["opened", "resolved", "summary"]
    assert waiting(channel) == 0
    assert len(desk.states(channel)) == 480 + 1


def test_what_begins_again_within_a_minute_never_ended_for_its_channel() -> None:
    channel = desk.channel()
    rule = desk.rule(channel)
    sent: list[Claimed] = []
    for turn in range(4):
        notice = desk.notice(rule, starts=desk.DAY + timedelta(hours=turn))
        desk.told(notice)
        desk.judged()
        sent += desk.carried(desk.up)
        desk.later(seconds=20)
        desk.over(notice)
        desk.judged()
        sent += desk.carried(desk.up)
        desk.later(seconds=20)
    assert kinds(sent) == ["opened"]
    desk.later(seconds=60)
    desk.judged()
    assert kinds(desk.carried(desk.up)) == ["resolved"]


def test_steps_that_are_crossed_together_are_one_message_of_the_highest() -> None:
    channel = desk.channel()
    rule = desk.rule(channel)
    made = [desk.notice(rule, step=step) for step in (50, 75, 100, 90)]
    for each in made:
        desk.told(each)
    assert desk.judged() == 1
    assert [each.notice_id for each in desk.carried(desk.up)] == [made[2]]
    assert waiting(channel) == 0
    for each in made:
        desk.over(each)
    desk.later(seconds=61)
    assert desk.judged() == 1
    assert kinds(desk.carried(desk.up)) == ["resolved"]
    assert waiting(channel) == 0


def test_a_higher_step_later_is_a_message_of_its_own() -> None:
    channel = desk.channel()
    rule = desk.rule(channel)
    for step in (50, 75):
        desk.told(desk.notice(rule, step=step))
        desk.judged()
    assert kinds(desk.carried(desk.up)) == ["opened", "opened"]


def test_a_loud_rule_leaves_room_for_another_one() -> None:
    channel = desk.channel()
    loud, other = desk.rule(channel), desk.rule(channel)
    for number in range(5):
        desk.told(desk.notice(loud, f"user:{number}"))
    desk.judged()
    desk.later(minutes=3)
    desk.carried(desk.up)
    last = desk.notice(other)
    desk.told(last)
    desk.judged()
    assert [each.notice_id for each in desk.carried(desk.up)] == [last]


def test_many_rules_at_once_give_three_messages_at_most_too() -> None:
    channel = desk.channel()
    for _ in range(40):
        desk.told(desk.notice(desk.rule(channel)))
    desk.judged()
    desk.later(minutes=6)
    assert kinds(desk.carried(desk.up)) == ["opened", "opened", "summary"]
    assert waiting(channel) == 0


def test_the_third_message_of_an_hour_is_kept_for_an_end() -> None:
    channel = desk.channel()
    notices = [desk.notice(desk.rule(channel)) for _ in range(4)]
    for each in notices:
        desk.told(each)
    assert desk.judged() == 2
    desk.carried(desk.up)
    desk.over(notices[0])
    desk.later(seconds=61)
    assert desk.judged() == 1
    assert kinds(desk.carried(desk.up)) == ["resolved"]
    desk.later(seconds=61)
    assert kinds(desk.carried(desk.up)) == ["summary"]


def test_there_is_one_summary_an_hour_and_the_next_one_tells_the_rest() -> None:
    channel = desk.channel()
    sent: list[str] = []
    for _ in range(36):  # three hours, four new rules every five minutes
        for _ in range(4):
            desk.told(desk.notice(desk.rule(channel)))
        desk.judged()
        sent += kinds(desk.carried(desk.up))
        desk.later(minutes=5)
    assert sent.count("summary") in (2, 3)
    assert sent.count("opened") <= 3 * storm.OPENINGS + storm.OPENINGS
    desk.later(hours=1)
    desk.judged()
    desk.carried(desk.up)
    assert waiting(channel) == 0


def test_that_nobody_looks_at_the_rules_is_told_before_the_rest() -> None:
    channel = desk.channel()
    for _ in range(3):
        desk.told(desk.notice(desk.rule(channel)))
    urgent = desk.notice(desk.rule(channel, type_=AlertType.EVALUATOR_STOPPED))
    desk.told(urgent)
    desk.judged()
    assert urgent in [each.notice_id for each in desk.carried(desk.up)]


def test_a_summary_that_was_not_taken_tells_also_what_came_meanwhile() -> None:
    channel = desk.channel()
    for _ in range(4):
        desk.told(desk.notice(desk.rule(channel)))
    desk.judged()
    desk.carried(desk.up)
    desk.later(minutes=3)
    assert desk.carried(desk.down) == []
    for _ in range(3):
        desk.told(desk.notice(desk.rule(channel)))
    desk.judged()
    desk.later(minutes=3)
    assert kinds(desk.carried(desk.up)) == ["summary"]
    assert waiting(channel) == 0


def test_channels_do_not_share_their_three() -> None:
    first, second = desk.channel(), desk.channel()
    for _ in range(3):
        desk.told(desk.notice(desk.rule(first)))
    desk.told(desk.notice(desk.rule(second)))
    desk.judged()
    assert sorted(each.channel_id for each in desk.carried(desk.up)) == [first, first, second]


def test_sixteen_judges_at_once_let_out_no_more_than_one_would() -> None:
    for _ in range(50):
        channel = desk.channel()
        rule = desk.rule(channel)
        for number in range(6):
            desk.told(desk.notice(rule, f"user:{number}"))
        gate = threading.Barrier(16)
        threads = [threading.Thread(target=_judge, args=(gate,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        desk.judged()
        out = [state for kind, state, told in desk.states(channel) if kind == "opened" and not told]
        assert out == ["queued"]
        assert [kind for kind, _, _ in desk.states(channel)].count("summary") == 1


def _judge(gate: threading.Barrier) -> None:
    gate.wait(10)
    with transaction() as db:
        storm.judge(db)
