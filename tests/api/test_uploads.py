"""A CV arrives over a real socket: counted, looked at, kept once; bad files leave nothing behind."""

import contextlib
import json
import socket
import time
from uuid import UUID

import pypdf
import pytest
import typst
from sqlmodel import select

from fitmycv_admin import wiring
from fitmycv_admin.api import uploads
from fitmycv_admin.core.db import transaction
from fitmycv_admin.domain.access import sessions
from fitmycv_admin.domain.billing import ledger
from fitmycv_admin.domain.billing.credits import Entry
from fitmycv_admin.domain.cvs import imports
from fitmycv_admin.models.cvs import StoredFile
from fitmycv_admin.models.tasks import BackgroundTask
from fitmycv_admin.vocabulary import CreditKind, TaskType
from tests.api.conftest import Answer, Browser
from tests.domain.accounts.conftest import make_user
from tests.integrations.test_pdf_probe import flate_bomb, huge_image, page_tree_loop, zipped

TEXT = "Anna Example writes software in Paris and has done so for ten years, with care and good humour. " * 3
EDGE = "XkvX"


def pdf(tmp_path, pages: int = 1, text: str = TEXT) -> bytes:
    source = tmp_path / "cv.typ"
    source.write_text("#pagebreak()\n".join([f"{text}\n"] * pages), encoding="utf-8")
    return typst.compile(str(source))


def encrypted(content: bytes) -> bytes:
    import io

    out, writer = io.BytesIO(), pypdf.PdfWriter(io.BytesIO(content))
    writer.encrypt("secret")
    writer.write(out)
    return out.getvalue()


def body(content: bytes, *, name: str = "Anna.pdf", key: str = "key-00000001", **fields: str) -> bytes:
    parts = [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in {"key": key, **fields}.items()
    ]
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    parts.append(head.encode() + b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + f"--{EDGE}--\r\n".encode()


def send(browser: Browser, sent: bytes, **headers: str | None) -> Answer:
    given: dict[str, str | None] = {
        "origin": browser.origin,
        "content-type": f"multipart/form-data; boundary={EDGE}",
        **headers,
    }
    return browser.request("POST", uploads.PATH, sent, given)  # type: ignore[arg-type]


@pytest.fixture
def person(browser: Browser) -> Browser:
    """The browser of somebody who is signed in and has credits."""
    with transaction() as db:
        user = make_user(db)
        ledger.grant(db, user.id, Entry(CreditKind.GIFT, 100, "test"))
        browser.cookies[sessions.COOKIE] = sessions.open_session(db, user, "127.0.0.1", "Firefox")
    return browser


def kept() -> tuple[int, int]:
    with transaction() as db:
        tasks = select(BackgroundTask).where(BackgroundTask.type == TaskType.IMPORT_PDF)
        return len(db.exec(select(StoredFile.id)).all()), len(db.exec(tasks).all())


def key_of(answer: Answer) -> str:
    return json.loads(answer.body)["key"]


def test_a_readable_pdf_becomes_a_task_with_its_file(person: Browser, tmp_path) -> None:
    content = pdf(tmp_path)
    answer = send(person, body(content, name="Été 2026.pdf"))
    assert answer.status == 202
    with transaction() as db:
        file = imports.file_of(db, UUID(json.loads(answer.body)["task_id"]))
        assert file is not None
        assert (file.content, file.name, file.size) == (content, "Été 2026.pdf", len(content))


def test_the_same_choice_sent_twice_is_one_task(person: Browser, tmp_path) -> None:
    content = body(pdf(tmp_path), key="twice-0001")
    before = kept()
    first, second = send(person, content), send(person, content)
    assert first.body == second.body
    assert kept() == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    ("make", "status", "key"),
    [
        (lambda _: b"", 400, "imports.refused.empty"),
        (lambda _: b"<html>not a PDF</html>", 400, "imports.refused.not_pdf"),
        (lambda _: zipped(), 400, "imports.refused.not_pdf"),
        (lambda path: encrypted(pdf(path)), 400, "imports.refused.encrypted"),
        (lambda path: pdf(path, pages=11), 400, "imports.refused.too_many_pages"),
        (lambda path: pdf(path, text="Anna"), 400, "imports.refused.no_text"),
        (lambda _: b"%PDF-1.7\n" + b" " * 10_100_000, 413, "imports.refused.too_big"),
    ],
)
def test_a_bad_file_is_refused_within_five_seconds_and_nothing_is_kept(
    person: Browser, tmp_path, make, status: int, key: str
) -> None:
    before, content, began = kept(), make(tmp_path), time.monotonic()
    answer = send(person, body(content))
    assert (answer.status, key_of(answer)) == (status, key)
    assert time.monotonic() - began < 5
    assert kept() == before


@pytest.mark.parametrize("make", [flate_bomb, page_tree_loop, huge_image])
def test_a_hostile_file_is_refused_within_thirty_seconds_while_others_are_served(person: Browser, make) -> None:
    before, began = kept(), time.monotonic()
    answer = send(person, body(make()))
    assert answer.status == 400
    assert key_of(answer).startswith("imports.refused.")
    assert time.monotonic() - began < 30
    assert kept() == before
    assert person.get("/health/live").status == 200


def test_ten_pages_are_taken(person: Browser, tmp_path) -> None:
    assert send(person, body(pdf(tmp_path, pages=10))).status == 202


def test_a_visitor_is_refused_before_the_file_is_looked_at(browser: Browser, tmp_path) -> None:
    answer = send(browser, body(pdf(tmp_path)))
    assert (answer.status, key_of(answer)) == (401, "cvs.upload.signed_out")


@pytest.mark.parametrize("origin", ["https://evil.example", None, "null"])
def test_other_sites_cannot_send_files(person: Browser, tmp_path, origin: str | None) -> None:
    answer = send(person, body(pdf(tmp_path)), origin=origin)
    assert (answer.status, key_of(answer)) == (403, "cvs.upload.foreign")


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"not a form", f"multipart/form-data; boundary={EDGE}"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=" + "x" * 5000),
        (f"--{EDGE}--\r\n".encode(), f"multipart/form-data; boundary={EDGE}"),
    ],
)
def test_what_is_no_form_with_a_file_is_refused(person: Browser, sent: bytes, kind: str) -> None:
    answer = send(person, sent, **{"content-type": kind})
    assert (answer.status, key_of(answer)) == (400, "cvs.upload.broken")


def test_the_eleventh_file_in_a_minute_has_to_wait(person: Browser) -> None:
    answers = [send(person, body(b"")) for _ in range(uploads.PER_MINUTE + 1)]
    assert {answer.status for answer in answers[:-1]} == {400}
    assert (answers[-1].status, key_of(answers[-1])) == (429, "cvs.upload.too_many")


def test_who_cancelled_many_tasks_waits_before_the_next_import(person: Browser) -> None:
    with transaction() as db:
        by = sessions.resolve(db, person.cookies[sessions.COOKIE])
    assert by is not None
    for _ in range(10):
        wiring.rate_limits().take("task_stop", str(by.user_id))
    answer = send(person, body(b""))
    assert (answer.status, key_of(answer)) == (429, "wallet.error.turns")


def test_a_file_that_is_in_the_library_is_named_and_can_be_sent_again(person: Browser, tmp_path) -> None:
    from tests.domain.cvs import makers

    content = pdf(tmp_path, text=TEXT + " Twice.")
    task = UUID(json.loads(send(person, body(content, key="first-001")).body)["task_id"])
    with transaction() as db:
        cv_id = imports.finish(db, task, makers.cv_document(), model="m")["cv_id"]
    answer = send(person, body(content, key="second-01"))
    assert (answer.status, key_of(answer)) == (409, "cvs.error.already_imported")
    assert json.loads(answer.body)["cv_id"] == cv_id
    assert send(person, body(content, key="third-001", again="1")).status == 202


def test_a_slow_file_is_cut(person: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SLOWEST_S", 1.0)
    sid = person.cookies[sessions.COOKIE]
    head = (
        f"POST {uploads.PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {person.origin}\r\n"
        f"Cookie: {sessions.COOKIE}={sid}\r\nContent-Type: multipart/form-data; boundary={EDGE}\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", person.port), timeout=10) as wire:
        wire.sendall(head.encode() + body(b"%PDF-" + b" " * 500)[:400])
        with contextlib.suppress(OSError):
            for _ in range(20):
                time.sleep(0.1)
                wire.sendall(b" ")
        answer = wire.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 5
