"""Messenger over signed webhooks: an HTTPS POST whose receiver can tell that it comes from here, and is not old."""

import base64
import hashlib
import hmac
import json

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ports import Posting, PostRefused, PostUnavailable
from fitmycv_admin.integrations.outward import Outward

_LONGEST_WAIT_S = 3600


class WebhookSender:
    """`inside` names the receivers (`host:port`) that may be inside; `outward` replaces the way out, for tests."""

    def __init__(self, inside: frozenset[str] = frozenset(), outward: Outward | None = None) -> None:
        self._outward = outward or Outward(inside)

    def post(self, posting: Posting) -> None:
        """Hand the document over. Any answer in the 200s has taken it. Raises PostRefused or PostUnavailable."""
        if not posting.secret:
            raise PostRefused("FITMYCV_SECRET is not set, so the message cannot be signed")
        body = json.dumps(posting.document, ensure_ascii=False, separators=(",", ":")).encode()
        answer = self._outward.post(posting.target, body, signed(posting.id, body, posting.secret))
        if 200 <= answer.status < 300:
            return
        if 300 <= answer.status < 400:
            raise PostRefused(f"{answer.status}: it sends elsewhere, and redirects are not followed")
        wait = int(answer.retry_after) if answer.retry_after.isdecimal() else 0
        raise PostUnavailable(f"{answer.status}: {_one_line(answer.text)}", min(wait, _LONGEST_WAIT_S))


def signed(id_: str, body: bytes, secret: bytes) -> dict[str, str]:
    """The headers of a webhook: HMAC-SHA256 over `id.seconds.body`, as receivers of standard webhooks check it."""
    at = str(int(clock.now().timestamp()))
    mark = hmac.digest(secret, f"{id_}.{at}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "FitMyCV",
        "webhook-id": id_,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(mark).decode(),
    }


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]
