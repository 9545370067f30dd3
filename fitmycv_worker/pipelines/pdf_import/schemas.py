"""What a model answers when it has read a CV: strings copied from it, put in their place."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ExtraWord = Literal[
    "certification", "award", "publication", "volunteering", "interest", "licence", "reference", "preference", "other"
]


class _Strict(BaseModel):
    """Nothing besides the named fields, and none of them left out."""

    model_config = ConfigDict(extra="forbid")


class ReadLink(_Strict):
    """A web address."""

    label: str | None = Field(description="Its name as written, such as LinkedIn")
    url: str


class ReadSkills(_Strict):
    """Skills in four classes."""

    hard_skills: list[str] = Field(description="Knowledge and languages, such as Python or accounting")
    tools: list[str] = Field(description="Products, software and machines")
    methodologies: list[str] = Field(description="Methods and norms, such as Scrum or ISO 9001")
    soft_skills: list[str] = Field(description="Ways of working with others")


class ReadJob(_Strict):
    """A job."""

    title: str | None
    company: str | None
    department_or_client: str | None
    start: str | None = Field(description="YYYY-MM, or YYYY when no month is written")
    end: str | None = Field(description="YYYY-MM, YYYY, or present")
    city: str | None
    region: str | None
    country: str | None
    description: str | None = Field(description="Text that is not a bullet")
    responsibilities: list[str] = Field(description="Bullets without a measured result")
    deliverables: list[str] = Field(description="Bullets with a measured result")
    skills_used: list[str] = Field(description="Technologies listed with this job")


class ReadStudy(_Strict):
    """A degree or a training."""

    institution: str | None
    degree: str | None
    field_of_study: str | None
    start: str | None
    end: str | None
    city: str | None
    region: str | None
    country: str | None
    details: list[str]


class ReadLanguage(_Strict):
    """A language."""

    name: str
    level: str | None
    certification: str | None


class ReadProject(_Strict):
    """A project outside a job."""

    name: str | None
    role: str | None
    start: str | None
    end: str | None
    summary: str | None
    lines: list[str]
    tech_stack: list[str]
    url: str | None


class ReadExtra(_Strict):
    """Anything else."""

    kind: ExtraWord
    section: str | None = Field(description="The heading it stands under")
    name: str
    summary: str | None


class ReadCv(_Strict):
    """A whole CV, every string copied from the text."""

    full_name: str | None
    current_title: str | None
    email: str | None
    phone: str | None
    city: str | None
    region: str | None
    country: str | None
    links: list[ReadLink]
    summary: str | None
    skills: ReadSkills
    experience: list[ReadJob]
    education: list[ReadStudy]
    languages: list[ReadLanguage]
    projects: list[ReadProject]
    extras: list[ReadExtra]
