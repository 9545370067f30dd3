"""Each bad file is refused for its own reason, in time, and leaves nothing behind."""

import io
import os
import tempfile
import time
import zipfile
import zlib

import pypdf
import pytest
import typst

from fitmycv_admin.integrations import pdf_probe
from fitmycv_admin.integrations.pdf_probe import Refusal

TEXT = "Anna Example writes software in Paris and has done so for ten years, with care and good humour. " * 3


def typeset(tmp_path, source: str) -> bytes:
    path = tmp_path / "cv.typ"
    path.write_text(source, encoding="utf-8")
    return typst.compile(str(path))


def raw_pdf(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1, with a correct table."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, table)
    return bytes(out)


def stream(dictionary: bytes, body: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(body), body)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
ONE_PAGE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << %s >> >>"


def flate_bomb() -> bytes:
    squeeze = zlib.compressobj(9)
    block = b" " * (1 << 20)
    body = b"".join(squeeze.compress(block) for _ in range(1500)) + squeeze.flush()
    twice = zlib.compress(body, 9)
    return raw_pdf(CATALOG, ONE_PAGE, PAGE % b"", stream(b"/Filter [/FlateDecode /FlateDecode]", twice))


def page_tree_loop() -> bytes:
    return raw_pdf(
        CATALOG,
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 4 >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 2 >>",
    )


def nested_arrays() -> bytes:
    return raw_pdf(CATALOG, ONE_PAGE, PAGE % b"", stream(b"/X " + b"[" * 100_000 + b"]" * 100_000, b""))


def many_pages_claimed() -> bytes:
    return raw_pdf(CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>", PAGE % b"", stream(b"", b""))


def huge_image() -> bytes:
    pixels = zlib.compress(b"\0" * 1000)
    return raw_pdf(
        CATALOG,
        ONE_PAGE,
        PAGE % b"/XObject << /I 5 0 R >>",
        stream(b"", b"q 595 0 0 842 0 0 cm /I Do Q"),
        stream(
            b"/Type /XObject /Subtype /Image /Width 50000 /Height 50000 /ColorSpace /DeviceRGB "
            b"/BitsPerComponent 8 /Filter /FlateDecode",
            pixels,
        ),
    )


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("cv.txt", TEXT)
    return out.getvalue()


def locked(data: bytes) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt("open sesame")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def cv(tmp_path_factory) -> bytes:
    return typeset(tmp_path_factory.mktemp("cv"), f"= Anna Example\n{TEXT}")


def refused(data: bytes, within_s: float = 5.0) -> Refusal | None:
    started = time.monotonic()
    before = set(os.listdir(tempfile.gettempdir()))
    result = pdf_probe.probe(data)
    assert time.monotonic() - started < within_s
    assert not {name for name in set(os.listdir(tempfile.gettempdir())) - before if name.endswith(".pdf")}
    assert result.ok == (result.reason is None)
    return result.reason


def test_a_cv_with_text_is_taken(cv):
    result = pdf_probe.probe(cv)
    assert result.ok
    assert (result.pages, result.reason, result.key) == (1, None, None)
    assert result.chars > 200


@pytest.mark.parametrize(
    "data",
    [
        b"<!doctype html><h1>CV</h1>",
        zipped(),
        b"%!PS-Adobe-3.0\n/Times findfont\n",
        b"\0" * 5000,
        b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$",
        b" " * 2000 + b"%PDF-1.7",
    ],
    ids=["html", "zip", "ps", "zeros", "eicar", "late"],
)
def test_what_is_not_a_pdf_is_said_not_to_be(data):
    assert refused(data) is Refusal.NOT_PDF


def test_an_empty_file_is_empty():
    assert refused(b"") is Refusal.EMPTY


def test_ten_megabytes_are_taken_and_a_byte_more_is_not(cv):
    assert refused(cv + b"\n" * (pdf_probe.MOST_BYTES - len(cv))) is not Refusal.TOO_BIG
    assert refused(cv + b"\n" * (pdf_probe.MOST_BYTES + 1 - len(cv))) is Refusal.TOO_BIG
    assert refused(b"%PDF-1.7" + b"x" * int(10.1 * 1024 * 1024)) is Refusal.TOO_BIG


def test_ten_pages_are_taken_and_eleven_are_not(tmp_path):
    pages = [f"page {number} {TEXT}" for number in range(11)]
    assert refused(typeset(tmp_path, "\n#pagebreak()\n".join(pages[:10]))) is None
    assert refused(typeset(tmp_path, "\n#pagebreak()\n".join(pages))) is Refusal.TOO_MANY_PAGES


def test_a_password_is_said_to_be_in_the_way(cv):
    assert refused(locked(cv)) is Refusal.ENCRYPTED


def test_a_scan_and_a_page_without_text_are_told_apart(tmp_path):
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", b"\0\0\0\x08\0\0\0\x08\x08\0\0\0\0")
        + chunk(b"IDAT", zlib.compress((b"\0" + b"\x7f" * 8) * 8))
        + chunk(b"IEND", b"")
    )
    (tmp_path / "page.png").write_bytes(png)
    assert refused(typeset(tmp_path, '#image("page.png", width: 100%)')) is Refusal.SCANNED
    assert refused(typeset(tmp_path, "#rect()")) is Refusal.NO_TEXT


def chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.6])
def test_a_cut_file_is_damaged_or_has_no_text(cv, cut):
    assert refused(cv[: int(len(cv) * cut)]) in (Refusal.DAMAGED, Refusal.NO_TEXT)


@pytest.mark.parametrize("build", [flate_bomb, page_tree_loop, nested_arrays, many_pages_claimed, huge_image])
def test_a_hostile_file_is_refused_and_only_its_own_process_suffers(build, cv):
    assert refused(build(), within_s=30) is not None
    assert pdf_probe.probe(cv).ok


def test_every_reason_has_a_sentence():
    assert set(pdf_probe.KEYS) == set(Refusal)
