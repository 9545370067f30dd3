"""The Resend adapter against a local server that speaks its wire."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fitmycv_admin.domain.ports import MailRefused, MailUnavailable, Message
from fitmycv_admin.integrations.resend_mailer import ResendMailer

MESSAGE = Message("<1@fitmycv.example>", "FitMyCV <noreply@fitmycv.example>", "ada@example.org", "Été", "<p>é</p>", "é")


class Service(ThreadingHTTPServer):
    answer: tuple[int, dict[str, Any]] = (200, {"id": "re-1"})
    seen: list[tuple[dict[str, str], dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((dict(self.headers), {"path": self.path, **body}))
        status, answer = self.server.answer
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service(("127.0.0.1", 0), Handler)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def mailer(service: Service) -> ResendMailer:
    return ResendMailer("re_key", f"http://127.0.0.1:{service.server_address[1]}")


def test_a_message_is_handed_over_under_its_own_id(service: Service) -> None:
    delivered = mailer(service).send(MESSAGE)
    headers, body = service.seen[0]
    assert (delivered.provider, delivered.provider_id) == ("resend", "re-1")
    assert headers["Idempotency-Key"] == "1@fitmycv.example"
    assert headers["Authorization"] == "Bearer re_key"
    assert (body["path"], body["to"], body["subject"]) == ("/emails", ["ada@example.org"], "Été")


@pytest.mark.parametrize("status", [400, 422])
def test_a_message_it_cannot_take_is_refused(service: Service, status: int) -> None:
    service.answer = (status, {"statusCode": status, "name": "validation_error", "message": "Invalid `to` field"})
    with pytest.raises(MailRefused, match=str(status)):
        mailer(service).send(MESSAGE)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_is_no_fault_of_the_message_is_tried_again(service: Service, status: int) -> None:
    service.answer = (status, {"statusCode": status, "name": "application_error", "message": "later"})
    with pytest.raises(MailUnavailable):
        mailer(service).send(MESSAGE)


def test_no_answer_is_tried_again(service: Service) -> None:
    gone = mailer(service)
    service.shutdown()
    service.server_close()
    with pytest.raises(MailUnavailable):
        gone.send(MESSAGE)
