"""What one call of a language model used, before anybody puts a price on it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fitmycv_admin.vocabulary import CallStatus


@dataclass(frozen=True, slots=True)
class CallUsage:
    """One attempt at one call. Token counts are what the server said it counted; 0 when it said nothing.

    `prompt_tokens` contains `cached_tokens` and `cache_write_tokens`, and `image_tokens` and `audio_tokens`, which
    may have come from the cache too; `completion_tokens` contains `reasoning_tokens`. `started_at` is the instant
    the request was sent, aware, UTC. `status` is ok when the answer was usable, aborted when none came (whether it
    was billed is unknown), else failed with an `error_code`: refused, truncated, invalid, rate_limited, server_error,
    rejected. `call_key` names what was reserved for it.
    """

    call_name: str
    feature_key: str
    model_requested: str
    model_served: str | None
    tier: str
    prompt_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    started_at: datetime
    duration_ms: int
    status: CallStatus
    request_id: str | None
    error_code: str | None = None
    attempt: int = 1
    image_tokens: int = 0
    audio_tokens: int = 0
    call_key: UUID | None = None
