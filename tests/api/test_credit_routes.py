"""Credits over plain HTTP: a list of people as a file, and the pages about credits as files."""

import csv
import io
from uuid import UUID

import pytest

from fitmycv_admin.core.db import transaction
from fitmycv_admin.core.paging import PageRequest
from fitmycv_admin.domain import actors
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.billing import batch_list
from fitmycv_admin.models import User
from fitmycv_admin.vocabulary import Role
from tests.api.conftest import Answer, Browser
from tests.domain.billing import desk, purses

PATH = "/api/credits/batches"
FIELDS = {"reason_code": "goodwill", "note": "for their patience", "expires_at": ""}


def signed_in(browser: Browser, role: Role) -> Browser:
    with transaction() as db:
        user = db.get(User, desk.person(db, role))
        assert user
        browser.cookies[sessions.COOKIE] = sessions.open_session(db, user, "127.0.0.1", "test")
    return browser


def send(browser: Browser, content: bytes, fields: dict[str, str] | None = None, *, origin: str | None = "") -> Answer:
    parts = [
        f'--edge\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (fields or FIELDS).items()
    ]
    file = b'--edge\r\ncontent-disposition: form-data; name="file"; filename="list.csv"\r\n\r\n' + content
    body = b"".join(parts) + file + b"\r\n--edge--\r\n"
    headers = {
        "content-type": "multipart/form-data; boundary=edge",
        "content-length": str(len(body)),
        "origin": browser.origin if origin == "" else origin,
    }
    return browser.request("POST", PATH, body, headers)  # type: ignore[arg-type]


def amounts(batch: str) -> dict[UUID, int]:
    with transaction() as db:
        rows = batch_list.results(db, actors.system("test"), UUID(batch), PageRequest()).rows
        return {row.user_id: row.amount for row in rows}


def test_a_file_becomes_a_prepared_batch(browser: Browser) -> None:
    ana, ben = purses.person(), purses.person()
    finance = signed_in(browser, Role.FINANCE)
    answer = send(finance, f"\ufeffid;crédits\n{ana};5\n{ben};7\n".encode("utf-8-sig"))
    assert answer.status == 201
    assert amounts(answer.body.split('"')[3]) == {ana: 5, ben: 7}
    assert send(finance, f"{ana},5\nChloé,3\n".encode("cp1252")).status == 201
    assert purses.wallet(ana).balance == 0


@pytest.mark.parametrize(
    ("content", "fields", "key"),
    [
        (b"nobody@exemple.fr,5\n", FIELDS, "credits.error.csv_nothing"),
        (b"\x00\x01\x02,5\n", FIELDS, "credits.error.csv_broken"),
        (b"a,b\n" * 600_000, FIELDS, "credits.error.csv_too_big"),
        (b"ANA,5\n", {**FIELDS, "note": " "}, "credits.error.note"),
        (b"ANA,5\n", {**FIELDS, "reason_code": "x"}, "credits.error.reason"),
        (b"ANA,5\n", {**FIELDS, "expires_at": "2020-01-01"}, "credits.error.expiry_past"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(browser: Browser, content: bytes, fields: dict[str, str], key: str):
    ana = str(purses.person()).encode()
    answer = send(signed_in(browser, Role.FINANCE), content.replace(b"ANA", ana), fields)
    assert answer.status >= 400
    assert f'"{key}"' in answer.body


@pytest.mark.parametrize(("role", "status"), [(Role.USER, 403), (Role.OPS, 403), (Role.VIEWER, 403)])
def test_a_file_needs_credits_gift(browser: Browser, role: Role, status: int) -> None:
    assert send(signed_in(browser, role), b"x,1\n").status == status


def test_visitors_and_other_sites_are_refused(browser: Browser) -> None:
    assert send(browser, b"x,1\n").status == 401
    assert send(signed_in(browser, Role.ADMIN), b"x,1\n", origin="https://evil.example").status == 403


@pytest.mark.parametrize("name", ["ledger", "credits-expiring", "credits-owed"])
def test_the_pages_about_credits_are_files_for_staff_only(browser: Browser, name: str) -> None:
    purses.give(purses.person(), 5)
    path = f"/api/exports/{name}.csv"
    assert browser.get(path).status == 401
    assert signed_in(browser, Role.USER).get(path).status == 403
    answer = signed_in(browser, Role.VIEWER).get(path)
    assert answer.status == 200
    assert len(list(csv.DictReader(io.StringIO(answer.body)))) > 0 or name == "credits-expiring"
    assert "@example.org" not in answer.body  # a viewer sees nobody's address


def test_the_rows_of_a_batch_are_a_file(browser: Browser) -> None:
    ana = purses.person()
    finance = signed_in(browser, Role.FINANCE)
    batch = send(finance, f"{ana},5\n".encode()).body.split('"')[3]
    answer = finance.get(f"/api/exports/batch.csv?batch={batch}")
    rows = list(csv.DictReader(io.StringIO(answer.body)))
    assert [(row["user_id"], row["credits"], row["state"]) for row in rows] == [(str(ana), "5", "waiting")]
    assert finance.get("/api/exports/batch.csv?batch=nonsense").status == 400
