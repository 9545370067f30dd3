"""The engine as it runs in production: it starts fast, speaks OpenAI's wire, and ends when told."""

import subprocess
import sys
import time

import httpx2
import openai
import pytest

from tests.worker.offline.serving import MODEL, engine, free_port, in_a_thread, wait_for


def test_it_starts_answers_and_ends_within_the_time_a_person_waits():
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "fitmycv_worker.offline", "--port", str(port)])
    started = time.monotonic()
    try:
        wait_for(port, process)
        assert time.monotonic() - started < 30
    finally:
        process.terminate()
    assert process.wait(60) == 0


def test_the_official_client_lists_and_finds_its_only_model():
    with engine() as address, openai.OpenAI(api_key="none", base_url=address) as client:
        assert [model.id for model in client.models.list()] == [MODEL]
        assert client.models.retrieve(MODEL).owned_by == "fitmycv-offline"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("gpt-4.1")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model": "x"}', b'{"model": 3, "input": "x"}'])
def test_a_request_that_makes_no_sense_is_a_bad_request_with_an_id(body):
    with in_a_thread() as address:
        response = httpx2.post(f"{address}/responses", content=body)
    assert response.status_code == 400
    assert response.headers["x-request-id"].startswith("req_")
    assert response.json()["error"]["code"]


def test_parts_of_a_message_and_plain_input_are_both_understood():
    text = "Developer\nAcme Ltd\n- Docker\n- 2 years of experience"
    task = {"X-FitMyCV-Task": "extract_job_offer"}
    with in_a_thread() as address:
        plain = httpx2.post(f"{address}/responses", headers=task, json={"model": MODEL, "input": text})
        parts = {"role": "user", "content": [{"type": "text", "text": text}]}
        chat = httpx2.post(f"{address}/chat/completions", headers=task, json={"model": MODEL, "messages": [parts]})
    assert plain.json()["output"][0]["content"][0]["text"] == chat.json()["choices"][0]["message"]["content"]
    assert plain.json()["usage"]["output_tokens"] == chat.json()["usage"]["completion_tokens"] > 0
