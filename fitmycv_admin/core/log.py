"""Structured logs: one correlation id per event, request or task, and secrets scrubbed."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRETS = re.compile(
    r"(sk-[A-Za-z0-9_-]{8,}|sk_(?:live|test)_\w+|rk_(?:live|test)_\w+|whsec_\w+|re_[A-Za-z0-9_]{16,}"
    r"|Bearer\s+\S+|eyJ[A-Za-z0-9_-]{10,}\.[\w-]+\.[\w-]+"
    r"|(?:__Host-)?(?:sid|session)=[^;\s\"']+|\$argon2id\$\S+"
    r"|(?<=\"password\": \")[^\"]*|(?<='password': ')[^']*"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
)


def scrub(text: str) -> str:
    """The text without keys, tokens, cookies and e-mail addresses, on one line."""
    return _SECRETS.sub("[scrubbed]", text).replace("\r", "\\r").replace("\n", "\\n")


def _scrub_event(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: scrub(value) if isinstance(value, str) else value for key, value in event.items()}


class _ScrubbedFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def configure(*, json: bool) -> None:
    """Set up structlog and the root logger; `json` for production, readable lines otherwise."""
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub_event,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_ScrubbedFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def get(name: str) -> Any:
    """A logger bound to a name."""
    return structlog.get_logger(name)
