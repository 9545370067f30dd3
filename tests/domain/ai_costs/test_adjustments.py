"""Corrections of past costs reach every figure, each call once, and are undone to the last nano-dollar."""

import random
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlmodel import text

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.errors import Conflict, Invalid
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.ai_costs import adjusting, adjustments, call_list, catalogue, drift, fold, meter, queries
from fitmycv_admin.domain.ai_costs.adjustments import Asked
from fitmycv_admin.domain.ai_costs.call_list import CallFilters
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension
from fitmycv_admin.domain.ai_costs.periods import Period
from fitmycv_admin.vocabulary import AdjustmentKind, AdjustmentState, CallStatus
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS, usage

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
START, END = NOON - timedelta(days=5), NOON + timedelta(days=1)
PERIOD = Period(START.date(), END.date(), "Europe/Paris")
DEARER = {"input": 3_000_000_000, "cached_input": 1_000_000_000, "output": 9_000_000_007}


@pytest.fixture(autouse=True)
def _calls(database: object) -> None:
    with transaction() as db:
        ledger.wipe(db)
        ledger.priced(db, "gpt-a")
        ledger.priced(db, "gpt-a", tier="priority", lines={"input": 4_000_000_000, "output": 16_000_000_000})
        ledger.priced(db, "gpt-b")
        people = [ledger.person(db, f"adjust-{random.random()}@example.org") for _ in range(3)]
        ledger.spread(db, NOON - timedelta(days=4), 120, step=timedelta(minutes=47), people=people)
        # Nobody answered: its cost is unknown with any price.
        meter.record(db, usage(NOON, model="gpt-unknown", prompt=0, completion=0, status=CallStatus.ABORTED))
    ledger.fold_all()


def asked(kind: AdjustmentKind = AdjustmentKind.REPRICE, model: str | None = "gpt-a", **other: Any) -> Asked:
    with transaction() as db:
        found = catalogue.find_model(db, model) if model else None
    values = {"tier_id": None, "starts_at": START, "ends_at": END, "lines": DEARER} | other
    return Asked(kind, found.id if found else None, **values)


def open_batch(wanted: Asked) -> int:
    with transaction() as db:
        return adjustments.start(db, OPS, wanted, reason="the vendor corrected its list")


def undo(batch_id: int) -> int:
    with transaction() as db:
        return adjustments.revert(db, OPS, batch_id, reason="a slip of the pen")


def row_of(batch_id: int) -> adjustments.BatchRow:
    with transaction() as db:
        return adjustments.batch(db, OPS, batch_id)


def figures() -> dict[str, object]:
    """Every rollup, and what pages read one by one."""
    found: dict[str, object] = {}
    with transaction() as db:
        for table in (*ledger.ROLLUPS, "roll_histogram", "call_outlier"):
            found[table] = sorted(str(tuple(row)) for row in db.execute(text(f"SELECT * FROM {table}")))
        found["usage"] = sorted(
            str(tuple(row))
            for row in db.execute(
                text("SELECT user_id, feature_name, model, date, estimated_cost_nano FROM openai_usage")
            )
        )
        found["list"] = [(row.id, row.cost_nano) for row in call_list.rows(db, OPS, CallFilters(PERIOD))]
        found["totals"] = queries.totals(db, OPS, PERIOD, Filters())
    return found


def listed() -> dict[int, int | None]:
    with transaction() as db:
        return {row.id: row.cost_nano for row in call_list.rows(db, OPS, CallFilters(PERIOD))}


def assert_all_agree() -> None:
    """The rollups, the list and each split say the same."""
    costs = listed()
    with transaction() as db:
        whole = queries.totals(db, OPS, PERIOD, Filters())
        assert whole.cost_nano == sum(cost or 0 for cost in costs.values())
        # One call of unknown cost is not unpriced: nobody answered it.
        assert whole.unpriced == sum(cost is None for cost in costs.values()) - 1
        for dimension in Dimension:
            assert queries.total(queries.split(db, OPS, PERIOD, dimension, Filters()).values()) == whole
        users = queries.top_users(db, OPS, PERIOD, Filters(), limit=99)
        assert queries.total(row.sums for row in users) == whole
        found = fold.mark(db)
        assert drift.of(db, found, PERIOD.first, PERIOD.last) == drift.Drift(0, 0)


def test_new_prices_reach_every_figure_and_undoing_them_restores_each():
    before = figures()
    first = open_batch(asked())
    ledger.work_all()
    assert_all_agree()
    assert figures()["totals"] != before["totals"]
    row = row_of(first)
    assert (row.state, row.done) == (AdjustmentState.DONE, 1.0)
    assert row.calls > 0
    whole = queries_total()
    assert whole.cost_nano - before["totals"].cost_nano == row.delta_nano
    undo(first)
    ledger.work_all()
    assert figures() == before
    assert row_of(first).state == AdjustmentState.REVERTED
    assert row_of(first).may_revert is False


def queries_total() -> queries.Sums:
    with transaction() as db:
        return queries.totals(db, OPS, PERIOD, Filters())


def test_each_call_costs_its_tokens_at_the_new_price():
    open_batch(asked())
    ledger.work_all()
    with transaction() as db:
        rows = [row for row in call_list.rows(db, OPS, CallFilters(PERIOD)) if row.model_served == "gpt-a"]
    assert len(rows) > 20
    for row in rows:
        exact = (
            (row.prompt_tokens - row.cached_tokens) * DEARER["input"]
            + row.cached_tokens * DEARER["cached_input"]
            + row.completion_tokens * DEARER["output"]
        )
        assert row.cost_nano == (exact + 500_000) // 1_000_000


def test_a_late_price_touches_only_calls_without_one_and_leaves_what_nobody_answered_unknown():
    before = listed()
    with transaction() as db:
        assert queries.totals(db, OPS, PERIOD, Filters()).unpriced == sum(cost is None for cost in before.values()) - 1
    batch_id = open_batch(asked(AdjustmentKind.LATE_PRICE, model=None))
    ledger.work_all()
    after = listed()
    assert queries_total().unpriced == 0
    assert_all_agree()
    with transaction() as db:
        cut = Period(PERIOD.first, NOON.date(), "Europe/Paris", NOON + timedelta(minutes=17))
        assert queries.totals(db, OPS, cut, Filters()).unpriced == 0
    assert list(after.values()).count(None) == 1
    assert all(after[number] == cost for number, cost in before.items() if cost is not None)
    assert row_of(batch_id).calls == sum(cost is None for cost in before.values()) - 1


def test_a_late_price_leaves_calls_alone_that_got_theirs():
    open_batch(asked(AdjustmentKind.LATE_PRICE, model=None))
    ledger.work_all()
    after = figures()
    second = open_batch(asked(AdjustmentKind.LATE_PRICE, model=None, lines={"input": 7, "output": 7}))
    ledger.work_all()
    assert figures() == after
    assert row_of(second).calls == 0


def test_counting_everything_anew_keeps_corrections():
    open_batch(asked(AdjustmentKind.LATE_PRICE, model=None))
    open_batch(asked())
    ledger.work_all()
    before = figures()
    with transaction() as db:
        fold.rebuild(db)
    assert figures() == before


def test_a_call_that_is_recorded_between_the_look_and_the_correction_is_left_to_the_fold(
    monkeypatch: pytest.MonkeyPatch,
):
    look = adjusting._end

    def recorded_meanwhile(db: Any, scope: Any) -> Any:
        end = look(db, scope)
        with transaction() as other:
            meter.record(other, usage(NOON - timedelta(days=1), prompt=900_000))
        return end

    monkeypatch.setattr(adjusting, "_end", recorded_meanwhile)
    open_batch(asked())
    ledger.work_all()
    ledger.fold_all()
    assert_all_agree()


def test_the_same_correction_twice_changes_nothing_more():
    open_batch(asked())
    ledger.work_all()
    after = figures()
    second = open_batch(asked())
    ledger.work_all()
    assert figures() == after
    assert (row_of(second).calls, row_of(second).delta_nano) == (0, 0)


def test_without_lines_each_call_gets_the_price_that_was_valid_at_its_instant():
    before = figures()
    open_batch(asked())
    ledger.work_all()
    assert figures() != before
    open_batch(asked(lines=None))
    ledger.work_all()
    assert figures() == before


def test_what_stands_below_another_correction_is_undone_after_it():
    before = figures()
    first, second = open_batch(asked()), open_batch(asked(lines={"input": 1, "output": 2}, model=None))
    ledger.work_all()
    assert row_of(first).may_revert is False
    with pytest.raises(Conflict):
        undo(first)
    undone = undo(second)
    with pytest.raises(Conflict):
        undo(second)
    with pytest.raises(Conflict):
        undo(undone)
    assert row_of(first).may_revert
    undo(first)
    ledger.work_all()
    assert figures() == before


def test_chunks_and_crashes_between_them_change_each_call_once(monkeypatch: pytest.MonkeyPatch):
    open_batch(asked(model=None))
    ledger.work_all()
    wanted = figures()
    with transaction() as db:
        total = db.execute(text("SELECT calls, delta_nano FROM adjustment_batch ORDER BY id DESC LIMIT 1")).one()
    undo(_newest())
    ledger.work_all()
    monkeypatch.setattr(adjusting, "CHUNK", 7)
    batch_id = open_batch(asked(model=None))
    draw = random.Random(3)

    class Crash(BaseException): ...

    def crashing() -> None:
        with transaction() as db:
            adjustments.work(db)
            if draw.random() < 0.4:
                raise Crash

    chunks = 0
    while row_of(batch_id).state == AdjustmentState.RUNNING:
        chunks += 1
        try:
            crashing()
        except Crash:
            continue
    assert chunks > 10
    assert figures() == wanted
    assert (row_of(batch_id).calls, row_of(batch_id).delta_nano) == tuple(total)


def _newest() -> int:
    with transaction() as db:
        return db.execute(text("SELECT max(id) FROM adjustment_batch")).scalar_one()


def test_two_workers_at_once_change_each_call_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adjusting, "CHUNK", 5)
    batch_id = open_batch(asked(model=None))
    threads = [Thread(target=_worker, args=(batch_id,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert row_of(batch_id).state == AdjustmentState.DONE
    assert_all_agree()
    with transaction() as db:
        once = db.execute(
            text("SELECT count(*), count(DISTINCT call_id) FROM cost_adjustment WHERE batch_id = :id"), {"id": batch_id}
        ).one()
    assert once[0] == once[1] == row_of(batch_id).calls


def _worker(batch_id: int) -> None:
    while row_of(batch_id).state == AdjustmentState.RUNNING:
        with transaction() as db:
            adjustments.work(db)


def test_a_call_that_cannot_be_folded_yet_holds_the_correction_back_and_is_not_missed():
    with transaction() as other:
        # A transaction that writes: nothing that starts after it can be folded.
        other.execute(text("SELECT pg_current_xact_id()"))
        with transaction() as db:
            meter.record(db, usage(NOON - timedelta(days=1), prompt=5000))
        batch_id = open_batch(asked())
        for _ in range(3):
            with transaction() as db:
                adjustments.work(db)
        assert row_of(batch_id).state == AdjustmentState.RUNNING
    ledger.work_all()
    assert_all_agree()
    new = max(listed())
    assert listed()[new] == 5000 * 3_000 + 100 * 9_000


def test_calls_that_come_while_a_correction_runs_are_counted_once_in_every_rollup(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(adjusting, "CHUNK", 10)
    batch_id = open_batch(asked(model=None))
    draw = random.Random(5)
    while row_of(batch_id).state == AdjustmentState.RUNNING:
        with transaction() as db:
            meter.record(db, usage(START + timedelta(minutes=draw.randrange(6000)), prompt=draw.randrange(100, 9000)))
        with transaction() as db:
            adjustments.work(db)
    ledger.fold_all()
    assert_all_agree()


def test_the_preview_says_what_happens_then():
    wanted = asked(model=None)
    with transaction() as db:
        said = adjustments.preview(db, OPS, wanted)
        before = queries.totals(db, OPS, PERIOD, Filters())
    assert said.is_exact
    assert said.before_nano == before.cost_nano
    batch_id = open_batch(wanted)
    ledger.work_all()
    row = row_of(batch_id)
    assert (said.calls, said.after_nano - said.before_nano) == (row.calls, row.delta_nano)
    assert said.newly_priced == before.unpriced
    assert said.after_nano == queries_total().cost_nano
    assert sum(part.after_nano for part in said.parts) == said.after_nano


def test_a_preview_of_too_many_calls_speaks_from_a_sample(monkeypatch: pytest.MonkeyPatch):
    wanted = asked(model=None)
    with transaction() as db:
        exact = adjustments.preview(db, OPS, wanted)
        monkeypatch.setattr(adjusting, "MOST_PREVIEWED", 60)
        said = adjustments.preview(db, OPS, wanted)
    assert said.is_exact is False
    assert said.before_nano == exact.before_nano
    assert abs(said.after_nano - exact.after_nano) < (exact.after_nano - exact.before_nano) // 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": AdjustmentKind.REVERT}, "kind"),
        ({"starts_at": datetime(2126, 1, 1, tzinfo=UTC), "ends_at": datetime(2127, 1, 1, tzinfo=UTC)}, "starts_at"),
        ({"ends_at": START}, "starts_at"),
        ({"lines": {"input": 5}}, "output"),
        ({"lines": {"input": -5, "output": 1}}, "input"),
    ],
)
def test_what_cannot_be_corrected_is_refused_with_the_field(change: dict[str, Any], field: str):
    wanted = asked(**change) if "kind" not in change else asked(change["kind"])
    for act in (adjustments.preview, lambda db, by, one: adjustments.start(db, by, one, reason="why")):
        with pytest.raises(Invalid) as refused, transaction() as db:
            act(db, OPS, wanted)
        assert refused.value.field == field


def test_a_correction_needs_a_reason_and_is_told_in_the_audit_trail():
    with pytest.raises(Invalid), transaction() as db:
        adjustments.start(db, OPS, asked(), reason=" ")
    batch_id = open_batch(asked())
    with transaction() as db:
        told = db.execute(
            text("SELECT action, reason FROM audit_event WHERE target_type = 'adjustment_batch' AND target_id = :id"),
            {"id": str(batch_id)},
        ).one()
    assert tuple(told) == ("cost.correction", "the vendor corrected its list")


def test_batches_are_listed_newest_first_page_by_page():
    made = [open_batch(asked()) for _ in range(3)]
    with transaction() as db:
        first = adjustments.batches(db, OPS, PageRequest(size=2))
        second = adjustments.batches(db, OPS, PageRequest(size=2, after=first.next))
        back = adjustments.batches(db, OPS, PageRequest(size=2, before=second.previous))
    assert [row.id for row in first.rows] == made[:0:-1]
    assert second.rows[0].id == made[0]
    assert back.rows == first.rows


def test_the_word_of_the_page_changes_with_every_chunk():
    def word() -> str:
        with transaction() as db:
            return queries.version(db, OPS)

    before = word()
    open_batch(asked())
    ledger.work_all()
    assert word() != before


def test_a_list_by_cost_goes_by_what_calls_cost_now():
    open_batch(asked(lines={"input": 50_000_000_000, "output": 50_000_000_000}))
    ledger.work_all()
    with transaction() as db:
        rows = list(call_list.rows(db, OPS, CallFilters(PERIOD, min_cost_nano=40_000_000)))
        unpriced = list(call_list.rows(db, OPS, CallFilters(PERIOD, is_unpriced=True)))
    assert {row.model_served for row in rows} == {"gpt-a"}
    assert {row.model_served for row in unpriced} == {"gpt-b", "gpt-unknown"}
    open_batch(asked(AdjustmentKind.LATE_PRICE, model=None))
    ledger.work_all()
    with transaction() as db:
        assert list(call_list.rows(db, OPS, CallFilters(PERIOD, is_unpriced=True))) == []
