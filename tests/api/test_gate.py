"""What the gate says about each answer: documents carry the whole policy, their parts only what concerns them."""

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles

from fitmycv_admin.api.gate import Gate

PAGE = "<!DOCTYPE html><html><body><script>start()</script></body></html>"
STRICT = "default-src 'none'"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "page.js").write_text("start()")
    (tmp_path / "assets" / "page.html").write_text(PAGE)
    app = Starlette()
    app.mount("/", StaticFiles(directory=tmp_path, html=True))
    return Gate(app, tmp_path, frozenset())


def headers(gate: Gate, path: str) -> httpx.Headers:
    async def ask() -> httpx.Headers:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as client:
            return (await client.get(path)).headers

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/", "/assets/page.html"])
def test_a_document_may_run_its_own_inline_script_and_stands_in_no_frame(gate: Gate, path: str):
    said = headers(gate, path)
    assert "script-src 'self' 'unsafe-eval' 'sha256-" in said["content-security-policy"]
    assert (said["x-frame-options"], said["x-content-type-options"]) == ("DENY", "nosniff")


def test_a_script_opened_by_itself_may_load_nothing_and_repeats_no_policy(gate: Gate):
    said = headers(gate, "/assets/page.js")
    assert (said["content-security-policy"], said["x-content-type-options"]) == (STRICT, "nosniff")
    assert "x-frame-options" not in said
    assert "immutable" in said["cache-control"]
