"""Rules as staff edit them: checked, audited, undone for a moment, and a great raise only with a second person."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import text

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import approvals
from fitmycv_admin.domain.budgets import notices, rules, subjects
from fitmycv_admin.domain.budgets.notices import AlreadyResolved
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import AlertType, ApprovalState, BudgetWindow, Enforcement, Permission, Role
from tests.domain.budgets import stand
from tests.domain.budgets.stand import NOON, OPS, USD
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
BOTH = frozenset({Permission.BUDGETS_READ, Permission.BUDGETS_WRITE})


def staff(role: Role = Role.FINANCE, permissions: frozenset[Permission] = BOTH) -> Actor:
    with transaction() as db:
        user = User(id=new_id(), email=f"{new_id()}@fitmycv.example", name="Finn", role=role)
        db.add(user)
    return Actor(user.id, role, permissions, name="Finn")


def do(command: Any, by: Actor, *args: Any, **words: Any) -> Any:
    with transaction() as db:
        return command(db, by, *args, **words)


def stored(rule: int) -> subjects.Rule:
    with snapshot() as db:
        found = subjects.one(db, rule)
    assert found is not None
    return found


def trail_of(rule: int) -> list[str]:
    with snapshot() as db:
        sql = "SELECT action FROM audit_event WHERE target_type = 'budget_rule' AND target_id = :id ORDER BY id"
        return list(db.execute(text(sql), {"id": str(rule)}).scalars())


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("name", {"name": " "}),
        ("threshold_nano", {"threshold_nano": 0}),
        ("steps", {"steps": ()}),
        ("steps", {"steps": (0, 50)}),
        ("rolling_days", {"window": BudgetWindow.ROLLING}),
        ("degrade_model", {"enforcement": Enforcement.DEGRADE}),
        ("degrade_model", {"enforcement": Enforcement.DEGRADE, "degrade_model": "gpt-nobody"}),
        ("feature_key", {"type": AlertType.FEATURE_DAILY}),
        ("feature_key", {"feature_key": "nothing"}),
        ("model_id", {"model_id": 32_000}),
        ("plan_id", {"plan_id": 32_000}),
        ("user_id", {"user_id": UUID(int=1)}),
        ("each_user", {"user_id": UUID(int=1), "each_user": True}),
        ("channels", {"channels": (999_999,)}),
        ("ratio_percent", {"type": AlertType.ANOMALY, "ratio_percent": 90}),
        ("minutes", {"type": AlertType.NO_DATA, "minutes": 1}),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_field(field: str, words: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        stand.rule(**words) if "threshold_nano" not in words else do(
            rules.create, OPS, Draft(AlertType.BUDGET, "x", **words)
        )
    assert refused.value.field == field


def test_a_type_brings_its_window_and_scope() -> None:
    rule = stand.rule(5, type=AlertType.USER_MONTHLY)
    says = stored(rule).says
    assert (says.window, says.each_user) == (BudgetWindow.MONTH, True)


def test_a_name_is_taken_once() -> None:
    stand.rule(5, name="same")
    with pytest.raises(Invalid, match="name_taken"):
        stand.rule(5, name="same")


def test_two_who_change_at_once_notice_each_other() -> None:
    rule = stand.rule(5)
    says = replace(stored(rule).says, description="first")
    assert do(rules.change, OPS, rule, says, version=1) == 2
    with pytest.raises(Conflict):
        do(rules.change, OPS, rule, replace(says, description="second"), version=1)


def test_of_sixteen_changes_of_one_version_one_is_made_fifty_times() -> None:
    rule = stand.rule(5)
    for version in range(1, 51):
        says = replace(stored(rule).says, description=str(version))
        answers = at_once(16, lambda _n, v=version, s=says: do(rules.change, OPS, rule, s, version=v))
        assert [answer for answer in answers if isinstance(answer, int)] == [version + 1]
        assert sum(isinstance(answer, Conflict) for answer in answers) == 15


def test_every_act_is_in_the_trail_and_on_the_card() -> None:
    rule = stand.rule(5)
    do(rules.set_enabled, OPS, [rule], enabled=False)
    do(rules.scale, OPS, [rule], percent=120)
    do(rules.remove, OPS, rule, version=3)
    assert trail_of(rule) == ["budget.created", "budget.disabled", "budget.scaled", "budget.removed"]
    with snapshot() as db:
        card = rules.rule(db, OPS, rule)
    assert card.is_removed
    assert card.changes[0].action == "budget.removed"
    with pytest.raises(NotFound):
        do(rules.remove, OPS, rule, version=4)


def test_a_bulk_change_is_taken_back_for_a_moment_and_not_over_somebody_elses() -> None:
    first, second = stand.rule(5, name="a"), stand.rule(10, name="b")
    undo = do(rules.scale, OPS, [first, second], percent=140)
    assert [stored(rule).says.threshold_nano for rule in (first, second)] == [7 * USD, 14 * USD]
    assert do(rules.undo, OPS, undo) == 2
    assert [stored(rule).says.threshold_nano for rule in (first, second)] == [5 * USD, 10 * USD]
    undo = do(rules.set_enabled, OPS, [first, second], enabled=False)
    do(rules.scale, OPS, [second], percent=110)
    with pytest.raises(Conflict):
        do(rules.undo, OPS, undo)
    assert not stored(first).says.enabled
    with pytest.raises(Invalid, match="undo_late"):
        do(rules.undo, OPS, replace(undo, made_at=clock.now() - timedelta(minutes=1)))


def test_a_raise_by_more_than_half_needs_a_second_person() -> None:
    rule, asker, other = stand.rule(10), staff(), staff()
    undo = do(rules.scale, asker, [rule], percent=150)
    assert (stored(rule).says.threshold_nano, undo.asked) == (15 * USD, 0)
    undo = do(rules.scale, asker, [rule], percent=151)
    assert (stored(rule).says.threshold_nano, undo.asked) == (15 * USD, 1)
    with snapshot() as db:
        request = db.execute(text("SELECT id FROM approval ORDER BY requested_at DESC LIMIT 1")).scalar_one()
    with pytest.raises(approvals.OnesOwn):
        do(approvals.decide, asker, request, approve=True)
    assert do(approvals.decide, other, request, approve=True) is ApprovalState.APPROVED
    assert stored(rule).says.threshold_nano == 22_650_000_000


def test_a_form_with_a_great_raise_keeps_all_else_and_asks_for_the_limit() -> None:
    rule, asker, other = stand.rule(10), staff(), staff()
    says = replace(stored(rule).says, threshold_nano=30 * USD, description="more")
    assert do(rules.change, asker, rule, says, version=1) is None
    assert (stored(rule).says.threshold_nano, stored(rule).says.description) == (10 * USD, "more")
    do(rules.set_enabled, OPS, [rule], enabled=False)
    with snapshot() as db:
        request = db.execute(text("SELECT id FROM approval ORDER BY requested_at DESC LIMIT 1")).scalar_one()
    assert do(approvals.decide, other, request, approve=True) is ApprovalState.STALE
    assert stored(rule).says.threshold_nano == 10 * USD


def test_an_admin_raises_alone() -> None:
    rule, admin = stand.rule(10), staff(Role.ADMIN)
    assert do(rules.scale, admin, [rule], percent=1000).asked == 0
    assert stored(rule).says.threshold_nano == 100 * USD


def test_who_may_only_read_changes_nothing() -> None:
    rule, reader = stand.rule(10), staff(permissions=frozenset({Permission.BUDGETS_READ}))
    for act in (
        lambda: do(rules.create, reader, Draft(AlertType.BUDGET, "x", 1)),
        lambda: do(rules.scale, reader, [rule], percent=110),
        lambda: do(rules.set_enabled, reader, [rule], enabled=False),
        lambda: do(rules.snooze, reader, rule, until=None),
        lambda: do(notices.acknowledge, reader, new_id()),
    ):
        with pytest.raises(Forbidden):
            act()


def test_the_list_shows_how_each_rule_stands_and_pages_by_name() -> None:
    for name in "cab":
        stand.rule(10, name=name)
    stand.spend(4, clock.now())
    with transaction() as db:
        db.execute(text("DELETE FROM budget_spending"))
    with snapshot() as db:
        first = rules.rules(db, OPS, rules.RuleFilters(), PageRequest(size=2))
        second = rules.rules(db, OPS, rules.RuleFilters(), PageRequest(size=2, after=first.next))
        back = rules.rules(db, OPS, rules.RuleFilters(), PageRequest(size=2, before=second.previous))
    assert [row.says.name for row in (*first.rows, *second.rows)] == ["a", "b", "c"]
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    row = first.rows[0]
    assert row.now is not None
    assert (row.now.spent_nano, row.now.percent) == (4 * USD, 40)
    assert row.resets_at is not None
    assert clock.now() < row.resets_at <= clock.now() + timedelta(days=1)
    assert row.forecast is not None


def test_a_card_shows_past_windows_as_they_were_spent() -> None:
    rule = stand.rule(10)
    for days, usd in ((1, 4), (2, 11)):
        stand.spend(usd, clock.now() - timedelta(days=days))
    with snapshot() as db:
        card = rules.rule(db, OPS, rule)
    assert [past.spent_nano for past in card.past[:3]] == [4 * USD, 11 * USD, 0]
    assert len(card.past) == 12


def given() -> UUID:
    stand.rule(10, steps=(100,), name="noticed", window=BudgetWindow.MONTH)
    stand.spend(11, clock.now())
    stand.look(clock.now())
    return stand.rows("alert_notice")[0].id


def state(notice: UUID) -> notices.NoticeRow:
    with snapshot() as db:
        return notices.notice(db, OPS, notice).row


def test_a_notice_is_taken_written_on_and_closed_each_in_the_trail() -> None:
    notice, ann, bob = given(), staff(), staff()
    do(notices.acknowledge, ann, notice, comment="mine")
    do(notices.acknowledge, bob, notice)
    assert (state(notice).state, state(notice).acknowledged_by) == ("acknowledged", "Finn")
    assert state(notice).seconds_to_acknowledge is not None
    do(notices.comment, bob, notice, text="Which feature?")
    do(notices.resolve, ann, notice)
    with pytest.raises(AlreadyResolved):
        do(notices.acknowledge, bob, notice)
    do(notices.comment, bob, notice, text="Thanks")
    with snapshot() as db:
        card = notices.notice(db, OPS, notice)
        acts = list(db.execute(text("SELECT action FROM audit_event WHERE target_id = :id ORDER BY id"),
                               {"id": str(notice)}).scalars())  # fmt: skip
    assert [event.kind for event in card.events] == ["opened", "acknowledged", "commented", "resolved", "commented"]
    assert acts == ["notice.acknowledged", "notice.commented", "notice.resolved", "notice.commented"]


def test_a_snooze_ends_by_itself_at_the_windows_end_at_the_latest() -> None:
    notice, ann = given(), staff()
    end = state(notice).ends_at
    assert do(notices.snooze, ann, notice, until=end + timedelta(days=9)) == end
    until = clock.now() + timedelta(hours=1)
    assert do(notices.snooze, ann, notice, until=until) == until
    stand.look(clock.now() + timedelta(minutes=59))
    assert state(notice).state == "snoozed"
    stand.look(until + timedelta(seconds=1))
    assert state(notice).state == "open"
    with pytest.raises(Invalid, match="snooze_past"):
        do(notices.snooze, ann, notice, until=clock.now())


def test_of_sixteen_who_close_a_notice_one_does_fifty_times() -> None:
    notice, ann = given(), staff()
    for _ in range(50):
        answers = at_once(16, lambda _n: do(notices.resolve, ann, notice))
        assert sum(answer is None for answer in answers) == 1
        with transaction() as db:
            db.execute(text("UPDATE alert_notice SET state = 'open'"))


def test_the_bell_counts_what_was_not_seen() -> None:
    ann, blind = staff(), staff(permissions=frozenset())
    given()
    with snapshot() as db:
        assert (notices.unseen(db, ann), notices.unseen(db, blind)) == (1, 0)
    do(notices.seen, ann)
    with snapshot() as db:
        assert notices.unseen(db, ann) == 0


def test_the_inbox_filters_and_pages() -> None:
    stand.rule(10, name="day")
    stand.rule(100, name="large", steps=(10,))
    stand.spend(11)
    stand.look()
    filters = notices.NoticeFilters
    with snapshot() as db:
        page = notices.notices(db, OPS, filters(live=True), PageRequest(size=3))
        rest = notices.notices(db, OPS, filters(live=True), PageRequest(size=3, after=page.next))
        assert len(page.rows) + len(rest.rows) == 5
        assert [row.step for row in notices.rows(db, OPS, filters(search="large"))] == [10]
        assert not list(notices.rows(db, OPS, filters(since=NOON + timedelta(days=1))))
        back = notices.notices(db, OPS, filters(live=True), PageRequest(size=3, before=rest.previous))
    assert back.rows == page.rows
