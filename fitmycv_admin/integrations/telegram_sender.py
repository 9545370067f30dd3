"""Messenger over Telegram's Bot API: plain words to one chat; the bot's token is in no error."""

import json
import urllib.error
import urllib.request
from typing import Any, cast

from fitmycv_admin.domain.ports import Posting, PostRefused, PostUnavailable

LONGEST = 4096
_TIMEOUT_S = 10
_PASSING = {408, 429}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """The token goes nowhere else."""


# No proxies of the environment either: the address is the operator's own choice.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


class TelegramSender:
    """`api_url` replaces Telegram's own address, for a server of one's own and for tests."""

    def __init__(self, token: str, api_url: str) -> None:
        self._token, self._url = token, f"{api_url}/bot{token}/sendMessage"

    def post(self, posting: Posting) -> None:
        """Write to the chat. Raises PostRefused for a chat or bot that does not exist or is shut, PostUnavailable."""
        body = {
            "chat_id": posting.target,
            "text": shortened(posting.text),
            "link_preview_options": {"is_disabled": True},
        }
        request = urllib.request.Request(
            self._url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with _opener.open(request, timeout=_TIMEOUT_S) as answer:
                said = _read(answer.read(10_000))
        except urllib.error.HTTPError as error:
            with error:
                raise self._problem(error.code, _read(error.read(10_000))) from None
        except (OSError, ValueError) as error:
            raise PostUnavailable(self._without_token(f"no answer: {error}")) from None
        if said.get("ok") is not True:
            raise PostUnavailable("an answer that is not Telegram's")

    def _problem(self, status: int, said: dict[str, Any]) -> PostRefused | PostUnavailable:
        words = self._without_token(f"{status}: {said.get('description', '')}")
        if 400 <= status < 500 and status not in _PASSING:
            return PostRefused(words)
        wait = said.get("parameters", {}).get("retry_after", 0)
        return PostUnavailable(words, wait if isinstance(wait, int) and wait >= 0 else 0)

    def _without_token(self, text: str) -> str:
        return text.replace(self._token, "…")[:300]


def shortened(text: str) -> str:
    """At most what Telegram takes, which counts in UTF-16 units; a link at the end is kept whole."""
    if _length(text) <= LONGEST:
        return text
    head, _, last = text.rpartition("\n")
    end = f"\n…\n{last}" if _length(last) < LONGEST // 2 else "\n…"
    room = (LONGEST - _length(end)) * 2
    return (head or text).encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + end


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _read(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except ValueError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}
