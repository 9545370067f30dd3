"""What the match score promises, whatever CV and offer it is given."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fitmycv_admin.domain.cvs import document as cvs
from fitmycv_admin.domain.cvs import offer_document as offers
from fitmycv_admin.domain.cvs import periods, scoring
from fitmycv_admin.domain.cvs.match import ROLE_ID, Kind, MatchScore, Part, Proof

TODAY = date(2026, 11, 23)
SKILLS = ["Python", "SQL", "Docker", "C++", "Kubernetes", "Comptabilité", "SAP", "Vente", "Git", "Excel"]
SOFT = ["teamwork", "rigueur", "Kommunikation", "liderazgo"]
PROFILE = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

dates = st.builds(lambda y, m: f"{y}-{m:02d}", st.integers(2005, 2024), st.integers(1, 12))


@st.composite
def cv_documents(draw: st.DrawFn) -> cvs.CvDocument:
    """A CV with some of the skills, jobs, diplomas and languages."""
    jobs = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(dates)
        end = draw(st.one_of(st.just("present"), st.just(f"{int(start[:4]) + 1}-06")))
        lines = [
            cvs.Line(text=f"Worked with {name} every day")
            for name in draw(st.lists(st.sampled_from(SKILLS + SOFT), max_size=3))
        ]
        jobs.append(
            cvs.Experience(
                title=draw(st.sampled_from(["Developer", "Buyer"])),
                company="Acme",
                start_date=start,
                end_date=end,
                responsibilities=lines,
            )
        )
    return cvs.CvDocument(
        skills=cvs.Skills(
            hard_skills=[cvs.Skill(name=n) for n in draw(st.lists(st.sampled_from(SKILLS), max_size=5))],
            soft_skills=[cvs.Term(name=n) for n in draw(st.lists(st.sampled_from(SOFT), max_size=3))],
        ),
        experience=jobs,
        education=[
            cvs.Education(institution="X", degree=d)
            for d in draw(st.lists(st.sampled_from(["Licence", "Master", "BTS", "PhD", "Bac"]), max_size=2))
        ],
        languages=[
            cvs.LanguageSkill(name=n, level=v)
            for n, v in draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(["English", "Anglais", "Deutsch"]), st.sampled_from(["A2", "B2", "C1", None])
                    ),
                    max_size=3,
                )
            )
        ],
    )


@st.composite
def offer_documents(draw: st.DrawFn) -> offers.OfferDocument:
    """An offer that asks for at least one skill."""
    importance = st.sampled_from(list(offers.Importance))
    years = draw(st.one_of(st.none(), st.integers(0, 12)))
    level = draw(st.one_of(st.none(), st.sampled_from(list(offers.DegreeLevel))))
    return offers.OfferDocument(
        title="Developer",
        skills=[
            offers.SkillRequirement(name=n, importance=draw(importance), sentence=f"You know {n}.")
            for n in draw(st.lists(st.sampled_from(SKILLS), min_size=1, max_size=6))
        ],
        soft_skills=[
            offers.SoftSkillRequirement(name=n, importance=draw(importance), sentence=n)
            for n in draw(st.lists(st.sampled_from(SOFT), max_size=2))
        ],
        years=None if years is None else offers.YearsRequirement(min_years=years, sentence=f"{years} years"),
        education=None if level is None else offers.EducationRequirement(level=level, sentence="degree"),
        languages=[
            offers.LanguageRequirement(name=n, cefr=c, sentence=n)
            for n, c in draw(
                st.lists(
                    st.tuples(st.sampled_from(["English", "German"]), st.sampled_from([None, *cvs.Cefr])), max_size=2
                )
            )
        ],
        responsibilities=[
            offers.Responsibility(sentence=s) for s in draw(st.lists(st.sampled_from(["Sell", "Build"]), max_size=2))
        ],
    )


def rated(cv: cvs.CvDocument, offer: offers.OfferDocument, proofs: list[Proof] | None = None) -> MatchScore:
    return scoring.score(cv, offer, proofs or [], today=TODAY)


def changed(cv: cvs.CvDocument, **parts: object) -> cvs.CvDocument:
    return cvs.CvDocument.model_validate({**dict(cv), **parts})


def with_skill(cv: cvs.CvDocument, name: str) -> cvs.CvDocument:
    skills = cv.skills.model_copy(update={"hard_skills": [*cv.skills.hard_skills, cvs.Skill(name=name)]})
    return changed(cv, skills=skills)


@PROFILE
@given(cv_documents(), offer_documents())
def test_the_score_is_between_0_and_100_and_the_same_each_time(cv, offer):
    first = rated(cv, offer)
    assert 0 <= first.score <= 100
    assert all(0 <= part.sub_score <= 100 for part in first.parts)
    assert first == rated(cv, offer)
    assert MatchScore.model_validate_json(first.model_dump_json()) == first


@PROFILE
@given(cv_documents(), offer_documents())
def test_the_explanation_sums_exactly_to_the_score(cv, offer):
    result = rated(cv, offer)
    assert sum(part.points for part in result.parts) == result.score
    assert sum(part.hundredths for part in result.parts) == result.hundredths
    assert (result.hundredths + 50) // 100 == result.score
    assert sum(part.weight for part in result.parts) == 100
    for part in result.parts:
        assert part.hundredths == part.weight * part.sub_score
        assert sum(answer.hundredths for answer in part.answers) == part.hundredths
        assert sum(answer.max_hundredths for answer in part.answers) == part.weight * 100


@PROFILE
@given(cv_documents(), offer_documents(), st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(cv, offer, rnd):
    def mixed(items: list) -> list:
        return rnd.sample(items, len(items))

    skills = cv.skills.model_copy(
        update={"hard_skills": mixed(cv.skills.hard_skills), "soft_skills": mixed(cv.skills.soft_skills)}
    )
    other = changed(
        cv, skills=skills, experience=mixed(cv.experience), education=mixed(cv.education), languages=mixed(cv.languages)
    )
    shuffled = offer.model_copy(update={"skills": mixed(offer.skills), "languages": mixed(offer.languages)})
    assert rated(other, shuffled).score == rated(cv, offer).score


@PROFILE
@given(cv_documents(), offer_documents())
def test_saying_a_skill_twice_changes_nothing(cv, offer):
    copies = [cvs.Skill(name=skill.name) for skill in cv.skills.hard_skills]
    doubled = changed(cv, skills=cv.skills.model_copy(update={"hard_skills": [*cv.skills.hard_skills, *copies]}))
    assert rated(doubled, offer).score == rated(cv, offer).score


@PROFILE
@given(cv_documents(), offer_documents(), st.data())
def test_a_requested_skill_never_lowers_the_score_and_losing_one_never_raises_it(cv, offer, data):
    name = data.draw(st.sampled_from([skill.name for skill in offer.skills]))
    assert rated(with_skill(cv, name), offer).score >= rated(cv, offer).score
    for index in range(len(cv.skills.hard_skills)):
        fewer = [s for i, s in enumerate(cv.skills.hard_skills) if i != index]
        less = changed(cv, skills=cv.skills.model_copy(update={"hard_skills": fewer}))
        assert rated(less, offer).score <= rated(cv, offer).score


@PROFILE
@given(cv_documents(), offer_documents())
def test_a_year_more_never_lowers_the_score(cv, offer):
    for index, job in enumerate(cv.experience):
        earlier = job.model_copy(update={"start_date": f"{int(job.start_date[:4]) - 1}{job.start_date[4:]}"})
        older = changed(cv, experience=[earlier if i == index else j for i, j in enumerate(cv.experience)])
        assert rated(older, offer).score >= rated(cv, offer).score


@PROFILE
@given(cv_documents(), offer_documents())
def test_text_about_something_else_changes_nothing(cv, offer):
    more = changed(
        cv,
        extras=[*cv.extras, cvs.Extra(name="Plays the oboe on Sundays")],
        projects=[cvs.Project(name="Garden", summary="Tomatoes and basil")],
    )
    assert rated(more, offer).score == rated(cv, offer).score


def test_listed_and_shown_beats_shown_beats_listed_beats_nothing():
    offer = offers.OfferDocument(title="Dev", skills=[offers.SkillRequirement(name="C++", sentence="C++")])
    listed = cvs.Skills(tools=[cvs.Skill(name="c++")])
    shown = [cvs.Experience(title="Dev", responsibilities=[cvs.Line(text="Wrote C++ daily")])]

    def strength(**parts: object) -> int:
        return rated(cvs.CvDocument(**parts), offer).part(Part.TECHNICAL).answers[0].strength

    assert strength(skills=listed, experience=shown) == 100
    assert strength(experience=shown) == 80
    assert strength(skills=listed) == 60
    assert strength(skills=cvs.Skills(tools=[cvs.Skill(name="C")])) == 0


def test_a_proof_counts_only_when_its_words_stand_in_that_item():
    job = cvs.Experience(title="Dev", responsibilities=[cvs.Line(text="Ran k8s clusters")])
    cv = cvs.CvDocument(experience=[job])
    need = offers.SkillRequirement(name="Kubernetes", sentence="Kubernetes is a must.")
    offer = offers.OfferDocument(title="Dev", skills=[need])
    line = job.responsibilities[0].id
    true = Proof(requirement_id=need.id, item_id=line, quote="k8s clusters")
    invented = Proof(requirement_id=need.id, item_id=line, quote="ten years of Kubernetes")
    nowhere = Proof(requirement_id=need.id, item_id="ffffffff", quote="k8s")
    assert rated(cv, offer, [true]).part(Part.TECHNICAL).sub_score == 80
    result = rated(cv, offer, [invented, nowhere])
    assert result.part(Part.TECHNICAL).sub_score == 0
    assert [gap.name for gap in result.missing] == ["Kubernetes"]


def test_the_parts_weigh_35_30_20_and_15_when_everything_is_asked():
    cv = cvs.CvDocument(
        skills=cvs.Skills(tools=[cvs.Skill(name="Git")], soft_skills=[cvs.Term(name="rigueur")]),
        experience=[
            cvs.Experience(
                title="Dev", start_date="2022-12", end_date="present", responsibilities=[cvs.Line(text="Git")]
            )
        ],
        education=[cvs.Education(degree="Licence")],
    )
    offer = offers.OfferDocument(
        title="Dev",
        skills=[offers.SkillRequirement(name="Git", sentence="Git")],
        years=offers.YearsRequirement(min_years=8, sentence="8 ans"),
        education=offers.EducationRequirement(level=offers.DegreeLevel.MASTER, sentence="Bac+5"),
        soft_skills=[offers.SoftSkillRequirement(name="rigueur", sentence="rigueur")],
    )
    role = Proof(requirement_id=ROLE_ID, item_id=cv.experience[0].id, quote="Dev")
    result = rated(cv, offer, [role])
    assert [part.weight for part in result.parts] == [35, 30, 20, 15]
    assert [part.sub_score for part in result.parts] == [100, 64, 60, 60]
    assert result.hundredths == 35 * 100 + 30 * 64 + 20 * 60 + 15 * 60
    assert result.score == 75
    years = next(answer for answer in result.part(Part.EXPERIENCE).answers if answer.kind is Kind.YEARS)
    assert (years.need, years.have) == (8, 4.0)


def test_what_the_offer_does_not_ask_has_no_weight():
    offer = offers.OfferDocument(title="Dev", skills=[offers.SkillRequirement(name="Git", sentence="Git")])
    result = rated(cvs.CvDocument(), offer)
    assert [part.weight for part in result.parts] == [100, 0, 0, 0]
    with pytest.raises(scoring.NothingToScore):
        rated(cvs.CvDocument(), offers.OfferDocument(title="Dev"))


def test_two_jobs_at_once_count_once():
    both = [("2020-01", "2021-12"), ("2021-01", "2022-12"), ("2020-06", "2020-08")]
    assert periods.months_worked(both, TODAY) == 36
    assert periods.months_worked([("2018", "2020")], TODAY) == 24
    assert periods.months_worked([(None, "2020")], TODAY) == 0
