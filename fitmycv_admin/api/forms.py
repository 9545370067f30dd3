"""What every form posted to a plain route goes through: origin, size, shape, and where it may lead to."""

import ipaddress
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fitmycv_admin import wiring
from fitmycv_admin.core import ask
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.errors import FitMyCvError, Invalid
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.actors import Actor

LONGEST_FIELD = 2_000
MOST_FIELDS = 20


class BadForm(Invalid):
    """The body is not a small form of ours."""

    key = "accounts.error.bad_form"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each at most once."""

    fields: dict[str, str]

    def get(self, name: str) -> str:
        """A field as typed; empty when it is missing."""
        return self.fields.get(name, "")


def is_ours(request: Request) -> bool:
    """Whether a page of ours posts this. Every browser names the origin of a posted form."""
    return request.headers.get("origin") in wiring.origins()


async def read(request: Request) -> Form:
    """The form of a request. Raises BadForm."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise BadForm
    try:
        given: FormData = await request.form(max_fields=MOST_FIELDS)
    except (HTTPException, ValueError) as error:
        raise BadForm from error
    pairs = given.multi_items()
    fields = {name: value for name, value in pairs if isinstance(value, str)}
    if len(fields) != len(pairs) or len(fields) > MOST_FIELDS:
        raise BadForm
    if any(len(value) > LONGEST_FIELD or "\x00" in value for value in fields.values()):
        raise BadForm
    return Form(fields)


def address(request: Request) -> str:
    """Where the request comes from: behind our own proxies, the address that the outermost of them saw."""
    hops = settings().trusted_proxy_hops
    seen = request.client.host if request.client else ""
    if hops:
        told = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
        seen = told[-hops] if len(told) >= hops and told[-hops] else seen
    return seen[:64]


def network(request: Request) -> str:
    """What tries are counted by: the address, and for IPv6 its /64, since one household holds all of that."""
    try:
        found = ipaddress.ip_address(address(request))
    except ValueError:
        return "unknown"
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(found), 64), strict=False).network_address)
    return str(found.ipv4_mapped or found) if found.version == 6 else str(found)


async def actor(request: Request) -> Actor:
    """Who asks, by the session cookie; a visitor without one."""
    token = request.cookies.get(sessions.COOKIE, "")
    found = await ask.identify(sessions.resolve, token) if token else None
    return found or actors.VISITOR


def local_path(text: str, otherwise: str) -> str:
    """The path to go to next, if it is one of ours: `//elsewhere` and the like are not."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if is_path and len(text) <= 500 and not text.startswith("/auth/") else otherwise


def go(path: str, **query: str) -> Response:
    """Answer a form by sending the browser to a page."""
    told = "&".join(f"{name}={value}" for name, value in query.items() if value)
    glue = "&" if "?" in path else "?"
    return RedirectResponse(path + (glue + told if told else ""), 303, headers={"cache-control": "no-store"})


def wrong(path: str, error: FitMyCvError) -> Response:
    """Answer a form by showing its page again with what is wrong: a catalogue key and the field's name."""
    field = error.field if isinstance(error, Invalid) else ""
    return go(path, error=error.key, field=field)
