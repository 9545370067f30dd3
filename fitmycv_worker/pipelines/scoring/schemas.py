"""What a model is given and what it answers when it compares a CV with an offer."""

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    """Nothing besides the named fields, and none of them left out."""

    model_config = ConfigDict(extra="forbid")


class Need(_Strict):
    """A requirement of the offer."""

    id: str
    kind: str
    text: str


class Passage(_Strict):
    """A piece of the CV."""

    id: str
    where: str
    text: str


class Question(_Strict):
    """An offer's requirements and a CV's passages."""

    requirements: list[Need]
    passages: list[Passage]


class Found(_Strict):
    """A passage that answers a requirement."""

    requirement_id: str
    item_id: str
    quote: str = Field(description="The words of the passage that answer it, copied")


class Answers(_Strict):
    """Every passage that answers a requirement."""

    matches: list[Found]
