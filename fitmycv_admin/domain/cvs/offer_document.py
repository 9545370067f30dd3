"""The job offer as a typed document: each requirement keeps the sentence it was read in."""

from enum import IntEnum, StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from fitmycv_admin.domain.cvs import document
from fitmycv_admin.vocabulary import CvLanguage

SCHEMA_VERSION = 1

Short = document.Short
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Contract(StrEnum):
    """How the job is held."""

    PERMANENT = "permanent"
    FIXED_TERM = "fixed_term"
    FREELANCE = "freelance"
    INTERNSHIP = "internship"
    APPRENTICESHIP = "apprenticeship"
    TEMPORARY = "temporary"


class Remote(StrEnum):
    """How much of the work is done away from the office."""

    FULL = "full"
    HYBRID = "hybrid"
    NONE = "none"


class SalaryPeriod(StrEnum):
    """What a salary is paid for."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Importance(StrEnum):
    """Whether the offer insists."""

    REQUIRED = "required"
    NICE = "nice"


class SkillClass(StrEnum):
    """The classes of technical skills."""

    HARD_SKILL = "hard_skill"
    TOOL = "tool"
    METHODOLOGY = "methodology"


class DegreeLevel(IntEnum):
    """The ladder of diplomas, comparable across countries."""

    VOCATIONAL = 1
    SECONDARY = 2
    SHORT_CYCLE = 3
    BACHELOR = 4
    MASTER = 5
    DOCTORATE = 6


class _Part(BaseModel):
    """What every part of the document shares."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Requirement(document.Item):
    """Something the offer asks for, with the exact sentence that asks."""

    importance: Importance = Importance.REQUIRED
    sentence: Sentence


class SkillRequirement(Requirement):
    """A technical skill, a tool or a method."""

    name: Name
    skill_class: SkillClass = SkillClass.HARD_SKILL


class SoftSkillRequirement(Requirement):
    """A way of working."""

    name: Name


class LanguageRequirement(Requirement):
    """A language and the lowest level that will do, where the offer says one."""

    name: Name
    code: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = None
    cefr: document.Cefr | None = None


class YearsRequirement(Requirement):
    """Years of experience; `max_years` only where the offer gives a range."""

    min_years: Annotated[float, Field(ge=0, le=50)]
    max_years: Annotated[float, Field(ge=0, le=50)] | None = None


class EducationRequirement(Requirement):
    """The lowest diploma that will do."""

    level: DegreeLevel
    field_of_study: Short | None = None


class Responsibility(document.Item):
    """What the person will do."""

    sentence: Sentence


class Salary(_Part):
    """Pay in cents of the currency (ISO 4217), and the words it was read in."""

    min_cents: Annotated[int, Field(ge=0)] | None = None
    max_cents: Annotated[int, Field(ge=0)] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    period: SalaryPeriod | None = None
    sentence: Sentence


class OfferDocument(_Part):
    """A whole offer. Every requirement has an id that is unique in the document."""

    schema_version: Literal[1] = SCHEMA_VERSION
    language: CvLanguage | None = None
    title: Short | None = None
    company: Short | None = None
    location: document.Place = Field(default_factory=document.Place)
    contract: Contract | None = None
    remote: Remote | None = None
    salary: Salary | None = None
    years: YearsRequirement | None = None
    education: EducationRequirement | None = None
    languages: list[LanguageRequirement] = Field(default_factory=list, max_length=20)
    skills: list[SkillRequirement] = Field(default_factory=list, max_length=200)
    soft_skills: list[SoftSkillRequirement] = Field(default_factory=list, max_length=60)
    responsibilities: list[Responsibility] = Field(default_factory=list, max_length=80)
    benefits: list[Responsibility] = Field(default_factory=list, max_length=80)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "OfferDocument":
        ids = [item.id for item in document.walk(self)]
        if len(ids) != len(set(ids)):
            raise ValueError("two requirements have the same id")
        return self


def required_skills(offer: OfferDocument) -> list[SkillRequirement]:
    """The technical skills the offer insists on."""
    return [skill for skill in offer.skills if skill.importance is Importance.REQUIRED]


def nice_skills(offer: OfferDocument) -> list[SkillRequirement]:
    """The technical skills the offer would welcome."""
    return [skill for skill in offer.skills if skill.importance is Importance.NICE]


def is_usable(offer: OfferDocument) -> bool:
    """True when there is a title and something to compare a CV with."""
    asks = offer.skills or offer.soft_skills or offer.languages or offer.years or offer.education
    return bool(offer.title and (asks or offer.responsibilities))
