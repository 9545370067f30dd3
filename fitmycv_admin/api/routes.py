"""The plain HTTP routes that stand beside the screens: one line for each subject."""

from starlette.routing import BaseRoute

from fitmycv_admin.api import auth, demo_mail, exports, health, uploads

ROUTES: tuple[BaseRoute, ...] = (
    *auth.ROUTES,
    *demo_mail.ROUTES,
    *exports.ROUTES,
    *health.ROUTES,
    *uploads.ROUTES,
)
# Paths that accept a file; every other body is a small form.
UPLOADS: frozenset[str] = frozenset({uploads.PATH})
