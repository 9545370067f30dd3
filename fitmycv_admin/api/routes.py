"""The plain HTTP routes that stand beside the screens: one line for each subject."""

from starlette.routing import BaseRoute

from fitmycv_admin.api import auth, credit_uploads, demo_mail, exports, health, uploads

ROUTES: tuple[BaseRoute, ...] = (
    *auth.ROUTES,
    *credit_uploads.ROUTES,
    *demo_mail.ROUTES,
    *exports.ROUTES,
    *health.ROUTES,
    *uploads.ROUTES,
)
# Paths that accept a file; every other body is a small form.
UPLOADS: frozenset[str] = frozenset({uploads.PATH, credit_uploads.PATH})
