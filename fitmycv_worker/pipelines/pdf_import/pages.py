"""Reads the characters of a PDF in a process with hard limits, and groups them into runs of text."""

import ctypes
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from fitmycv_admin.integrations import pdf_probe

WALL_SECONDS = 30
MOST_CHARACTERS = 60_000
MOST_LINKS = 100
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|\bbd\b", re.IGNORECASE)
_SPACE_FROM, _SPLIT_FROM = 0.17, 1.1  # gaps, in sizes of the letter
_GAP = "\x1f"
_ROOT = Path(__file__).resolve().parents[3]
_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); from fitmycv_worker.pipelines.pdf_import import pages; pages.main()"
)


@dataclass(frozen=True, slots=True)
class Run:
    """Text set in one go: where it stands in points from the top left, its size and weight."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The runs of a page in the order the file draws them."""

    width: float
    height: float
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """What a PDF says: its pages, and the addresses that its links lead to."""

    pages: tuple[Page, ...]
    links: tuple[str, ...]


class Unreadable(Exception):
    """The process that read the file gave up, was stopped or died."""


def read(data: bytes) -> Pages:
    """The text of a PDF.

    Raises:
        Unreadable: the file could not be read within 1 GiB, 20 s of work and 30 s in all.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-c", _CHILD, str(_ROOT)],
            input=data,
            capture_output=True,
            timeout=WALL_SECONDS,
            env={},
            check=True,
        )
        found = json.loads(child.stdout)
    except (subprocess.SubprocessError, ValueError) as problem:
        raise Unreadable from problem
    pages = tuple(Page(page["w"], page["h"], tuple(Run(*run) for run in page["runs"])) for page in found["pages"])
    return Pages(pages, tuple(found["links"]))


def main() -> None:
    """Read a PDF on standard input, write its runs as JSON on standard output."""
    pdf_probe.limit_this_process()
    json.dump(_everything(sys.stdin.buffer.read()), sys.stdout, ensure_ascii=False)


def _everything(data: bytes) -> dict[str, Any]:
    """Runs and links of every page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    pages, links = [], []
    for page in list(document)[: pdf_probe.MOST_PAGES]:
        text = page.get_textpage()
        width, height = page.get_size()
        runs = [run for run in _runs(text.raw, height) if run[0]]
        pages.append({"w": round(width, 1), "h": round(height, 1), "runs": runs})
        links += _links(document.raw, page.raw)
    return {"pages": pages, "links": list(dict.fromkeys(links))[:MOST_LINKS]}


@dataclass(slots=True)
class _Glyph:
    """One character as drawn."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool


def _runs(text: Any, height: float) -> list[tuple]:
    """The characters joined as long as each continues the one before."""
    runs: list[tuple] = []
    held: list[_Glyph] = []
    for glyph in _glyphs(text, height):
        if held and not _continues(held[-1], glyph):
            runs.append(_joined(held))
            held = []
        held.append(glyph)
    if held:
        runs.append(_joined(held))
    return runs


def _glyphs(text: Any, height: float) -> Iterator[_Glyph]:
    """Each visible character with its place, size and weight."""
    import pypdfium2.raw as pdfium

    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_double(), ctypes.c_double()
    loose = pdfium.FS_RECTF()
    holder, size, bold = None, 0.0, False
    for index in range(min(pdfium.FPDFText_CountChars(text), MOST_CHARACTERS)):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code in (0, 10, 13) or 0xD800 <= code < 0xE000 or pdfium.FPDFText_IsGenerated(text, index) == 1:
            continue
        owner = ctypes.cast(pdfium.FPDFText_GetTextObject(text, index), ctypes.c_void_p).value
        if owner != holder or not owner:
            holder, size, bold = owner, _size(text, index), _is_bold(text, index)
        pdfium.FPDFText_GetCharOrigin(text, index, x, y)
        if pdfium.FPDFText_GetLooseCharBox(text, index, loose):
            x0, x1 = loose.left, loose.right
        else:
            pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top)
            x0, x1 = left.value, right.value
        if code in (2, 0xFFFE):
            code = 0x00AD
        yield _Glyph(chr(code), min(x0, x.value), x1, height - y.value, size, bold)


def _size(text: Any, index: int) -> float:
    """The size of a letter in points, transformations included."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    size = pdfium.FPDFText_GetFontSize(text, index)
    if pdfium.FPDFText_GetMatrix(text, index, matrix):
        size *= (matrix.c**2 + matrix.d**2) ** 0.5
    return size or 1.0


def _is_bold(text: Any, index: int) -> bool:
    """Whether the letter's font is a bold one, by its name or its flags."""
    import pypdfium2.raw as pdfium

    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text, index, name, 128, flags)
    return bool(_BOLD.search(name.value.decode("latin-1"))) or bool(flags.value & (1 << 18))


def _continues(last: _Glyph, glyph: _Glyph) -> bool:
    """Whether `glyph` stands right after `last`, in the same line, size and weight."""
    size = max(last.size, glyph.size)
    gap = glyph.x0 - last.x1
    return (
        abs(glyph.y - last.y) < 0.3 * size
        and -0.6 * size < gap < _SPLIT_FROM * size
        and last.bold == glyph.bold
        and abs(last.size - glyph.size) < 0.12 * size
    )


def _joined(glyphs: list[_Glyph]) -> tuple:
    """One run, with spaces where the letters stand apart; widely tracked letters are one word."""
    text, gaps = glyphs[0].text, 0
    for last, glyph in pairwise(glyphs):
        if glyph.x0 - last.x1 > _SPACE_FROM * glyph.size and not (last.text.isspace() or glyph.text.isspace()):
            text += _GAP
            gaps += 1
        text += glyph.text
    text = text.replace(_GAP, "" if gaps > 3 and gaps > 0.6 * (len(glyphs) - 1) else " ")
    text = re.sub(r"[^\S\n]+", " ", re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\ufeff]", "", text))
    visible = [glyph for glyph in glyphs if not glyph.text.isspace()] or glyphs
    return (
        text.strip(),
        round(visible[0].x0, 1),
        round(max(g.x1 for g in visible), 1),
        round(visible[0].y, 1),
        round(visible[0].size, 1),
        visible[0].bold,
    )


def _links(document: Any, page: Any) -> Iterator[str]:
    """The web addresses behind the links of a page."""
    import pypdfium2.raw as pdfium

    place, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    for _ in range(MOST_LINKS):
        if not pdfium.FPDFLink_Enumerate(page, place, link):
            return
        action = pdfium.FPDFLink_GetAction(link)
        if not action:
            continue
        length = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
        if 1 < length < 2000:
            buffer = ctypes.create_string_buffer(length)
            pdfium.FPDFAction_GetURIPath(document, action, buffer, length)
            yield buffer.value.decode("utf-8", "replace")
