"""Sections that are lists: skills, languages, and everything that has no fields of its own."""

import re
from collections.abc import Sequence

from fitmycv_admin.domain.cvs import ladders, wording
from fitmycv_worker.offline import entries, skills
from fitmycv_worker.offline.cv_lines import Block, Line
from fitmycv_worker.pipelines.pdf_import.headings import Section, section_of
from fitmycv_worker.pipelines.pdf_import.schemas import ExtraWord, ReadExtra, ReadLanguage, ReadSkills

_LABELLED = re.compile(r"^(?P<label>[^:\t]{2,40}?)\s*:\s*(?P<rest>.*)$")
_LEVEL = re.compile(
    r"\s*[(\[–—:-]*\s*(?:\b(?:expert|advanced|intermediate|beginner|basic|proficient|avanc[ée]e?|interm[ée]diaire|"
    r"d[ée]butante?|confirm[ée]e?|ma[îi]tris[ée]e?|notions|grundkenntnisse|fortgeschritten|experte|sehr gut|gut"
    r"|avanzad[oa]|intermedi[oa]|"
    r"b[áa]sic[oa]|experto|principiante|fluent|niveau \w+|level \d|\d\s?/\s?\d{1,2}|\d{1,3}\s?%)\b\.?"
    r"|[●○★☆■□▪▫⬤◯]{2,}[\s●○★☆■□▪▫⬤◯]*)"
    r"\s*[)\]]*\s*$",
    re.IGNORECASE,
)
_JUST_A_LEVEL = re.compile(
    r"^(?:expert|advanced|intermediate|beginner|basic|proficient|avanc[ée]e?|interm[ée]diaire|d[ée]butante?|experte|"
    r"fortgeschritten|avanzado|intermedio|b[áa]sico|experto|confirm[ée]e?)$",
    re.IGNORECASE,
)
_CERTIFICATE = re.compile(
    r"\b(?:TOEIC|TOEFL|IELTS|DELF|DALF|DELE|TestDaF|Goethe[\w -]*|Cambridge[\w ]*|CAE|FCE|CPE|BULATS|Linguaskill|TELC|"
    r"SIELE|DSH|First Certificate)\b[^,;|()\n]*",
    re.IGNORECASE,
)
_CLASS_OF = {Section.TOOLS: "tools", Section.METHODOLOGIES: "methodologies", Section.SOFT_SKILLS: "soft_skills"}
_KIND_OF = {
    skills.Kind.HARD: "hard_skills",
    skills.Kind.TOOL: "tools",
    skills.Kind.METHOD: "methodologies",
    skills.Kind.SOFT: "soft_skills",
}
_WORDS_IN_A_SKILL = 7


def read_skills(blocks: Sequence[Block]) -> ReadSkills:
    """Every skill of the skill sections, in the class its heading, its label or the list of skills gives."""
    found: dict[str, list[str]] = {"hard_skills": [], "tools": [], "methodologies": [], "soft_skills": []}
    seen: set[str] = set()
    for block in blocks:
        forced = _CLASS_OF.get(block.section) if block.section else None
        for name, label in _skill_names(block.lines):
            key = wording.folded(name)
            if not key or key in seen:
                continue
            seen.add(key)
            known = skills.classify(name)
            by_label = _CLASS_OF.get(label) if label else None
            found[by_label or forced or (_KIND_OF[known.kind] if known else "hard_skills")].append(name)
    return ReadSkills(**found)


def _skill_names(lines: Sequence[Line]) -> list[tuple[str, Section | None]]:
    """Each skill with the section that its label names, if any."""
    found: list[tuple[str, Section | None]] = []
    label: Section | None = None
    titled = _has_group_titles(lines)
    whole = _continued([line for line in lines if not _JUST_A_LEVEL.match(line.text.strip())])
    for index, (text, line) in enumerate(whole):
        if _is_group_title(whole, index):
            label = section_of(text)
            continue
        labelled = _LABELLED.match(text)
        if line.gap:
            label = None
        if labelled:
            label = section_of(labelled.group("label"))
            text = labelled.group("rest")
        elif titled and (line.bold or line.level):
            label = section_of(text)
            continue
        for item in entries.split_list(text):
            found.extend((name, label) for name in _names_in(item))
    return found


def _is_group_title(whole: Sequence[tuple[str, Line]], index: int) -> bool:
    """Whether a line without a list starts a group: a gap above, a list of several below."""
    text, line = whole[index]
    if line.bullet or (index > 0 and not line.gap) or index + 1 == len(whole) or len(entries.split_list(text)) > 1:
        return False
    below, following = whole[index + 1]
    return not following.gap and not following.bullet and len(entries.split_list(below)) > 1 and ":" not in text


def _has_group_titles(lines: Sequence[Line]) -> bool:
    """Whether bold lines without lists stand above lines that are not bold: titles of groups."""
    strong = [line for line in lines if (line.bold or line.level) and "," not in line.text and not line.bullet]
    return bool(strong) and len(strong) < len(lines) and strong[-1] is not lines[-1]


def _continued(lines: Sequence[Line]) -> list[tuple[str, Line]]:
    """Lines, a list that goes on over a line break made whole."""
    out: list[tuple[str, Line]] = []
    for line in lines:
        if out and not line.bullet and not line.gap and out[-1][0].rstrip().endswith((",", ";")):
            out[-1] = (f"{out[-1][0]} {line.text}", out[-1][1])
        else:
            out.append((line.text, line))
    return out


def _names_in(item: str) -> list[str]:
    """A list item without its level; one with a bracketed list gives both."""
    item = _LEVEL.sub("", item).strip(" .:-–—●○★☆")
    if not item or _JUST_A_LEVEL.match(item) or not any(c.isalnum() for c in item):
        return []
    inner = re.match(r"^(?P<name>[^()]+)\((?P<list>[^()]*,[^()]*)\)$", item)
    if inner:
        return [inner.group("name").strip(), *entries.split_list(inner.group("list"))]
    return [item] if len(item.split()) <= _WORDS_IN_A_SKILL and not item.isdigit() else []


def read_languages(blocks: Sequence[Block]) -> list[ReadLanguage]:
    """Every language named, with the words that follow it up to the next as its level."""
    found: list[ReadLanguage] = []
    text = "\n".join(line.text for block in blocks for line in block.lines)
    names = [match for match in re.finditer(r"[^\W\d_]+", text) if _is_language(match.group())]
    for index, match in enumerate(names):
        after = text[match.end() : names[index + 1].start() if index + 1 < len(names) else len(text)]
        if any(wording.folded(match.group()) == wording.folded(other.name) for other in found):
            continue
        certificate = _CERTIFICATE.search(after)
        level = after.replace(certificate.group(), " ") if certificate else after
        found.append(
            ReadLanguage(
                name=match.group(),
                level=_level(level),
                certification=certificate.group().strip(" .-") if certificate else None,
            )
        )
    return found


def _is_language(word: str) -> bool:
    """Whether a word is the name of a language; short ones only when capitalised."""
    return wording.folded(word) in ladders.LANGUAGE_NAMES and (word[:1].isupper() or len(word) > 4)


def _level(text: str) -> str | None:
    """The words about a level, on one line, without separators around them."""
    text = re.sub(r"[●○★☆■□▪▫⬤◯]+", " ", text)
    text = re.sub(r"\([^()]*\)", lambda inside: inside.group().replace("\n", " "), text)
    first = next((line for line in re.split(r"[\n\t;|•·]", text) if any(c.isalnum() for c in line)), "")
    first = re.sub(r"^[\s,:–—-]+|[\s,:–—-]+$", "", first).strip()
    if first.startswith("(") and first.endswith(")"):
        first = first[1:-1]
    first = re.sub(r"\(\s*\)", "", first).strip(" ,")
    return first if first and len(first) <= 60 else None


def read_extras(block: Block, kind: ExtraWord) -> list[ReadExtra]:
    """The items of a section without fields: bullets, or groups of lines."""
    if kind == "interest":
        items = [item for line in block.lines for item in entries.split_list(line.text)]
        return [ReadExtra(kind=kind, section=block.title, name=item, summary=None) for item in items]
    groups: list[list[Line]] = []
    several = any(line.gap for line in block.lines[1:])
    for line in block.lines:
        joins = groups and not line.bullet and not line.gap and (several or line.text[:1].islower())
        if joins:
            groups[-1].append(line)
        else:
            groups.append([line])
    out = []
    for group in groups:
        name, _, beside = group[0].text.partition("\t")
        below = " ".join(line.text.replace("\t", " ") for line in group[1:])
        out.append(ReadExtra(kind=kind, section=block.title, name=name, summary=beside or below or None))
        if beside and below:  # what stands beside and what stands below are two texts, never one
            out.append(ReadExtra(kind=kind, section=block.title, name=below, summary=None))
    return out
