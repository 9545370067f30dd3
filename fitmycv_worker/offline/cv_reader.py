"""Reads the marked text of a CV into fields, by rules: it copies, sorts and splits, and writes nothing."""

import re
from collections.abc import Sequence

from fitmycv_worker.offline import contact, cv_lines, entries, lexicon, lists
from fitmycv_worker.offline.cv_lines import Block, Line
from fitmycv_worker.offline.entries import Entry, Part
from fitmycv_worker.pipelines.pdf_import.headings import Section
from fitmycv_worker.pipelines.pdf_import.schemas import (
    ExtraWord,
    ReadCv,
    ReadExtra,
    ReadJob,
    ReadProject,
    ReadStudy,
)

_RESULT = re.compile(
    r"\d\s?%|[€$£]\s?\d|\d\s?(?:k|m|mio|million\w*|milliard\w*)?\s?(?:€|eur\b|\$|usd|k€|m€)|\bx\s?\d|\d\s?x\b|\d+\s?(?:→|->)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"\s(?:in|en|of(?! (?:Science|Arts|Engineering|Business|Laws|Technology)\b)|der|de l['’]|de)\s+"
    r"(?P<field>\S.*)$"
)
_DIPLOMA = re.compile(r"dipl[oô]m|degree|baccalaur|zeugnis|certifica|titul|abschluss|\bBTS\b|\bDUT\b", re.IGNORECASE)
_EXTRAS: dict[Section, ExtraWord] = {
    Section.CERTIFICATION: "certification",
    Section.AWARD: "award",
    Section.PUBLICATION: "publication",
    Section.VOLUNTEERING: "volunteering",
    Section.INTEREST: "interest",
    Section.LICENCE: "licence",
    Section.REFERENCE: "reference",
    Section.OTHER: "other",
}
_SKILL_SECTIONS = (Section.SKILLS, Section.TOOLS, Section.METHODOLOGIES, Section.SOFT_SKILLS)
_SENTENCE = 60  # characters


def read(text: str) -> ReadCv:
    """The fields of a CV."""
    parsed = cv_lines.parse(text)
    name, title = contact.name_and_title(parsed)
    city, region, country = contact.place(parsed)
    blocks = parsed.blocks

    def under(*sections: Section) -> list[Block]:
        return [block for block in blocks if block.section in sections]

    return ReadCv(
        full_name=name,
        current_title=title,
        email=contact.email(parsed, text),
        phone=contact.phone(parsed),
        city=city,
        region=region,
        country=country,
        links=contact.links(parsed),
        summary=_summary(blocks),
        skills=lists.read_skills(under(*_SKILL_SECTIONS)),
        experience=_jobs(under(Section.EXPERIENCE)),
        education=_studies(under(Section.EDUCATION)),
        languages=lists.read_languages(under(Section.LANGUAGES)),
        projects=_projects(under(Section.PROJECTS)),
        extras=_extras(blocks),
    )


def _summary(blocks: Sequence[Block]) -> str | None:
    """The introduction: its section, else the sentences before the first heading."""
    own = [line.text for block in blocks if block.section is Section.SUMMARY for line in block.lines]
    if not own:
        own = [
            line.text
            for block in blocks
            if block.section is None
            for line in block.lines
            if len(line.text) > _SENTENCE
            and "\t" not in line.text
            and not contact.EMAIL.search(line.text)
            and line.text.count(" ") > 8
        ][:1]
    return " ".join(text.replace("\t", " ") for text in own) or None


# --- jobs -----------------------------------------------------------------------------------------


def _jobs(blocks: Sequence[Block]) -> list[ReadJob]:
    """The jobs, titles told from employers by their words or else by the order the CV uses."""
    found = [_widened(entry) for block in blocks for entry in entries.entries(block.lines)]
    found = [entry for entry in found if entry.parts]
    title_first = _order(found)
    return [_job(entry, title_first) for entry in found]


def _widened(entry: Entry) -> Entry:
    """The entry, with a heading of one part cut further so that title and employer come apart."""
    if len(entry.parts) == 1 or (len(entry.parts) == 2 and sum(lexicon.is_title(p.text) for p in entry.parts) != 1):
        parts = entries.split_weakly(entry.parts)
        if len(parts) > len(entry.parts) and (len(entry.parts) == 1 or any(lexicon.is_title(p.text) for p in parts)):
            entry.parts = parts
    return entry


def _order(found: Sequence[Entry]) -> bool:
    """Whether titles come before employers in this CV, by the entries that leave no doubt."""
    votes = 0
    for entry in found:
        titles = [n for n, part in enumerate(entry.parts[:3]) if lexicon.is_title(part.text)]
        if len(titles) == 1 and len(entry.parts) > 1:
            votes += 1 if titles[0] == 0 else -1
    return votes >= 0


def _job(entry: Entry, title_first: bool) -> ReadJob:
    """One job."""
    title, company, rest = _title_and_company(entry.parts, title_first)
    city = entry.city
    if city is None and rest and rest[-1].comma and len(rest[-1].text.split()) <= 3 and rest[-1].text[:1].isupper():
        city = rest.pop().text
    bullets, description = _bullets_and_text(entry)
    results = [bullet for bullet in bullets if _RESULT.search(bullet)]
    start, end = entry.start, entry.end
    return ReadJob(
        title=title,
        company=company,
        department_or_client=rest[0].text if rest and len(rest[0].text) < 60 else None,
        start=start or end if end != "present" else start,
        end=end,
        city=city,
        region=entry.region,
        country=entry.country,
        description=description,
        responsibilities=[bullet for bullet in bullets if bullet not in results],
        deliverables=results,
        skills_used=entry.stack,
    )


def _title_and_company(parts: Sequence[Part], title_first: bool) -> tuple[str | None, str | None, list[Part]]:
    """Which part is the title and which the employer; the rest."""
    if not parts:
        return None, None, []
    if len(parts) == 1:
        only = parts[0].text
        return (only, None, []) if lexicon.is_title(only) or not lexicon.is_company(only) else (None, only, [])
    likely = [n for n, part in enumerate(parts[:4]) if lexicon.is_title(part.text)]
    sure = [n for n in likely if not lexicon.is_company(parts[n].text)]
    chosen = (sure or likely)[0] if likely else (0 if title_first else 1)
    if len(likely) > 1 and not title_first and sure:
        chosen = sure[-1] if sure[-1] > 0 else sure[0]
    others = [n for n in range(len(parts)) if n != chosen]
    named = [n for n in others if lexicon.is_company(parts[n].text)]
    company = (named or others)[0]
    rest = [parts[n] for n in others if n != company]
    return parts[chosen].text, parts[company].text, rest


def _bullets_and_text(entry: Entry) -> tuple[list[str], str | None]:
    """What was done, line by line, and the text around it; sentences without bullets count as lines."""
    if entry.bullets:
        return entry.bullets, " ".join(entry.prose) or None
    if len(entry.prose) > 1:
        return entry.prose, None
    return [], " ".join(entry.prose) or None


# --- studies --------------------------------------------------------------------------------------


def _studies(blocks: Sequence[Block]) -> list[ReadStudy]:
    """The degrees and trainings."""
    found = [entry for block in blocks for entry in entries.entries(_unbulleted(block.lines)) if entry.parts]
    degree_first = _degree_order(found)
    return [_study(entry, degree_first) for entry in found]


def _unbulleted(lines: Sequence[Line]) -> list[Line]:
    """Lines without their bullets when every line is one: a list of degrees."""
    if lines and all(line.bullet for line in lines):
        return [Line(line.text, line.level, False, line.gap, line.pieces) for line in lines]
    return list(lines)


def _degree_order(found: Sequence[Entry]) -> bool:
    """Whether degrees come before schools in this CV."""
    votes = 0
    for entry in found:
        kinds = [_is_study(part.text) for part in entry.parts[:2]]
        if kinds == [True, False]:
            votes += 1
        elif kinds == [False, True]:
            votes -= 1
    return votes >= 0


def _is_study(text: str) -> bool:
    """Whether a part names a diploma rather than a school."""
    if not lexicon.is_degree(text):
        return False
    return not lexicon.is_school(text) or bool(_FIELD.search(text) or _DIPLOMA.search(text))


def _study(entry: Entry, degree_first: bool) -> ReadStudy:
    """One degree."""
    parts = entry.parts
    if len(parts) == 1:
        parts = entries.split_weakly(parts)
    school = _school(parts, degree_first)
    rest = [part for n, part in enumerate(parts) if n != school]
    degree_at = next((n for n, part in enumerate(rest) if lexicon.is_degree(part.text)), 0 if rest else None)
    degree = rest.pop(degree_at).text if degree_at is not None else None
    field = rest[0].text if rest and not lexicon.is_school(rest[0].text) else None
    if field is not None and degree and field.startswith(f"{degree} "):
        field = field.removeprefix(degree).strip().split(" ", 1)[-1]
    head, comma, tail = (degree or "").partition(", ")
    if field is None and comma and lexicon.is_degree(head):
        degree, field = head, tail
    if field is None and degree and (inside := _FIELD.search(degree)):
        field = inside.group("field")
    details = [*(part.text for part in rest if part.text != field), *entry.prose, *entry.bullets]
    return ReadStudy(
        institution=parts[school].text if school is not None else None,
        degree=degree,
        field_of_study=field,
        start=entry.start,
        end=entry.end,
        city=entry.city,
        region=entry.region,
        country=entry.country,
        details=details,
    )


def _school(parts: Sequence[Part], degree_first: bool) -> int | None:
    """Which part is the school."""
    named = [n for n, part in enumerate(parts) if lexicon.is_school(part.text)]
    clear = [n for n in named if not _is_study(parts[n].text)]
    if clear or named:
        return (clear or named)[0]
    others = [n for n, part in enumerate(parts) if not lexicon.is_degree(part.text)]
    if len(parts) == 1:
        return others[0] if others else None
    if not others:
        return None
    wanted = 1 if degree_first else 0
    return wanted if wanted in others else others[0]


# --- the rest -------------------------------------------------------------------------------------


def _projects(blocks: Sequence[Block]) -> list[ReadProject]:
    """The projects."""
    out = []
    for entry in (entry for block in blocks for entry in entries.entries(block.lines)):
        url = next(
            (
                found.group()
                for text in (*(p.text for p in entry.parts), *entry.prose)
                if (found := contact.URL.search(text))
            ),
            None,
        )
        parts = [part for part in entry.parts if not contact.URL.fullmatch(part.text)]
        if not parts and not entry.prose:
            continue
        out.append(
            ReadProject(
                name=parts[0].text if parts else None,
                role=parts[1].text if len(parts) > 1 else None,
                start=entry.start,
                end=entry.end,
                summary=" ".join(text for text in entry.prose if not contact.URL.fullmatch(text)) or None,
                lines=entry.bullets,
                tech_stack=entry.stack,
                url=url,
            )
        )
    return out


def _extras(blocks: Sequence[Block]) -> list[ReadExtra]:
    """Everything that stands under a heading without fields of its own."""
    found: list[ReadExtra] = []
    for block in blocks:
        kind = _EXTRAS.get(block.section) if block.section else None
        if kind is not None:
            found += lists.read_extras(block, kind)
    return found
