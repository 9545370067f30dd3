"""How tokens become money: one rule, in Python for a call being recorded and in SQL for many calls of the past."""

from collections.abc import Mapping

from fitmycv_admin.core import money
from fitmycv_admin.vocabulary import CallStatus, UsageType

Lines = Mapping[str, int]
"""Nano-USD per million tokens by usage type."""

INSTEAD = {
    UsageType.CACHED_INPUT: UsageType.INPUT,
    UsageType.CACHE_WRITE: UsageType.INPUT,
    UsageType.IMAGE: UsageType.INPUT,
    UsageType.AUDIO: UsageType.INPUT,
    UsageType.REASONING: UsageType.OUTPUT,
}
"""What a kind of token without a price of its own is charged as."""


def line_of(lines: Lines, kind: UsageType) -> int | None:
    """The price a kind of token is charged at: its own, else that of what it is a part of; None when neither is."""
    return lines.get(kind, lines.get(INSTEAD.get(kind, kind)))


def weight(
    lines: Lines, *, prompt: int, cached: int = 0, cache_write: int = 0, completion: int = 0, reasoning: int = 0,
    image: int = 0, audio: int = 0,
) -> int | None:  # fmt: skip
    """What tokens cost, a million times too large and therefore exact; None when a price is missing.

    `prompt` contains cached, cache-write, image and audio tokens, `completion` contains reasoning tokens. An image
    that was read from the cache is charged as cached.
    """
    parts = kinds(
        prompt=prompt, cached=cached, cache_write=cache_write, completion=completion, reasoning=reasoning, image=image,
        audio=audio,
    )  # fmt: skip
    total = 0
    for kind, tokens in parts.items():
        price = line_of(lines, kind)
        if tokens and price is None:
            return None
        total += tokens * (price or 0)
    return total


def kinds(
    *, prompt: int, cached: int = 0, cache_write: int = 0, completion: int = 0, reasoning: int = 0, image: int = 0,
    audio: int = 0,
) -> Mapping[UsageType, int]:  # fmt: skip
    """How many tokens are charged as which kind; each token once."""
    rest = prompt - cached - cache_write
    image = min(image, rest)
    audio = min(audio, rest - image)
    return {
        UsageType.INPUT: rest - image - audio,
        UsageType.CACHED_INPUT: cached,
        UsageType.CACHE_WRITE: cache_write,
        UsageType.IMAGE: image,
        UsageType.AUDIO: audio,
        UsageType.OUTPUT: completion - reasoning,
        UsageType.REASONING: reasoning,
    }


def cost(
    lines: Lines, *, prompt: int, cached: int = 0, cache_write: int = 0, completion: int = 0, reasoning: int = 0,
    image: int = 0, audio: int = 0,
) -> int | None:  # fmt: skip
    """What tokens cost in nano-USD, rounded once, half up; None when a price is missing."""
    exact = weight(
        lines, prompt=prompt, cached=cached, cache_write=cache_write, completion=completion, reasoning=reasoning,
        image=image, audio=audio,
    )  # fmt: skip
    return None if exact is None else money.round_half_up(exact, money.PER_MILLION)


def sql(call: str, lines: str) -> str:
    """The cost in nano-USD of a row of openai_call, for the alias `call` and an expression of its lines as jsonb.

    NULL where nobody knows it, as for a call of the same counts that is recorded now. No lines (NULL): no price.
    """
    rest = f"({call}.prompt_tokens - {call}.cached_tokens - {call}.cache_write_tokens)"
    image = f"least({call}.image_tokens, {rest})"
    audio = f"least({call}.audio_tokens, {rest} - {image})"
    parts = {
        UsageType.INPUT: f"{rest} - {image} - {audio}",
        UsageType.CACHED_INPUT: f"{call}.cached_tokens",
        UsageType.CACHE_WRITE: f"{call}.cache_write_tokens",
        UsageType.IMAGE: image,
        UsageType.AUDIO: audio,
        UsageType.OUTPUT: f"{call}.completion_tokens - {call}.reasoning_tokens",
        UsageType.REASONING: f"{call}.reasoning_tokens",
    }
    added = " + ".join(_part(tokens, _line(lines, kind)) for kind, tokens in parts.items())
    silent = f"{call}.prompt_tokens = 0 AND {call}.completion_tokens = 0"
    return (
        f"CASE WHEN {silent} AND {call}.status = '{CallStatus.FAILED}' THEN 0"
        f" WHEN {lines} IS NULL OR ({silent} AND {call}.status = '{CallStatus.ABORTED}') THEN NULL"
        f" ELSE floor((2 * ({added}) + {money.PER_MILLION}) / (2 * {money.PER_MILLION}::numeric))::bigint END"
    )


def _line(lines: str, kind: UsageType) -> str:
    own = f"({lines} ->> '{kind}')::numeric"
    return f"coalesce({own}, ({lines} ->> '{INSTEAD[kind]}')::numeric)" if kind in INSTEAD else own


def _part(tokens: str, price: str) -> str:
    return f"CASE WHEN {tokens} = 0 THEN 0 ELSE ({tokens}) * {price} END"
