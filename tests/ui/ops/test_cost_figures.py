"""What the cost page draws adds up, and each segment leads to exactly its calls."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.core.ids import new_id
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.access import matrix
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import asked, call_list, fold, meter, screens
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.models import SubscriptionPlan
from fitmycv_admin.ui.ops.ai_costs import figures
from fitmycv_admin.vocabulary import Role
from tests import cluster
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS

pytestmark = pytest.mark.usefixtures("database")
VIEWER = Actor(new_id(), Role.VIEWER, matrix.permissions_of(Role.VIEWER))
PERIODS = (
    {"period": "custom", "from": "2026-10-20", "to": "2026-10-30"},
    {"period": "custom", "from": "2026-10-25", "to": "2026-10-25"},
    {"period": "custom", "from": "2025-08-15", "to": "2026-10-30"},
)


@pytest.fixture(scope="module")
def database(quiet_database: cluster.Database) -> cluster.Database:
    """In a cluster of its own: what is folded depends on everybody's open transactions."""
    return quiet_database


@pytest.fixture(scope="module", autouse=True)
def _calls(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        people = [ledger.person(db, f"p{number}@example.org") for number in range(3)]
        ledger.spread(db, datetime(2026, 10, 18, tzinfo=UTC), 300, step=timedelta(minutes=61), people=people)
        db.add(SubscriptionPlan(name="Plus", tier=41, price_monthly=900, price_yearly=9000))
        db.flush()
        for number in range(90):
            at = datetime(2026, 10, 24, 21, tzinfo=UTC) + timedelta(minutes=17) * number
            call = ledger.usage(
                at, call=f"name_{number % 9}", model=f"gpt-{'abcdefghi'[number % 9]}", prompt=900 + number
            )
            meter.record(db, call, user_id=people[0], plan="Plus" if number % 2 else None)
    with transaction() as db:
        fold.fold(db)


@pytest.mark.parametrize("period", PERIODS, ids=("days", "hours", "months"))
@pytest.mark.parametrize("dimension", list(Dimension))
def test_the_stack_the_table_and_the_first_card_are_one_figure(period, dimension):
    words = {**period, "by": str(dimension)}
    with snapshot() as db:
        costs = screens.costs(db, OPS, words).costs
    drawn = figures.figure(costs, dimension, words)
    stack = sum(value for series in drawn["series"] for value in series["values"])
    table = sum(row.cost_nano for row in figures.parts(costs, dimension, words))
    assert stack == table == figures.kpis(costs).cost.value
    assert all(len(series["values"]) == len(drawn["x"]) == len(drawn["links"]["x"]) for series in drawn["series"])


@pytest.mark.parametrize("period", PERIODS, ids=("days", "hours", "months"))
@pytest.mark.parametrize("dimension", list(Dimension))
def test_a_segment_opens_a_list_with_exactly_its_calls_and_its_cost(period, dimension):
    words = {**period, "by": str(dimension)}
    with snapshot(20_000) as db:
        costs = screens.costs(db, OPS, words).costs
        drawn = figures.figure(costs, dimension, words)
        top = {part.name.key for part in costs.parts[: figures.SHOWN]}
        checked = 0
        for index, (series, link) in enumerate(zip(drawn["series"], drawn["links"]["series"], strict=True)):
            keys = {costs.parts[index].name.key} if index < figures.SHOWN else None
            for value, address, slot in list(zip(series["values"], drawn["links"]["x"], costs.slots, strict=True))[
                -12:
            ]:
                filters = asked.calls(db, OPS, dict(parse_qsl(f"{address}&{link}")))
                found = list(call_list.rows(db, OPS, filters))
                assert sum(row.cost_nano or 0 for row in found) == value
                calls = sum(s.calls for key, s in slot.parts if (key in keys if keys else key not in top))
                assert call_list.calls(db, OPS, filters, PageRequest()).count == len(found) == calls
                checked += value > 0
    assert checked
    assert dimension in (Dimension.TIER, Dimension.PLAN) or drawn["series"][-1]["name_key"] == "ai_costs.other"


def test_the_page_of_one_person_names_them_and_masks_them_for_who_may_not_read_addresses():
    with snapshot() as db:
        person = db.execute(text("SELECT id FROM app_user WHERE email = 'p0@example.org'")).scalar_one()
        assert screens.costs(db, OPS, {}).user == ""
        assert screens.costs(db, OPS, {"user": str(person)}).user == "p0@example.org"
        masked = screens.costs(db, VIEWER, {"user": str(person)}).user
    assert masked
    assert "p0@" not in masked


def test_a_person_is_found_by_their_address_only_by_who_may_read_addresses():
    with snapshot() as db:
        person, seq = db.execute(text("SELECT id, seq FROM app_user WHERE email = 'p0@example.org'")).one()
        assert asked.calls(db, OPS, {"person": "P0@example.org "}).cells.user_seq == seq
        assert asked.calls(db, OPS, {"person": str(person)}).cells.user_seq == seq
        assert asked.calls(db, VIEWER, {"person": str(person)}).cells.user_seq == seq
        hidden = asked.calls(db, VIEWER, {**PERIODS[0], "person": "p0@example.org"})
        assert call_list.calls(db, VIEWER, hidden, PageRequest()).count == 0


def test_the_versions_offered_are_those_that_were_valid_then():
    with snapshot() as db:
        offered = screens.calls(db, OPS, {**PERIODS[0], "model": "gpt-a"}, PageRequest()).versions
        assert [(one.model, one.tier) for one in offered] == [("gpt-a", "standard")]
        long_ago = {"period": "custom", "from": "2019-01-01", "to": "2019-01-02"}
        assert screens.calls(db, OPS, long_ago, PageRequest()).versions == ()


def test_a_row_of_the_breakdown_opens_as_many_calls_as_it_says():
    words = {**PERIODS[0], "by": "model"}
    with snapshot() as db:
        costs = screens.costs(db, OPS, words).costs
        for row in figures.parts(costs, Dimension.MODEL, words):
            filters = asked.calls(db, OPS, dict(parse_qsl(urlsplit(row.href).query)))
            assert call_list.calls(db, OPS, filters, PageRequest()).count == row.calls
        for person in figures.people(costs.users, words):
            filters = asked.calls(db, OPS, dict(parse_qsl(urlsplit(person.href).query)))
            assert call_list.calls(db, OPS, filters, PageRequest()).count == person.calls
    assert "system" in {person.id for person in figures.people(costs.users, words)}


def test_a_feature_that_somebody_renamed_keeps_its_new_name():
    assert figures.label_key(Dimension.FEATURE, Name("match_score", "Match score")) == "settings.feature.match_score"
    assert figures.label_key(Dimension.FEATURE, Name("match_score", "Our score")) == ""


@pytest.mark.parametrize(
    "words",
    [{"period": "nonsense"}, {"period": "custom", "from": "yesterday"}, {"hour": "x", "task": "1", "version": "-1"}],
)
def test_an_address_that_nobody_wrote_shows_the_standard_period(words):
    with snapshot() as db:
        filters = asked.calls(db, OPS, words)
    assert (filters.period.days, filters.hour, filters.task_id, filters.version_id) == (30, None, None, None)
