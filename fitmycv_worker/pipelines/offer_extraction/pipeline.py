"""Reads an offer: one call of a model, and the requirements that the text bears out."""

import re
from collections.abc import Callable
from pathlib import Path

from fitmycv_admin.domain.cvs import ladders, wording
from fitmycv_admin.domain.cvs import offer_document as offers
from fitmycv_admin.domain.cvs.document import Cefr, Place
from fitmycv_admin.vocabulary import CallName
from fitmycv_worker.llm import prompts
from fitmycv_worker.llm.client import ModelLike, Record
from fitmycv_worker.pipelines import errors, languages
from fitmycv_worker.pipelines.grounding import Source
from fitmycv_worker.pipelines.offer_extraction import figures, markup
from fitmycv_worker.pipelines.offer_extraction.schemas import ReadOffer, ReadSalary, ReadYears
from fitmycv_worker.pipelines.pdf_import import countries

Progress = Callable[[int, str], None]

PROMPT = Path(__file__).parent / "prompts" / "read_offer.md"
MOST_CHARACTERS = 30_000


def run(
    model: ModelLike, text: str, *, model_name: str, feature_key: str, record: Record, progress: Progress
) -> offers.OfferDocument:
    """The offer in `text`.

    `progress` gets a percentage and one of the steps `understanding`, `checking`, `done`.

    Raises:
        errors.NotAnOffer: no title, or nothing asked.
        llm.errors.ModelError: the model gives nothing.
    """
    text = markup.plain(text)[:MOST_CHARACTERS]
    progress(10, "understanding")
    answer = model.complete(
        call_name=CallName.EXTRACT_OFFER,
        feature_key=feature_key,
        model=model_name,
        schema=ReadOffer,
        system=prompts.load(PROMPT),
        text=prompts.framed(text),
        record=record,
    )
    progress(85, "checking")
    offer = grounded(answer, text)
    if not offers.is_usable(offer):
        raise errors.NotAnOffer
    progress(100, "done")
    return offer


def grounded(answer: ReadOffer, text: str) -> offers.OfferDocument:
    """The offer of `answer`, less everything that `text` does not say."""
    source = Source(text)

    def said(name: str, sentence: str) -> bool:
        return source.says(sentence) and wording.contains(wording.folded(sentence), wording.folded(name))

    return offers.OfferDocument(
        language=languages.detect(text),
        title=source.keep(answer.title),
        company=source.keep(answer.company),
        location=_place(answer, source),
        contract=offers.Contract(answer.contract) if answer.contract else None,
        remote=offers.Remote(answer.remote) if answer.remote else None,
        salary=_salary(answer.salary, source),
        years=_years(answer.years, source),
        education=_education(answer, source),
        languages=[
            offers.LanguageRequirement(
                name=need.name,
                code=ladders.language_code(need.name),
                cefr=Cefr(need.level) if need.level else None,
                importance=offers.Importance(need.importance),
                sentence=need.sentence,
            )
            for need in answer.languages
            if said(need.name, need.sentence)
        ],
        skills=[
            offers.SkillRequirement(
                name=skill.name,
                skill_class=offers.SkillClass(skill.skill_class),
                importance=offers.Importance(skill.importance),
                sentence=skill.sentence,
            )
            for skill in answer.skills
            if said(skill.name, skill.sentence)
        ],
        soft_skills=[
            offers.SoftSkillRequirement(
                name=skill.name, importance=offers.Importance(skill.importance), sentence=skill.sentence
            )
            for skill in answer.soft_skills
            if said(skill.name, skill.sentence)
        ],
        responsibilities=source.keep_all(answer.responsibilities, _line, 2000),
        benefits=source.keep_all(answer.benefits, _line, 2000),
    )


def _place(answer: ReadOffer, source: Source) -> Place:
    return Place(
        city=source.keep(answer.city),
        region=source.keep(answer.region),
        country_code=countries.code(source.keep(answer.country)),
    )


def _education(answer: ReadOffer, source: Source) -> offers.EducationRequirement | None:
    degree = answer.education
    if degree is None or not source.says(degree.sentence):
        return None
    return offers.EducationRequirement(
        level=offers.DegreeLevel[degree.level.upper()],
        field_of_study=source.keep(degree.field_of_study),
        importance=offers.Importance(degree.importance),
        sentence=degree.sentence,
    )


def _line(sentence: str) -> offers.Responsibility:
    """A sentence of the offer as an item."""
    return offers.Responsibility(sentence=sentence)


def _salary(salary: ReadSalary | None, source: Source) -> offers.Salary | None:
    """Pay whose figures stand in its sentence."""
    if salary is None or not source.says(salary.sentence):
        return None
    stated = figures.stated(salary.sentence)
    low = salary.minimum if salary.minimum in stated else None
    high = salary.maximum if salary.maximum in stated else None
    if low is None and high is None:
        return None
    currency = salary.currency if salary.currency and re.fullmatch("[A-Z]{3}", salary.currency) else None
    return offers.Salary(
        min_cents=None if low is None else round(low * 100),
        max_cents=None if high is None else round(high * 100),
        currency=currency,
        period=offers.SalaryPeriod(salary.period) if salary.period else None,
        sentence=salary.sentence,
    )


def _years(years: ReadYears | None, source: Source) -> offers.YearsRequirement | None:
    """Years whose number stands in their sentence."""
    if years is None or not source.says(years.sentence) or not 0 <= years.min_years <= 50:
        return None
    stated = figures.stated(years.sentence)
    if years.min_years not in stated:
        return None
    return offers.YearsRequirement(
        min_years=years.min_years,
        max_years=years.max_years if years.max_years in stated else None,
        importance=offers.Importance(years.importance),
        sentence=years.sentence,
    )
