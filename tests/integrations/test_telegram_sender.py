"""The Telegram adapter against a server that answers as the Bot API does."""

import json

import pytest

from fitmycv_admin.domain.ports import Posting, PostRefused, PostUnavailable
from fitmycv_admin.integrations.telegram_sender import LONGEST, TelegramSender, shortened
from tests.integrations.receiver import Receiver, receiving

TOKEN = "123456:not-a-real-token"
OK = b'{"ok":true,"result":{"message_id":1}}'


def post(server: Receiver, text: str = "Bonjour <b>é</b>") -> None:
    TelegramSender(TOKEN, f"http://{server.place}").post(Posting("one", "-100123", text, {}, b""))


def error(code: int, description: str, **more: object) -> dict[str, object]:
    said = {"ok": False, "error_code": code, "description": description, **more}
    return {"status": code, "body": json.dumps(said).encode()}


def test_a_message_is_plain_words_to_the_chat() -> None:
    with receiving(body=OK) as server:
        post(server)
    path, _, body = server.got[0]
    assert path == f"/bot{TOKEN}/sendMessage"
    said = json.loads(body)
    assert (said["chat_id"], said["text"]) == ("-100123", "Bonjour <b>é</b>")
    assert "parse_mode" not in said
    assert said["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize(("code", "words"), [(400, "chat not found"), (401, "Unauthorized"), (403, "bot was blocked")])
def test_a_chat_or_bot_that_is_not_there_needs_somebody(code: int, words: str) -> None:
    with receiving(**error(code, words)) as server, pytest.raises(PostRefused, match=words):
        post(server)


def test_too_many_messages_are_waited_for_as_long_as_it_says() -> None:
    said = error(429, "Too Many Requests", parameters={"retry_after": 37})
    with receiving(**said) as server, pytest.raises(PostUnavailable) as later:
        post(server)
    assert later.value.wait_s == 37


@pytest.mark.parametrize("said", [{"status": 502, "body": b"<html>"}, {"body": b"<html>"}, {"cut": True}])
def test_a_server_in_trouble_means_later(said: dict[str, object]) -> None:
    with receiving(**said) as server, pytest.raises(PostUnavailable):
        post(server)


def test_the_token_is_in_no_error() -> None:
    with receiving(**error(404, f"no {TOKEN} here")) as server, pytest.raises(PostRefused) as refused:
        post(server)
    assert TOKEN not in str(refused.value)
    with pytest.raises(PostUnavailable) as gone:
        TelegramSender(TOKEN, "http://127.0.0.1:1").post(Posting("one", "1", "x", {}, b""))
    assert TOKEN not in str(gone.value)


def test_a_redirect_does_not_take_the_token_elsewhere() -> None:
    with receiving(body=OK) as other:
        away = {"Location": f"http://{other.place}/"}
        with receiving(status=302, headers=away) as server, pytest.raises((PostRefused, PostUnavailable)):
            post(server)
    assert not other.got


def test_a_long_message_keeps_its_link() -> None:
    said = shortened("\n".join(["é🙂" * 3000, "https://fitmycv.example/ops/alerts"]))
    assert len(said.encode("utf-16-le")) // 2 <= LONGEST
    assert said.endswith("\n…\nhttps://fitmycv.example/ops/alerts")
    assert shortened("short") == "short"
