"""The meter: stores one model call, priced by the version that was valid when the call was sent."""

from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.domain.ai_costs import catalogue, pricing, tariff
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.vocabulary import CallStatus, ServiceTier


class ImpossibleUsage(ValueError):
    """Token counts that contradict each other: a part larger than its whole, or below zero."""


def record(
    db: Session,
    usage: CallUsage,
    *,
    task_id: UUID | None = None,
    step: str = "",
    attempt: int = 0,
    user_id: UUID | None = None,
    plan: str | None = None,
) -> int:
    """Store one call and return its id. `plan` names the plan of the person when the task was asked for; None when
    they paid with credits only, or when nobody asked.

    The price is that of the model which served (or was asked, when nobody answered) at `usage.started_at`. Without a
    price, or when nobody knows what was billed, the cost stays unknown (NULL). Call it once per call, inside the
    transaction that writes the step's row: that row is what makes it once. Raises ImpossibleUsage.
    """
    _check(usage)
    served = usage.model_served or usage.model_requested
    model = catalogue.model_of(db, served)
    tier_id = catalogue.tier_id(db, tier_of(model, usage))
    pricing.hold(db, model.id)
    price = pricing.price_at(db, model.id, tier_id, usage.started_at)
    values = {
        "created_at": usage.started_at,
        "feature_id": catalogue.feature_id(db, usage.call_name),
        "model_id": model.id,
        "tier_id": tier_id,
        "user_id": user_id,
        "plan": plan,
        "call_name": usage.call_name,
        "model_requested": usage.model_requested,
        "model_served": served,
        "status": str(usage.status),
        "task_id": task_id,
        "step": step,
        "attempt": attempt or usage.attempt,
        "prompt": usage.prompt_tokens,
        "cached": usage.cached_tokens,
        "cache_write": usage.cache_write_tokens,
        "completion": usage.completion_tokens,
        "reasoning": usage.reasoning_tokens,
        "image": usage.image_tokens,
        "audio": usage.audio_tokens,
        "version": price.version_id if price else None,
        "cost": cost_of(price, usage),
        "duration": usage.duration_ms,
        "request": usage.request_id,
    }
    return int(db.execute(text(_INSERT), values).scalar_one())


def tier_of(model: catalogue.ModelMatch, usage: CallUsage) -> str:
    """The tier a call is priced at: the one it was served at, or large context from the length its model says."""
    is_long = model.large_context_from is not None and usage.prompt_tokens >= model.large_context_from
    if is_long and catalogue.is_standard(usage.tier):
        return ServiceTier.LARGE_CONTEXT
    return usage.tier


def cost_of(price: pricing.Price | None, usage: CallUsage) -> int | None:
    """The cost in nano-USD, rounded once, half up; None when no price covers the tokens or nobody knows them."""
    silent = usage.prompt_tokens == 0 and usage.completion_tokens == 0
    if silent and usage.status == CallStatus.FAILED:
        return 0
    if price is None or (silent and usage.status == CallStatus.ABORTED):
        return None
    return tariff.cost(
        price.lines, prompt=usage.prompt_tokens, cached=usage.cached_tokens, cache_write=usage.cache_write_tokens,
        completion=usage.completion_tokens, reasoning=usage.reasoning_tokens, image=usage.image_tokens,
        audio=usage.audio_tokens,
    )  # fmt: skip


def _check(usage: CallUsage) -> None:
    counts = (
        usage.prompt_tokens, usage.cached_tokens, usage.cache_write_tokens,
        usage.completion_tokens, usage.reasoning_tokens, usage.image_tokens, usage.audio_tokens,
    )  # fmt: skip
    if min(counts) < 0:
        raise ImpossibleUsage("a token count is below zero")
    if usage.cached_tokens + usage.cache_write_tokens > usage.prompt_tokens:
        raise ImpossibleUsage("more cached tokens than prompt tokens")
    if usage.image_tokens + usage.audio_tokens > usage.prompt_tokens:
        raise ImpossibleUsage("more image and audio tokens than prompt tokens")
    if usage.reasoning_tokens > usage.completion_tokens:
        raise ImpossibleUsage("more reasoning tokens than completion tokens")


_INSERT = """
INSERT INTO openai_call (created_at, user_seq, feature_id, model_id, tier_id, plan_id, call_name, model_requested,
    model_served, status, task_id, step, attempt, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens,
    reasoning_tokens, image_tokens, audio_tokens, price_version_id, cost_nano, duration_ms, request_id)
VALUES (:created_at, (SELECT seq FROM app_user WHERE id = :user_id), :feature_id, :model_id, :tier_id,
    (SELECT id FROM subscription_plan WHERE name = :plan), :call_name, :model_requested,
    :model_served, :status, :task_id, :step, :attempt, :prompt, :cached, :cache_write, :completion,
    :reasoning, :image, :audio, :version, :cost, :duration, :request)
RETURNING id
"""
