"""The marked text of a CV as lines that know how they looked, grouped under their headings."""

import re
from dataclasses import dataclass, field

from fitmycv_worker.offline import lexicon
from fitmycv_worker.pipelines.pdf_import import dates
from fitmycv_worker.pipelines.pdf_import.headings import Section, section_of
from fitmycv_worker.pipelines.pdf_import.layout import COLUMN, LINKS

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_LONGEST_HEADING = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its words, how large (0 as the rest, 3 largest), whether a bullet, its pieces with their weight."""

    text: str
    level: int
    bullet: bool
    gap: bool
    pieces: tuple[tuple[str, bool], ...]

    @property
    def bold(self) -> bool:
        """Whether the whole line is bold."""
        return all(bold for text, bold in self.pieces if text.strip())


@dataclass(slots=True)
class Block:
    """The lines under a heading; `section` is None for what stands before the first heading."""

    section: Section | None
    title: str | None
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Text:
    """A CV as blocks in reading order, and the addresses behind its links."""

    blocks: tuple[Block, ...]
    links: tuple[str, ...]


def parse(text: str) -> Text:
    """The marked text of a CV."""
    body, _, links = text.partition(LINKS)
    columns = [_lines(column) for column in re.split(rf"^{COLUMN}$", body, flags=re.MULTILINE)]
    style = _heading_style([line for column in columns for line in column])
    blocks: list[Block] = []
    for column in columns:
        block = Block(None, None)
        blocks.append(block)
        for line in _headings_joined(column):
            section = _opens(line, style if block.section or _past_contact(block, line) else None)
            if section is not None:
                block = Block(section, line.text)
                blocks.append(block)
            else:
                block.lines.append(line)
    return Text(tuple(block for block in blocks if block.lines), tuple(links.split()))


def _lines(column: str) -> list[Line]:
    """The lines of one column."""
    found: list[Line] = []
    gap = False
    for raw in column.splitlines():
        if not raw.strip():
            gap = True
            continue
        marks = re.match(r"(#{1,3}) ", raw)
        level = 4 - len(marks.group(1)) if marks else 0
        rest = raw[marks.end() :] if marks else raw
        bullet = rest.startswith("- ")
        rest = rest[2:] if bullet else rest
        pieces = _pieces(rest)
        found.append(Line("".join(text for text, _ in pieces).strip(), level, bullet, gap, pieces))
        gap = False
    return [line for line in found if line.text]


def _pieces(text: str) -> tuple[tuple[str, bool], ...]:
    """The text cut where its weight changes."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for match in _BOLD.finditer(text):
        pieces += [(text[at : match.start()], False), (match.group(1), True)]
        at = match.end()
    pieces.append((text[at:], False))
    return tuple((piece.replace("**", ""), bold) for piece, bold in pieces if piece)


def _past_contact(block: Block, line: Line) -> bool:
    """Whether a line before the first known heading stands apart below the contact details."""
    return line.gap and any("@" in other.text for other in block.lines)


def _headings_joined(column: list[Line]) -> list[Line]:
    """Lines, a heading that was broken over two lines of a narrow column made whole."""
    out: list[Line] = []
    for line in column:
        last = out[-1] if out else None
        if last is not None and not line.gap and not line.bullet and not last.bullet and _look(last) == _look(line):
            joined = f"{last.text} {line.text}"
            if (line.level or line.bold or line.text.isupper()) and section_of(joined) is not None:
                out[-1] = Line(joined, last.level, False, last.gap, ((joined, last.bold),))
                continue
        out.append(line)
    return out


def _look(line: Line) -> tuple[int, bool, bool]:
    """What headings of one CV have in common."""
    return line.level, line.bold, line.text.isupper()


def _heading_style(lines: list[Line]) -> tuple[int, bool, bool] | None:
    """The look of the headings that are known, when it sets them apart."""
    looks = [_look(line) for line in lines if not line.bullet and section_of(line.text) is not None]
    if len(looks) < 2:
        return None
    usual = max(set(looks), key=looks.count)
    return usual if usual[0] >= 2 or usual[2] else None


def _opens(line: Line, style: tuple[int, bool, bool] | None) -> Section | None:
    """The section that a line opens; an unknown heading that looks like the others opens OTHER."""
    if line.bullet or "\t" in line.text:
        return None
    section = section_of(line.text)
    if section is not None:
        return section
    if style is None or _look(line) != style or len(line.text) > _LONGEST_HEADING or line.level == 3:
        return None
    speaks = lexicon.is_title(line.text) or lexicon.is_company(line.text) or lexicon.is_school(line.text)
    if speaks or lexicon.is_degree(line.text) or dates.spans(line.text) or any(c in line.text for c in "@,:;|"):
        return None
    return Section.OTHER
