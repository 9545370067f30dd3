"""What a match score is made of: the result that is stored, shown and compared."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from fitmycv_admin.domain.cvs.document import Where
from fitmycv_admin.domain.cvs.offer_document import Importance

FORMULA = "2026-11"
ROLE_ID = "role"
FIELD_ID = "field-of-study"


class Part(StrEnum):
    """The four parts of the score."""

    TECHNICAL = "technical_skills"
    EXPERIENCE = "experience"
    EDUCATION = "education"
    SOFT = "soft_skills_languages"


class Kind(StrEnum):
    """What sort of thing a requirement asks for."""

    SKILL = "skill"
    YEARS = "years"
    ROLE = "role"
    RESPONSIBILITY = "responsibility"
    DEGREE = "degree"
    FIELD = "field"
    SOFT_SKILL = "soft_skill"
    LANGUAGE = "language"


class _Frozen(BaseModel):
    """What every piece of a score shares: it does not change, and it goes to JSON and back."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Proof(_Frozen):
    """A claim that an item of the CV answers a requirement, with the words of that item."""

    requirement_id: str
    item_id: str
    quote: str


class Evidence(_Frozen):
    """A proof that was checked: these words do stand in that item of that section."""

    item_id: str
    where: Where
    quote: str


class Answer(_Frozen):
    """One requirement and how the CV answers it.

    `strength` is a percentage; `hundredths` of `max_hundredths` are hundredths of a point of the
    score. `need` and `have` are numbers where the requirement has some: years, diploma, language level.
    """

    requirement_id: str
    kind: Kind
    label: str
    importance: Importance
    sentence: str
    strength: int
    hundredths: int
    max_hundredths: int
    evidence: tuple[Evidence, ...] = ()
    need: float | None = None
    have: float | None = None


class ScorePart(_Frozen):
    """One of the four parts: `weight` in percent of the score (0 when the offer asks nothing here),
    `sub_score` 0 to 100, `hundredths` = weight x sub_score, `points` whole points of the score."""

    part: Part
    base_weight: int
    weight: int
    sub_score: int
    hundredths: int
    points: int
    answers: tuple[Answer, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether the offer asks for anything that this part measures."""
        return bool(self.answers)


class MissingSkill(_Frozen):
    """A skill that the offer names and the CV does not show."""

    requirement_id: str
    name: str
    kind: Kind
    importance: Importance


class MatchScore(_Frozen):
    """How well a CV answers an offer, 0 to 100, with the whole explanation.

    Hundredths of answers sum to those of their part, those of parts to `hundredths`, points of parts
    to `score`. `model_dump(mode="json")` and `model_validate` go to JSON and back.
    """

    formula: str = FORMULA
    score: int
    hundredths: int
    parts: tuple[ScorePart, ...]
    missing: tuple[MissingSkill, ...] = ()

    def part(self, which: Part) -> ScorePart:
        """The part called `which`."""
        return next(part for part in self.parts if part.part is which)
