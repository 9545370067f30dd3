"""The one metered door: a schema goes in, a validated object comes out, every attempt is recorded."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import openai
from pydantic import BaseModel, ValidationError

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.vocabulary import CallStatus
from fitmycv_worker.llm import answers, errors
from fitmycv_worker.llm.answers import Dialect, Reading

T = TypeVar("T", bound=BaseModel)
Record = Callable[[CallUsage], None]

TASK_HEADER = "X-FitMyCV-Task"
LONGEST_WAIT_S = 30.0
_OPENAI_HOST = "api.openai.com"
_FIRST_WAIT_S = 0.5
_TRY_AGAIN = frozenset({408, 409, 429})
_NOTHING_USED = Reading(None, "", 0, 0, 0, 0, 0, "", None, False)


class Gate(Protocol):
    """What all callers of the models know together: whether they answer at all."""

    def may_call(self) -> bool:
        """Whether an attempt may be sent now."""
        ...

    def failed(self, code: str) -> None:
        """An attempt got no answer, or an error of the server."""
        ...

    def answered(self) -> None:
        """An attempt was answered."""
        ...


@dataclass(frozen=True, slots=True)
class Permit:
    """The leave to send one attempt: of which model, and the instant it counts for. `key` names what it reserved."""

    key: UUID
    model: str
    at: datetime


class Purse(Protocol):
    """What pays for attempts: asked before each."""

    def permit(
        self, *, feature_key: str, model: str, tier: str, prompt_bytes: int, max_output_tokens: int | None
    ) -> Permit:
        """The leave to send an attempt, perhaps of a cheaper model. Raises errors.BudgetSpent."""
        ...

    def free(self, permit: Permit) -> None:
        """The attempt was never sent."""
        ...


class ModelLike(Protocol):
    """What a pipeline needs of a model."""

    def complete(
        self,
        *,
        call_name: str,
        feature_key: str,
        model: str,
        schema: type[T],
        system: str,
        text: str,
        record: Record,
        max_output_tokens: int | None = None,
    ) -> T:
        """One call; see `Model.complete`."""
        ...


class Model:
    """A server of models, spoken to through OpenAI's SDK.

    `local_engine` says that the server is our own engine: only then does a call name travel with the
    request. `dialect` is found from the address when it is not given. `timeout_s` is for one attempt. `tier` is asked
    for; what the server says it served counts.
    `gate` may forbid an attempt and hears how each ended; `purse` says whether there is money for it.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        local_engine: bool = False,
        dialect: Dialect | None = None,
        timeout_s: float = 90.0,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        gate: Gate | None = None,
        tier: str = "standard",
        purse: Purse | None = None,
    ) -> None:
        own = not base_url or local_engine or urlsplit(base_url).hostname == _OPENAI_HOST
        self.dialect = dialect or (Dialect.RESPONSES if own else Dialect.CHAT)
        self._local_engine = local_engine
        self._attempts = attempts
        self._sleep = sleep
        self._gate = gate
        self._tier = tier
        self._purse = purse
        self._client = openai.OpenAI(
            api_key=api_key, base_url=base_url, max_retries=0, timeout=openai.Timeout(timeout_s, connect=5.0)
        )

    def __enter__(self) -> "Model":
        """The model itself; its connections are closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def complete(
        self,
        *,
        call_name: str,
        feature_key: str,
        model: str,
        schema: type[T],
        system: str,
        text: str,
        record: Record,
        max_output_tokens: int | None = None,
    ) -> T:
        """Ask `model` to read `text` under the instructions `system` and answer in the shape `schema`.

        Every attempt that was sent is passed to `record` before its answer is used. An answer that
        breaks the schema is sent back once with what is wrong.

        Raises:
            errors.ModelError: in one of its kinds; nothing usable came.
        """
        asked = CallUsage(
            call_name=call_name,
            feature_key=feature_key,
            model_requested=model,
            model_served=None,
            tier=self._tier,
            prompt_tokens=0,
            cached_tokens=0,
            cache_write_tokens=0,
            completion_tokens=0,
            reasoning_tokens=0,
            started_at=clock.now(),
            duration_ms=0,
            status=CallStatus.OK,
            request_id=None,
            attempt=0,
        )
        header = {TASK_HEADER: call_name} if self._local_engine else {}
        door = _Door(
            self._client, self.dialect, record, self._attempts, self._sleep, asked, header, self._gate, self._purse
        )  # fmt: skip
        first = door.ask(schema, system, text, max_output_tokens)
        if not isinstance(first, str):
            return first
        repair = f"{text}\n\n<wrong>\nYour last answer was not accepted: {first}\nAnswer again.\n</wrong>"
        second = door.ask(schema, system, repair, max_output_tokens)
        if isinstance(second, str):
            raise errors.AnswerInvalid
        return second


def warm() -> None:
    """Load the parts of the SDK that it loads at the first call."""
    with openai.OpenAI(api_key="none") as client:
        _ = client.responses, client.chat.completions


class _Door:
    """The attempts of one call."""

    def __init__(
        self,
        client: openai.OpenAI,
        dialect: Dialect,
        record: Record,
        attempts: int,
        sleep: Callable[[float], None],
        asked: CallUsage,
        headers: dict[str, str],
        gate: Gate | None,
        purse: Purse | None,
    ) -> None:
        self._client, self._dialect, self._record, self._gate = client, dialect, record, gate
        self._attempts, self._sleep, self._asked, self._headers = attempts, sleep, asked, headers
        self._purse = purse
        self._permit: Permit | None = None
        self._sent = 0

    def ask(self, schema: type[T], system: str, text: str, max_output_tokens: int | None) -> T | str:
        """The validated answer, or what is wrong with it."""
        asked = answers.question(
            self._dialect, self._asked.model_requested, schema, system, text, max_output_tokens, self._asked.tier
        )
        for left in reversed(range(self._attempts)):
            if self._gate is not None and not self._gate.may_call():
                raise errors.ModelUnavailable
            started, clock_s = self._may_pay(asked, max_output_tokens), time.monotonic()
            self._sent += 1
            try:
                body, request_id = self._send(asked)
            except openai.APIError as failure:
                self._note_failure(failure, started, clock_s)
                if self._gate is not None and _is_outage(failure):
                    self._gate.failed(type(failure).__name__)
                wait = _wait_before_retry(failure, self._attempts - left)
                if left == 0 or wait is None:
                    raise _own_error(failure) from failure
                self._sleep(wait)
                continue
            if self._gate is not None:
                self._gate.answered()
            return self._use(schema, body, request_id, started, clock_s)
        raise errors.ModelUnavailable

    def _may_pay(self, asked: dict, max_output_tokens: int | None) -> datetime:
        """Ask for the money of one attempt, which may change the model; the instant the attempt counts for."""
        if self._purse is None:
            return clock.now()
        self._permit = self._purse.permit(
            feature_key=self._asked.feature_key,
            model=self._asked.model_requested,
            tier=self._asked.tier,
            prompt_bytes=len(json.dumps(asked, ensure_ascii=False).encode()),
            max_output_tokens=max_output_tokens,
        )
        asked["model"] = self._permit.model
        return self._permit.at

    def _send(self, asked: dict) -> tuple[str, str | None]:
        """The body of the answer and the server's id of the request."""
        endpoint = self._client.responses if self._dialect is Dialect.RESPONSES else self._client.chat.completions
        raw = endpoint.with_raw_response.create(**asked, extra_headers=self._headers)
        return raw.http_response.text, raw.headers.get("x-request-id")

    def _use(self, schema: type[T], body: str, request_id: str | None, started: datetime, clock_s: float) -> T | str:
        """Record what was used, then read what was said."""
        try:
            reading = answers.read(self._dialect, body)
        except (ValueError, AttributeError, TypeError) as problem:
            self._note(_NOTHING_USED, request_id, started, clock_s, "invalid")
            return f"not the JSON of an answer ({problem})"
        answer, problem, code = _validated(schema, reading)
        self._note(reading, request_id, started, clock_s, code)
        if code == "refused":
            raise errors.ModelRefused(reading.refusal or "")
        if code == "truncated":
            raise errors.AnswerTruncated
        return problem if answer is None else answer

    def _note_failure(self, failure: openai.APIError, started: datetime, clock_s: float) -> None:
        """Record an attempt that failed; a server that was never reached used nothing."""
        if isinstance(failure, openai.APIStatusError):
            code = (
                "rate_limited"
                if failure.status_code == 429
                else "server_error"
                if failure.status_code >= 500
                else "rejected"
            )
            self._note(_NOTHING_USED, failure.request_id, started, clock_s, code)
        elif not _never_sent(failure):
            code = "timeout" if isinstance(failure, openai.APITimeoutError) else "connection_lost"
            self._note(_NOTHING_USED, None, started, clock_s, code, CallStatus.ABORTED)
        elif self._purse is not None and self._permit is not None:
            self._purse.free(self._permit)

    def _note(
        self,
        reading: Reading,
        request_id: str | None,
        started: datetime,
        clock_s: float,
        code: str | None,
        status: CallStatus = CallStatus.FAILED,
    ) -> None:
        """Hand one attempt to the meter."""
        self._record(
            replace(
                self._asked,
                model_served=reading.model_served or (self._permit.model if self._permit else None),
                call_key=self._permit.key if self._permit else None,
                tier=reading.tier or self._asked.tier,
                prompt_tokens=reading.prompt_tokens,
                cached_tokens=reading.cached_tokens,
                cache_write_tokens=reading.cache_write_tokens,
                completion_tokens=reading.completion_tokens,
                reasoning_tokens=reading.reasoning_tokens,
                image_tokens=reading.image_tokens,
                audio_tokens=reading.audio_tokens,
                started_at=started,
                duration_ms=round((time.monotonic() - clock_s) * 1000),
                status=CallStatus.OK if code is None else status,
                request_id=request_id,
                error_code=code,
                attempt=self._sent,
            )
        )


def _validated(schema: type[T], reading: Reading) -> tuple[T | None, str, str | None]:
    """The object, or what is wrong and its code."""
    if reading.refusal is not None:
        return None, "", "refused"
    if reading.stopped:
        return None, "", "truncated"
    try:
        return schema.model_validate_json(reading.text), "", None
    except ValidationError as problem:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors(include_input=False)]
        return None, "; ".join(wrong[:5]), "invalid"


def _is_outage(failure: openai.APIError) -> bool:
    """No answer, or an error of the server itself: not what the request or the account may have caused."""
    return isinstance(failure, openai.APIConnectionError) or (
        isinstance(failure, openai.APIStatusError) and failure.status_code >= 500
    )


def _never_sent(failure: openai.APIError) -> bool:
    """True when the connection itself could not be made."""
    return isinstance(failure, openai.APIConnectionError) and type(failure.__cause__).__name__ in (
        "ConnectError",
        "ConnectTimeout",
        "UnsupportedProtocol",
        "InvalidURL",
    )


def _wait_before_retry(failure: openai.APIError, tried: int) -> float | None:
    """Seconds to wait before another attempt; None when another would not help."""
    if isinstance(failure, openai.APIStatusError):
        hopeless = failure.status_code == 429 and failure.code == "insufficient_quota"
        if hopeless or (failure.status_code not in _TRY_AGAIN and failure.status_code < 500):
            return None
        told = _retry_after(failure)
        if told is not None:
            return told if told <= LONGEST_WAIT_S else None
    elif not isinstance(failure, openai.APIConnectionError):
        return None
    return _FIRST_WAIT_S * 2 ** (tried - 1)


def _retry_after(failure: openai.APIStatusError) -> float | None:
    """Seconds that the server asks to wait, told as a number or as a date."""
    told = failure.response.headers.get("retry-after")
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(told) - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return None


def _own_error(failure: openai.APIError) -> errors.ModelError:
    """The failure in our words."""
    if isinstance(failure, openai.APIStatusError):
        if failure.status_code == 429 and failure.code != "insufficient_quota":
            return errors.RateLimited()
        if failure.status_code < 500 and failure.status_code not in _TRY_AGAIN:
            return errors.ModelMisconfigured()
        if failure.code == "insufficient_quota":
            return errors.ModelMisconfigured()
    return errors.ModelUnavailable()
