"""The cost pages as files: the figures of the chart, and the calls behind them."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import money
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import asked, call_list, screens, spread_screens, task_costs
from fitmycv_admin.vocabulary import Measure, Permission

_COST_HEAD = ("at", "split_by", "key", "label", "calls", "calls_without_cost", "prompt_tokens", "cached_tokens",
              "completion_tokens", "cost_usd")  # fmt: skip
_CALL_HEAD = ("at", "id", "feature", "call_name", "model_served", "model_requested", "tier", "plan", "user", "status",
              "prompt_tokens", "cached_tokens", "cache_write_tokens", "completion_tokens", "reasoning_tokens",
              "cost_usd", "price_version", "duration_ms", "task", "step", "attempt", "request_id")  # fmt: skip


def _costs(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    screen = screens.costs(db, by, words)
    labels = {part.name.key: part.name.label for part in screen.costs.parts}
    yield _COST_HEAD
    for slot in screen.costs.slots:
        for key, sums in slot.parts:
            yield (
                slot.at.isoformat(), str(screen.asked.dimension), key, labels.get(key, key), sums.calls, sums.unpriced,
                sums.prompt_tokens, sums.cached_tokens, sums.completion_tokens, _dollars(sums.cost_nano),
            )  # fmt: skip


def _calls(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _CALL_HEAD
    for (
        number, at, _user_id, email, feature, tier, plan, call_name, served, requested, status, task_id, step, attempt,
        prompt, cached, cache_write, completion, reasoning, version, cost, duration, request_id,
    ) in call_list.cells_of(db, by, asked.calls(db, by, words)):  # fmt: skip
        yield (
            at.isoformat(), number, feature, call_name, served, requested, tier, plan, email, status, prompt, cached,
            cache_write, completion, reasoning, _dollars(cost), version, duration, task_id, step, attempt, request_id,
        )  # fmt: skip


def _top_users(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("rank", "user", "user_id", "plan_now", "calls", "calls_without_cost", "prompt_tokens", "cached_tokens",
           "completion_tokens", "cost_usd", "credits_used")  # fmt: skip
    for rank, row in enumerate(screens.top_users_of(db, by, words).top.rows, start=1):
        person, sums = row.person, row.person.sums
        yield (
            rank, person.email, person.user_id, person.plan, sums.calls, sums.unpriced, sums.prompt_tokens,
            sums.cached_tokens, sums.completion_tokens, _dollars(sums.cost_nano), row.credits,
        )  # fmt: skip


def _plans(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("plan", "people", "calls", "calls_without_cost", "cost_usd", "cost_eur", "days_with_earlier_rate",
           "days_without_rate", "p50_usd", "p95_usd", "max_usd", "cost_before_usd")  # fmt: skip
    for row in screens.plans(db, by, words).plans.rows:
        euros = "" if row.eur.missing else f"{row.eur.cents / 100:.2f}"
        yield (
            row.plan.key, row.people, row.now.calls, row.now.unpriced, _dollars(row.now.cost_nano), euros,
            row.eur.carried, row.eur.missing, _dollars(row.p50), _dollars(row.p95), _dollars(row.dearest),
            _dollars(row.before.cost_nano if row.before else None),
        )  # fmt: skip


def _tasks(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("task", "asked_at", "type", "state", "user", "calls", "calls_without_cost", "tokens", "cost_usd", "payer",
           "credits_taken", "credits_held", "run_ms")  # fmt: skip
    for row in task_costs.every(db, by, asked.tasks(db, by, words)):
        yield (
            row.id, row.at.isoformat(), row.type, row.state, row.email, row.calls, row.unpriced, row.tokens,
            _dollars(row.cost_nano), row.payer, row.credits, row.held, row.run_ms,
        )  # fmt: skip


def _distribution(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    screen = spread_screens.distribution(db, by, words)
    unit = "usd" if screen.measure is Measure.COST else "ms"
    write = _dollars if screen.measure is Measure.COST else _number
    yield ("at", "feature", "calls", *(f"{band}_{unit}" for band in ("average", "p50", "p95", "p99")))
    for row in screen.rows:
        bands = (row.average, row.p50, row.p95, row.p99)
        yield (row.at.isoformat(), words.get("feature", ""), row.calls, *map(write, bands))


def _outliers(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield ("at", "id", "feature", "cost_usd", "median_usd", "times_the_median", "duration_ms", "model", "user", "task")
    for row in spread_screens.outliers(db, by, words).rows:
        yield (
            row.at.isoformat(), row.call_id, row.feature.key, _dollars(row.cost_nano), _dollars(row.median_nano),
            None if row.ratio is None else round(row.ratio, 2), row.duration_ms, row.model, row.email, row.task_id,
        )  # fmt: skip


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _dollars(nano: int | None) -> str:
    """Exact dollars, all nine decimals; empty when the cost is unknown."""
    if nano is None:
        return ""
    whole, part = divmod(abs(nano), money.NANO)
    return f"{'-' if nano < 0 else ''}{whole}.{part:09d}"


EXPORTS = (
    Export("ai-costs", Permission.COSTS_READ, asked.COST_WORDS, _costs),
    Export("ai-costs-calls", Permission.COSTS_READ, asked.CALL_WORDS, _calls),
    Export("ai-costs-top-users", Permission.COSTS_READ, asked.TOP_WORDS, _top_users),
    Export("ai-costs-plans", Permission.COSTS_READ, asked.PLAN_WORDS, _plans),
    Export("ai-costs-distribution", Permission.COSTS_READ, asked.SPREAD_WORDS, _distribution),
    Export("ai-costs-outliers", Permission.COSTS_READ, asked.OUTLIER_WORDS, _outliers),
    Export("ai-costs-tasks", Permission.COSTS_READ, asked.TASK_WORDS, _tasks),
)
