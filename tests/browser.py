"""Chromium for tests and benchmarks: where it is, how it starts, and how it gets a session."""

from typing import Any
from urllib.parse import urlsplit

from fitmycv_admin.local import browser as installed


def launch_options() -> dict[str, Any]:
    """Options for Playwright's `chromium.launch`."""
    return {
        "executable_path": str(installed.require()),
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    }


def session_cookie(url: str, token: str) -> Any:
    """The session cookie as a browser context takes it; Chromium sends secure cookies to localhost."""
    return {
        "name": "__Host-sid",
        "value": token,
        "domain": urlsplit(url).hostname,
        "path": "/",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
    }
