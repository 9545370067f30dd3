"""Every plain route, who may call it, and that nobody else can."""

import time
from collections.abc import Iterator

import pytest

from fitmycv_admin.api import exports, routes
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import matrix, sessions
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role
from tests.api.conftest import Browser

ANYONE = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/demo/mail"),
    ("GET", "/demo/mail/{number:int}"),
    ("POST", "/auth/sign-in"),
    ("POST", "/auth/sign-up"),
    ("POST", "/auth/sign-out"),
    ("POST", "/auth/forgot"),
    ("POST", "/auth/reset"),
    ("POST", "/auth/verify"),
    ("POST", "/auth/verify/resend"),
    ("POST", "/auth/email-change/confirm"),
    ("POST", "/auth/preferences"),
}
SIGNED_IN = {
    ("POST", "/auth/sign-out-everywhere"),
    ("POST", "/auth/email-change"),
    ("POST", "/auth/email-change/cancel"),
    ("POST", "/auth/password"),
    ("POST", "/auth/name"),
    ("POST", "/auth/sessions/end"),
    ("POST", "/api/cvs/import"),
}
BY_PERMISSION = {("GET", "/api/exports/{name}.{kind}"), ("POST", "/api/credits/batches")}
OF_ONE_RECORD = {"batch"}
"""Exports that need the id of a record in their address, and say so without it."""


def served() -> Iterator[tuple[str, str]]:
    for route in routes.ROUTES:
        for method in route.methods - {"HEAD"}:
            yield method, route.path


@pytest.fixture(scope="module")
def tokens(port: int) -> dict[Role, str]:
    """A session of an account of every role."""
    made = {}
    for role in Role:
        with transaction() as db:
            user = User(email=f"{role}.{time.monotonic_ns()}@exemple.fr", role=role, language="en")
            db.add(user)
            db.flush()
            made[role] = sessions.open_session(db, user, "127.0.0.1", "test")
    return made


def test_every_route_is_declared_and_every_declaration_is_a_route():
    assert set(served()) == ANYONE | SIGNED_IN | BY_PERMISSION


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
@pytest.mark.parametrize("path", sorted(path for method, path in served() if method == "POST"))
def test_no_form_is_taken_from_another_origin(browser: Browser, tokens, path, origin):
    browser.cookies["__Host-sid"] = tokens[Role.ADMIN]
    assert browser.post(path, {"any": "field"}, origin=origin).status == 403


@pytest.mark.parametrize(("method", "path"), sorted(SIGNED_IN | {("POST", "/api/credits/batches")}))
def test_a_visitor_is_sent_to_sign_in_or_refused(browser: Browser, method, path):
    answer = browser.post(path, {"any": "field"})
    assert answer.status == 401 or (answer.status == 303 and answer.to.startswith("/sign-in"))


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("name", sorted(exports.EXPORTS))
def test_each_role_downloads_exactly_what_it_may_see(browser: Browser, tokens, name, role):
    if role:
        browser.cookies["__Host-sid"] = tokens[role]
    allowed = role is not None and exports.EXPORTS[name].permission in matrix.permissions_of(role)
    expected = 401 if role is None else 403 if not allowed else 400 if name in OF_ONE_RECORD else 200
    assert {browser.get(f"/api/exports/{name}.{kind}").status for kind in ("csv", "json")} == {expected}


def test_an_export_nobody_declared_does_not_exist(browser: Browser, tokens):
    browser.cookies["__Host-sid"] = tokens[Role.ADMIN]
    assert browser.get("/api/exports/passwords.csv").status == 404
