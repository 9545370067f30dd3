"""The plain HTTP routes that stand beside the screens: one line for each subject."""

from starlette.routing import BaseRoute

ROUTES: tuple[BaseRoute, ...] = ()
# Paths that accept a file; every other body is a small form.
UPLOADS: frozenset[str] = frozenset({"/api/cvs/import"})
