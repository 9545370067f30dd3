"""The ASGI gate around everything: body caps, origins, security headers, caching, prerendered pages.

It knows where Reflex's build lies and how its files are named; otherwise it is plain ASGI.
"""

import base64
import hashlib
import http.cookies
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fitmycv_admin.copy import negotiate

MAX_FORM = 256 * 1024
MAX_UPLOAD = 10 * 1024 * 1024 + 64 * 1024
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_ENVIRONMENT_SCRIPT = re.compile(r"/assets/reflex-env-[\w-]+\.js")
# Scripts, styles and fonts of a page. Opened by themselves they may load nothing; what a document may do is not
# repeated on each of them, as it would weigh more than some of the scripts do.
_PARTS = ("/assets/", "/css/", "/fonts/", "/i18n/", "/js/")
_BAKED_ADDRESS = re.compile(rb"(?P<scheme>https?|wss?)://localhost:\d+")


class BodyTooLarge(Exception):
    """The client sent more than this route accepts."""


@dataclass
class Gate:
    """Wraps the whole application.

    `build` is the folder of the exported front end; `origins` the exact origins a browser may come from;
    `uploads` the paths that accept a file. `secure` adds Strict-Transport-Security.
    """

    app: ASGIApp
    build: Path
    origins: frozenset[str]
    uploads: frozenset[str] = frozenset()
    secure: bool = False
    _of_documents: dict[str, str] = field(init=False)
    _pages: dict[str, dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._of_documents = {
            "content-security-policy": content_security_policy(self.build.glob("**/*.html")),
            "referrer-policy": "same-origin",
            "x-frame-options": "DENY",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }
        self._pages = prerendered(self.build)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or pass on with headers."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if Headers(scope=scope).get("origin") not in self.origins:
            await receive()
            await send({"type": "websocket.close", "code": 4403, "reason": "origin"})
            return
        await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        headers = Headers(scope=scope)
        respond = self._with_headers(path, send)
        if path.startswith("/_upload"):
            await Response(status_code=404)(scope, receive, respond)
            return
        limit = MAX_UPLOAD if path in self.uploads else MAX_FORM
        if (headers.get("content-length") or "0").isdigit() and int(headers.get("content-length") or 0) > limit:
            await _too_large()(scope, receive, respond)
            return
        if _ENVIRONMENT_SCRIPT.fullmatch(path):
            await self._environment(scope, headers)(scope, receive, respond)
            return
        try:
            await self.app(self._page(scope, headers), _capped(receive, limit), respond)
        except BodyTooLarge:
            await _too_large()(scope, receive, respond)

    def _page(self, scope: Scope, headers: Headers) -> Scope:
        """Serve a prerendered page under its own address, in the reader's language, without a redirect."""
        if scope["method"] not in ("GET", "HEAD"):
            return scope
        versions = self._pages.get(scope["path"].rstrip("/") or "/")
        if versions is None:
            return scope
        language = negotiate(_cookie(headers, "lang"), None, headers.get("accept-language"))
        path = versions.get(language) or versions[""]
        return {**scope, "path": path, "raw_path": path.encode()}

    def _environment(self, scope: Scope, headers: Headers) -> Response:
        """The addresses baked into the build, replaced by the one the browser used: any port works."""
        file = self.build / scope["path"].lstrip("/")
        host = headers.get("host", "")
        if not file.is_file() or not re.fullmatch(r"[\w.:\[\]-]+", host):
            return Response(status_code=404)
        tls = f"https://{host}" in self.origins
        secure = {b"http": b"https", b"ws": b"wss", b"https": b"https", b"wss": b"wss"}
        plain = {b"http": b"http", b"ws": b"ws", b"https": b"http", b"wss": b"ws"}
        schemes = secure if tls else plain
        script = _BAKED_ADDRESS.sub(lambda found: schemes[found["scheme"]] + b"://" + host.encode(), file.read_bytes())
        return Response(script, media_type="text/javascript", headers={"cache-control": "no-cache"})

    def _with_headers(self, path: str, send: Send) -> Send:
        async def respond(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("cache-control", _caching(path))
                if path in self._pages:
                    headers.add_vary_header("Cookie, Accept-Language")
                if path.startswith("/assets/") and message["status"] == 200 and not _ENVIRONMENT_SCRIPT.fullmatch(path):
                    headers["cache-control"] = "public, max-age=31536000, immutable"
                headers["x-content-type-options"] = "nosniff"
                is_document = headers.get("content-type", "").startswith("text/html")
                if path.startswith(_PARTS) and not is_document:
                    headers["content-security-policy"] = "default-src 'none'"
                else:
                    headers.update(self._of_documents)
                if self.secure:
                    headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
            await send(message)

        return respond


def _caching(path: str) -> str:
    if path.startswith(("/fonts/", "/i18n/", "/js/", "/css/")):
        return "public, max-age=3600"
    return "no-cache" if "." not in path.rsplit("/", 1)[-1] or path.endswith(".html") else "public, max-age=300"


def content_security_policy(pages: Iterable[Path]) -> str:
    """The policy of every document: our own scripts only, inline ones by their hash.

    'unsafe-eval' stays: Reflex evaluates the callbacks that the server sends (toasts, focus).
    """
    hashes = {
        "'sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode() + "'"
        for page in pages
        for script in _INLINE_SCRIPT.findall(page.read_bytes())
    }
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' 'unsafe-eval' " + " ".join(sorted(hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "object-src 'none'",
        ]
    )


def prerendered(build: Path) -> dict[str, dict[str, str]]:
    """Route → language → path of the prerendered page below `build`; the language "" is the default one."""
    pages: dict[str, dict[str, str]] = {}
    for file in build.glob("**/index*.html"):
        folder = file.parent.relative_to(build).as_posix()
        route = "/" if folder == "." else f"/{folder}"
        language = file.name.removeprefix("index").removesuffix(".html").lstrip(".")
        prefix = route.rstrip("/") + "/"
        pages.setdefault(route, {})[language] = prefix if not language else prefix + file.name
    return {route: versions for route, versions in pages.items() if "" in versions}


def _cookie(headers: Headers, name: str) -> str | None:
    jar = http.cookies.SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except http.cookies.CookieError:
        return None
    return jar[name].value if name in jar else None


def _capped(receive: Receive, limit: int) -> Receive:
    """Count what really arrives; Content-Length is only a claim."""
    seen = 0

    async def count() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge
        return message

    return count


def _too_large() -> Response:
    return JSONResponse({"key": "imports.refused.too_big"}, status_code=413, headers={"connection": "close"})


def gate(**settings: object) -> Callable[[ASGIApp], ASGIApp]:
    """The gate as an application transform."""
    return lambda app: Gate(app, **settings)  # type: ignore[arg-type]
