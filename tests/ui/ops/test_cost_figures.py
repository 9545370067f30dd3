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
from fitmycv_admin.domain.ai_costs import asked, call_list, fold, screens
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.ui.ops.ai_costs import figures
from fitmycv_admin.vocabulary import Role
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS

pytestmark = pytest.mark.usefixtures("database")
VIEWER = Actor(new_id(), Role.VIEWER, matrix.permissions_of(Role.VIEWER))
PERIODS = (
    {"period": "custom", "from": "2026-10-20", "to": "2026-10-30"},
    {"period": "custom", "from": "2026-10-25", "to": "2026-10-25"},
    {"period": "custom", "from": "2025-08-15", "to": "2026-10-30"},
)


@pytest.fixture(scope="module", autouse=True)
def _calls(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        for model in ("gpt-a", "gpt-b"):
            ledger.priced(db, model)
        people = [ledger.person(db, f"p{number}@example.org") for number in range(3)]
        ledger.spread(db, datetime(2026, 10, 18, tzinfo=UTC), 300, step=timedelta(minutes=61), people=people)
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
def test_a_segment_opens_a_list_with_exactly_its_cost(period):
    with snapshot() as db:
        costs = screens.costs(db, OPS, period).costs
        drawn = figures.figure(costs, Dimension.FEATURE, period)
        checked = 0
        for series, link in zip(drawn["series"], drawn["links"]["series"], strict=True):
            for value, slot in list(zip(series["values"], drawn["links"]["x"], strict=True))[-12:]:
                words = dict(parse_qsl(f"{slot}&{link}"))
                found = call_list.rows(db, OPS, asked.calls(db, OPS, words))
                assert sum(row.cost_nano or 0 for row in found) == value
                checked += value > 0
    assert checked


def test_the_page_of_one_person_names_them_and_masks_them_for_who_may_not_read_addresses():
    with snapshot() as db:
        person = db.execute(text("SELECT id FROM app_user WHERE email = 'p0@example.org'")).scalar_one()
        assert screens.costs(db, OPS, {}).user == ""
        assert screens.costs(db, OPS, {"user": str(person)}).user == "p0@example.org"
        masked = screens.costs(db, VIEWER, {"user": str(person)}).user
    assert masked
    assert "p0@" not in masked


def test_a_row_of_the_breakdown_opens_as_many_calls_as_it_says():
    words = {**PERIODS[0], "by": "model"}
    with snapshot() as db:
        costs = screens.costs(db, OPS, words).costs
        for row in figures.parts(costs, Dimension.MODEL, words):
            filters = asked.calls(db, OPS, dict(parse_qsl(urlsplit(row.href).query)))
            assert call_list.calls(db, OPS, filters, PageRequest()).count == row.calls
        for person in figures.people(costs.users, words):
            if person.href:
                filters = asked.calls(db, OPS, dict(parse_qsl(urlsplit(person.href).query)))
                assert call_list.calls(db, OPS, filters, PageRequest()).count == person.calls


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
