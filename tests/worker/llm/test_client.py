"""Whatever a server does, a call gives a valid object or one of our errors, and every attempt is recorded."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC

import pytest
from pydantic import BaseModel, ConfigDict

from fitmycv_admin.domain.ai_costs.calls import CallUsage
from fitmycv_admin.vocabulary import CallName, CallStatus
from fitmycv_worker.llm import answers, errors, prompts
from fitmycv_worker.llm.answers import Dialect
from fitmycv_worker.llm.client import Model
from fitmycv_worker.pipelines.offer_extraction.schemas import ReadOffer
from fitmycv_worker.pipelines.pdf_import.schemas import ReadCv
from fitmycv_worker.pipelines.scoring.schemas import Answers
from tests.worker.offline.serving import MODEL, in_a_thread

OFFER = "Developer\nAcme Ltd - London\n\nRequirements\n- 3 years of experience with Python\n- Docker\n"


class Pair(BaseModel):
    """A small strict schema."""

    model_config = ConfigDict(extra="forbid")
    a: str
    b: int | None


class Calls:
    """What the meter got, and how long the client waited between attempts."""

    def __init__(self) -> None:
        self.seen: list[CallUsage] = []
        self.waits: list[float] = []

    def ask(
        self, address: str, *, schema: type[BaseModel] = ReadOffer, task: str = CallName.EXTRACT_OFFER, **how
    ) -> object:
        with Model(
            api_key="none",
            base_url=address,
            sleep=self.waits.append,
            **({"local_engine": True, "timeout_s": 3.0} | how),
        ) as model:
            return model.complete(
                call_name=task,
                feature_key="offers",
                model=MODEL,
                schema=schema,
                system="Read the offer.",
                text=prompts.framed(OFFER),
                record=self.seen.append,
            )


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.mark.parametrize("dialect", list(Dialect))
def test_an_answer_is_the_object_and_its_usage_is_recorded_first(calls, dialect):
    with in_a_thread() as address:
        offer = calls.ask(address, dialect=dialect)
    assert isinstance(offer, ReadOffer)
    assert offer.title == "Developer"
    (usage,) = calls.seen
    assert (usage.call_name, usage.feature_key) == ("extract_job_offer", "offers")
    assert (usage.model_requested, usage.model_served, usage.tier) == (MODEL, MODEL, "standard")
    assert usage.prompt_tokens > 10
    assert usage.completion_tokens > 10
    assert usage.status is CallStatus.OK
    assert usage.error_code is None
    assert usage.request_id.startswith("req_")
    assert usage.started_at.tzinfo is UTC
    assert usage.duration_ms >= 0


def test_too_many_requests_are_tried_again_after_the_time_the_server_asks_for(calls):
    with in_a_thread("2x429:7") as address:
        assert calls.ask(address)
    assert calls.waits == [7.0, 7.0]
    assert [(usage.attempt, usage.error_code) for usage in calls.seen] == [
        (1, "rate_limited"),
        (2, "rate_limited"),
        (3, None),
    ]


@pytest.mark.parametrize(
    ("fault", "attempts", "error", "code"),
    [
        ("429:1", 3, errors.RateLimited, "rate_limited"),
        ("429:31", 1, errors.RateLimited, "rate_limited"),
        ("500", 3, errors.ModelUnavailable, "server_error"),
        ("401", 1, errors.ModelMisconfigured, "rejected"),
        ("truncated", 1, errors.AnswerTruncated, "truncated"),
        ("refusal", 1, errors.ModelRefused, "refused"),
        ("broken", 2, errors.AnswerInvalid, "invalid"),
        ("invalid", 2, errors.AnswerInvalid, "invalid"),
        ("html", 2, errors.AnswerInvalid, "invalid"),
    ],
)
def test_a_fault_becomes_our_own_error_after_a_bounded_number_of_attempts(calls, fault, attempts, error, code):
    with in_a_thread(fault) as address, pytest.raises(error):
        calls.ask(address)
    assert [usage.error_code for usage in calls.seen] == [code] * attempts
    assert {usage.status for usage in calls.seen} == {CallStatus.FAILED}


def test_an_answer_that_breaks_the_schema_is_paid_for_and_repaired_once(calls):
    with in_a_thread("1xinvalid") as address:
        assert calls.ask(address)
    assert [usage.error_code for usage in calls.seen] == ["invalid", None]
    assert all(usage.prompt_tokens and usage.completion_tokens for usage in calls.seen)
    assert calls.seen[1].prompt_tokens > calls.seen[0].prompt_tokens


def test_a_server_that_is_too_slow_is_an_aborted_attempt_of_unknown_cost(calls):
    started = time.monotonic()
    with in_a_thread("slow:2") as address, pytest.raises(errors.ModelUnavailable):
        calls.ask(address, timeout_s=0.3, attempts=2)
    assert time.monotonic() - started < 8
    assert [(usage.status, usage.error_code) for usage in calls.seen] == [(CallStatus.ABORTED, "timeout")] * 2


def test_what_the_rules_cannot_do_is_declined_and_never_filled_in(calls):
    with in_a_thread() as address, pytest.raises(errors.ModelRefused) as refused:
        calls.ask(address, schema=Pair, task="translate_cv")
    assert "language model" in refused.value.reason


def test_the_name_of_the_call_travels_to_the_local_engine_only_and_nothing_is_ever_stored(calls):
    for local in (True, False):
        with echo() as (address, requests):
            calls.ask(address, schema=Pair, local_engine=local, dialect=Dialect.RESPONSES)
        head, body = requests[0]
        assert ("x-fitmycv-task" in head.lower()) is local
        assert "extract_job_offer" not in body
        assert json.loads(body)["store"] is False


@pytest.mark.parametrize(
    ("dialect", "tier", "sent"),
    [
        (Dialect.RESPONSES, "standard", "default"), (Dialect.RESPONSES, "flex", "flex"),
        (Dialect.CHAT, "priority", "priority"), (Dialect.CHAT, "standard", None),
    ],
)  # fmt: skip
def test_the_tier_is_asked_for_and_a_failed_attempt_keeps_it(calls, dialect, tier, sent):
    with echo(cut=1) as (address, requests):
        calls.ask(address, schema=Pair, dialect=dialect, tier=tier)
    assert [json.loads(body).get("service_tier") for _, body in requests] == [sent] * 2
    assert calls.seen[0].tier == tier


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("tier", ["standard", "priority", "flex"])
def test_the_local_engine_serves_at_the_tier_it_was_asked_at(calls, dialect, tier):
    with in_a_thread() as address:
        assert calls.ask(address, dialect=dialect, tier=tier)
    assert calls.seen[0].tier == tier


def test_a_line_cut_in_the_middle_of_an_answer_is_tried_again(calls):
    with echo(cut=1) as (address, _):
        assert calls.ask(address, schema=Pair, dialect=Dialect.CHAT) == Pair(a="x", b=None)
    assert [usage.status for usage in calls.seen] == [CallStatus.ABORTED, CallStatus.OK]
    assert calls.seen[1].cached_tokens == 0


def test_a_server_that_is_not_there_used_nothing(calls):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(errors.ModelUnavailable):
            calls.ask(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
    assert calls.seen == []


def test_the_client_behaves_against_an_independent_server(calls, llmock):
    llmock.rate_limit(times=1, retry_after=0.05)
    answer = calls.ask(llmock.base_url("openai"), schema=Pair, local_engine=False, dialect=Dialect.RESPONSES)
    assert isinstance(answer, Pair)
    assert [usage.error_code for usage in calls.seen] == ["rate_limited", None]


def test_a_long_beginning_that_was_sent_before_is_counted_as_cached(calls):
    with in_a_thread() as address, Model(api_key="none", base_url=address, local_engine=True) as model:
        for _ in range(2):
            model.complete(
                call_name=CallName.EXTRACT_OFFER,
                feature_key="offers",
                model=MODEL,
                schema=ReadOffer,
                system="Rules. " * 1000,
                text=prompts.framed(OFFER),
                record=calls.seen.append,
            )
    first, second = calls.seen
    assert first.cached_tokens == 0
    assert 1024 <= second.cached_tokens < second.prompt_tokens


@pytest.mark.parametrize("schema", [ReadCv, ReadOffer, Answers])
def test_every_schema_leaves_nothing_open(schema):
    assert answers.strict_schema(schema)["additionalProperties"] is False


def test_a_schema_with_a_default_is_not_strict():
    class Open(BaseModel):
        a: str = ""

    with pytest.raises(answers.NotStrict):
        answers.strict_schema(Open)


def test_a_strangers_text_cannot_leave_its_frame():
    framed = prompts.framed("a </document> b <document> c")
    assert framed.count("</document>") == framed.count("<document>") == 1
    assert prompts.unframed(framed) == "a </ document> b < document> c"


@contextlib.contextmanager
def echo(cut: int = 0) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A bare server that keeps what it is sent, answers a pair, and hangs up in the middle of the first `cut`."""
    requests: list[tuple[str, str]] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        left = cut
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                with line:
                    head, body = received(line)
                    requests.append((head, body))
                    payload = answer(chat="chat/completions" in head).encode()
                    line.sendall(
                        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
                        b"content-length: %d\r\n\r\n" % len(payload)
                    )
                    line.sendall(payload[: len(payload) // 2] if left > 0 else payload)
                    left -= 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def received(line: socket.socket) -> tuple[str, str]:
    """The head and the body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length"))
    while len(body) < length:
        body += line.recv(65536)
    return head.decode(), body.decode()


def answer(*, chat: bool) -> str:
    """A pair in one of the dialects, with the details of usage left out as some servers do."""
    text = '{"a": "x", "b": null}'
    if chat:
        return json.dumps(
            {
                "model": "m",
                "choices": [{"finish_reason": "stop", "message": {"content": text}}],
                "usage": {"prompt_tokens": 5, "prompt_tokens_details": None, "completion_tokens": 3},
            }
        )
    return json.dumps(
        {
            "model": "m",
            "status": "completed",
            "usage": None,
            "output": [{"type": "message", "content": [{"type": "output_text", "text": text}]}],
        }
    )
