"""Plans change by versions: who has which, who would be touched, and nobody writes over somebody else."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Forbidden, Invalid, NotFound
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.billing import counters, limits, overrides, plan_impact, plan_matrix, plans, renewals
from fitmycv_admin.domain.billing.plans import Existing, PlanEdit
from fitmycv_admin.models import AuditEvent, PlanVersion, Subscription
from fitmycv_admin.vocabulary import Permission
from tests import cluster
from tests.domain.billing import subscribers
from tests.domain.tasks.conftest import at_once

pytestmark = pytest.mark.usefixtures("database")
FEATURE, OTHER = "match_score", "import_pdf"
CROWD, ROUNDS = 16, 50


@pytest.fixture
def ops(database: object) -> Actor:
    """Somebody who may change limits, on a product with two plans."""
    with transaction() as db:
        subscribers.wipe(db)
        subscribers.plan(db, "free", {FEATURE: 1, OTHER: 0})
        subscribers.plan(db, "pro", {FEATURE: 25, OTHER: -1}, cents=999)
        return subscribers.staff(db, Permission.PLANS_READ, Permission.LIMITS_WRITE)


def column(db: Session, by: Actor, name: str = "pro") -> plan_matrix.PlanColumn:
    """A plan as the matrix shows it."""
    return next(plan for plan in plan_matrix.plans(db, by) if plan.name == name)


def edit(db: Session, by: Actor, cells: Mapping[str, int], name: str = "pro") -> PlanEdit:
    """Cells typed over what is on the screen now."""
    plan = column(db, by, name)
    return PlanEdit(plan.id, plan.version, cells)


def change(db: Session, by: Actor, cells: Mapping[str, int], existing: Existing = Existing.KEEP) -> tuple[int, ...]:
    """Cells of pro, changed."""
    return plans.change(db, by, [edit(db, by, cells)], existing=existing, reason="costs went up")


def sold(db: Session, name: str = "pro") -> PlanVersion:
    """The newest version of a plan."""
    query = select(PlanVersion).order_by(col(PlanVersion.version).desc())
    return next(row for row in db.exec(query) if plans_name(db, row.plan_id) == name)


def plans_name(db: Session, plan_id: int) -> str:
    """A plan's name."""
    from fitmycv_admin.models import SubscriptionPlan

    found = db.get(SubscriptionPlan, plan_id)
    return found.name if found else ""


def used(db: Session, user, feature: str, times: int) -> None:
    """That many uses this month."""
    period = limits.limit_for(db, user, feature, clock.now()).period(clock.now())
    for _ in range(times):
        assert counters.take(db, user, feature, counters.UNLIMITED, period)


def test_a_change_is_one_new_version_that_differs_only_in_the_edited_cells(db: Session, ops: Actor):
    assert change(db, ops, {FEATURE: 10, OTHER: -1}) == (2,)
    plan = column(db, ops)
    assert (plan.version, dict(plan.limits)) == (2, {FEATURE: 10, OTHER: -1})
    assert (plan.price_monthly, plan.price_yearly) == (999, 9990)


def test_each_changed_cell_is_audited_and_no_other(db: Session, ops: Actor):
    change(db, ops, {FEATURE: 10, OTHER: -1, "edit_cv": -1})
    db.flush()
    lines = db.exec(select(AuditEvent).where(AuditEvent.actor_id == ops.user_id)).all()
    assert {(line.target_id, line.reason) for line in lines} == {
        ("pro/match_score", "costs went up"), ("pro/edit_cv", "costs went up")
    }  # fmt: skip
    cell = next(line for line in lines if line.target_id == "pro/match_score")
    assert cell.before == {"usage_limit": 25, "version": 1}
    assert cell.after == {"usage_limit": 10, "version": 2, "existing": "keep"}


def test_existing_subscribers_keep_their_version_and_new_ones_get_the_newest(db: Session, ops: Actor):
    pinned, loose, later = (subscribers.person(db) for _ in range(3))
    start = clock.now() - timedelta(days=3)
    subscribers.subscribe(db, pinned, sold(db), start=start)
    subscribers.subscribe(db, loose, sold(db), start=start, pinned=False)
    change(db, ops, {FEATURE: 10})
    subscribers.subscribe(db, later, sold(db), start=start)
    after = clock.now() + timedelta(days=200)
    for at in (clock.now(), after):
        found = [limits.limit_for(db, user, FEATURE, at).usage_limit for user in (pinned, loose, later)]
        assert found == [25, 25, 10]


def test_those_who_move_get_the_new_version_at_their_renewal(db: Session, ops: Actor):
    user, start = subscribers.person(db), clock.now() - timedelta(days=3)
    number = subscribers.subscribe(db, user, sold(db), start=start)
    change(db, ops, {FEATURE: 10}, Existing.MOVE)
    assert limits.limit_for(db, user, FEATURE, clock.now()).usage_limit == 25
    assert column(db, ops).moving == 1
    end = start + timedelta(days=30)
    renewals.renew(db, number, start=end, end=end + timedelta(days=30))
    renewals.renew(db, number, start=end, end=end + timedelta(days=30))
    assert limits.limit_for(db, user, FEATURE, clock.now()).usage_limit == 10
    kept = db.get(Subscription, number)
    assert kept
    db.refresh(kept)
    assert (kept.next_plan_version_id, kept.billing_anchor) == (None, start)


def test_a_change_of_plan_starts_a_new_month_with_its_newest_version(db: Session, ops: Actor):
    user, start = subscribers.person(db), clock.now() - timedelta(days=9)
    number = subscribers.subscribe(db, user, sold(db), start=start)
    bigger = subscribers.plan(db, "premium", {FEATURE: 60}, cents=1999)
    used(db, user, FEATURE, 25)
    now = clock.now()
    renewals.switch(db, number, bigger.plan_id, at=now)
    limit = limits.limit_for(db, user, FEATURE, now)
    assert (limit.plan_name, limit.usage_limit, limit.anchor) == ("premium", 60, now)
    assert counters.used(db, user, FEATURE, limit.period(now)) == 0


def test_a_subscription_that_is_not_there_is_not_renewed(db: Session, ops: Actor):
    user = subscribers.person(db)
    with pytest.raises(NotFound):
        renewals.renew(db, user, start=clock.now(), end=clock.now() + timedelta(days=1))
    with pytest.raises(NotFound):
        renewals.switch(db, user, 1, at=clock.now())


def test_the_free_plan_changes_for_everybody_at_once(db: Session, ops: Actor):
    user = subscribers.person(db)
    cells = edit(db, ops, {FEATURE: 3}, "free")
    plans.change(db, ops, [cells], existing=Existing.MOVE, reason="a better start")
    assert limits.limit_for(db, user, FEATURE, clock.now()).usage_limit == 3
    assert not sold(db, "free").moves_at_renewal


def test_the_second_of_two_people_editing_sees_a_conflict_and_changes_nothing(db: Session, ops: Actor):
    mine, theirs = edit(db, ops, {FEATURE: 10}), edit(db, ops, {OTHER: 5})
    plans.change(db, ops, [mine], existing=Existing.KEEP, reason="first")
    with pytest.raises(Conflict) as refused:
        plans.change(db, ops, [theirs], existing=Existing.KEEP, reason="second")
    assert refused.value.params == {"plan": "pro", "version": 2, "who": "Ops"}
    with pytest.raises(Conflict):
        plan_impact.preview(db, ops, [theirs])
    assert dict(column(db, ops).limits) == {FEATURE: 10, OTHER: -1}


def test_a_conflict_in_one_plan_leaves_all_plans_as_they_were(db: Session, ops: Actor):
    both = [edit(db, ops, {FEATURE: 2}, "free"), edit(db, ops, {FEATURE: 2})]
    change(db, ops, {OTHER: 5})
    db.commit()
    with pytest.raises(Conflict), transaction() as other:
        plans.change(other, ops, both, existing=Existing.KEEP, reason="both")
    assert column(db, ops, "free").limits[FEATURE] == 1


def test_of_many_edits_at_once_one_is_taken_and_none_is_written_over(database: cluster.Database, ops: Actor):
    def act(number: int, mine: PlanEdit) -> tuple[int, ...]:
        with transaction() as db:
            return plans.change(db, ops, [mine], existing=Existing.KEEP, reason=f"try {number}")

    with cluster.environment(DB_POOL_SIZE=str(CROWD)):
        for turn in range(ROUNDS):
            with transaction() as db:
                plan = column(db, ops)
            edits = [PlanEdit(plan.id, plan.version, {FEATURE: 1000 + turn * CROWD + n}) for n in range(CROWD)]
            answers = at_once(CROWD, lambda n, e=edits: act(n, e[n]))
            taken = [n for n, answer in enumerate(answers) if answer == (plan.version + 1,)]
            assert len(taken) == 1
            assert sum(isinstance(answer, Conflict) for answer in answers) == CROWD - 1
            with transaction() as db:
                assert column(db, ops).limits[FEATURE] == edits[taken[0]].cells[FEATURE]


@pytest.mark.parametrize(
    ("cells", "field"), [({FEATURE: -2}, FEATURE), ({FEATURE: 100_001}, FEATURE), ({"teleport": 1}, "teleport")]
)
def test_a_cell_that_cannot_be_is_refused(db: Session, ops: Actor, cells: Mapping[str, int], field: str):
    for act in (lambda: change(db, ops, cells), lambda: plan_impact.preview(db, ops, [edit(db, ops, cells)])):
        with pytest.raises(Invalid) as refused:
            act()
        assert refused.value.field == field


def test_edits_that_change_nothing_make_no_version(db: Session, ops: Actor):
    for act in (
        lambda: change(db, ops, {FEATURE: 25}), lambda: plan_impact.preview(db, ops, [edit(db, ops, {FEATURE: 25})])
    ):  # fmt: skip
        with pytest.raises(Invalid, match="nothing_changed"):
            act()
    assert column(db, ops).version == 1


def test_a_change_needs_a_reason_and_the_permission(db: Session, ops: Actor):
    one = edit(db, ops, {FEATURE: 10})
    for reason in (" ", "x" * 301):
        with pytest.raises(Invalid):
            plans.change(db, ops, [one], existing=Existing.KEEP, reason=reason)
    reader = subscribers.staff(db, Permission.PLANS_READ)
    with pytest.raises(Forbidden):
        plans.change(db, reader, [one], existing=Existing.KEEP, reason="why")
    with pytest.raises(Forbidden):
        plan_matrix.plans(db, subscribers.staff(db))


def test_the_preview_counts_those_who_have_the_plan_and_those_above_the_new_limit(db: Session, ops: Actor):
    start = clock.now() - timedelta(days=3)
    people = [subscribers.person(db) for _ in range(4)]
    for user in people:
        subscribers.subscribe(db, user, sold(db), start=start)
    used(db, people[0], FEATURE, 12)
    used(db, people[1], FEATURE, 10)
    used(db, people[2], FEATURE, 12)
    used(db, people[2], OTHER, 1)
    overrides.grant(
        db, ops, people[2], FEATURE, usage_limit=99, ends_at=clock.now() + timedelta(days=5), reason="pilot"
    )
    impact = plan_impact.preview(db, ops, [edit(db, ops, {FEATURE: 10, OTHER: 0})])[0]
    assert (impact.name, impact.people, impact.above) == ("pro", 4, 2)
    assert [(cell.feature, cell.before, cell.after, cell.users, cell.above) for cell in impact.cells] == [
        (FEATURE, 25, 10, 3, 1), (OTHER, -1, 0, 1, 1)
    ]  # fmt: skip


def test_the_list_of_those_affected_agrees_with_the_preview(db: Session, ops: Actor):
    start = clock.now() - timedelta(days=3)
    people = [subscribers.person(db) for _ in range(5)]
    for user in people:
        subscribers.subscribe(db, user, sold(db), start=start)
    used(db, people[1], FEATURE, 12)
    used(db, people[3], FEATURE, 3)
    words = {"plan": "pro", "limits": plan_impact.write_limits({FEATURE: 10})}
    first = plan_impact.affected(db, ops, words, PageRequest(size=3)).people
    second = plan_impact.affected(db, ops, words, PageRequest(after=first.next, size=3)).people
    back = plan_impact.affected(db, ops, words, PageRequest(before=second.previous, size=3)).people
    assert [row.user_id for row in (*first.rows, *second.rows)] == sorted(people)
    assert back.rows == first.rows
    assert {row.user_id: dict(row.uses) for row in first.rows}[people[1]] == {FEATURE: 12}
    above = plan_impact.affected(db, ops, {**words, "above": "1"}, PageRequest()).people
    assert [row.user_id for row in above.rows] == [people[1]]
    assert [row.user_id for row in plan_impact.every(db, ops, words)] == sorted(people)


def test_a_month_before_this_one_is_not_above_the_new_limit(db: Session, ops: Actor):
    user, start = subscribers.person(db), clock.now() - timedelta(days=40)
    subscribers.subscribe(db, user, sold(db), start=start, anchor=start)
    past = limits.limit_for(db, user, FEATURE, start).period(start)
    for _ in range(12):
        counters.take(db, user, FEATURE, 25, past)
    assert plan_impact.preview(db, ops, [edit(db, ops, {FEATURE: 10})])[0].above == 0


def test_the_matrix_counts_people_by_plan_and_those_on_older_versions(db: Session, ops: Actor):
    before = column(db, ops, "free").people
    start = clock.now() - timedelta(days=3)
    for _ in range(3):
        subscribers.subscribe(db, subscribers.person(db), sold(db), start=start)
    change(db, ops, {FEATURE: 10})
    subscribers.subscribe(db, subscribers.person(db), sold(db), start=start)
    pro = column(db, ops)
    assert (pro.people, pro.on_older, pro.moving) == (4, 3, 0)
    assert column(db, ops, "free").people == before


def test_the_history_tells_what_each_version_changed_why_and_who_has_it(db: Session, ops: Actor):
    subscribers.subscribe(db, subscribers.person(db), sold(db), start=clock.now() - timedelta(days=3))
    change(db, ops, {FEATURE: 10, "edit_cv": -1})
    change(db, ops, {OTHER: 5}, Existing.MOVE)
    screen = plan_matrix.screen(db, ops, "pro")
    assert [(row.version, row.people, row.moves_at_renewal, row.by) for row in screen.versions] == [
        (3, 0, True, "Ops"), (2, 0, False, "Ops"), (1, 1, False, "")
    ]  # fmt: skip
    assert [(cell.feature, cell.before, cell.after) for cell in screen.versions[0].changes] == [(OTHER, -1, 5)]
    assert {(cell.feature, cell.before, cell.after) for cell in screen.versions[1].changes} == {
        (FEATURE, 25, 10), ("edit_cv", None, -1)
    }  # fmt: skip
    assert plan_matrix.screen(db, ops, "nothing").opened is None
