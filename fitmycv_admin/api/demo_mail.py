"""The mails that the demo's local mail server caught, to be read in the browser; does not exist in production."""

import html
import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fitmycv_admin.copy import negotiate, text
from fitmycv_admin.core.config import settings
from fitmycv_admin.integrations import sink_mailbox
from fitmycv_admin.integrations.sink_mailbox import CaughtMail

# The bodies are untrusted: shown in a frame that runs nothing and whose links leave the frame.
_SANDBOX = "allow-top-navigation-by-user-activation"
_LINK = re.compile(r"https?://[^\s<>\"']+")


async def _list(request: Request) -> Response:
    if not settings().is_demo:
        return Response(status_code=404)
    lang = _language(request)
    address = request.query_params.get("to", "")[:254]
    mails = await run_in_threadpool(sink_mailbox.read, settings().home, address or None)
    rows = "".join(_line(mail) for mail in mails) or f"<p class=empty>{_say(lang, 'empty')}</p>"
    search = (
        f"<form><label for=to>{_say(lang, 'to')}</label> "
        f'<input id=to name=to type=email value="{html.escape(address)}"> <button>{_say(lang, "show")}</button></form>'
    )
    return _page(lang, _say(lang, "title"), f"<p class=sub>{_say(lang, 'answer')}</p>{search}{rows}")


async def _one(request: Request) -> Response:
    if not settings().is_demo:
        return Response(status_code=404)
    lang = _language(request)
    mail = await run_in_threadpool(sink_mailbox.one, settings().home, request.path_params["number"])
    if mail is None:
        return _page(lang, _say(lang, "missing"), _back(lang), 404)
    head = (
        f"<p class=sub>{_say(lang, 'to')} <b>{html.escape(mail.recipient)}</b> · "
        f"{_say(lang, 'from')} {html.escape(mail.sender)} · {mail.received_at:%Y-%m-%d %H:%M:%S} UTC</p>"
    )
    framed = html.escape('<base target="_top">' + mail.html, quote=True)
    body = (
        f'<iframe title="{_say(lang, "message")}" sandbox="{_SANDBOX}" srcdoc="{framed}"></iframe>'
        f"<h2>{_say(lang, 'plain')}</h2><pre>{_linked(mail.text)}</pre>"
    )
    return _page(lang, html.escape(mail.subject), _back(lang) + head + body)


def _line(mail: CaughtMail) -> str:
    return (
        f'<a class=line href="/demo/mail/{mail.id}"><span>{html.escape(mail.recipient)}</span>'
        f"<b>{html.escape(mail.subject)}</b><time>{mail.received_at:%H:%M:%S} UTC</time></a>"
    )


def _linked(body: str) -> str:
    """Plain text with its web links made links."""
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(body):
        target = html.escape(found[0], quote=True)
        parts += [html.escape(body[end : found.start()]), f'<a href="{target}">{target}</a>']
        end = found.end()
    return "".join([*parts, html.escape(body[end:])])


def _back(lang: str) -> str:
    return f'<p><a href="/demo/mail">{_say(lang, "back")}</a></p>'


def _language(request: Request) -> str:
    return negotiate(request.cookies.get("lang"), None, request.headers.get("accept-language"))


def _say(lang: str, key: str) -> str:
    return html.escape(text(lang, f"emails.server.demo.{key}"))


def _page(lang: str, title: str, body: str, status: int = 200) -> HTMLResponse:
    page = (
        f'<!doctype html><html lang="{lang}"><head><meta charset=utf-8>'
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{title} · FitMyCV</title>"
        '<link rel=icon href="/favicon.svg" type="image/svg+xml">'
        '<link rel=stylesheet href="/css/tokens.css"><style>' + _STYLE + "</style></head>"
        f"<body><main><p class=mark>{_say(lang, 'mark')}</p><h1>{title}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(page, status, headers={"cache-control": "no-store"})


_STYLE = """
:root{color-scheme:light}
body{margin:0;background:var(--bg,Canvas);color:var(--ink,CanvasText);font:14px/1.5 Inter,system-ui,sans-serif}
main{max-width:760px;margin:0 auto;padding:24px}
h1{font-size:20px;font-weight:620;margin:0 0 4px}
h2{font-size:14px;margin:24px 0 8px}
.mark{font-size:12px;margin:0 0 16px;color:var(--warn,inherit)}
.sub,.empty,time{color:var(--ink-2,GrayText)}
.line{display:grid;grid-template-columns:14rem 1fr auto;gap:12px;padding:10px 0;text-decoration:none;color:inherit;
border-bottom:1px solid var(--line,#8884)}
.line:hover b{text-decoration:underline}
.line span{overflow:hidden;text-overflow:ellipsis}
form{margin:16px 0}
input,button{font:inherit;padding:6px 10px;border-radius:6px;border:1px solid var(--line-2,#8886);background:none;
color:inherit}
iframe{width:100%;height:520px;border:1px solid var(--line,#8884);border-radius:8px;background:#fff}
pre{white-space:pre-wrap;overflow-wrap:anywhere}
a{color:var(--accent,LinkText)}
@media (max-width:560px){.line{grid-template-columns:1fr}}
"""

ROUTES: list[Route] = [
    Route("/demo/mail", _list, methods=["GET"]),
    Route("/demo/mail/{number:int}", _one, methods=["GET"]),
]
