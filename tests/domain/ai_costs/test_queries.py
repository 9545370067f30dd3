"""The figures of the cost pages agree with the calls and with each other, to the nano-dollar."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.errors import Forbidden, NotFound
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access.matrix import permissions_of
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import fold, meter, periods, queries
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Compare, Grain, Period, Preset
from fitmycv_admin.models import FeatureMapping
from fitmycv_admin.vocabulary import Role
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
ZONES = ("Europe/Paris", "UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe")


@pytest.fixture(scope="module")
def people(database: object) -> list:
    """40 days of calls around the autumn change of clocks, two thirds of them folded."""
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            for tier in ("standard", "priority"):
                ledger.priced(db, model, tier=tier)
        db.add(FeatureMapping(feature_key="match_score", display_name="Match score", openai_call_names=["match_score"],
                              setting_names=[], plan_feature_names=[]))  # fmt: skip
        people = [ledger.person(db, f"p{number}@example.org") for number in range(5)]
        ledger.spread(db, datetime(2026, 10, 1, tzinfo=UTC), 400, step=timedelta(minutes=97), people=people)
    with transaction() as db:
        fold.fold(db)
    with transaction() as db:
        ledger.spread(db, datetime(2026, 10, 20, tzinfo=UTC), 200, step=timedelta(minutes=61), people=people)
    return people


def truth(db: Session, period: Period, extra: str = "") -> queries.Sums:
    row = db.execute(
        text(
            "SELECT count(*), count(*) FILTER (WHERE cost_nano IS NULL AND price_version_id IS NULL),"
            " coalesce(sum(prompt_tokens), 0),"
            " coalesce(sum(cached_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cost_nano), 0)"
            f" FROM openai_call WHERE created_at >= :a AND created_at < :b {extra}"
        ),
        {"a": period.starts_at, "b": period.ends_at},
    ).one()
    return queries.Sums(*(int(value) for value in row))


spans = st.tuples(st.integers(-3, 45), st.integers(1, 30))
cuts = st.one_of(st.none(), st.integers(0, 86_399))


@given(
    zone=st.sampled_from(ZONES), span=spans, cut=cuts, dimension=st.sampled_from(list(Dimension)), moved=st.booleans()
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_equal_the_whole_in_every_grouping_zone_and_period(people, zone, span, cut, dimension, moved):
    with transaction() as db:
        if db.execute(text("SELECT zone FROM fold_mark")).scalar_one() != zone:
            fold.rebuild(db, zone)
        if moved:
            meter.record(db, usage(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), prompt=17), user_id=people[0])
    first = date(2026, 10, 1) + timedelta(days=span[0])
    period = Period(first, first + timedelta(days=span[1] - 1), zone)
    if cut is not None:
        last = periods.start_of(period.last, zone)
        period = replace(period, cut=min(last + timedelta(seconds=cut), period.ends_at))
    with snapshot() as db:
        exact = truth(db, period)
        seen = queries.costs(db, OPS, period, period, dimension, Filters(), top=100)
        assert queries.totals(db, OPS, period, Filters()) == exact
        assert queries.total(queries.split(db, OPS, period, dimension, Filters()).values()) == exact
    assert seen.now == exact
    assert seen.before == exact
    assert queries.total(slot.whole for slot in seen.slots) == exact
    assert queries.total(part.now for part in seen.parts) == exact
    if cut is None:
        assert queries.total(user.sums for user in seen.users) == exact


def test_each_slot_is_its_own_day_of_25_hours(people):
    with transaction() as db:
        fold.rebuild(db, "Europe/Paris")
    period = Period(date(2026, 10, 20), date(2026, 10, 28), "Europe/Paris")
    with snapshot() as db:
        for slot in queries.costs(db, OPS, period, None, Dimension.MODEL, Filters()).slots:
            assert isinstance(slot.at, date)
            assert slot.whole == truth(db, Period(slot.at, slot.at, "Europe/Paris"))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-20", 24)])
def test_a_single_day_is_shown_in_its_hours(people, day, hours):
    period = Period(date.fromisoformat(day), date.fromisoformat(day), "Europe/Paris")
    with snapshot() as db:
        seen = queries.costs(db, OPS, period, None, Dimension.FEATURE, Filters())
        assert (seen.grain, len(seen.slots)) == (Grain.HOUR, hours)
        assert queries.total(slot.whole for slot in seen.slots) == truth(db, period)


@pytest.mark.parametrize("dimension", list(Dimension))
def test_filters_give_the_same_figures_as_the_part_they_name(people, dimension):
    period = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")
    with snapshot() as db:
        parts = queries.split(db, OPS, period, dimension, Filters())
        for key, sums in parts.items():
            filters = queries.filters_of(db, OPS, keys={dimension: key})
            assert queries.totals(db, OPS, period, filters) == sums
            assert queries.total(u.sums for u in queries.top_users(db, OPS, period, filters, limit=99)) == sums


def test_one_person_alone_has_the_figures_of_the_top_list(people):
    period = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")
    with snapshot() as db:
        for row in queries.top_users(db, OPS, period, Filters(), limit=3):
            mine = queries.filters_of(db, OPS, keys={}, user_id=row.user_id) if row.user_id else Filters({}, 0)
            assert queries.totals(db, OPS, period, mine) == row.sums
            assert queries.total(queries.split(db, OPS, period, Dimension.MODEL, mine).values()) == row.sums


def test_call_names_without_a_mapping_are_shown_as_unmapped(people):
    period = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")
    with snapshot() as db:
        parts = queries.costs(db, OPS, period, None, Dimension.FEATURE, Filters()).parts
    assert {part.name.key: part.name.mapped for part in parts} == {
        "match_score": True, "import_pdf": False, "extract_job_offer": False,
    }  # fmt: skip


def test_the_version_changes_with_every_call_and_not_with_a_fold(people):
    with transaction() as db:
        before = queries.version(db, OPS)
        fold.fold(db)
    with transaction() as db:
        assert queries.version(db, OPS) == before
        meter.record(db, usage(datetime(2026, 10, 25, tzinfo=UTC)))
    with snapshot() as db:
        assert queries.version(db, OPS) != before
        assert queries.freshness(db, OPS).waiting >= 1


def test_addresses_are_shortened_for_who_may_not_read_them(people):
    period = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")
    viewer = Actor(user_id=people[0], role=Role.VIEWER, permissions=permissions_of(Role.VIEWER))
    with snapshot() as db:
        seen = {row.email for row in queries.top_users(db, viewer, period, Filters())}
    assert seen == {"p•••@e•••.org", ""}


def test_costs_are_for_staff_and_unknown_people_are_not_found(people):
    period = Period(date(2026, 10, 1), date(2026, 10, 31), "Europe/Paris")
    with snapshot() as db:
        with pytest.raises(Forbidden):
            queries.costs(db, actors.VISITOR, period, None, Dimension.MODEL, Filters())
        with pytest.raises(NotFound):
            queries.filters_of(db, OPS, keys={}, user_id=UUID(int=1))


NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.TODAY, "2026-11-20", "2026-11-20"), (Preset.YESTERDAY, "2026-11-19", "2026-11-19"),
        (Preset.WEEK, "2026-11-14", "2026-11-20"), (Preset.MONTH, "2026-10-22", "2026-11-20"),
        (Preset.THIS_MONTH, "2026-11-01", "2026-11-20"), (Preset.LAST_MONTH, "2026-10-01", "2026-10-31"),
        (Preset.THIS_QUARTER, "2026-10-01", "2026-11-20"), (Preset.THIS_YEAR, "2026-01-01", "2026-11-20"),
    ],
)  # fmt: skip
def test_presets_are_days_of_the_workspace(preset, first, last):
    period = periods.of(preset, NOW, "Europe/Paris")
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def test_a_running_period_is_compared_with_as_much_of_the_one_before():
    today = periods.of(Preset.TODAY, NOW, "Europe/Paris")
    before = periods.compared(today, Compare.PREVIOUS, NOW)
    assert before is not None
    assert (before.first, before.cut) == (date(2026, 11, 19), NOW - timedelta(days=1))
    finished = periods.of(Preset.YESTERDAY, NOW, "Europe/Paris")
    whole = periods.compared(finished, Compare.PREVIOUS, NOW)
    assert whole is not None
    assert whole.cut is None


def test_a_year_before_the_leap_day_is_the_day_before():
    period = Period(date(2028, 2, 29), date(2028, 3, 1), "UTC")
    before = periods.compared(period, Compare.YEAR, NOW)
    assert before is not None
    assert before.first == date(2027, 2, 28)
