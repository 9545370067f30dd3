"""The plain HTTP routes that stand beside the screens: one line for each subject."""

from starlette.routing import BaseRoute

from fitmycv_admin.api import exports

ROUTES: tuple[BaseRoute, ...] = (*exports.ROUTES,)
# Paths that accept a file; every other body is a small form.
UPLOADS: frozenset[str] = frozenset({"/api/cvs/import"})
