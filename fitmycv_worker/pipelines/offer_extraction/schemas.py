"""What a model answers when it has read an offer: facts, each with the sentence that states it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ImportanceWord = Literal["required", "nice"]
DegreeWord = Literal["vocational", "secondary", "short_cycle", "bachelor", "master", "doctorate"]
LevelWord = Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"]


class _Strict(BaseModel):
    """Nothing besides the named fields, and none of them left out."""

    model_config = ConfigDict(extra="forbid")


class ReadSkill(_Strict):
    """A technical skill."""

    name: str = Field(description="As written in the sentence")
    skill_class: Literal["hard_skill", "tool", "methodology"]
    importance: ImportanceWord
    sentence: str


class ReadSoftSkill(_Strict):
    """A way of working."""

    name: str = Field(description="As written in the sentence")
    importance: ImportanceWord
    sentence: str


class ReadLanguageNeed(_Strict):
    """A language that must be spoken."""

    name: str = Field(description="As written in the sentence")
    level: LevelWord | None
    importance: ImportanceWord
    sentence: str


class ReadYears(_Strict):
    """Years of experience."""

    min_years: float
    max_years: float | None
    importance: ImportanceWord
    sentence: str


class ReadDegree(_Strict):
    """The lowest diploma that will do."""

    level: DegreeWord
    field_of_study: str | None
    importance: ImportanceWord
    sentence: str


class ReadSalary(_Strict):
    """Pay, in whole units of the currency."""

    minimum: float | None
    maximum: float | None
    currency: str | None = Field(description="ISO 4217 code")
    period: Literal["hour", "day", "month", "year"] | None
    sentence: str


class ReadOffer(_Strict):
    """A whole offer, every string copied from the text."""

    title: str | None
    company: str | None
    city: str | None
    region: str | None
    country: str | None
    contract: Literal["permanent", "fixed_term", "freelance", "internship", "apprenticeship", "temporary"] | None
    remote: Literal["full", "hybrid", "none"] | None
    salary: ReadSalary | None
    years: ReadYears | None
    education: ReadDegree | None
    languages: list[ReadLanguageNeed]
    skills: list[ReadSkill]
    soft_skills: list[ReadSoftSkill]
    responsibilities: list[str]
    benefits: list[str]
