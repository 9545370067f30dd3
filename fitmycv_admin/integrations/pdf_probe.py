"""Looks at an uploaded PDF in a process with hard limits and says whether it can be read, or why not."""

import contextlib
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MOST_BYTES = 10 * 1024 * 1024
MOST_PAGES = 10
FEWEST_CHARACTERS = 100
MEMORY_BYTES = 1024**3
CPU_SECONDS = 20
WALL_SECONDS = 25
_MAGIC_WITHIN = 1024
_MOST_CHARACTERS = 200_000


class Refusal(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_BIG = "too_big"
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    TOO_MANY_PAGES = "too_many_pages"
    SCANNED = "scanned"
    NO_TEXT = "no_text"
    HOSTILE = "hostile"


KEYS = {
    Refusal.EMPTY: "imports.refused.empty",
    Refusal.TOO_BIG: "imports.refused.too_big",
    Refusal.NOT_PDF: "imports.refused.not_pdf",
    Refusal.ENCRYPTED: "imports.refused.encrypted",
    Refusal.DAMAGED: "imports.refused.damaged",
    Refusal.TOO_MANY_PAGES: "imports.refused.too_many_pages",
    Refusal.SCANNED: "imports.refused.scanned",
    Refusal.NO_TEXT: "imports.refused.no_text",
    Refusal.HOSTILE: "imports.refused.hostile",
}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What was found: `pages` and `chars` (without spaces) when `ok`, else the `reason`."""

    ok: bool
    pages: int
    chars: int
    reason: Refusal | None

    @property
    def key(self) -> str | None:
        """The catalogue key of the sentence that says what to do; None when the file is fine."""
        return KEYS[self.reason] if self.reason else None


def probe(data: bytes) -> ProbeResult:
    """Whether `data` is a PDF that can be imported. Writes nothing to disk; ends within 25 seconds."""
    at_once = _at_a_glance(data)
    if at_once is not None:
        return ProbeResult(False, 0, 0, at_once)
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(Path(__file__).resolve())],
            input=data,
            capture_output=True,
            timeout=WALL_SECONDS,
            env={},
            check=False,
        )
        found = json.loads(child.stdout) if child.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        found = None
    if found is None:
        return ProbeResult(False, 0, 0, Refusal.HOSTILE)
    reason = Refusal(found["reason"]) if found["reason"] else None
    return ProbeResult(reason is None, found["pages"], found["chars"], reason)


def _at_a_glance(data: bytes) -> Refusal | None:
    """What can be told without parsing."""
    if not data:
        return Refusal.EMPTY
    if len(data) > MOST_BYTES:
        return Refusal.TOO_BIG
    if b"%PDF-" not in data[:_MAGIC_WITHIN]:
        return Refusal.NOT_PDF
    return None


def limit_this_process() -> None:
    """Little memory, little time, no file and no core dump: what parses strangers' files must die alone."""
    for which, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a platform may not know one of them
            resource.setrlimit(which, (most, most))


def _look(data: bytes) -> tuple[int, int, Refusal | None]:
    """Pages, characters and the reason against, by really reading every page."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as failure:
        locked = failure.err_code == pdfium.FPDF_ERR_PASSWORD
        return 0, 0, Refusal.ENCRYPTED if locked else Refusal.DAMAGED
    pages = len(document)
    if pages == 0:
        return 0, 0, Refusal.DAMAGED
    if pages > MOST_PAGES:
        return pages, 0, Refusal.TOO_MANY_PAGES
    chars, images = 0, False
    try:
        for page in document:
            text = page.get_textpage().get_text_range()
            chars += sum(not c.isspace() for c in text[:_MOST_CHARACTERS])
            images = images or next(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None
    except pypdfium2.PdfiumError:
        return pages, chars, Refusal.DAMAGED
    if chars > _MOST_CHARACTERS:
        return pages, chars, Refusal.HOSTILE
    if chars < FEWEST_CHARACTERS:
        return pages, chars, Refusal.SCANNED if images else Refusal.NO_TEXT
    return pages, chars, None


def main() -> None:
    """Read a PDF on standard input, write what was found as JSON on standard output."""
    limit_this_process()
    pages, chars, reason = _look(sys.stdin.buffer.read(MOST_BYTES + 1))
    json.dump({"pages": pages, "chars": chars, "reason": reason}, sys.stdout)


if __name__ == "__main__":
    main()
