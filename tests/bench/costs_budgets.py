"""What limits cost a call, and how long a crossing takes to become a notice: the scheduler runs as in production."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core import clock, ids
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.ai_costs import meter, queries
from fitmycv_admin.domain.ai_costs.periods import Preset, of
from fitmycv_admin.domain.budgets import evaluation, limits, rules
from fitmycv_admin.domain.budgets.subjects import Draft
from fitmycv_admin.vocabulary import AlertType, BudgetWindow, Enforcement
from tests import cluster
from tests.bench.costs_ground import judged
from tests.bench.run import Figure, figure, percentile
from tests.domain.ai_costs import ledger
from tests.domain.ai_costs.ledger import OPS
from tests.worker.stack import Stack, eventually

DECISIONS, CROSSINGS, EVALUATIONS = 300, 5, 10
DECISION_MS, NOTICE_S = 5, 15
MUCH = 10**15


def run() -> dict[str, Figure]:
    """Settings must point at the loaded cluster, which keeps what it commits, and an empty Valkey."""
    with transaction() as db:
        people = list(db.execute(text("SELECT id FROM app_user WHERE email LIKE 'u%@example.org' LIMIT 200")).scalars())
        _limits(db)
    figures = _decisions(people)
    took = [_timed(lambda db: evaluation.evaluate(db)) for _ in range(EVALUATIONS)]
    figures |= {
        "costs_evaluation_p50": figure(percentile(took, 0.5), "ms"),
        "costs_evaluation_p95": figure(percentile(took, 0.95), "ms"),
    }
    with _scheduler():
        crossed = [_crossing(person, number) for number, person in enumerate(people[:CROSSINGS])]
    return {
        **figures,
        "costs_crossing_to_notice_p50": figure(percentile(crossed, 0.5), "s"),
        "costs_crossing_to_notice_max": figure(max(crossed), "s", most=judged(NOTICE_S)),
    }


def _limits(db: Session) -> None:
    """Three hard limits that every call of the bench counts in: of all, of each person, of a feature."""
    drafts = (
        Draft(AlertType.BUDGET, "bench: all", MUCH, window=BudgetWindow.MONTH, enforcement=Enforcement.DENY),
        Draft(AlertType.BUDGET, "bench: each", MUCH, each_user=True, enforcement=Enforcement.DENY),
        Draft(AlertType.BUDGET, "bench: feature", MUCH, feature_key="feature_03", enforcement=Enforcement.DENY),
    )
    for draft in drafts:
        if db.execute(text("SELECT 1 FROM openai_alert WHERE name = :name"), {"name": draft.name}).first() is None:
            rules.create(db, OPS, draft)


def _decisions(people: list[UUID]) -> dict[str, Figure]:
    """One caller after the other: asked and committed, as before every call of a model; then settled."""
    asked, settled = [], []
    for number in range(DECISIONS):
        key, person = ids.new_id(), people[number % len(people)]
        asked.append(_timed(lambda db, key=key, person=person: _ask(db, key, person)))
        settled.append(_timed(lambda db, key=key: limits.settle(db, key, 900_000)))
    warm = DECISIONS // 10
    return {
        "costs_decision_p50": figure(percentile(asked[warm:], 0.5), "ms"),
        "costs_decision_p95": figure(percentile(asked[warm:], 0.95), "ms", most=judged(DECISION_MS)),
        "costs_decision_settled_p95": figure(percentile(settled[warm:], 0.95), "ms"),
    }


def _ask(db: Session, key: UUID, person: UUID) -> None:
    found = limits.ask(
        db,
        call_key=key, user_id=person, feature_key="feature_03", plan_id=None, model="model-1",
        estimate_nano=1_000_000,
    )  # fmt: skip
    if found.kind != limits.Answer.ALLOW:
        raise RuntimeError(f"the limit of the bench is too small: {found}")


def _crossing(person: UUID, number: int) -> float:
    """Seconds from the commit of the call that crosses a limit until its notice is there."""
    with transaction() as db:
        filters = queries.filters_of(db, OPS, keys={}, user_id=person)
        today = of(Preset.TODAY, clock.now(), queries.zone(db, OPS))
        spent = queries.totals(db, OPS, today, filters).cost_nano
        name = f"bench: crossing {ids.new_id()}"
        rule = rules.create(db, OPS, Draft(AlertType.BUDGET, name, spent + 1_000, user_id=person, steps=(100,)))
    time.sleep(number)  # at another moment between two evaluations each time
    with transaction() as db:
        meter.record(db, ledger.usage(clock.now(), model="model-1", call="feature_05"), user_id=person)
    began = time.perf_counter()
    if not eventually(lambda: _has_notice(rule), 60):
        raise RuntimeError("a crossing gave no notice within a minute")
    return time.perf_counter() - began


def _has_notice(rule: int) -> bool:
    with transaction() as db:
        found = db.execute(text("SELECT 1 FROM alert_notice WHERE rule_id = :rule AND step = 100"), {"rule": rule})
        return found.first() is not None


@contextmanager
def _scheduler() -> Iterator[None]:
    stack = Stack(Path(tempfile.mkdtemp(dir=cluster.home())), {})
    stack.start("scheduler", "fitmycv_worker.scheduler")
    try:
        time.sleep(8)
        yield
    finally:
        stack.stop()


def _timed(act: Callable[[Session], object]) -> float:
    began = time.perf_counter()
    with transaction() as db:
        act(db)
    return (time.perf_counter() - began) * 1000
