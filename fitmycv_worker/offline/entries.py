"""Cuts a section into dated entries, and an entry into the parts of its heading and its body."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from fitmycv_worker.offline import lexicon
from fitmycv_worker.offline.cv_lines import Line
from fitmycv_worker.pipelines.pdf_import import dates

_PROSE_FROM = 95  # characters
_MOST_HEADER_LINES = 4
_DURATION = re.compile(
    r"\(?\s*\b\d{1,2}\s*(?:ans?|years?|yrs?|jahre?n?|a[ñn]os?)\b(?:\s*(?:,|et|and|und|y|e)?\s*\d{1,2}\s*"
    r"(?:mois|months?|mos?|monate?n?|meses|mes))?\s*\)?|\(?\s*\b\d{1,2}\s*(?:mois|months?|mos|monate?n?|meses)\b\s*\)?",
    re.IGNORECASE,
)
_EDGE = re.compile(r"^[\s,;:|•·–—/()\[\]-]+|[\s,;:|•·–—/(\[-]+$")
_WITHOUT = re.compile(r"\(\s*[-–—,]?\s*\)|\[\s*\]")
_STRONG = re.compile(r"\t|\s*[|•·∙]\s*|\s+[–—]\s+|\s{3,}")
_WEAK = re.compile(r"\s+-\s+|,\s+|\s+/\s+")
_AT = re.compile(r"\s+(?:at|chez|bei|beim|@|für|en|pour|dans)\s+(?=[A-ZÀ-Þ0-9])")
STACK = re.compile(
    r"^\s*(?:tech(?:nical)? ?(?:stack|environment)|stack(?: technique)?|technolog(?:ies|ien|[ií]as|y)|tools|outils"
    r"|skills|environnement(?: technique)?|comp[ée]tences(?: utilis[ée]es)?|herramientas|werkzeuge|keywords|technos?"
    r"|kenntnisse|tech|technische umgebung|entorno(?: t[ée]cnico)?|mots[- ]cl[ée]s)\s*:\s*(?P<list>.+)$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Part:
    """A piece of an entry's heading: its words, whether bold, the line it stood on."""

    text: str
    bold: bool
    line: int
    comma: bool = False


@dataclass(slots=True)
class Entry:
    """One dated item of a section."""

    parts: list[Part] = field(default_factory=list)
    city: str | None = None
    region: str | None = None
    country: str | None = None
    start: str | None = None
    end: str | None = None
    bullets: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)


def entries(lines: Sequence[Line]) -> list[Entry]:
    """The entries of a section."""
    lines = _dates_joined(lines)
    return [_entry(group, anchor) for group, anchor in _groups(lines)]


def _dates_joined(lines: Sequence[Line]) -> list[Line]:
    """Lines where a period that was broken over two lines of a narrow column is whole again."""
    out: list[Line] = []
    skip = False
    for index, line in enumerate(lines):
        if skip:
            skip = False
            continue
        following = lines[index + 1] if index + 1 < len(lines) else None
        first, _, rest = line.text.partition("\t")
        if following is not None and _date_goes_on(line, following):
            pieces = (*line.pieces, (" ", False), *following.pieces)
            out.append(Line(f"{line.text} {following.text}", line.level, line.bullet, line.gap, pieces))
            skip = True
            continue
        if following is not None and dates.spans(first) and re.search(r"[-–—]\s*$", first):
            after, _, more = following.text.partition("\t")
            joined = f"{first} {after}"
            found = dates.spans(joined)
            if found and found[0].start and found[0].end:
                head = f"{joined}\t{rest}" if rest else joined
                weight = line.pieces[-1][1] if line.pieces else False
                out.append(Line(head, line.level, False, line.gap, ((joined + "\t", False), (rest, weight))))
                if more:
                    out.append(Line(more, following.level, False, False, ((more, following.bold),)))
                skip = True
                continue
        out.append(line)
    return out


def _date_goes_on(line: Line, following: Line) -> bool:
    """Whether a line ends in the middle of a period that the next one completes."""
    if following.bullet or not re.search(r"[-–—]\s*$", line.text) or len(following.text) > 40:
        return False
    joined = dates.spans(f"{line.text} {following.text}")
    return bool(joined) and joined[0].end is not None and joined[0].at < len(line.text) < joined[0].to


# --- where entries start --------------------------------------------------------------------------


def _is_anchor(line: Line) -> bool:
    """Whether a line carries the dates of an entry."""
    found = dates.spans(line.text)
    if not found or len(line.text) > 150:
        return False
    rest = line.text[: found[0].at] + line.text[found[0].to :]
    if line.bullet and (len(rest) > _PROSE_FROM or (found[0].start is None and found[0].at > 2)):
        return False
    if found[0].start is not None and found[0].end is not None:
        return len(rest.strip()) <= 120
    at_edge = found[0].at <= 2 or not line.text[found[0].to :].strip(" .)]")
    apart = "\t" in line.text or "(" in line.text[max(0, found[0].at - 2) : found[0].at] or "|" in line.text
    return (at_edge or apart) and len(rest.strip()) <= 110 and not rest.strip().endswith(".")


def _is_prose(line: Line) -> bool:
    """Whether a line is running text rather than part of a heading."""
    ended = line.text.rstrip().endswith((".", ";")) and line.text.count(" ") >= 4
    return len(line.text) > _PROSE_FROM or ended or line.text[:1].islower() or bool(STACK.match(line.text))


def _groups(lines: Sequence[Line]) -> list[tuple[list[Line], int | None]]:
    """Each entry's lines and the index in them of its dates."""
    anchors = [index for index, line in enumerate(lines) if _is_anchor(line)]
    if any(not lines[a].bullet for a in anchors):
        anchors = [a for a in anchors if not lines[a].bullet]
    anchors = [a for n, a in enumerate(anchors) if n == 0 or not _same_heading(lines, anchors[n - 1], a)]
    if not anchors:
        return [(group, None) for group in _by_gap(lines)]
    above = min(anchors[0], 3)
    while above and any(lines[i].bullet or _is_prose(lines[i]) for i in range(anchors[0] - above, anchors[0])):
        above -= 1
    starts = [anchors[0] - above]
    for previous, anchor in pairwise(anchors):
        start = anchor
        while (
            anchor - start < above
            and start - 1 > previous
            and not lines[start].gap
            and not lines[start - 1].bullet
            and not _is_prose(lines[start - 1])
        ):
            start -= 1
        starts.append(start)
    groups = [
        (list(lines[start:end]), anchor - start)
        for start, end, anchor in zip(starts, [*starts[1:], len(lines)], anchors, strict=True)
    ]
    before = [(group, None) for group in _by_gap(lines[: starts[0]])]
    return [*before, *groups]


def _same_heading(lines: Sequence[Line], first: int, second: int) -> bool:
    """Whether two dated lines next to each other belong to one entry: the second holds only a date."""
    if second - first != 1 or lines[second].gap:
        return False
    found = dates.spans(lines[second].text)[0]
    alone = not _EDGE.sub("", lines[second].text[: found.at] + lines[second].text[found.to :])
    return alone and found.start is None


def _by_gap(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines grouped by the gaps between them; bold or large lines after a body start a group too."""
    groups: list[list[Line]] = []
    for line in lines:
        last = groups[-1][-1] if groups else None
        opens = last is not None and not line.bullet and (line.bold or line.level) and (last.bullet or not last.bold)
        if last is None or (line.gap and not line.bullet) or (opens and not last.level):
            groups.append([line])
        else:
            groups[-1].append(line)
    return groups


# --- the parts of one entry -----------------------------------------------------------------------


def _entry(lines: Sequence[Line], anchor: int | None) -> Entry:
    """One entry from its lines."""
    entry = Entry()
    last = anchor if anchor is not None else 0
    index = 0
    while index < len(lines):
        line = lines[index]
        if index > last:
            heading = (
                not line.bullet
                and not _is_prose(line)
                and not line.gap
                and index < _MOST_HEADER_LINES + last
                and not _enough(entry, line, lines, index)
            )
            wanting = not line.bullet and not _is_prose(line) and len(entry.parts) < 2 and len(line.text) < 70
            if not (heading or (wanting and not entry.bullets)):
                break
        elif line.bullet and index != anchor:
            break
        _read_header(entry, line, index)
        index += 1
    _read_body(entry, lines[index:])
    return entry


def _enough(entry: Entry, line: Line, lines: Sequence[Line], index: int) -> bool:
    """Whether the heading is complete, so that a short line below it is already the body."""
    named = [part for part in entry.parts if len(part.text) > 1]
    if len(named) < 2:
        return False
    if lexicon.is_place(line.text):
        return False
    bullets_follow = any(other.bullet for other in lines[index + 1 : index + 3])
    return not bullets_follow or len(named) >= 3


def _read_header(entry: Entry, line: Line, number: int) -> None:
    """Take dates, places and names out of a line of the heading."""
    for text, bold in _pieces_without_dates(entry, line):
        for piece in _STRONG.split(text):
            _add_piece(entry, piece, bold or line.level > 0, number)


def _pieces_without_dates(entry: Entry, line: Line) -> list[tuple[str, bool]]:
    """The line's pieces of one weight, less its dates and durations."""
    raw = "".join(text for text, _ in line.pieces)
    found = dates.spans(raw)[:1]
    for span in found:
        if entry.start is None and (entry.end is None or span.start):
            entry.start, entry.end = span.start, span.end
    out: list[tuple[str, bool]] = []
    at = 0
    for text, bold in line.pieces:
        kept = text
        for span in found:
            first, last = max(span.at - at, 0), min(span.to - at, len(text))
            if first < last:
                kept = f"{text[:first]}\t{text[last:]}"
        if found or _DURATION.fullmatch(kept.strip()):
            kept = _DURATION.sub("\t", kept)
        out.append((_WITHOUT.sub(" ", kept), bold))
        at += len(text)
    return out


def _add_piece(entry: Entry, piece: str, bold: bool, number: int) -> None:
    """Add a piece of a heading, its place split off."""
    piece = _trimmed(piece)
    if not piece or not any(c.isalnum() for c in piece):
        return
    if _take_place(entry, piece):
        return
    pieces = [_trimmed(p) for p in _WEAK.split(piece)]
    while len(pieces) > 1 and lexicon.is_place(pieces[-1]):
        tail = pieces.pop()
        if len(pieces) > 1 and lexicon.is_city(pieces[-1]) and not lexicon.is_city(tail):
            tail = f"{pieces.pop()}, {tail}"
        _take_place(entry, tail)
        piece = _trimmed(piece[: piece.rfind(tail.split(",")[0])])
    inner = re.search(r"^(.*?)\s*\(([^()]+)\)$", piece)
    if inner and _take_place(entry, inner.group(2)):
        piece = inner.group(1)
    if piece:
        entry.parts.append(Part(piece, bold, number))


def _trimmed(text: str) -> str:
    """Text without separators at its ends; a closing bracket goes when nothing opened it."""
    text = _EDGE.sub("", text).strip()
    if text.count(")") > text.count("("):
        text = text.rstrip(") ")
    return text.strip()


def _take_place(entry: Entry, text: str) -> bool:
    """Whether `text` is a place; it is kept as the entry's."""
    from fitmycv_worker.offline import contact

    if not lexicon.is_place(text):
        return False
    city, region, country = contact.place_of(text)
    if entry.city is None and city:
        entry.city, entry.region, entry.country = city, region, country
    return True


def _read_body(entry: Entry, lines: Sequence[Line]) -> None:
    """Bullets, sentences and the list of technologies below the heading."""
    for line in lines:
        stack = STACK.match(line.text)
        if stack:
            entry.stack += split_list(stack.group("list"))
        elif line.bullet:
            entry.bullets.append(line.text.replace("\t", " "))
        elif entry.bullets and line.text[:1].islower() and not line.gap:
            entry.bullets[-1] += f" {line.text}"
        elif entry.bullets:
            entry.bullets.append(line.text.replace("\t", " "))
        else:
            entry.prose.append(line.text.replace("\t", " "))


def split_list(text: str) -> list[str]:
    """The items of a list written in a line."""
    pieces = re.split(r"\t|\s*[,;|•·∙]\s*(?![^()]*\))|\s+[–—]\s+|\s+/\s+", text)
    return [
        piece.strip(" .:-–") if not piece.strip().startswith(".") else piece.strip(" :-–")
        for piece in pieces
        if piece.strip(" .:-–")
    ]


# --- who is what ----------------------------------------------------------------------------------


def split_weakly(parts: Sequence[Part]) -> list[Part]:
    """Parts cut at commas and dashes, for headings that hold everything in one part."""
    out: list[Part] = []
    for part in parts:
        pieces = [p for p in (_trimmed(piece) for piece in _WEAK.split(part.text)) if p]
        if len(pieces) == 1:
            pieces = [p for p in (_trimmed(piece) for piece in _AT.split(part.text, maxsplit=1)) if p]
        out += [Part(piece, part.bold, part.line, n > 0) for n, piece in enumerate(pieces)]
    return out
