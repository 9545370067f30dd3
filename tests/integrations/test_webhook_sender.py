"""The way out to webhooks over real sockets: signed, never inward, never elsewhere, never for long."""

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any

import pytest

from fitmycv_admin.domain.ports import Posting, PostRefused, PostUnavailable
from fitmycv_admin.integrations import outward
from fitmycv_admin.integrations.outward import Outward
from fitmycv_admin.integrations.webhook_sender import WebhookSender
from tests.integrations.receiver import NAME, certified, receiving

SECRET = b"k" * 32
PUBLIC = "93.184.215.14"


def posting(url: str, **changes: Any) -> Posting:
    given = {"id": "one", "target": url, "text": "é", "document": {"text": "é", "n": 1}, "secret": SECRET}
    return Posting(**{**given, **changes})


class Lines:
    """Opens every connection to one local port instead, and remembers where it should have gone."""

    def __init__(self, port: int) -> None:
        self.port, self.asked = port, []

    def __call__(self, address: str, port: int, timeout_s: float) -> socket.socket:
        self.asked.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)


def sender(lines: Lines, *addresses: list[str], **more: Any) -> WebhookSender:
    """A sender for which names have these addresses, one list for each time it asks."""
    answers = list(addresses)
    return WebhookSender(outward=Outward(resolve=lambda _host, _port: answers.pop(0), connect=lines, **more))


def test_a_receiver_can_tell_that_a_message_is_ours_and_recognises_it_again() -> None:
    with receiving() as server:
        WebhookSender(frozenset({server.place})).post(posting(f"http://{server.place}/hook?a=1"))
    path, headers, body = server.got[0]
    assert path == "/hook?a=1"
    assert json.loads(body) == {"text": "é", "n": 1}
    at = headers["webhook-timestamp"]
    assert abs(int(at) - time.time()) < 60
    mark = hmac.digest(SECRET, f"one.{at}.".encode() + body, hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mark).decode()
    assert headers["webhook-id"] == "one"
    assert headers["host"] == server.place


def test_the_connection_goes_to_the_judged_address_under_the_name_and_its_certificate() -> None:
    tls, trust = certified()
    with receiving(tls=tls) as server:
        lines = Lines(server.port)
        sender(lines, [PUBLIC], trust=trust).post(posting(f"https://{NAME}/hook"))
    assert lines.asked == [(PUBLIC, 443)]
    assert server.got[0][1]["host"] == NAME


def test_a_certificate_of_somebody_else_is_not_accepted() -> None:
    tls, trust = certified()
    with receiving(tls=tls) as server:
        with pytest.raises(PostUnavailable, match="certificate"):
            sender(Lines(server.port), [PUBLIC], trust=trust).post(posting("https://other.example/hook"))
        with pytest.raises(PostUnavailable, match="certificate"):
            sender(Lines(server.port), [PUBLIC]).post(posting(f"https://{NAME}/hook"))
    assert not server.got


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "168.63.129.16", "100.100.100.200",
        "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        "localhost", "LOCALHOST.", "①②⑦.⓪.⓪.①",
    ],
)  # fmt: skip
def test_no_way_to_write_an_inward_address_opens_a_connection(host: str) -> None:
    lines = Lines(9)
    with pytest.raises((PostRefused, PostUnavailable)) as refused:
        WebhookSender(outward=Outward(connect=lines)).post(posting(f"https://{host}/"))
    assert not lines.asked
    assert refused.type is PostRefused or "no address" in str(refused.value)


def test_a_name_with_one_inward_address_among_public_ones_is_refused() -> None:
    for inward in ("10.0.0.7", "::1", "::ffff:192.168.0.1", "169.254.169.254", "fe80::1%eth0"):
        lines = Lines(9)
        with pytest.raises(PostRefused, match="inward"):
            sender(lines, [PUBLIC, inward]).post(posting("https://hooks.example/"))
        assert not lines.asked


def test_a_name_that_moves_inward_after_it_was_judged_is_not_followed() -> None:
    """Its second answer would be this machine: it is asked once, and the connection goes to the first."""
    tls, trust = certified()
    with receiving(tls=tls) as server:
        lines = Lines(server.port)
        sender(lines, [PUBLIC], ["127.0.0.1"], trust=trust).post(posting(f"https://{NAME}/"))
    assert lines.asked == [(PUBLIC, 443)]


def test_the_real_resolver_gives_numbers_for_every_notation() -> None:
    assert outward.resolve("127.1", 443) == ["127.0.0.1"]
    assert outward.resolve("0x7f.1", 443) == ["127.0.0.1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(status: int) -> None:
    with receiving() as other, receiving(status=status, headers={"Location": f"http://{other.place}/"}) as server:
        allowed = frozenset({server.place, other.place})
        with pytest.raises(PostRefused, match=str(status)):
            WebhookSender(allowed).post(posting(f"http://{server.place}/"))
    assert len(server.got) == 1
    assert not other.got


def test_without_tls_only_receivers_that_the_environment_names_are_written_to() -> None:
    with receiving() as server:
        with pytest.raises(PostRefused):
            WebhookSender().post(posting(f"http://{server.place}/"))
        with pytest.raises(PostRefused):
            WebhookSender(frozenset({f"127.0.0.1:{server.port + 1}"})).post(posting(f"http://{server.place}/"))
    assert not server.got


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.place}")
        WebhookSender(frozenset({server.place})).post(posting(f"http://{server.place}/"))
    assert len(server.got) == 1
    assert not proxy.got


@pytest.mark.parametrize("status", [400, 404, 409, 429, 500, 503])
def test_any_other_answer_means_later_and_says_what_was_answered(status: int) -> None:
    said = {"status": status, "body": b"busy\r\nnow", "headers": {"Retry-After": "99999"}}
    with receiving(**said) as server, pytest.raises(PostUnavailable, match=f"{status}: busy now") as later:
        WebhookSender(frozenset({server.place})).post(posting(f"http://{server.place}/"))
    assert later.value.wait_s == 3600


@pytest.mark.parametrize("said", [{"delay_s": 5.0}, {"cut": True}], ids=["silent", "cut"])
def test_a_receiver_that_does_not_answer_in_time_is_left(said: dict[str, Any]) -> None:
    with receiving(**said) as server:
        way = Outward(frozenset({server.place}), within_s=0.5)
        began = time.monotonic()
        with pytest.raises(PostUnavailable, match="no answer"):
            WebhookSender(outward=way).post(posting(f"http://{server.place}/"))
        assert time.monotonic() - began < 3


def test_a_receiver_that_said_yes_and_goes_on_slowly_is_not_listened_to_for_long() -> None:
    with receiving(trickle=True, body=b"x" * 100) as server:
        began = time.monotonic()
        way = Outward(frozenset({server.place}), within_s=0.5)
        WebhookSender(outward=way).post(posting(f"http://{server.place}/"))
        assert time.monotonic() - began < 3


def test_a_receiver_that_never_finishes_its_handshake_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        lines = Lines(mute.getsockname()[1])
        with pytest.raises(PostUnavailable):
            sender(lines, [PUBLIC], within_s=0.4).post(posting("https://hooks.example/"))


def test_nothing_is_sent_unsigned() -> None:
    with receiving() as server, pytest.raises(PostRefused, match="FITMYCV_SECRET"):
        WebhookSender(frozenset({server.place})).post(posting(f"http://{server.place}/", secret=b""))
    assert not server.got
