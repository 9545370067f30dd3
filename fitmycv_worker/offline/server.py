"""OpenAI's wire in front of the rules: models, responses and chat completions, with honest usage."""

import asyncio
import json
import time
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from fitmycv_worker.offline import engine, faults, tokens

TASK_HEADER = "x-fitmycv-task"
MOST_BYTES = 4 * 1024 * 1024
# Those that a call can be asked at; it is served at once whichever it is.
_TIERS = ("default", "priority", "flex")


class _Refusal(Exception):
    """The answer is a refusal with a reason."""


def application(always: str = "") -> Starlette:
    """The server; `always` is a fault that every request meets."""
    wire = _Wire(always)
    return Starlette(
        routes=[
            Route("/v1/models", wire.models),
            Route("/v1/models/{name}", wire.model),
            Route("/v1/responses", wire.responses, methods=["POST"]),
            Route("/v1/chat/completions", wire.chat, methods=["POST"]),
            Route("/healthz", lambda _: JSONResponse({"engine": "offline", "model": engine.MODEL})),
        ]
    )


class _Wire:
    """The endpoints and what they remember."""

    def __init__(self, always: str) -> None:
        self._faults = faults.Faults(always)
        self._prefixes = tokens.PrefixMemory()

    async def models(self, _: Request) -> Response:
        """The one model there is."""
        return JSONResponse({"object": "list", "data": [_model_card()]})

    async def model(self, request: Request) -> Response:
        """A model by name."""
        if request.path_params["name"] != engine.MODEL:
            return _error(404, "model_not_found", "There is no such model here.")
        return JSONResponse(_model_card())

    async def responses(self, request: Request) -> Response:
        """OpenAI's own dialect."""
        return await self._serve(request, _ResponsesDialect())

    async def chat(self, request: Request) -> Response:
        """The dialect of compatible servers."""
        return await self._serve(request, _ChatDialect())

    async def _serve(self, request: Request, dialect: "_Dialect") -> Response:
        """One call, with its fault when it has one."""
        request_id = f"req_{uuid.uuid4().hex}"
        response = await self._answered(request, dialect)
        response.headers["x-request-id"] = request_id
        return response

    async def _answered(self, request: Request, dialect: "_Dialect") -> Response:
        """The answer or the error of one call."""
        fault = self._faults.of(request.headers.get(faults.HEADER), request.headers.get(faults.ID_HEADER, ""))
        if fault and fault.name == "slow":
            await asyncio.sleep(fault.amount or 1)
        if fault and fault.name.isdigit():
            return _failed(fault)
        if fault and fault.name == "html":
            return HTMLResponse("<h1>Bad gateway</h1>")
        body = await _json(request)
        if body is None:
            return _error(400, "invalid_json", "The request is not a JSON object.")
        system, user = dialect.prompt(body)
        if user is None or not isinstance(body.get("model"), str):
            return _error(400, "invalid_request_error", "A model and a user message are needed.")
        text, refusal = await self._say(request.headers.get(TASK_HEADER), user, fault)
        usage = self._usage(body["model"], system + user, text or refusal or "")
        cut = fault is not None and fault.name == "truncated"
        tier = body.get("service_tier")
        answer = dialect.answer(text, refusal, usage, cut=cut)
        return JSONResponse(answer | {"service_tier": tier if tier in _TIERS else "default"})

    async def _say(self, task: str | None, user: str, fault: faults.Fault | None) -> tuple[str, str | None]:
        """Text or refusal."""
        if fault and fault.name == "refusal":
            return "", "Declined on demand."
        if fault and fault.name == "invalid":
            return '{"unexpected": true}', None
        try:
            said = await run_in_threadpool(engine.answer, task, user)
        except engine.Declined as reason:
            return "", str(reason)
        text = said.model_dump_json()
        return (text[: len(text) // 2] if fault and fault.name in ("truncated", "broken") else text), None

    def _usage(self, model: str, prompt: str, text: str) -> tuple[int, int, int]:
        """Tokens in, of those cached, tokens out."""
        return tokens.count(prompt), self._prefixes.cached(model, prompt), tokens.count(text)


async def _json(request: Request) -> dict[str, Any] | None:
    """The body when it is a JSON object of a bearable size."""
    try:
        raw = await request.body()
        body = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _model_card() -> dict[str, Any]:
    """What the list of models says of ours."""
    return {"id": engine.MODEL, "object": "model", "created": 1767225600, "owned_by": "fitmycv-offline"}


def _failed(fault: faults.Fault) -> Response:
    """An HTTP error, with a Retry-After when an amount was given."""
    response = _error(int(fault.name), "rate_limit_exceeded" if fault.name == "429" else "server_error", "On demand.")
    if fault.amount is not None:
        response.headers["retry-after"] = f"{fault.amount:g}"
    return response


def _error(status: int, code: str, message: str) -> Response:
    """An error in OpenAI's shape."""
    return JSONResponse({"error": {"message": message, "type": code, "param": None, "code": code}}, status_code=status)


class _Dialect:
    """How prompts are found and answers are wrapped."""

    def prompt(self, body: dict[str, Any]) -> tuple[str, str | None]:
        """The instructions and the last user message."""
        raise NotImplementedError

    def answer(self, text: str, refusal: str | None, usage: tuple[int, int, int], *, cut: bool) -> dict[str, Any]:
        """The object that goes back."""
        raise NotImplementedError


class _ResponsesDialect(_Dialect):
    """`/v1/responses`."""

    def prompt(self, body: dict[str, Any]) -> tuple[str, str | None]:
        """The instructions and the last user message."""
        given = body.get("input")
        if isinstance(given, str):
            return str(body.get("instructions") or ""), given
        return str(body.get("instructions") or ""), _last_user_message(given)

    def answer(self, text: str, refusal: str | None, usage: tuple[int, int, int], *, cut: bool) -> dict[str, Any]:
        """A response object."""
        said = (
            {"type": "refusal", "refusal": refusal}
            if refusal is not None
            else {"type": "output_text", "text": text, "annotations": []}
        )
        prompt, cached, made = usage
        return {
            "id": f"resp_{uuid.uuid4().hex}",
            "object": "response",
            "created_at": int(time.time()),
            "model": engine.MODEL,
            "status": "incomplete" if cut else "completed",
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "output": [
                {
                    "id": f"msg_{uuid.uuid4().hex}",
                    "type": "message",
                    "role": "assistant",
                    "status": "incomplete" if cut else "completed",
                    "content": [said],
                }
            ],
            "parallel_tool_calls": False,
            "tool_choice": "none",
            "tools": [],
            "store": False,
            "usage": {
                "input_tokens": prompt,
                "input_tokens_details": {"cached_tokens": cached},
                "output_tokens": made,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": prompt + made,
            },
        }


class _ChatDialect(_Dialect):
    """`/v1/chat/completions`."""

    def prompt(self, body: dict[str, Any]) -> tuple[str, str | None]:
        """The system message and the last user message."""
        messages = body.get("messages")
        system = next((_content(m) for m in messages or () if isinstance(m, dict) and m.get("role") == "system"), "")
        return system or "", _last_user_message(messages)

    def answer(self, text: str, refusal: str | None, usage: tuple[int, int, int], *, cut: bool) -> dict[str, Any]:
        """A chat completion object."""
        prompt, cached, made = usage
        message = {"role": "assistant", "content": None if refusal is not None else text, "refusal": refusal}
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": engine.MODEL,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": "length" if cut else "stop"}
            ],
            "usage": {
                "prompt_tokens": prompt,
                "prompt_tokens_details": {"cached_tokens": cached},
                "completion_tokens": made,
                "completion_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": prompt + made,
            },
        }


def _last_user_message(messages: Any) -> str | None:
    """The text of the last message of the user."""
    if not isinstance(messages, list):
        return None
    said = [_content(m) for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    return said[-1] if said else None


def _content(message: dict[str, Any]) -> str | None:
    """The text of a message, given as text or in parts."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else None
