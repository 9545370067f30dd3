"""Plans as files: the rows of the screens, for those who may, with addresses masked as on the screen."""

from datetime import timedelta
from uuid import UUID

import pytest
from starlette.routing import Route

from fitmycv_admin.api import exports, plan_exports
from fitmycv_admin.core import clock
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.billing import counters, limits, overrides
from fitmycv_admin.domain.insights import seeding
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Permission, Role
from tests.api.test_exports import fetch, rows_of
from tests.domain.billing import subscribers

pytestmark = pytest.mark.usefixtures("database")
NAMES = [one.name for one in plan_exports.EXPORTS]
FEATURE = "match_score"


@pytest.fixture(scope="module")
def people(database: object) -> dict[str, UUID]:
    """Three subscribers of a plan with 10 uses: one who used 9, one who used 2 and one with an exception."""
    with transaction() as db:
        seeding.run(db, actors.system("test"))
        subscribers.wipe(db)
        subscribers.plan(db, "free", {FEATURE: 1})
        pro = subscribers.plan(db, "pro", {FEATURE: 10}, cents=999)
        staff = subscribers.staff(db, Permission.LIMITS_WRITE)
        found = {name: subscribers.person(db, name=name) for name in ("full", "little", "except")}
        for name, uses in (("full", 9), ("little", 2), ("except", 3)):
            subscribers.subscribe(db, found[name], pro, start=clock.now() - timedelta(days=2))
            period = limits.limit_for(db, found[name], FEATURE, clock.now()).period(clock.now())
            for _ in range(uses):
                counters.take(db, found[name], FEATURE, -1, period)
        overrides.grant(
            db,
            staff,
            found["except"],
            FEATURE,
            usage_limit=50,
            ends_at=clock.now() + timedelta(days=9),
            reason="=pilot",
        )
        return found


@pytest.fixture(scope="module")
def tokens(people: dict[str, UUID]) -> dict[Role, str]:
    """One signed-in person of each role."""
    found = {}
    with transaction() as db:
        for role in Role:
            user = User(email=f"{role}@example.org", role=role)
            db.add(user)
            db.flush()
            found[role] = sessions.open_session(db, user, "127.0.0.1", "test")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_only_those_who_see_the_page_get_the_file(tokens: dict[Role, str], name: str):
    assert isinstance(exports.ROUTES[0], Route)
    assert fetch(name, {}).status_code == 401
    assert fetch(name, {}, tokens[Role.USER]).status_code == 403
    assert fetch(name, {}, tokens[Role.VIEWER]).status_code == 200
    # Support sees plans, and no settings.
    assert fetch(name, {}, tokens[Role.SUPPORT]).status_code == (403 if name == "feature-mapping" else 200)


def test_limits_have_a_line_for_each_plan_and_feature(tokens: dict[Role, str]):
    rows = rows_of(fetch("plan-limits", {}, tokens[Role.OPS]))
    found = {(row["plan"], row["feature"]): row["uses_a_month"] for row in rows}
    assert found["pro", FEATURE] == "10"
    assert found["pro", "edit_cv"] == "0"
    assert len(found) == 2 * 9


def test_use_and_those_near_their_limit_agree_with_the_screen(tokens: dict[Role, str], people: dict[str, UUID]):
    use = rows_of(fetch("plan-usage", {}, tokens[Role.OPS]))
    assert [(row["plan"], row["feature"], row["people"], row["people_near"]) for row in use] == [
        ("pro", FEATURE, "3", "1")
    ]
    near = rows_of(fetch("plan-near", {"plan": "pro"}, tokens[Role.OPS]))
    assert [(row["user_id"], row["used"], row["limit"], row["share"]) for row in near] == [
        (str(people["full"]), "9", "10", "0.9")
    ]
    assert rows_of(fetch("plan-near", {"plan": "free"}, tokens[Role.OPS])) == []


def test_those_affected_are_listed_with_their_use(tokens: dict[Role, str], people: dict[str, UUID]):
    words = {"plan": "pro", "limits": f"{FEATURE}:5"}
    rows = {row["user_id"]: row for row in rows_of(fetch("plan-affected", words, tokens[Role.OPS]))}
    assert {(name, rows[str(user)][f"used_{FEATURE}"], rows[str(user)]["above"]) for name, user in people.items()} == {
        ("full", "9", "True"), ("little", "2", "False"), ("except", "3", "False")
    }  # fmt: skip
    above = rows_of(fetch("plan-affected", {**words, "above": "1"}, tokens[Role.OPS]))
    assert [row["user_id"] for row in above] == [str(people["full"])]


def test_exceptions_are_safe_in_a_spreadsheet_and_addresses_masked_as_on_the_screen(
    tokens: dict[Role, str], people: dict[str, UUID]
):
    masked = rows_of(fetch("limit-overrides", {}, tokens[Role.OPS]))[0]
    clear = rows_of(fetch("limit-overrides", {}, tokens[Role.ADMIN]))[0]
    assert (masked["limit"], masked["plan_limit"], masked["reason"]) == ("50", "10", "'=pilot")
    assert clear["email"] == f"{people['except']}@example.org"
    assert "•" in masked["email"]


def test_the_mapping_lists_every_feature(tokens: dict[Role, str]):
    rows = {row["feature"]: row for row in rows_of(fetch("feature-mapping", {}, tokens[Role.OPS]))}
    assert rows["match_score"]["calls"] == "match_score"
    assert len(rows) == 11
