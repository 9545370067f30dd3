"""The CV as a typed document: what is stored, shown, scored and exported."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from fitmycv_admin.vocabulary import CvLanguage

SCHEMA_VERSION = 1
PRESENT = "present"
_ID_BYTES = 5

ItemId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{4,24}$")]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8000)]
PartialDate = Annotated[str, StringConstraints(pattern=r"^(19|20)\d\d(-(0[1-9]|1[0-2]))?$")]
EndDate = Annotated[str, StringConstraints(pattern=r"^((19|20)\d\d(-(0[1-9]|1[0-2]))?|present)$")]


def new_item_id() -> str:
    """A short id, unique enough inside one document, that an item keeps for life."""
    return secrets.token_hex(_ID_BYTES)


class Cefr(StrEnum):
    """How well a language is spoken, lowest first."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"
    C1 = "C1"
    C2 = "C2"
    NATIVE = "native"

    @property
    def rank(self) -> int:
        """1 for A1 up to 7 for a mother tongue."""
        return list(Cefr).index(self) + 1


class ExtraKind(StrEnum):
    """What an item outside the usual sections is."""

    CERTIFICATION = "certification"
    AWARD = "award"
    PUBLICATION = "publication"
    VOLUNTEERING = "volunteering"
    INTEREST = "interest"
    LICENCE = "licence"
    REFERENCE = "reference"
    PREFERENCE = "preference"
    OTHER = "other"


class _Part(BaseModel):
    """What every part of the document shares: no unknown field, text without outer spaces."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Item(_Part):
    """A part that has an id of its own."""

    id: ItemId = Field(default_factory=new_item_id)


class Place(_Part):
    """A town, its region and its country (ISO 3166-1 alpha-2)."""

    city: Short | None = None
    region: Short | None = None
    country_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None

    @property
    def is_empty(self) -> bool:
        """True when nothing is known of the place."""
        return not (self.city or self.region or self.country_code)


class Link(Item):
    """A web address with the label the person gave it."""

    label: Short | None = None
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000)]


class Contact(_Part):
    """How to reach the person."""

    email: Short | None = None
    phone: Short | None = None
    location: Place = Field(default_factory=Place)
    links: list[Link] = Field(default_factory=list, max_length=40)


class Header(_Part):
    """Who the person is."""

    full_name: Short | None = None
    current_title: Short | None = None
    contact: Contact = Field(default_factory=Contact)


class Summary(Item):
    """The introduction, in the person's words."""

    description: Prose | None = None


class Skill(Item):
    """A skill with a level from 0 (awareness) to 5 (expert), or none given."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    proficiency: Annotated[int, Field(ge=0, le=5)] | None = None


class Term(Item):
    """A skill that carries no level."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Skills(_Part):
    """The four classes of skills."""

    hard_skills: list[Skill] = Field(default_factory=list, max_length=300)
    tools: list[Skill] = Field(default_factory=list, max_length=300)
    methodologies: list[Term] = Field(default_factory=list, max_length=300)
    soft_skills: list[Term] = Field(default_factory=list, max_length=300)


class Line(Item):
    """One bullet."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class Experience(Item):
    """A job: what was done is a responsibility, what came out of it with a figure is a deliverable."""

    title: Short | None = None
    company: Short | None = None
    department_or_client: Short | None = None
    start_date: PartialDate | None = None
    end_date: EndDate | None = None
    location: Place = Field(default_factory=Place)
    description: Prose | None = None
    responsibilities: list[Line] = Field(default_factory=list, max_length=200)
    deliverables: list[Line] = Field(default_factory=list, max_length=200)
    skills_used: list[Term] = Field(default_factory=list, max_length=200)


class Education(Item):
    """A degree or a training."""

    institution: Short | None = None
    degree: Short | None = None
    field_of_study: Short | None = None
    start_date: PartialDate | None = None
    end_date: EndDate | None = None
    location: Place = Field(default_factory=Place)
    details: list[Line] = Field(default_factory=list, max_length=100)


class LanguageSkill(Item):
    """A language, the level as written, and its place on the European scale where the words say it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    level: Short | None = None
    cefr: Cefr | None = None
    certification: Short | None = None


class Project(Item):
    """Work outside a job."""

    name: Short | None = None
    role: Short | None = None
    start_date: PartialDate | None = None
    end_date: EndDate | None = None
    summary: Prose | None = None
    lines: list[Line] = Field(default_factory=list, max_length=100)
    tech_stack: list[Term] = Field(default_factory=list, max_length=100)
    url: Short | None = None


class Extra(Item):
    """Anything else; `section` keeps the heading it stood under, so that no text is lost."""

    kind: ExtraKind = ExtraKind.OTHER
    section: Short | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    summary: Prose | None = None


class CvDocument(_Part):
    """A whole CV. Every item has an id that is unique in the document."""

    schema_version: Literal[1] = SCHEMA_VERSION
    language: CvLanguage | None = None
    header: Header = Field(default_factory=Header)
    summary: Summary = Field(default_factory=Summary)
    skills: Skills = Field(default_factory=Skills)
    experience: list[Experience] = Field(default_factory=list, max_length=100)
    education: list[Education] = Field(default_factory=list, max_length=100)
    languages: list[LanguageSkill] = Field(default_factory=list, max_length=50)
    projects: list[Project] = Field(default_factory=list, max_length=100)
    extras: list[Extra] = Field(default_factory=list, max_length=300)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "CvDocument":
        seen: set[str] = set()
        for item in walk(self):
            if item.id in seen:
                raise ValueError(f"two items have the id {item.id}")
            seen.add(item.id)
        return self


def walk(part: BaseModel) -> Iterator[Item]:
    """Every item below `part`, in reading order, parents before children."""
    if isinstance(part, Item):
        yield part
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from walk(value)
        elif isinstance(value, list):
            for child in value:
                if isinstance(child, BaseModel):
                    yield from walk(child)


class Where(StrEnum):
    """Which part of a CV a passage stands in."""

    HEADER = "header"
    SUMMARY = "summary"
    SKILLS = "skills"
    EXPERIENCE = "experience"
    EDUCATION = "education"
    LANGUAGES = "languages"
    PROJECTS = "projects"
    EXTRAS = "extras"


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text of a CV: the item it belongs to, its section, and its words."""

    item_id: str
    where: Where
    text: str


HEADER_ID = "header"


def passages(cv: CvDocument) -> list[Passage]:
    """Every text of the CV that may prove something, in reading order; contact details left out.

    The header has no id of its own and goes by `HEADER_ID`. Text of a job or a project that is not
    a bullet (title, employer, description) belongs to the job itself.
    """
    found = [Passage(HEADER_ID, Where.HEADER, cv.header.current_title or "")]
    found.append(Passage(cv.summary.id, Where.SUMMARY, cv.summary.description or ""))
    for group in (cv.skills.hard_skills, cv.skills.tools, cv.skills.methodologies, cv.skills.soft_skills):
        found += [Passage(skill.id, Where.SKILLS, skill.name) for skill in group]
    for where, items in (
        (Where.EXPERIENCE, cv.experience),
        (Where.PROJECTS, cv.projects),
        (Where.EDUCATION, cv.education),
        (Where.LANGUAGES, cv.languages),
        (Where.EXTRAS, cv.extras),
    ):
        for item in items:
            for part in walk(item):
                found.append(Passage(part.id, where, _own_text(part)))
    return [passage for passage in found if passage.text]


_NOT_PROSE = {"id", "start_date", "end_date", "cefr", "kind", "url"}


def _own_text(part: Item) -> str:
    """The words of an item without those of its children."""
    values = (getattr(part, name) for name in type(part).model_fields if name not in _NOT_PROSE)
    return re.sub(r"\s+", " ", " · ".join(value for value in values if isinstance(value, str) and value))


def is_empty(cv: CvDocument) -> bool:
    """True when the document says nothing about anybody."""
    return not (cv.header.full_name or cv.experience or cv.education or passages(cv))
