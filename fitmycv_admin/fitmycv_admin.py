"""The application: pages, plain routes, guard and gate put together; nothing else."""

import time
from pathlib import Path

import reflex as rx
from starlette.applications import Starlette

from fitmycv_admin import wiring
from fitmycv_admin.api import routes
from fitmycv_admin.api.gate import gate
from fitmycv_admin.copy import DEFAULT_LANGUAGE
from fitmycv_admin.core import ask, log
from fitmycv_admin.core.config import settings
from fitmycv_admin.core.security import digest
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.ui import errors, frames
from fitmycv_admin.ui.copy import t
from fitmycv_admin.ui.guard import Guard
from fitmycv_admin.ui.kit.toast import toaster
from fitmycv_admin.ui.ops import pages as ops
from fitmycv_admin.ui.page import allowed
from fitmycv_admin.ui.portal import pages as portal
from fitmycv_admin.vocabulary import Permission

PAGES = (*portal.PAGES, *ops.PAGES)
BUILD = Path(__file__).parent.parent / ".web" / "build" / "client"
# A revoked session or role stops at the next event, at most this long after.
_SESSION_SECONDS = 1.0
_seen: dict[str, tuple[float, Actor | None]] = {}


async def resolve(token: str) -> Actor | None:
    """The actor behind a session token, remembered for a second."""
    key, now = digest(token), time.monotonic()
    found = _seen.get(key)
    if found is None or now - found[0] > _SESSION_SECONDS:
        if len(_seen) > 10_000:
            _seen.clear()
        found = (now, await ask.identify(sessions.resolve, token))
        _seen[key] = found
    return found[1]


def allowed_routes(permissions: frozenset[Permission]) -> list[str]:
    """Every route that these permissions open."""
    return allowed(PAGES, permissions)


def _application() -> rx.App:
    log.configure(json=not settings().is_demo)
    ask.confirm_with(sessions.confirm)
    public = Starlette(routes=list(routes.ROUTES))
    around = gate(
        build=BUILD,
        origins=wiring.origins(),
        uploads=routes.UPLOADS,
        secure=settings().public_url.startswith("https://"),
    )
    application = rx.App(
        api_transformer=[public, around],
        backend_exception_handler=errors.shown,
        frontend_exception_handler=errors.reported,
        stylesheets=list(frames.STYLESHEETS),
        head_components=frames.head(),
        html_lang=DEFAULT_LANGUAGE,
        toaster=toaster(),
        hydrate_fallback=frames.waiting,
        reset_style=False,
        enable_state=True,
    )
    application.add_middleware(Guard(resolve, allowed_routes), index=0)
    for page in PAGES:
        application.add_page(
            frames.framed(page),
            route=page.route,
            title=t(page.title).to(str) + " · FitMyCV",
            on_load=frames.loads(page),
        )
    application.add_page(frames.missing, route="404", title="FitMyCV")
    return application


app = _application()
