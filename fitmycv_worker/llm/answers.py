"""The two dialects of the wire: how a question is put, and what an answer says and used."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_TIERS = {None: "standard", "default": "standard", "auto": "standard", "fast": "priority"}
_ASKED = {"standard": "default"}


class Dialect(StrEnum):
    """OpenAI's own endpoint, or the one that compatible servers have."""

    RESPONSES = "responses"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer said and used. One of `text`, `refusal`, `stopped` tells how it ended."""

    model_served: str | None
    tier: str
    prompt_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    text: str
    refusal: str | None
    stopped: bool
    image_tokens: int = 0
    audio_tokens: int = 0


class NotStrict(TypeError):
    """A schema leaves room for something unsaid, so the server could not enforce it."""


@lru_cache(maxsize=32)
def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of `schema`, checked: every field required, nothing else allowed, no default.

    Made once: it takes as long as everything else of a call that we do. Nobody changes what this returns.
    """
    found = schema.model_json_schema()
    for part in (found, *found.get("$defs", {}).values()):
        fields = part.get("properties")
        if fields is None:
            continue
        if part.get("additionalProperties") is not False or set(part.get("required", ())) != set(fields):
            raise NotStrict(f"{schema.__name__}: {part.get('title')} is not strict")
    return found


def question(
    dialect: Dialect, model: str, schema: type[BaseModel], system: str, text: str, max_output_tokens: int | None,
    tier: str = "standard",
) -> dict[str, Any]:  # fmt: skip
    """The arguments of the SDK's `create` for one call; nothing is ever stored by the server.

    OpenAI is always told the tier, since a project may have another one by default; other servers only when it is not
    the standard one, which many do not know by name.
    """
    asked_tier = {} if dialect is Dialect.CHAT and tier == "standard" else {"service_tier": _ASKED.get(tier, tier)}
    shape = {"name": schema.__name__, "schema": strict_schema(schema), "strict": True}
    if dialect is Dialect.RESPONSES:
        asked: dict[str, Any] = {
            "model": model,
            "instructions": system,
            "input": [{"role": "user", "content": text}],
            "text": {"format": {"type": "json_schema", **shape}},
            "store": False,
        }
        return asked | asked_tier | ({"max_output_tokens": max_output_tokens} if max_output_tokens else {})
    asked = {
        "model": model,
        "store": False,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": text}],
        "response_format": {"type": "json_schema", "json_schema": shape},
    }
    return asked | asked_tier | ({"max_completion_tokens": max_output_tokens} if max_output_tokens else {})


def read(dialect: Dialect, body: str) -> Reading:
    """What the server answered.

    Raises:
        ValueError: the body is not the JSON of an answer.
    """
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise ValueError("the answer is not an object")
    text, refusal, stopped = (_said_in_response if dialect is Dialect.RESPONSES else _said_in_chat)(answer)
    usage = _object(answer.get("usage"))
    spent = _object(usage.get("input_tokens_details") or usage.get("prompt_tokens_details"))
    made = _object(usage.get("output_tokens_details") or usage.get("completion_tokens_details"))
    tier = answer.get("service_tier")
    return Reading(
        model_served=answer.get("model") or None,
        tier=_TIERS.get(tier, str(tier)),
        prompt_tokens=_count(usage, "input_tokens", "prompt_tokens"),
        cached_tokens=_count(spent, "cached_tokens"),
        cache_write_tokens=_count(spent, "cache_write_tokens"),
        completion_tokens=_count(usage, "output_tokens", "completion_tokens"),
        reasoning_tokens=_count(made, "reasoning_tokens"),
        text=text,
        refusal=refusal,
        stopped=stopped,
        image_tokens=_count(spent, "image_tokens"),
        audio_tokens=_count(spent, "audio_tokens"),
    )


def _said_in_response(answer: dict[str, Any]) -> tuple[str, str | None, bool]:
    """Text, refusal and whether the limit cut it, of OpenAI's own dialect."""
    contents = [
        content
        for item in answer.get("output") or []
        if item.get("type") == "message"
        for content in item.get("content") or []
    ]
    text = "".join(c.get("text") or "" for c in contents if c.get("type") == "output_text")
    refusal = next((c.get("refusal") or "refused" for c in contents if c.get("type") == "refusal"), None)
    reason = _object(answer.get("incomplete_details")).get("reason")
    if reason == "content_filter":
        refusal = refusal or reason
    return text, refusal, answer.get("status") == "incomplete" and reason != "content_filter"


def _said_in_chat(answer: dict[str, Any]) -> tuple[str, str | None, bool]:
    """Text, refusal and whether the limit cut it, of the dialect of compatible servers."""
    choice = _object(next(iter(answer.get("choices") or []), None))
    message = _object(choice.get("message"))
    finish = choice.get("finish_reason")
    refusal = message.get("refusal") or ("content_filter" if finish == "content_filter" else None)
    return message.get("content") or "", refusal, finish == "length"


def _object(value: Any) -> dict[str, Any]:
    """`value` when it is an object; servers leave some of them out or null."""
    return value if isinstance(value, dict) else {}


def _count(usage: dict[str, Any], *names: str) -> int:
    """The first of these counts that is there; 0 when none is."""
    return next((max(0, int(usage[name])) for name in names if isinstance(usage.get(name), int | float)), 0)
