"""Which rules answer which call; what has no rules is declined, never filled in."""

from collections.abc import Callable

from pydantic import BaseModel

from fitmycv_admin.vocabulary import CallName
from fitmycv_worker.llm import prompts
from fitmycv_worker.offline import cv_reader, matcher, offer_reader
from fitmycv_worker.pipelines.scoring.schemas import Question

MODEL = "offline-rules-1"


class Declined(Exception):
    """The rules cannot do this; the reason is for people."""


def answer(call_name: str | None, message: str) -> BaseModel:
    """What the rules say to the user's message of a call.

    Raises:
        Declined: no rule is for this call, or the message is not what it should be.
    """
    rule = _RULES.get(call_name or "")
    if rule is None:
        raise Declined("Rules cannot do this: it takes a language model. Configure a key to use one.")
    return rule(prompts.unframed(message))


def _match(text: str) -> BaseModel:
    """The matches of a question in JSON."""
    try:
        question = Question.model_validate_json(text)
    except ValueError as problem:
        raise Declined("The question is not a list of requirements and passages.") from problem
    return matcher.match(question)


_RULES: dict[str, Callable[[str], BaseModel]] = {
    CallName.IMPORT_PDF_EXTRACT: cv_reader.read,
    CallName.EXTRACT_OFFER: offer_reader.read,
    CallName.MATCH_SCORE: _match,
}
