"""Prompts as files beside their schema, and the frame that keeps a stranger's text apart from them."""

from functools import lru_cache
from pathlib import Path

OPEN, CLOSE = "<document>", "</document>"


@lru_cache(maxsize=64)
def load(path: Path) -> str:
    """The prompt in `path`."""
    return path.read_text(encoding="utf-8").strip()


def framed(text: str) -> str:
    """`text` between marks that it cannot close itself."""
    return f"{OPEN}\n{text.replace(CLOSE, '</ document>').replace(OPEN, '< document>')}\n{CLOSE}"


def unframed(message: str) -> str:
    """What stands between the marks; the whole message when there are none."""
    start, end = message.find(OPEN), message.find(CLOSE)
    return message[start + len(OPEN) : end].strip("\n") if 0 <= start < end else message
