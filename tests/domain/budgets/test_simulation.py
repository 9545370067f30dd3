"""A simulation tells what evaluation would have told: tried on the same calls, for every kind of window."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import snapshot, transaction
from fitmycv_admin.domain.ai_costs import fold
from fitmycv_admin.domain.budgets import evaluation, simulation, subjects
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement
from tests.domain.budgets import stand
from tests.domain.budgets.stand import OPS, USD

pytestmark = pytest.mark.usefixtures("database")
DAYS = 21
# Both sides of the change of clocks on 25 October.
SINCE = datetime(2026, 10, 9, 22, tzinfo=UTC)
END = SINCE + timedelta(days=DAYS, hours=1) - timedelta(minutes=1)
RULES: Mapping[str, dict[str, Any]] = {
    "hour": {"window": BudgetWindow.HOUR, "usd": 3, "steps": (50, 100)},
    "day": {"window": BudgetWindow.DAY, "usd": 9},
    "week": {"window": BudgetWindow.WEEK, "usd": 40},
    "month": {"window": BudgetWindow.MONTH, "usd": 90},
    "rolling": {"window": BudgetWindow.ROLLING, "rolling_days": 3, "usd": 24},
    "rolling person": {"window": BudgetWindow.ROLLING, "rolling_days": 2, "usd": 7, "each_user": True},
    "hour person": {"window": BudgetWindow.HOUR, "usd": 2, "each_user": True},
    "day person": {"window": BudgetWindow.DAY, "usd": 4, "each_user": True},
    "week person": {"window": BudgetWindow.WEEK, "usd": 15, "each_user": True},
    "billing": {"window": BudgetWindow.BILLING_PERIOD, "usd": 30, "each_user": True},
    "narrow": {"window": BudgetWindow.DAY, "usd": 2, "each_user": True, "feature_key": "scoring"},
    "unusual": {"type": AlertType.ANOMALY, "usd": 1, "ratio_percent": 150, "least_calls": 2},
}


def draft(name: str, words: Mapping[str, Any]) -> Draft:
    words = dict(words)
    usd = words.pop("usd")
    return Draft(**{"type": AlertType.BUDGET, "name": name, "threshold_nano": usd * USD} | words)


def test_a_simulation_tells_what_evaluation_would_have_told() -> None:
    draw = random.Random(4)
    people = [stand.person(f"p{number}@x.example") for number in range(3)]
    with transaction() as db:
        for number, user in enumerate(people):
            at = datetime(2026, 5, (31, 12, 30)[number], 9, 17, tzinfo=UTC)
            db.execute(text("UPDATE app_user SET created_at = :at WHERE id = :id"), {"at": at, "id": user})
    stand.feature("scoring", "match_score")
    rules = {name: stand.rule(words["usd"], **{"name": name} | without(words, "usd")) for name, words in RULES.items()}
    moments = []
    for day in range(-30, DAYS):
        for _ in range(draw.randrange(1, 5)):
            hour = draw.choice((7, 7, 8, 9, 20, 22, 23))
            moments.append(
                SINCE + timedelta(days=day, hours=hour, minutes=draw.randrange(59), seconds=draw.randrange(60))
            )
    moments = sorted(at for at in moments if at < END)
    looks = [SINCE + timedelta(days=day, minutes=16) for day in range(DAYS)]
    looks += [datetime(2026, 10, day, 23, 16, tzinfo=UTC) for day in (25, 26, 27, 28, 29)]
    with transaction() as db:
        for at in (at for at in moments if at < SINCE):
            play(db, draw, at, people)
    for at, is_call in sorted([(at, True) for at in moments if at >= SINCE] + [(at, False) for at in looks]):
        with transaction() as db:
            if is_call:
                play(db, draw, at, people)
        with transaction() as db:
            evaluation.evaluate(db, at=at + timedelta(milliseconds=1))
    with transaction() as db:
        fold.fold(db)
    for name, words in RULES.items():
        with snapshot() as db:
            found = simulation.run(db, OPS, draft(name, words), DAYS, at=END)
        said = {(each.subject, each.starts_at, step) for each in found.windows for step in each.steps}
        told = set(stand.noticed(rules[name]))
        assert said == told, (name, sorted(said - told), sorted(told - said))
        assert found.notices == len(told) > 0, name


def play(db: Any, draw: random.Random, at: datetime, people: list[Any]) -> None:
    """One call of somebody, or of nobody."""
    user = draw.choice([*people, None])
    call = draw.choice(("match_score", "import_pdf"))
    stand.spend(draw.randrange(1, 50) / 10, at, user=user, call=call, db=db)


def without(words: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in words.items() if key != name}


def test_the_people_a_hard_limit_would_have_blocked_are_those_who_called_when_it_was_full() -> None:
    ada, bob, eve = (stand.person(f"{name}@x.example") for name in ("ada", "bob", "eve"))
    noon = stand.NOON
    for user, hour, usd in ((ada, 0, 6), (bob, 1, 3), (ada, 1.5, 0.5), (bob, 2, 1), (eve, 26, 9)):
        stand.spend(usd, noon + timedelta(hours=hour), user=user)
    with snapshot() as db:
        hard = {"enforcement": Enforcement.DENY, "steps": (100,)}
        words = (OPS, draft("all", {"usd": 10, **hard}), 5)
        found = simulation.run(db, *words, at=noon + timedelta(days=2))
        assert (found.blocked_users, found.notices, found.days) == (1, 1, 5)
        assert found.windows[0].spent_nano == 10_500_000_000
        each = simulation.run(
            db, OPS, draft("each", {"usd": 4, "each_user": True, **hard}), 5, at=noon + timedelta(days=2)
        )
        assert each.blocked_users == 2
        assert {window.subject for window in each.windows} == {
            subjects.person(stand.seq_of(ada)), subjects.person(stand.seq_of(eve)), subjects.person(stand.seq_of(bob)),
        }  # fmt: skip


def test_what_nobody_kept_is_said_to_be_impossible() -> None:
    with snapshot() as db:
        silent = Draft(AlertType.NO_DATA, "silent", 0, minutes=30)
        assert not simulation.run(db, OPS, silent).possible
