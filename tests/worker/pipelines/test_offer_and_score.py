"""An offer keeps the sentences it was read in; a score counts only what stands in the CV."""

from datetime import date

import pytest

from fitmycv_admin.domain.cvs import document as cvs
from fitmycv_admin.domain.cvs.match import Kind, Part
from fitmycv_admin.domain.cvs.offer_document import Importance
from fitmycv_worker.llm.client import Model
from fitmycv_worker.pipelines import errors
from fitmycv_worker.pipelines.grounding import Source
from fitmycv_worker.pipelines.offer_extraction import figures
from fitmycv_worker.pipelines.offer_extraction import pipeline as offer_extraction
from fitmycv_worker.pipelines.offer_extraction.schemas import ReadSalary, ReadSkill, ReadYears
from fitmycv_worker.pipelines.scoring import pipeline as scoring
from fitmycv_worker.pipelines.scoring.schemas import Answers, Found
from tests.evals.adverts import ADVERTS, accuracy
from tests.worker.offline.serving import MODEL, in_a_thread

SILENT = {
    "model_name": MODEL,
    "feature_key": "offers",
    "record": lambda usage: None,
    "progress": lambda percent, step: None,
}
TODAY = date(2026, 11, 23)
CV = cvs.CvDocument(
    header=cvs.Header(current_title="Développeuse Python"),
    skills=cvs.Skills(
        tools=[cvs.Skill(name="Postgres"), cvs.Skill(name="Git")], soft_skills=[cvs.Term(name="Rigueur")]
    ),
    experience=[
        cvs.Experience(
            title="Développeuse Python",
            company="Acme",
            start_date="2021-01",
            end_date="present",
            responsibilities=[cvs.Line(text="Conception d'API REST en Python avec PostgreSQL et Docker")],
        )
    ],
    education=[cvs.Education(degree="Master informatique", institution="INSA")],
    languages=[cvs.LanguageSkill(name="Anglais", level="B2")],
)


class Answering:
    """A model that always answers the same."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def complete(self, **_):
        return self.answer


@pytest.fixture(scope="module")
def model():
    with in_a_thread() as address, Model(api_key="none", base_url=address, local_engine=True) as served:
        yield served


def test_adverts_in_four_languages_are_read_and_each_requirement_keeps_its_sentence(model):
    right = fields = common = sizes = 0
    for advert in ADVERTS:
        offer = offer_extraction.run(model, advert.text, **SILENT)
        good, wrong, skills = accuracy(offer, advert)
        right, fields = right + good, fields + good + len(wrong)
        common, sizes = common + skills[0], sizes + skills[1] + skills[2]
        source = Source(advert.text)
        for need in (*offer.skills, *offer.soft_skills, *offer.languages):
            assert source.says(need.sentence)
            assert need.name in need.sentence
    assert right / fields >= 0.80
    assert 2 * common / sizes >= 0.75


def test_a_pasted_page_is_read_without_its_markup(model):
    page = (
        "<h1>Développeur Python (H/F)</h1><p>CDI &agrave; Lyon</p>"
        "<h2>Votre profil</h2><ul><li>Docker</li><li>Git</li></ul>"
    )
    offer = offer_extraction.run(model, page, **SILENT)
    assert (offer.title, offer.location.city) == ("Développeur Python", "Lyon")
    assert {skill.name for skill in offer.skills} == {"Docker", "Git"}


@pytest.mark.parametrize("text", ["", "Bonjour, merci pour votre message.", "<script>alert(1)</script>"])
def test_a_text_that_is_no_offer_is_refused(model, text):
    with pytest.raises(errors.NotAnOffer):
        offer_extraction.run(model, text, **SILENT)


def test_requirements_that_a_model_makes_up_are_dropped():
    advert = ADVERTS[0]
    made_up = ReadSkill(name="Rust", skill_class="hard_skill", importance="required", sentence="Rust est indispensable")
    moved = ReadSkill(name="Rust", skill_class="hard_skill", importance="required", sentence="Anglais courant")
    true = ReadSkill(
        name="Git", skill_class="tool", importance="required", sentence="Maîtrise de PostgreSQL, Docker et Git"
    )
    from fitmycv_worker.offline import offer_reader

    answer = offer_reader.read(advert.text)
    answer.skills = [made_up, moved, true]
    answer.company = "A Better Employer"
    answer.salary = ReadSalary(minimum=90000, maximum=None, currency="EUR", period="year", sentence="CDI")
    answer.years = ReadYears(
        min_years=12, max_years=None, importance="required", sentence="3 à 5 ans d'expérience en développement Python"
    )
    offer = offer_extraction.run(Answering(answer), advert.text, **SILENT)
    assert [skill.name for skill in offer.skills] == ["Git"]
    assert (offer.company, offer.salary, offer.years) == (None, None, None)


def test_numbers_are_understood_as_people_write_them():
    assert {45000.0, 55000.0} <= figures.stated("45-55 k€")
    assert 58000.0 in figures.stated("58.000 € brutto")
    assert 1200.5 in figures.stated("1 200,50 €")
    assert 2.0 in figures.stated("au moins deux ans")


def test_a_score_has_four_parts_with_the_evidence_for_each_requirement(model):
    offer = offer_extraction.run(model, ADVERTS[0].text, **SILENT)
    result = scoring.run(model, CV, offer, today=TODAY, **SILENT)
    assert sum(part.points for part in result.parts) == result.score
    by_label = {answer.label: answer for part in result.parts for answer in part.answers}
    assert by_label["PostgreSQL"].strength == 100
    assert {item.quote for item in by_label["PostgreSQL"].evidence} == {"Postgres", "PostgreSQL"}
    assert by_label["Docker"].strength == 80
    assert by_label["Git"].strength == 60
    assert by_label["Kubernetes"].strength == 0
    assert by_label["Anglais"].have < by_label["Anglais"].need
    years = next(answer for answer in result.part(Part.EXPERIENCE).answers if answer.kind is Kind.YEARS)
    assert (years.need, years.have) == (3, 5.9)
    missing = {gap.name: gap.importance for gap in result.missing}
    assert missing["Kubernetes"] is Importance.NICE
    assert "Python" not in missing


def test_evidence_that_a_model_makes_up_gives_no_point(model):
    offer = offer_extraction.run(model, ADVERTS[0].text, **SILENT)
    kubernetes = next(skill for skill in offer.skills if skill.name == "Kubernetes")
    lie = Answers(
        matches=[
            Found(requirement_id=kubernetes.id, item_id=CV.experience[0].id, quote="five years of Kubernetes"),
            Found(requirement_id=kubernetes.id, item_id="aaaaaaaa", quote="Kubernetes"),
        ]
    )
    honest = scoring.run(Answering(Answers(matches=[])), CV, offer, today=TODAY, **SILENT)
    assert scoring.run(Answering(lie), CV, offer, today=TODAY, **SILENT) == honest
