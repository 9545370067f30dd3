"""Whatever is recorded, corrected and undone: a call costs what its version says, and every figure is the same sum."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import adjusting, adjustments, call_list, catalogue, drift, fold, meter, queries
from fitmycv_admin.domain.ai_costs.adjustments import Asked
from fitmycv_admin.domain.ai_costs.call_list import CallFilters
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Period, day_of
from fitmycv_admin.vocabulary import AdjustmentKind, CallStatus
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
PROFILE = settings(
    max_examples=12, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
# Two nights with a clock change in Paris lie inside, and whole months.
FIRST = datetime(2026, 3, 20, tzinfo=UTC)
SPAN = 10 * 86_400
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "UTC")
MODELS, TIERS, CALLS = ("gpt-a", "gpt-b"), ("standard", "priority"), ("match_score", "import_pdf")
_seconds = st.integers(0, SPAN - 1)
_lines = st.fixed_dictionaries(
    {"input": st.integers(0, 10**11), "output": st.integers(0, 10**11)},
    optional={"cached_input": st.integers(0, 10**11), "reasoning": st.integers(0, 10**11)},
)
_call = st.fixed_dictionaries(
    {
        "at": _seconds, "model": st.sampled_from((*MODELS, "gpt-free")), "tier": st.sampled_from(TIERS),
        "call": st.sampled_from(CALLS), "prompt": st.integers(0, 200_000), "completion": st.integers(0, 30_000),
        "share": st.integers(0, 100), "status": st.sampled_from((CallStatus.OK, CallStatus.OK, *CallStatus)),
        "person": st.integers(0, 3),
    }
)  # fmt: skip
_correction = st.fixed_dictionaries(
    {
        "late": st.booleans(), "model": st.sampled_from((None, *MODELS, "gpt-free")),
        "tier": st.sampled_from((None, *TIERS)), "from": _seconds, "days": st.integers(1, 10),
        "lines": st.none() | _lines, "chunk": st.integers(1, 9),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def people(database: object) -> list[Any]:
    with transaction() as db:
        return [None, *(ledger.person(db, f"exact-{random.random()}@example.org") for _ in range(3))]


def fresh(versions: list[tuple[str, str, int, dict[str, int]]]) -> None:
    """Nothing but these prices, each from its second on until the next one of its model and tier."""
    with transaction() as db:
        ledger.wipe(db)
        catalogue.model_of(db, "gpt-free")
        by_pair: dict[tuple[str, str], dict[int, dict[str, int]]] = {}
        for model, tier, second, lines in versions:
            by_pair.setdefault((model, tier), {})[second] = lines
        for (model, tier), starts in by_pair.items():
            ordered = sorted(starts)
            for second, following in zip(ordered, [*ordered[1:], None], strict=True):
                until = None if following is None else FIRST + timedelta(seconds=following)
                ledger.priced(
                    db, model, tier=tier, since=FIRST + timedelta(seconds=second), until=until, lines=starts[second]
                )


def record(call: dict[str, Any], people: list[Any]) -> int:
    with transaction() as db:
        return meter.record(
            db,
            usage(
                FIRST + timedelta(seconds=call["at"]), model=call["model"], tier=call["tier"], call=call["call"],
                prompt=call["prompt"], cached=call["prompt"] * call["share"] // 100, completion=call["completion"],
                status=call["status"],
            ),
            user_id=people[call["person"]],
        )  # fmt: skip


def period(zone: str = "Europe/Paris") -> Period:
    return Period(day_of(FIRST, zone), day_of(FIRST + timedelta(seconds=SPAN), zone), zone)


def costs() -> dict[int, int | None]:
    with transaction() as db:
        return {row.id: row.cost_nano for row in call_list.rows(db, OPS, CallFilters(period("UTC")))}


def rollups() -> dict[str, list[str]]:
    with transaction() as db:
        return {
            table: sorted(str(tuple(row)) for row in db.execute(text(f"SELECT * FROM {table}")))
            for table in (*ledger.ROLLUPS, "roll_histogram", "call_outlier")
        }


def correct(one: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(adjusting, "CHUNK", one["chunk"])
    start = FIRST + timedelta(seconds=one["from"])
    with transaction() as db:
        model = catalogue.find_model(db, one["model"]) if one["model"] else None
        tier = catalogue.known_tier(db, one["tier"]) if one["tier"] else None
        kind = AdjustmentKind.LATE_PRICE if one["late"] else AdjustmentKind.REPRICE
        wanted = Asked(
            kind, model.id if model else None, tier, start, start + timedelta(days=one["days"]), one["lines"]
        )
        made = adjustments.start(db, OPS, wanted, reason="an example")
    ledger.work_all()
    return made


_versions = st.lists(
    st.tuples(st.sampled_from(MODELS), st.sampled_from(TIERS), _seconds, _lines), min_size=1, max_size=8
)


@PROFILE
@given(versions=_versions, calls=st.lists(_call, min_size=1, max_size=12))
def test_a_call_costs_what_the_version_valid_at_its_instant_says(versions: Any, calls: Any, people: list[Any]):
    fresh(versions)
    for call in calls:
        number = record(call, people)
        valid = [
            (second, order, lines)
            for order, (model, tier, second, lines) in enumerate(versions)
            if (model, tier) == (call["model"], call["tier"]) and second <= call["at"]
        ]
        # Of two versions of one second the later one replaced the other.
        lines = max(valid)[2] if valid else None
        assert costs()[number] == _by_hand(call, lines)


def _by_hand(call: dict[str, Any], lines: dict[str, int] | None) -> int | None:
    if not call["prompt"] and not call["completion"]:
        if call["status"] == CallStatus.FAILED:
            return 0
        if call["status"] == CallStatus.ABORTED:
            return None
    if lines is None:
        return None
    cached = call["prompt"] * call["share"] // 100
    exact = (call["prompt"] - cached) * lines["input"] + call["completion"] * lines["output"]
    exact += cached * lines.get("cached_input", lines["input"])
    return (2 * exact + 10**6) // (2 * 10**6)


@PROFILE
@given(
    versions=_versions, calls=st.lists(_call, min_size=3, max_size=15),
    corrections=st.lists(_correction, min_size=1, max_size=4),
)  # fmt: skip
def test_corrections_and_undoing_them_is_as_if_nothing_had_been(
    versions: Any, calls: Any, corrections: Any, people: list[Any], monkeypatch: pytest.MonkeyPatch
):
    fresh(versions)
    for call in calls:
        record(call, people)
    ledger.fold_all()
    states = []
    made = []
    for one in corrections:
        states.append((rollups(), costs()))
        made.append(correct(one, monkeypatch))
        assert_same_everywhere("Europe/Paris")
    for number, state in zip(reversed(made), reversed(states), strict=True):
        with transaction() as db:
            adjustments.revert(db, OPS, number, reason="an example")
        ledger.work_all()
        assert (rollups(), costs()) == state


@PROFILE
@given(
    versions=_versions, calls=st.lists(_call, min_size=3, max_size=15), late=st.lists(_call, max_size=5),
    corrections=st.lists(_correction, max_size=2), zone=st.sampled_from(ZONES),
)  # fmt: skip
def test_every_split_and_every_filter_adds_up_to_the_same_in_every_zone(
    versions: Any, calls: Any, late: Any, corrections: Any, zone: str, people: list[Any],
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    fresh(versions)
    with transaction() as db:
        fold.rebuild(db, zone)
    monkeypatch.setattr(fold.lookups, "zone", lambda _db: ZoneInfo(zone))
    for call in calls:
        record(call, people)
    ledger.fold_all()
    for one in corrections:
        correct(one, monkeypatch)
    # These stay in the tail after the mark.
    for call in late:
        record(call, people)
    assert_same_everywhere(zone)


def assert_same_everywhere(zone: str) -> None:
    """Totals, splits, people, days, filters and the list say the same to the nano-dollar, without drift."""
    whole = period(zone)
    with transaction() as db:
        rows = list(call_list.rows(db, OPS, CallFilters(whole)))
        total = queries.totals(db, OPS, whole, Filters())
        assert total.calls == len(rows)
        assert total.cost_nano == sum(row.cost_nano or 0 for row in rows)
        assert total.prompt_tokens == sum(row.prompt_tokens for row in rows)
        for dimension in Dimension:
            parts = queries.split(db, OPS, whole, dimension, Filters())
            assert queries.total(parts.values()) == total
            for key, sums in parts.items():
                filters = queries.filters_of(db, OPS, keys={dimension: key})
                assert queries.totals(db, OPS, whole, filters) == sums
                one_by_one = list(call_list.rows(db, OPS, CallFilters(whole, cells=filters)))
                assert sum(row.cost_nano or 0 for row in one_by_one) == sums.cost_nano
                assert len(one_by_one) == sums.calls
        assert queries.total(row.sums for row in queries.top_users(db, OPS, whole, Filters(), limit=99)) == total
        by_day = [
            queries.totals(db, OPS, Period(day, day, zone), Filters())
            for day in (whole.first + timedelta(days=number) for number in range(whole.days))
        ]
        assert queries.total(by_day) == total
        shown = queries.costs(db, OPS, whole, None, Dimension.MODEL, Filters())
        assert queries.total(slot.whole for slot in shown.slots) == total
        by_feature = queries.split(db, OPS, whole, Dimension.FEATURE, Filters())
        for key, sums in by_feature.items():
            filters = queries.filters_of(db, OPS, keys={Dimension.FEATURE: key})
            people = queries.top_users(db, OPS, whole, filters, limit=99)
            assert queries.total(row.sums for row in people) == sums
        cut = FIRST + timedelta(seconds=SPAN // 2 + 1234)
        early = queries.totals(db, OPS, Period(whole.first, day_of(cut, zone), zone, cut), Filters())
        before = [row for row in rows if row.at < cut]
        assert (early.calls, early.cost_nano) == (len(before), sum(row.cost_nano or 0 for row in before))
        unknown = [row for row in before if row.cost_nano is None]
        silent = [row for row in unknown if row.status == CallStatus.ABORTED and not row.prompt_tokens]
        assert early.unpriced == len(unknown) - len([row for row in silent if not row.completion_tokens])
        tokens = queries.token_sums(db, OPS, whole, Filters())
        assert sum(one.tokens.cost_nano for one in tokens) == total.cost_nano
        assert drift.of(db, fold.mark(db), whole.first, whole.last) == drift.Drift(0, 0)
