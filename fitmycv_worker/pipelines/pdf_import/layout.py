"""Puts the runs of a PDF into reading order: columns, lines, paragraphs, with hints of how they looked.

The text it makes is what any model reads. `# `, `## ` and `### ` start lines set larger than the rest, `**` wraps
bold, a tab is a wide gap within a line, `- ` starts a bullet, an empty line is a gap between lines,
`<column>` starts a column; addresses behind links follow at the end after `<links>`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from fitmycv_worker.pipelines.pdf_import import dates
from fitmycv_worker.pipelines.pdf_import.headings import section_of
from fitmycv_worker.pipelines.pdf_import.pages import Page, Pages, Run

COLUMN = "<column>"
LINKS = "<links>"
_BULLET = re.compile(r"^[•●▪■◦‣∙○➢►▶❖✓✔➤⁃·*\uf0b7\uf0a7\uf0d8\uf076\uf0fc–—-](?:\s+|$)")
_PAGE_NUMBER = re.compile(
    r"(?:^|\b(?:page|seite|pagina|página)\b|[-–—|] *)\W*\d{1,2}(?:\s*(?:/|of|sur|von|de)\s*\d{1,2})?\W*$", re.IGNORECASE
)
_OPEN_END = re.compile(  # a line that ends so goes on below
    r"(?:^|\s)(?:and|of|the|for|in|with|et|de|du|des|la|le|les|en|à|pour|und|der|die|das|zum|zur|für|mit|im|y|e|del|los"
    r"|las|para|con|&)$",
    re.IGNORECASE,
)
_ADDRESS_GOES_ON = re.compile(r"(?:^|\s)(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/(?:\S*[/-])?$", re.IGNORECASE)
_ICON = re.compile(r"[\ue000-\uf8ff]")
_MOST_IN_HEAD = 14  # runs
_SIZES = (("# ", 1.5), ("## ", 1.22), ("### ", 1.07))
_SHORT = 45  # characters
_WORD_GAP, _WIDE_GAP = 0.17, 1.15  # in letter sizes
_KEEP_HYPHEN = frozenset(
    (  # what stands before a hyphen that belongs to the word
        "front",
        "back",
        "full",
        "cloud",
        "self",
        "multi",
        "co",
        "non",
        "real",
        "open",
        "cross",
        "high",
        "low",
        "data",
        "end",
        "long",
        "short",
        "part",
        "well",
        "semi",
        "post",
        "pre",
        "ex",
        "anti",
        "inter",
        "sous",
        "auto",
        "event",
        "user",
        "test",
        "domain",
        "micro",
        "day",
        "start",
        "plan",
        "chef",
        "mi",
        "avant",
        "vice",
        "after",
        "before",
    )
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a column: text with marks, where it starts and ends, and how it looks."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    bullet: bool


def text_of(pages: Pages) -> str:
    """The text of a PDF in reading order, with the marks that the module's docstring explains."""
    body = _body_size(pages.pages)
    blocks = ["\n".join(_written(_lines(runs), body)) for runs in _columns(pages.pages)]
    text = f"\n{COLUMN}\n".join(block for block in blocks if block.strip())
    if pages.links:
        text += f"\n{LINKS}\n" + "\n".join(pages.links)
    return text


def plain(text: str) -> str:
    """`text` without the marks: what the page says."""
    bare = re.sub(rf"^(?:#+ |{COLUMN}|{LINKS})", "", text, flags=re.MULTILINE)
    return bare.replace("**", "").replace("\t", " ")


def _body_size(pages: Sequence[Page]) -> float:
    """The size most letters are set in."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for run in page.runs:
            sizes[run.size] += len(run.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


# --- columns --------------------------------------------------------------------------------------


def _columns(pages: Sequence[Page]) -> list[list[Run]]:
    """The runs of each column in reading order; a column goes on over pages."""
    blocks: list[list[Run]] = []
    aside: list[Run] = []
    main: list[Run] = []
    gutter: float | None = None
    offset = 0.0
    narrow_left = True
    for page in pages:
        runs = [replace(run, text=_cleaned(run.text), y=run.y + offset) for run in page.runs]
        runs = [run for run in runs if run.text and not _page_number(run, page, offset)]
        found = _gutter(page, runs)
        if found is None and gutter is not None and _one_sided(runs, gutter):
            found = gutter
        if found is None and gutter is None:
            main += runs
        elif found is None:
            blocks += [aside, main]
            aside, main = [], list(runs)
        else:
            head, left, right = _parted(runs, found)
            if gutter is None or abs(found - gutter) > 12:
                blocks += [aside, main]
                aside, main = [], []
                narrow_left = found < page.width / 2
            blocks.append(head)
            aside += left if narrow_left else right
            main += right if narrow_left else left
        gutter = found
        offset += page.height
    return [block for block in (*blocks, aside, main) if block]


def _cleaned(text: str) -> str:
    """`text` without icons; private bullets become bullets."""
    text = re.sub(r"^[\uf0b7\uf0a7\uf0d8\uf076\uf0fc]\s*", "• ", text)
    return _ICON.sub("", text).replace("**", "").strip()


def _page_number(run: Run, page: Page, offset: float) -> bool:
    """Whether a run at the edge of the page only counts pages."""
    edge = not 0.06 * page.height < run.y - offset < 0.94 * page.height
    return edge and bool(_PAGE_NUMBER.search(run.text))


def _one_sided(runs: Sequence[Run], gutter: float) -> bool:
    """Whether everything stands on one side of the gutter of the page before."""
    return bool(runs) and (all(run.x0 >= gutter - 3 for run in runs) or all(run.x1 <= gutter for run in runs))


def _parted(runs: Sequence[Run], gutter: float) -> tuple[list[Run], list[Run], list[Run]]:
    """What stands above both columns, in the left one and in the right one."""
    crossing = [run.y for run in runs if run.x0 < gutter - 3 and run.x1 > gutter + 3]
    first = min((run.y - run.size for run in runs if section_of(run.text)), default=-1.0)
    if sum(run.y < first for run in runs) > _MOST_IN_HEAD:
        first = -1.0
    top = max(*crossing, first, -1.0)
    head = [run for run in runs if run.y <= top + 1]
    below = [run for run in runs if run.y > top + 1]
    return head, [run for run in below if run.x0 < gutter - 3], [run for run in below if run.x0 >= gutter - 3]


def _gutter(page: Page, runs: Sequence[Run]) -> float | None:
    """Where the right column starts when there are two with headings of their own, else None."""
    starts = Counter(round(run.x0) for run in runs)
    best: tuple[float, float] | None = None
    for start in sorted(starts):
        if not 0.18 * page.width < start < 0.82 * page.width:
            continue
        if starts[start] + starts[start - 1] + starts[start + 1] < 3:
            continue
        score = _two_columns(runs, start - 2.0)
        if score is not None and (best is None or score > best[0]):
            best = (score, start - 2.0)
    return best[1] if best else None


def _two_columns(runs: Sequence[Run], start: float) -> float | None:
    """How well `start` parts the page in two columns; None when it does not."""
    crossing = sorted(run.y for run in runs if run.x0 < start - 1 and run.x1 > start + 1)
    top = _end_of_head(crossing, runs, start)
    left = [run for run in runs if run.y > top and run.x1 <= start + 1]
    right = [run for run in runs if run.y > top and run.x0 >= start - 1]
    if any(y > top for y in crossing) or min(len(left), len(right)) < 3:
        return None
    headings = [sum(section_of(run.text) is not None for run in side) for side in (left, right)]
    if min(headings) == 0:
        return None
    gap = start - max(run.x1 for run in left)
    return min(headings) * 10 + min(gap, 40) / 4 + min(len(left), len(right)) / 50 - top / 1000


def _end_of_head(crossing: Sequence[float], runs: Sequence[Run], start: float) -> float:
    """The lowest line that crosses the gutter, when both sides still have most of their text below."""
    if not crossing:
        return -1.0
    top = crossing[-1] + 1
    below = sum(run.y > top for run in runs)
    return top if below >= 0.4 * len(runs) else -1.0


# --- lines ----------------------------------------------------------------------------------------


def _lines(runs: Iterable[Run]) -> list[_Line]:
    """The runs of one column as lines from top to bottom."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (run.y, run.x0)):
        row = rows[-1] if rows else None
        if row and abs(run.y - row[0].y) <= 0.35 * max(run.size, row[0].size):
            row.append(run)
        else:
            rows.append([run])
    return [_line(row) for row in _aside_first([sorted(row, key=lambda run: run.x0) for row in rows])]


def _aside_first(rows: list[list[Run]]) -> list[list[Run]]:
    """Rows in which what stands far right of a bullet (a date, a place) comes before its list of bullets."""
    out: list[list[Run]] = []
    first, indent = 0, 0.0
    for row in rows:
        bullet = bool(_BULLET.match(row[0].text))
        inside = bullet or (indent and row[0].x0 > indent + 2 and first < len(out))
        if not inside:
            out.append(row)
            first, indent = len(out), 0.0
            continue
        if bullet and not indent:
            first, indent = len(out), row[0].x0
        split = next(
            (
                i
                for i in range(1, len(row))
                if row[i].x0 - row[i - 1].x1 > 2 * row[i].size and not (i == 1 and _BULLET.fullmatch(row[0].text))
            ),
            None,
        )
        if split is not None:
            out.insert(first, row[split:])
            first += 1
            row = row[:split]
        out.append(row)
    return out


def _line(row: Sequence[Run]) -> _Line:
    """One line of marked text."""
    text, last = "", None
    start = row[0].x0
    bullet = bool(_BULLET.match(row[0].text))
    for index, run in enumerate(row):
        words = _BULLET.sub("", run.text) if index == 0 and bullet else run.text
        if index == 1 and bullet and not text:
            start = run.x0
        if not words:
            last = run
            continue
        if last is not None and text:
            gap = run.x0 - last.x1
            text += "\t" if gap > _WIDE_GAP * run.size else " " if gap > _WORD_GAP * run.size else ""
        text += f"**{words}**" if run.bold else words
        last = run
    text = text.replace("****", "").replace("** **", " ")
    size = max(run.size for run in row)
    return _Line(text, start, max(run.x1 for run in row), row[0].y, size, all(r.bold for r in row), bullet)


def _written(lines: Sequence[_Line], body: float) -> list[str]:
    """Lines with their marks; a line that only continues the one before is joined to it."""
    if not lines:
        return []
    edge = _right_edge(lines)
    spacing = _usual_spacing(lines)
    words = _vocabulary(lines)
    out: list[str] = []
    last: _Line | None = None
    for line in lines:
        if last is not None and _wrapped(last, line, max(edge(last), edge(line)), spacing):
            out[-1] = _glued(out[-1], line.text, words)
        else:
            if last is not None and line.y - last.y > 1.35 * spacing(line.size):
                out.append("")
            out.append(_marked(line, body))
        last = line
    return out


def _right_edge(lines: Sequence[_Line]) -> Callable[[_Line], float]:
    """How far to the right lines go that start where a line starts; where few do, how far any goes."""
    by_start: dict[int, list[float]] = {}
    for line in lines:
        if "\t" not in line.text:
            by_start.setdefault(round(line.x0 / 4), []).append(line.x1)
    furthest = max(line.x1 for line in lines)

    def edge(line: _Line) -> float:
        ends = by_start.get(round(line.x0 / 4), [])
        return max(ends) if len(ends) >= 4 else furthest

    return edge


def _usual_spacing(lines: Sequence[_Line]) -> Callable[[float], float]:
    """The usual distance between two lines for a size of letters."""
    ratios = sorted((b.y - a.y) / b.size for a, b in pairwise(lines) if 0.8 < (b.y - a.y) / b.size < 2.2)
    usual = ratios[len(ratios) // 4] if ratios else 1.4
    return lambda size: usual * size


def _wrapped(last: _Line, line: _Line, right: float, spacing: Callable[[float], float]) -> bool:
    """Whether `line` goes on with the sentence of `last`: same look, and its first word had no room there."""
    if line.bullet or "\t" in line.text + last.text or abs(line.size - last.size) > 0.5:
        return False
    if line.bold != last.bold or line.y - last.y > 1.35 * spacing(line.size) or section_of(_bare(line.text)):
        return False
    if not _aligned(last, line):
        return False
    before, after = _bare(last.text), _bare(line.text)
    if before.endswith("\u00ad"):
        return True
    starts = dates.spans(after)
    if ("@" in after and "@" not in before) or (starts and starts[0].at <= 1 and starts[0].start and starts[0].end):
        return False
    goes_on = after[:1].islower() or before.endswith((",", "\u00ad")) or _OPEN_END.search(before)
    if len(before) < _SHORT and not goes_on:
        return False
    width = (line.x1 - line.x0) / max(1, len(after)) * (len(after.split(" ")[0]) + 1)
    return last.x1 + 0.8 * width > right - 2 and len(before) > 15


def _aligned(last: _Line, line: _Line) -> bool:
    """Whether two lines start together, the second hangs below a bullet, or both are centred."""
    shift = line.x0 - last.x0
    hanging = last.bullet and 0 <= shift < 3 * last.size
    centred = abs(line.x0 + line.x1 - last.x0 - last.x1) < 6
    return abs(shift) <= 4 or hanging or centred


def _bare(text: str) -> str:
    """Text without the marks of bold."""
    return text.replace("**", "")


def _glued(before: str, after: str, words: set[str]) -> str:
    """Two lines as one; the hyphen of a broken word goes, that of a compound stays."""
    if not before.endswith(("\u00ad", "\u00ad**")):
        space = "" if _ADDRESS_GOES_ON.search(before) else " "
        return f"{before}{space}{after}".replace("** **", " ")
    stem = before.replace("\u00ad", "")
    after = _bare(after) if before.startswith("#") else after
    first = re.split(r"\W+", _bare(stem))[-1].lower()
    second = re.split(r"\W+", _bare(after))[0].lower()
    known = first in _KEEP_HYPHEN or first in words or (len(second) > 4 and second in words)
    compound = known or len(first) == 1 or not second.isalpha() or not _bare(after)[:1].islower()
    return f"{stem}{'-' if compound else ''}{after}".replace("****", "")


def _vocabulary(lines: Sequence[_Line]) -> set[str]:
    """Every whole word of the column, lower case."""
    found: set[str] = set()
    broken = False
    for line in lines:
        words = re.findall(r"[^\W\d_]{3,}(?!\u00ad)\b", _bare(line.text))
        found.update(word.lower() for word in (words[1:] if broken else words))
        broken = _bare(line.text).endswith("\u00ad")
    return found


def _marked(line: _Line, body: float) -> str:
    """A line with the marks of its size and of its bullet."""
    text = line.text.replace("\u00ad", "-") if not line.text.endswith(("\u00ad", "\u00ad**")) else line.text
    if line.bullet:
        return f"- {text}"
    mark = next((mark for mark, ratio in _SIZES if line.size >= ratio * body), "")
    return f"{mark}{_bare(text)}" if mark else text
