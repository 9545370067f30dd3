"""The price list, the assignment of models and the corrections as files, narrowed as their pages are."""

from collections.abc import Iterator

from sqlmodel import Session

from fitmycv_admin.api.export import Cells, Export, Words
from fitmycv_admin.core import money
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import adjustments, price_list, what_if
from fitmycv_admin.vocabulary import Permission, UsageType

_HEAD = ("model", "tier", *(f"{kind}_usd_per_million" for kind in UsageType), "large_context_from", "aliases",
         "valid_since", "changes_at", "calls_30_days", "unpriced_30_days", "cost_30_days_usd")  # fmt: skip

_MODELS_HEAD = ("assignment", "feature", "call_names", "model", "tier", "is_priced", "calls_30_days",
                "unpriced_30_days", "prompt_tokens", "cached_tokens", "completion_tokens",
                "cost_30_days_usd")  # fmt: skip

_CORRECTIONS_HEAD = ("id", "started_at", "by", "kind", "state", "model", "tier", "calls_from", "calls_until", "calls",
                     "moved_usd", "undoes", "reason")  # fmt: skip


def _prices(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _HEAD
    rows = price_list.prices(db, by)
    for row in price_list.narrowed(
        rows, search=words.get("q", ""), tier=words.get("at", ""), state=words.get("state", "")
    ):
        prices = [f"{money.nano_to_usd(row.lines[kind]):f}" if kind in row.lines else "" for kind in UsageType]
        yield (
            row.model, row.tier, *prices, row.large_context_from, " ".join(row.aliases),
            row.since.isoformat() if row.since else "", row.next_at.isoformat() if row.next_at else "", row.calls,
            row.unpriced, f"{money.nano_to_usd(row.cost_nano):.9f}",
        )  # fmt: skip


def _models(db: Session, by: Actor, words: Words) -> Iterator[Cells]:
    yield _MODELS_HEAD
    for row in what_if.screen(db, by, search=words.get("q", "")).rows:
        yield (
            row.name, row.feature.key, " ".join(row.calls), row.model, row.tier, row.is_priced, row.sums.calls,
            row.sums.unpriced, row.sums.prompt, row.sums.cached, row.sums.completion,
            f"{money.nano_to_usd(row.sums.cost_nano):.9f}",
        )  # fmt: skip


def _corrections(db: Session, by: Actor, _words: Words) -> Iterator[Cells]:
    yield _CORRECTIONS_HEAD
    after = ""
    while True:
        found = adjustments.batches(db, by, PageRequest(after=after, size=100))
        for row in found.rows:
            yield (
                row.id, row.created_at.isoformat(), row.by, row.kind, row.state, row.model, row.tier,
                row.starts_at.isoformat(), row.ends_at.isoformat(), row.calls,
                f"{money.nano_to_usd(row.delta_nano):.9f}", row.reverts_id, row.reason,
            )  # fmt: skip
        if not (after := found.next):
            return


EXPORTS = (
    Export("ai-prices", Permission.PRICES_READ, ("q", "at", "state"), _prices),
    Export("ai-models", Permission.PRICES_READ, ("q",), _models),
    Export("ai-corrections", Permission.PRICES_READ, (), _corrections),
)
