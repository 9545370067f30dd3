"""The cost pages as files: the figures of the chart, and the calls behind them."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import money
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import asked, call_list, screens
from fitmycv_admin.vocabulary import Permission

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
    for row in call_list.rows(db, by, asked.calls(db, by, words)):
        yield (
            row.at.isoformat(), row.id, row.feature.key, row.call_name, row.model_served, row.model_requested, row.tier,
            row.plan, row.email, row.status, row.prompt_tokens, row.cached_tokens, row.cache_write_tokens,
            row.completion_tokens, row.reasoning_tokens, _dollars(row.cost_nano), row.price_version_id,
            row.duration_ms, row.task_id, row.step, row.attempt, row.request_id,
        )  # fmt: skip


def _dollars(nano: int | None) -> str:
    """Exact dollars, all nine decimals; empty when the cost is unknown."""
    return "" if nano is None else f"{money.nano_to_usd(nano):.9f}"


EXPORTS = (
    Export("ai-costs", Permission.COSTS_READ, asked.COST_WORDS, _costs),
    Export("ai-costs-calls", Permission.COSTS_READ, asked.CALL_WORDS, _calls),
)
