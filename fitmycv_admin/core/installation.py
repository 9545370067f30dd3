"""The key of this installation, from which secrets for one purpose are derived; none of them is stored."""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from fitmycv_admin.core.config import settings

FILE_NAME = "installation.key"


def secret_for(purpose: str) -> bytes | None:
    """32 bytes for one purpose, always the same here. None in production without FITMYCV_SECRET: several machines
    must agree on it, so it is never made up there."""
    key = settings().secret.encode() or (_own_key() if settings().is_demo else b"")
    return hmac.digest(key, purpose.encode(), hashlib.sha256) if key else None


def shown(secret: bytes) -> str:
    """A signing secret as receivers of webhooks expect it."""
    return "whsec_" + base64.b64encode(secret).decode()


def _own_key() -> bytes:
    """The key of this directory, made at first use; of several processes that make one, the first one's counts."""
    file = settings().home / FILE_NAME
    if not file.exists():
        settings().home.mkdir(parents=True, exist_ok=True)
        _write_once(file)
    return file.read_bytes()


def _write_once(file: Path) -> None:
    mine = file.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(secrets.token_bytes(32))
    with contextlib.suppress(FileExistsError):
        os.link(mine, file)
    mine.unlink()
