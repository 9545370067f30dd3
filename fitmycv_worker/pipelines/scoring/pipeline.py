"""Scores a CV for an offer: one call of a model finds the evidence, code checks and counts it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from fitmycv_admin.domain.cvs import document as cvs
from fitmycv_admin.domain.cvs import scoring
from fitmycv_admin.domain.cvs.match import FIELD_ID, ROLE_ID, Kind, MatchScore, Proof
from fitmycv_admin.domain.cvs.offer_document import OfferDocument
from fitmycv_admin.vocabulary import CallName
from fitmycv_worker.llm import prompts
from fitmycv_worker.llm.client import ModelLike, Record
from fitmycv_worker.pipelines import errors
from fitmycv_worker.pipelines.scoring.schemas import Answers, Need, Passage, Question

Progress = Callable[[int, str], None]

PROMPT = Path(__file__).parent / "prompts" / "match.md"


def run(
    model: ModelLike,
    cv: cvs.CvDocument,
    offer: OfferDocument,
    *,
    model_name: str,
    feature_key: str,
    today: date,
    record: Record,
    progress: Progress,
) -> MatchScore:
    """The score of `cv` for `offer` on the day `today`, which ongoing jobs last until.

    `progress` gets a percentage and one of the steps `matching`, `counting`, `done`.

    Raises:
        errors.NoRequirements: the offer asks for nothing.
        llm.errors.ModelError: the model gives nothing.
    """
    progress(10, "matching")
    question = Question(
        requirements=needs(offer),
        passages=[Passage(id=p.item_id, where=p.where.value, text=p.text) for p in cvs.passages(cv)],
    )
    answer = model.complete(
        call_name=CallName.MATCH_SCORE,
        feature_key=feature_key,
        model=model_name,
        schema=Answers,
        system=prompts.load(PROMPT),
        text=prompts.framed(question.model_dump_json()),
        record=record,
    )
    progress(85, "counting")
    proofs = [
        Proof(requirement_id=found.requirement_id, item_id=found.item_id, quote=found.quote) for found in answer.matches
    ]
    try:
        result = scoring.score(cv, offer, proofs, today=today)
    except scoring.NothingToScore as problem:
        raise errors.NoRequirements from problem
    progress(100, "done")
    return result


def needs(offer: OfferDocument) -> list[Need]:
    """What the offer asks for and only words can answer; years, diplomas and levels are counted by code."""
    asked = [Need(id=skill.id, kind=Kind.SKILL.value, text=skill.name) for skill in offer.skills]
    asked += [Need(id=skill.id, kind=Kind.SOFT_SKILL.value, text=skill.name) for skill in offer.soft_skills]
    asked += [Need(id=duty.id, kind=Kind.RESPONSIBILITY.value, text=duty.sentence) for duty in offer.responsibilities]
    if offer.title:
        asked.append(Need(id=ROLE_ID, kind=Kind.ROLE.value, text=offer.title))
    if offer.education and offer.education.field_of_study:
        asked.append(Need(id=FIELD_ID, kind=Kind.FIELD.value, text=offer.education.field_of_study))
    return asked
